//! What of the section `claude_code:` is environment: telemetry, connections to others, further
//! variables.

use std::fmt::Write as _;

use super::{
    Environment,
    variable::{self as v, Variable},
};
use crate::config::{
    ClaudeCode,
    claude_code::{Telemetry, is_secret},
};

impl Environment {
    /// Adds what of the section is environment.
    pub(super) fn add_section(&mut self, section: &ClaudeCode) {
        if !section.traffic.nonessential {
            self.set(v::CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC, "1");
        }
        if let Some(telemetry) = &section.telemetry {
            self.add_telemetry(telemetry);
        }
        // The developer's own profile goes before the one that is named for all.
        let profile = self.iter().any(|(name, _)| name == v::AWS_PROFILE.name);
        for (name, value) in &section.environment {
            if !(profile && name == v::AWS_PROFILE.name) {
                let value = value.expose();
                self.set_named(name, value, is_secret(name, value));
            }
        }
    }

    fn add_telemetry(&mut self, telemetry: &Telemetry) {
        self.set(v::CLAUDE_CODE_ENABLE_TELEMETRY, "1");
        if telemetry.traces {
            self.set(v::CLAUDE_CODE_ENHANCED_TELEMETRY_BETA, "1");
        }
        // Also what is not sent: managed settings lock no exporter that they do not name (facts 5).
        for (variable, sent) in [
            (v::OTEL_METRICS_EXPORTER, telemetry.metrics),
            (v::OTEL_LOGS_EXPORTER, telemetry.logs),
            (v::OTEL_TRACES_EXPORTER, telemetry.traces),
        ] {
            self.set(variable, if sent { "otlp" } else { "none" });
        }
        self.set(v::OTEL_EXPORTER_OTLP_PROTOCOL, telemetry.protocol.as_str());
        self.set(v::OTEL_EXPORTER_OTLP_ENDPOINT, telemetry.endpoint.as_str());
        let headers = telemetry.headers.iter();
        let headers: Vec<_> =
            headers.map(|(name, value)| format!("{name}={}", value.expose())).collect();
        self.set_if_any(v::OTEL_EXPORTER_OTLP_HEADERS, headers.join(","));
        let attributes = telemetry.resource_attributes.iter();
        let attributes: Vec<_> =
            attributes.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        self.set_if_any(v::OTEL_RESOURCE_ATTRIBUTES, attributes.join(","));
        let interval = telemetry.interval_seconds;
        let interval = interval.map(|seconds| (u64::from(seconds) * 1000).to_string());
        self.set_if_any(v::OTEL_METRIC_EXPORT_INTERVAL, interval.unwrap_or_default());
        for (variable, on) in [
            (v::OTEL_LOG_USER_PROMPTS, telemetry.log_user_prompts),
            (v::OTEL_LOG_TOOL_DETAILS, telemetry.log_tool_details),
        ] {
            self.set_if_any(variable, if on { "1" } else { "" });
        }
    }

    fn set_if_any(&mut self, variable: &'static Variable, value: impl Into<String>) {
        let value = value.into();
        if !value.is_empty() {
            self.set(variable, value);
        }
    }
}

