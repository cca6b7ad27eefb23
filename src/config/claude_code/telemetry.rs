//! Metrics and events to a collector of the company's own.

use std::{borrow::Cow, collections::BTreeMap, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer,
    de::{Error, Unexpected, Visitor},
};

use super::{Hidden, check::command_line, choice};
use crate::config::{
    newtype::Invalid,
    number,
    path::Path,
    shaped::{Notes, Told},
};

/// Metrics and events to a collector of the company's own.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "Claude Code has these five switches")]
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

impl<'de> Deserialize<'de> for Endpoint {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(Reader)
    }
}

struct Reader;

impl Visitor<'_> for Reader {
    type Value = Endpoint;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(ENDPOINT)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Endpoint, E> {
        text.parse().map_err(|invalid| {
            // What follows may be a token.
            let shown = text.find(['?', '#']).and_then(|end| text.get(..=end));
            let shown = shown.map_or_else(|| text.to_owned(), |shown| format!("{shown}..."));
            E::invalid_value(Unexpected::Str(&shown), &invalid)
        })
    }
}

impl JsonSchema for Endpoint {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Endpoint".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^https?://[^@?# ]+$" })
    }
}

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

/// Notes what cannot be carried to the client, or would send nothing.
pub(super) fn check(telemetry: &Telemetry, notes: &mut Notes<'_>) {
    let at = || Path::of("claude_code.telemetry");
    if !telemetry.metrics && !telemetry.logs && !telemetry.traces {
        let message =
            "`claude_code.telemetry` sends nothing: `metrics`, `logs` and `traces` are off";
        notes.note(&at(), message, "switch one of them on, or leave `telemetry` out");
    }
    for (name, value) in &telemetry.headers {
        if let Some((message, hint)) = header_mistake(name, value.expose()) {
            let path = at().key("headers").key(name);
            notes.note(&path, format!("`{path}`: {message}"), hint);
        }
    }
    for (name, value) in &telemetry.resource_attributes {
        let path = at().key("resource_attributes").key(name);
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte);
        if name.is_empty() || !name.bytes().all(allowed) {
            let message = format!("`{path}`: the name has a character that no attribute can have");
            notes.note(&path, message, "allowed are letters, digits and `._-/`");
        } else if value.trim() != value || value.is_empty() || value.contains(char::is_control) {
            let message = format!("`{path}` is empty, or has space around it");
            notes.note(&path, message, "");
        }
    }
    let path = at().key("headers_helper");
    command_line(&path, telemetry.headers_helper.as_deref(), notes);
    if telemetry.headers_helper.is_some() && telemetry.protocol == Protocol::Grpc {
        let message = format!("`{path}` is run for the `http` protocols alone");
        notes.note(&path, message, "choose `protocol: http/protobuf`, or give `headers`");
    }
}

/// Why a header cannot be carried. The client divides the headers at commas, takes the space around
/// them away and decodes nothing (facts 5), so that there is no way to write these in a value.
fn header_mistake(name: &str, value: &str) -> Option<(&'static str, &'static str)> {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&'*+-.^_`|~".contains(&byte);
    let message = match () {
        () if name.is_empty() || !name.bytes().all(token) => "this is not the name of a header",
        () if value.is_empty() => "the value is empty",
        () if value.trim() != value => "the value has space around it, which does not arrive",
        () if value.contains(',') => {
            let hint = "print it with a command of your own: `headers_helper`";
            return Some(("the value has a comma, which ends a header for Claude Code", hint));
        }
        () if !value.bytes().all(|byte| (b' '..=b'~').contains(&byte)) => {
            "the value has a character that no header can have"
        }
        () => return None,
    };
    Some((message, ""))
}

/// Tells what has no effect, or what everyone can read.
pub(super) fn warn(telemetry: &Telemetry, told: &mut Told<'_>) {
    for (key, on) in [
        ("log_user_prompts", telemetry.log_user_prompts),
        ("log_tool_details", telemetry.log_tool_details),
    ] {
        if on && !telemetry.logs && !telemetry.traces {
            let key = format!("claude_code.telemetry.{key}");
            told.tell(&key, format!("`{key}` has no effect while `logs` are off"), "");
        }
    }
    let remote = telemetry.endpoint.as_str().strip_prefix("http://");
    let local = |rest: &str| {
        let host = rest.split(['/', ':']).next().unwrap_or_default();
        host == "localhost" || host.starts_with("127.") || rest.starts_with("[::1]")
    };
    if remote.is_some_and(|rest| !local(rest)) && !telemetry.headers.is_empty() {
        let message = "`claude_code.telemetry.headers` go to the collector unencrypted";
        told.tell("claude_code.telemetry.endpoint", message, "use `https://`");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_that_the_client_would_change_is_refused() {
        for good in ["Bearer a=b==", "a;b", "100%", "a%20b", "\"q\""] {
            assert_eq!(header_mistake("Authorization", good), None, "{good}");
        }
        for bad in ["", " a", "a ", "a,b", "a\nb", "é"] {
            assert!(header_mistake("x-a", bad).is_some(), "{bad}");
        }
        for bad in ["", "a b", "a=b", "a,b", "a:", "é", "a%"] {
            assert!(header_mistake(bad, "value").is_some(), "{bad}");
        }
    }

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
