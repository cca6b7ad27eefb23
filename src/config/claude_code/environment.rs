//! Further variables, which only the writer of the file knows, and which he cannot give.

use std::{collections::BTreeMap, fmt};

use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::Cloud;

/// Further variables by name.
pub type FurtherEnvironment = BTreeMap<String, Hidden>;

/// A text that may be a secret. It does not print.
#[derive(Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Hidden(String);

impl Hidden {
    /// The text. For a client or a variable, never for a message.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Hidden {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The key that sets a variable, in each of the files.
#[derive(Clone, Copy)]
struct By {
    aws: &'static str,
    gcp: &'static str,
    /// `None` where the gateway's file has no such key, and the variable is the writer's.
    gateway: Option<&'static str>,
}

impl By {
    const fn each(aws: &'static str, gcp: &'static str, gateway: &'static str) -> Self {
        Self { aws, gcp, gateway: Some(gateway) }
    }

    const fn clouds(aws: &'static str, gcp: &'static str) -> Self {
        Self { aws, gcp, gateway: None }
    }

    /// The same key in the files of both clouds.
    const fn both(key: &'static str) -> Self {
        Self::clouds(key, key)
    }

    const fn all(key: &'static str) -> Self {
        Self::each(key, key, key)
    }
}

const MAIN: By = By::each("bedrock.model_id", "vertex_ai.model_name", "client.model");
const SMALL: By = By::each(
    "bedrock.small_fast_model_id",
    "vertex_ai.small_fast_model_name",
    "client.small_fast_model",
);
const TELEMETRY: By = By::all("claude_code.telemetry");
const PROXY: By = By::both("proxy");

/// The variables that other keys of the file set or take back: by name or, with `*`, by what the
/// name begins with.
const SET_BY: &[(&str, By)] = &[
    ("CLAUDE_CODE_USE_*", By::each("bedrock", "vertex_ai", "client.dialect")),
    ("AWS_REGION", By::both("bedrock.region")),
    ("CLOUD_ML_REGION", By::each("vertex_ai.location", "vertex_ai.location", "client.dialect")),
    (
        "ANTHROPIC_VERTEX_PROJECT_ID",
        By::each("vertex_ai.project_id", "vertex_ai.project_id", "client.dialect"),
    ),
    ("GOOGLE_APPLICATION_CREDENTIALS", By::both("vertex_ai.service_account.key")),
    ("VERTEX_REGION_CLAUDE_*", By::both("vertex_ai.model_locations")),
    ("ANTHROPIC_MODEL", MAIN),
    ("ANTHROPIC_DEFAULT_OPUS_MODEL", MAIN),
    ("ANTHROPIC_DEFAULT_SONNET_MODEL", MAIN),
    ("ANTHROPIC_DEFAULT_FABLE_MODEL", MAIN),
    ("ANTHROPIC_DEFAULT_HAIKU_MODEL", SMALL),
    ("ANTHROPIC_SMALL_FAST_MODEL", SMALL),
    ("ANTHROPIC_BEDROCK_REGION_PREFIX", By::both("bedrock.model_id")),
    ("CLAUDE_CODE_MAX_OUTPUT_TOKENS", By::clouds("bedrock.max_tokens", "vertex_ai.max_tokens")),
    ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", By::all("claude_code.traffic.nonessential")),
    ("CLAUDE_CODE_ENABLE_TELEMETRY", TELEMETRY),
    ("CLAUDE_CODE_ENHANCED_TELEMETRY_BETA", TELEMETRY),
    ("OTEL_METRICS_EXPORTER", TELEMETRY),
    ("OTEL_LOGS_EXPORTER", TELEMETRY),
    ("OTEL_TRACES_EXPORTER", TELEMETRY),
    ("OTEL_EXPORTER_OTLP_PROTOCOL", TELEMETRY),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", TELEMETRY),
    ("OTEL_EXPORTER_OTLP_HEADERS", TELEMETRY),
    ("OTEL_RESOURCE_ATTRIBUTES", TELEMETRY),
    ("OTEL_METRIC_EXPORT_INTERVAL", TELEMETRY),
    ("OTEL_LOG_USER_PROMPTS", TELEMETRY),
    ("OTEL_LOG_TOOL_DETAILS", TELEMETRY),
    ("HTTPS_PROXY", PROXY),
    ("https_proxy", PROXY),
    ("HTTP_PROXY", PROXY),
    ("http_proxy", PROXY),
    ("ALL_PROXY", PROXY),
    ("all_proxy", PROXY),
    ("NO_PROXY", PROXY),
    ("no_proxy", PROXY),
    ("NODE_EXTRA_CA_CERTS", By::each("proxy.ca_bundle", "proxy.ca_bundle", "client.ca_bundle")),
    ("CLAUDE_CODE_CLIENT_CERT", By::both("proxy.client_cert")),
    ("CLAUDE_CODE_CLIENT_KEY", By::both("proxy.client_key")),
];

/// The variables by which Claude Code finds a gateway. To a tenant in a cloud they are the writer's,
/// who may have another one before it.
const OF_THE_GATEWAY: [(&str, &str); 6] = [
    ("ANTHROPIC_BASE_URL", "client.url"),
    ("ANTHROPIC_BEDROCK_BASE_URL", "client.url"),
    ("ANTHROPIC_VERTEX_BASE_URL", "client.url"),
    ("CLAUDE_CODE_SKIP_BEDROCK_AUTH", "client.dialect"),
    ("CLAUDE_CODE_SKIP_VERTEX_AUTH", "client.dialect"),
    ("CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY", "claude_code.traffic.nonessential"),
];

/// The variables of which any value counts, even `0` (facts 1).
pub const PRESENCE: [&str; 4] = [
    "DISABLE_TELEMETRY",
    "DISABLE_ERROR_REPORTING",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC",
    "FALLBACK_FOR_ALL_PRIMARY_MODELS",
];

/// The key that sets the variable of this name, if one does. In any case: to Windows it is the same
/// variable.
pub fn set_by(name: &str, cloud: Cloud) -> Option<&'static str> {
    let is = |pattern: &str| match pattern.strip_suffix('*') {
        Some(start) => {
            name.get(..start.len()).is_some_and(|begins| begins.eq_ignore_ascii_case(start))
        }
        None => pattern.eq_ignore_ascii_case(name),
    };
    let own = || OF_THE_GATEWAY.iter().find(|(own, _)| is(own)).map(|(_, key)| *key);
    let by = SET_BY.iter().find(|(pattern, _)| is(pattern)).map(|(_, by)| by);
    match cloud {
        Cloud::Aws => by.map(|by| by.aws),
        Cloud::Gcp => by.map(|by| by.gcp),
        Cloud::Gateway => by.and_then(|by| by.gateway).or_else(own),
    }
}