/// The value of a resource attribute, as the client reads it: percent-encoded.
fn encoded(value: &str) -> String {
    let mut text = String::new();
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~@:/".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claude::variable::Group;
    use crate::config::{
        Cloud, Config, VertexConfig,
        claude_code::{PRESENCE, set_by},
    };

    fn bedrock(section: &str) -> Environment {
        let claude_code = serde_json::from_str(section).unwrap();
        let config = Config { claude_code, ..Config::default() };
        let region = "ap-northeast-1".parse().unwrap();
        Environment::bedrock(&config, &region, Some("dev"), &super::super::StandIns::new())
    }

    const TELEMETRY: &str = r#"{"telemetry": {
        "endpoint": "https://otel.example.com", "protocol": "grpc", "traces": true, "logs": false,
        "headers": {"Authorization": "Bearer a=b==", "x-b": "100%"},
        "resource_attributes": {"enduser.id": "j d,;=\"%é", "url": "x@y.z:1/2"},
        "interval_seconds": 86400, "log_user_prompts": true, "log_tool_details": true
    }}"#;

    #[test]
    fn telemetry_is_told_as_the_client_reads_it() {
        let all = bedrock(TELEMETRY);
        let telemetry: Vec<_> = all
            .iter()
            .filter(|(name, _)| name.contains("OTEL") || name.contains("TELEMETRY"))
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        assert_eq!(
            telemetry,
            [
                "CLAUDE_CODE_ENABLE_TELEMETRY=1",
                "CLAUDE_CODE_ENHANCED_TELEMETRY_BETA=1",
                "OTEL_METRICS_EXPORTER=otlp",
                "OTEL_LOGS_EXPORTER=none",
                "OTEL_TRACES_EXPORTER=otlp",
                "OTEL_EXPORTER_OTLP_PROTOCOL=grpc",
                "OTEL_EXPORTER_OTLP_ENDPOINT=https://otel.example.com",
                "OTEL_EXPORTER_OTLP_HEADERS=Authorization=Bearer a=b==,x-b=100%",
                "OTEL_RESOURCE_ATTRIBUTES=enduser.id=j%20d%2C%3B%3D%22%25%C3%A9,url=x@y.z:1/2",
                "OTEL_METRIC_EXPORT_INTERVAL=86400000",
                "OTEL_LOG_USER_PROMPTS=1",
                "OTEL_LOG_TOOL_DETAILS=1",
            ]
        );
        assert!(all.is_secret(v::OTEL_EXPORTER_OTLP_HEADERS.name));
        assert!(!format!("{all:?}").contains("a=b=="));
        for variable in v::ALL.iter().filter(|variable| variable.group == Group::Telemetry) {
            let set = all.iter().filter(|(name, _)| *name == variable.name).count();
            let unset = all.unset().filter(|name| *name == variable.name).count();
            assert_eq!(set + unset, 1, "{}", variable.name);
        }
    }

    #[test]
    fn without_telemetry_only_its_two_switches_are_taken_back() {
        let all = bedrock("{}");
        let telemetry: Vec<_> = all
            .unset()
            .filter(|name| name.contains("TELEMETRY") || name.contains("OTEL"))
            .collect();
        assert_eq!(
            telemetry,
            ["CLAUDE_CODE_ENABLE_TELEMETRY", "CLAUDE_CODE_ENHANCED_TELEMETRY_BETA"]
        );
    }

    #[test]
    fn traffic_is_off_unless_it_is_asked_for_and_never_switched_off_by_a_zero() {
        let name = v::CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC.name;
        let value = |section| bedrock(section).json()[name].as_str().map(ToOwned::to_owned);
        assert_eq!(value("{}").as_deref(), Some("1"));
        assert_eq!(value(r#"{"traffic": {"nonessential": true}}"#), None);
    }

    #[test]
    fn a_further_variable_is_set_though_it_would_be_taken_back() {
        let all = bedrock(
            r#"{"environment": {"CLAUDE_CODE_SUBAGENT_MODEL": "haiku", "MY_API_KEY": "s3cret"}}"#,
        );
        assert_eq!(all.json()["CLAUDE_CODE_SUBAGENT_MODEL"], "haiku");
        assert!(all.unset().all(|name| name != v::CLAUDE_CODE_SUBAGENT_MODEL.name));
        assert!(all.is_secret("MY_API_KEY") && !format!("{all:?}").contains("s3cret"));
        let all = bedrock(r#"{"environment": {"AWS_PROFILE": "everybody"}}"#);
        assert_eq!(all.json()["AWS_PROFILE"], "dev", "the developer's own");
    }

    #[test]
    fn what_is_set_is_refused_among_the_further_variables_and_all_of_that_is_known() {
        let claude_code: ClaudeCode = serde_json::from_str(TELEMETRY).unwrap();
        let mut config = VertexConfig { claude_code, ..VertexConfig::default() };
        let vertex = &mut config.vertex_ai;
        vertex.service_account.key = crate::config::Key::File;
        vertex.small_fast_model_name = "claude-haiku-4-5@20251001".parse().unwrap();
        vertex.max_tokens = Some(4000);
        let project = "my-project".parse().unwrap();
        let location = "us-east5".parse().unwrap();
        let vertex = Environment::vertex(&config, &project, &location, Some("/a/key.json"));
        for (cloud, all) in [(Cloud::Aws, bedrock(TELEMETRY)), (Cloud::Gcp, vertex)] {
            for (name, _) in all.iter().filter(|(name, _)| *name != v::AWS_PROFILE.name) {
                assert!(set_by(name, cloud).is_some(), "`{name}` is set, and may be given, too");
            }
        }
    }

    #[test]
    fn both_lists_of_variables_that_count_by_being_set_are_one() {
        let here = v::ALL.iter().filter(|variable| variable.presence).map(|variable| variable.name);
        for name in here {
            assert!(PRESENCE.contains(&name), "{name}");
        }
    }
}
