//! What of the section `claude_code:` is environment: telemetry, connections to others, further
//! variables.

use std::fmt::Write as _;

use super::{
    Environment,
    variable::{self as v, Variable},
};
use crate::config::{
    ClaudeCode,
    claude_code::{Telemetry, sounds_secret},
};

/// What a developer may have set for one kind of signal, and what would send more of his work than
/// the company asks for.
pub(super) const OVERRIDES: [&Variable; 12] = [
    v::OTEL_EXPORTER_OTLP_METRICS_PROTOCOL,
    v::OTEL_EXPORTER_OTLP_METRICS_ENDPOINT,
    v::OTEL_EXPORTER_OTLP_METRICS_HEADERS,
    v::OTEL_EXPORTER_OTLP_LOGS_PROTOCOL,
    v::OTEL_EXPORTER_OTLP_LOGS_ENDPOINT,
    v::OTEL_EXPORTER_OTLP_LOGS_HEADERS,
    v::OTEL_EXPORTER_OTLP_TRACES_PROTOCOL,
    v::OTEL_EXPORTER_OTLP_TRACES_ENDPOINT,
    v::OTEL_EXPORTER_OTLP_TRACES_HEADERS,
    v::OTEL_LOG_ASSISTANT_RESPONSES,
    v::OTEL_LOG_TOOL_CONTENT,
    v::OTEL_LOG_RAW_API_BODIES,
];

impl Environment {
    /// Adds what of the section is environment.
    pub(super) fn add_section(&mut self, section: &ClaudeCode) {
        if !section.traffic.nonessential {
            self.set(v::CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC, "1");
        }
        if let Some(telemetry) = &section.telemetry {
            self.add_telemetry(telemetry);
        }
        for (name, value) in &section.environment {
            self.set_named(name, value.expose(), sounds_secret(name));
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
        self.set_or_take_back(v::OTEL_EXPORTER_OTLP_HEADERS, headers.join(","));
        let attributes = telemetry.resource_attributes.iter();
        let attributes: Vec<_> =
            attributes.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        self.set_or_take_back(v::OTEL_RESOURCE_ATTRIBUTES, attributes.join(","));
        let interval = telemetry.interval_seconds;
        let interval = interval.map(|seconds| (u64::from(seconds) * 1000).to_string());
        self.set_or_take_back(v::OTEL_METRIC_EXPORT_INTERVAL, interval.unwrap_or_default());
        for (variable, on) in [
            (v::OTEL_LOG_USER_PROMPTS, telemetry.log_user_prompts),
            (v::OTEL_LOG_TOOL_DETAILS, telemetry.log_tool_details),
        ] {
            self.set_or_take_back(variable, if on { "1" } else { "" });
        }
        for variable in OVERRIDES {
            self.take_back(variable);
        }
    }

    fn set_or_take_back(&mut self, variable: &'static Variable, value: impl Into<String>) {
        let value = value.into();
        if value.is_empty() { self.take_back(variable) } else { self.set(variable, value) }
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