/// The words of a name that speak of a secret.
const SECRET: [&str; 20] = [
    "AUTH",
    "AUTHORIZATION",
    "BODY",
    "COOKIE",
    "COOKIES",
    "CREDENTIAL",
    "CREDENTIALS",
    "DSN",
    "HEADER",
    "HEADERS",
    "PASS",
    "PASSPHRASE",
    "PASSWD",
    "PASSWORD",
    "PASSWORDS",
    "PAT",
    "PWD",
    "SECRET",
    "SECRETS",
    "TOKEN",
];

/// Whether a variable must be kept from others, by its name or since its value is a URL with a user
/// in it. A mere switch, as of an authorisation, is no secret.
pub fn is_secret(name: &str, value: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let speaks = |word: &str| SECRET.contains(&word) || word.ends_with("KEY");
    let switch = ["", "0", "1", "false", "true"].contains(&value);
    (upper.split('_').any(speaks) && !switch) || has_user(value)
}

/// Whether a URL in the text says who calls.
fn has_user(text: &str) -> bool {
    text.split("://").skip(1).any(|rest| {
        let authority = rest.split(['/', '?', '#', ' ']).next().unwrap_or_default();
        authority.contains('@')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_print() {
        assert_eq!(format!("{:?}", Hidden::from("s3cret")), "***");
    }

    #[test]
    fn a_secret_is_known_by_its_name_or_by_the_user_in_its_url() {
        for name in [
            "ANTHROPIC_AUTH_TOKEN",
            "MY_API_KEY",
            "APIKEY",
            "DB_PASSWD",
            "GITHUB_PAT",
            "MY_AUTH",
            "CLAUDE_CODE_EXTRA_BODY",
            "SENTRY_DSN",
            "my_password",
        ] {
            assert!(is_secret(name, "s3cret"), "{name}");
        }
        assert!(is_secret("ANTHROPIC_BEDROCK_BASE_URL", "https://u:hunter2@gw.example.com"));
        for (name, value) in [
            ("MAX_THINKING_TOKENS", "1000"),
            ("API_TIMEOUT_MS", "5"),
            ("CLAUDE_CODE_SKIP_BEDROCK_AUTH", "1"),
            ("ANTHROPIC_BEDROCK_BASE_URL", "https://gw.example.com/@a"),
        ] {
            assert!(!is_secret(name, value), "{name}");
        }
    }

    #[test]
    fn a_variable_leads_to_the_key_that_sets_it() {
        assert_eq!(
            set_by("VERTEX_REGION_CLAUDE_5_OPUS", Cloud::Gcp).unwrap(),
            "vertex_ai.model_locations"
        );
        assert_eq!(set_by("ANTHROPIC_MODEL", Cloud::Aws).unwrap(), "bedrock.model_id");
        assert_eq!(set_by("ANTHROPIC_MODEL", Cloud::Gcp).unwrap(), "vertex_ai.model_name");
        assert_eq!(set_by("aws_region", Cloud::Aws).unwrap(), "bedrock.region");
        assert_eq!(set_by("Https_Proxy", Cloud::Aws).unwrap(), "proxy");
        assert_eq!(set_by("API_TIMEOUT_MS", Cloud::Aws), None);
        assert_eq!(set_by("ANTHROPIC_BASE_URL", Cloud::Gateway).unwrap(), "client.url");
        for free in [("ANTHROPIC_BEDROCK_BASE_URL", Cloud::Aws), ("AWS_REGION", Cloud::Gateway)] {
            assert_eq!(set_by(free.0, free.1), None);
        }
    }
}
