//! Metrics and events to a collector of the company's own.

use std::{collections::BTreeMap, str::FromStr};

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Hidden, choice};
use crate::config::{
    newtype::{Checked, Invalid, readable},
    number,
};

/// Metrics and events to a collector of the company's own.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Telemetry {
    /// The collector's base URL, without `/v1/metrics`
    pub endpoint: Endpoint,
    /// `http/protobuf`, `http/json` or `grpc`
    #[serde(default)]
    pub protocol: Protocol,
    /// What authorises the client to the collector, by header
    #[serde(default)]
    pub headers: BTreeMap<String, Hidden>,
    /// A command that prints headers as JSON
    #[serde(default)]
    pub headers_helper: Option<String>,
    /// Whether metrics are sent
    #[serde(default = "yes")]
    pub metrics: bool,
    /// Whether events are sent
    #[serde(default = "yes")]
    pub logs: bool,
    /// Whether traces are sent
    #[serde(default)]
    pub traces: bool,
    /// The time between two exports of metrics, in seconds; by default the client's 60
    #[serde(default, deserialize_with = "number::optional_whole::<_, _, 1, 86_400>")]
    #[schemars(range(min = 1, max = 86_400))]
    pub interval_seconds: Option<u32>,
    /// What is on all that is sent, by name
    #[serde(default)]
    pub resource_attributes: BTreeMap<String, String>,
    /// Whether what developers type goes with the events
    #[serde(default)]
    pub log_user_prompts: bool,
    /// Whether commands and paths of tools go with the events
    #[serde(default)]
    pub log_tool_details: bool,
}

fn yes() -> bool {
    true
}

choice! {
    /// How it is sent. The client has no default (facts 5).
    #[derive(Default)]
    Protocol, must: "`http/protobuf`, `http/json` or `grpc`",
    #[default]
    HttpProtobuf = "http/protobuf",
    HttpJson = "http/json",
    Grpc = "grpc",
}

const ENDPOINT: &str = "the base URL of a collector: `https://HOST[:PORT][/PATH]`";

/// A collector's base URL, without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint(String);

impl Endpoint {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Checked for Endpoint {
    const MUST: &'static str = ENDPOINT;
}

readable!(Endpoint, "^https?://[^@?# ]+$");

impl FromStr for Endpoint {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = Invalid::new(ENDPOINT);
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let Some(rest) = rest else { return Err(invalid) };
        if rest.contains('@') {
            return Err(invalid.why("what authorises the client belongs into `headers`"));
        }
        let odd = |c: char| c.is_whitespace() || c.is_control() || "?#".contains(c);
        if rest.is_empty() || rest.starts_with(['/', ':']) || rest.contains(odd) {
            return Err(invalid);
        }
        let path = rest.trim_end_matches('/');
        if ["/v1/metrics", "/v1/logs", "/v1/traces"].iter().any(|end| path.ends_with(end)) {
            return Err(invalid.why("the client adds `/v1/metrics` and the like by itself"));
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_base_without_a_secret() {
        let endpoint: Endpoint = "https://otel.example.com:4318/in/".parse().unwrap();
        assert_eq!(endpoint.as_str(), "https://otel.example.com:4318/in");
        for bad in [
            "",
            "otel:4317",
            "https://",
            "https://a b",
            "https://u:p@otel",
            "https://otel/?x=1",
            "https://otel/v1/metrics",
            "https://:4318",
        ] {
            bad.parse::<Endpoint>().unwrap_err();
        }
    }
}
