//! What the writer of a file adds as it is: variables and settings that no other key stands for.
//!
//! What another key stands for is refused here, so that there is one place for each thing, and what
//! is written is what counts.

use serde_json::{Map, Value};

use super::{FurtherEnvironment, PRESENCE, environment::set_by};
use crate::config::{
    Cloud,
    path::Path,
    shaped::{Notes, Told},
};

/// Keys of managed settings, and the key of the file that stands for each.
pub const SETTINGS: &[(&str, &str)] = &[
    ("env", "claude_code.environment"),
    ("availableModels", "claude_code.models.available"),
    ("enforceAvailableModels", "claude_code.models.enforce"),
    ("availableModelsMatch", "claude_code.models.match"),
    ("deniedModels", "claude_code.models.denied"),
    ("fallbackModel", "claude_code.models.fallback"),
    ("maxEffortLevel", "claude_code.models.effort"),
    ("allowedProviders", "claude_code.allowed_providers"),
    ("awsAuthRefresh", "claude_code.credentials.refresh"),
    ("gcpAuthRefresh", "claude_code.credentials.refresh"),
    ("awsCredentialExport", "claude_code.credentials.export"),
    ("otelHeadersHelper", "claude_code.telemetry.headers_helper"),
    ("skipWebFetchPreflight", "claude_code.traffic.web_fetch_preflight"),
    ("requiredMinimumVersion", "claude_code.version.minimum"),
    ("requiredMaximumVersion", "claude_code.version.maximum"),
    ("autoUpdatesChannel", "claude_code.version.channel"),
    ("permissions.allow", "claude_code.permissions.allow"),
    ("permissions.ask", "claude_code.permissions.ask"),
    ("permissions.deny", "claude_code.permissions.deny"),
    ("permissions.defaultMode", "claude_code.permissions.default_mode"),
    ("permissions.disableBypassPermissionsMode", "claude_code.permissions.disable_bypass"),
    ("disableAutoMode", "claude_code.permissions.disable_auto_mode"),
    ("allowManagedPermissionRulesOnly", "claude_code.permissions.managed_rules_only"),
    ("allowManagedHooksOnly", "claude_code.permissions.managed_hooks_only"),
    ("allowManagedMcpServersOnly", "claude_code.permissions.managed_mcp_only"),
    ("allowedMcpServers", "claude_code.permissions.allowed_mcp_servers"),
    ("deniedMcpServers", "claude_code.permissions.denied_mcp_servers"),
];

/// The variables that Claude Code does not read, though they are known for what it needs (facts 4).
const WITHOUT_EFFECT: [&str; 4] =
    ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE", "SSL_CERT_FILE"];

/// Notes variables that no one can have, that other keys set, or that would not do what they say.
pub(super) fn environment(all: &FurtherEnvironment, cloud: Cloud, notes: &mut Notes<'_>) {
    for (name, value) in all {
        let path = Path::of("claude_code.environment").key(name);
        if let Some((message, hint)) = mistake(name, value.expose(), cloud) {
            notes.note(&path, format!("`{path}`{message}"), &hint);
        }
    }
}

fn mistake(name: &str, value: &str, cloud: Cloud) -> Option<(String, String)> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let begins = name.bytes().next().is_some_and(|byte| !byte.is_ascii_digit());
    if !begins || !name.bytes().all(allowed) {
        let hint = "a variable's name has letters, digits and `_`, and begins with no digit";
        return Some((": no variable can have this name".into(), hint.into()));
    }
    if let Some(key) = set_by(name, cloud) {
        let message = format!(" is set by `{key}`");
        return Some((message, format!("leave it out here, and use `{key}`")));
    }
    if value.contains('\0') {
        return Some((" holds a NUL character, which no variable can".into(), String::new()));
    }
    let off = ["", "0", "false", "no", "off"].contains(&value.to_ascii_lowercase().as_str());
    if PRESENCE.contains(&name) && off {
        let message = " counts as soon as it is set, whatever it holds: it cannot be switched off";
        return Some((message.into(), "leave it out".into()));
    }
    address(name, value).map(|(message, hint)| (message.into(), hint.into()))
}

/// Addresses as the client takes them (facts 2.1, 2.2), and none of the tricks that end all checks.
fn address(name: &str, value: &str) -> Option<(&'static str, &'static str)> {
    match name {
        "ANTHROPIC_BEDROCK_BASE_URL" if value.ends_with('/') => Some((
            " ends with a slash: Claude Code would call paths that begin with two",
            "write it without",
        )),
        "ANTHROPIC_VERTEX_BASE_URL" if !value.ends_with("/v1") => {
            Some((" must end with `/v1`: Claude Code does not add it", "add `/v1`"))
        }
        "NODE_TLS_REJECT_UNAUTHORIZED" if value == "0" => Some((
            " switches off all checks of certificates",
            "name the company's authorities instead: `proxy.ca_bundle`",
        )),
        _ => None,
    }
}

/// Tells of variables that have no effect.
pub(super) fn warn(all: &FurtherEnvironment, told: &mut Told<'_>) {
    for name in WITHOUT_EFFECT.into_iter().filter(|name| all.contains_key(*name)) {
        let key = format!("claude_code.environment.{name}");
        let message = format!("`{key}` has no effect on Claude Code");
        told.tell(&key, message, "name the company's authorities: `proxy.ca_bundle`");
    }
}

/// Notes settings that other keys stand for.
pub(super) fn settings(all: &Map<String, Value>, notes: &mut Notes<'_>) {
    let at = Path::of("claude_code.settings");
    for (key, value) in all {
        let path = at.clone().key(key);
        refuse(key, &path, notes);
        match value {
            Value::Object(inner) => {
                for inner in inner.keys() {
                    refuse(&format!("{key}.{inner}"), &path.clone().key(inner), notes);
                }
            }
            _ if key == "permissions" => {
                notes.note(&path, format!("`{path}` must be a mapping"), "");
            }
            _ => {}
        }
        if key == "model" {
            let message = format!("`{path}` has no effect: the variable `ANTHROPIC_MODEL` wins");
            let hint = "name the model: `bedrock.model_id`, or `vertex_ai.model_name`";
            notes.note(&path, message, hint);
        }
    }
}

fn refuse(setting: &str, path: &Path, notes: &mut Notes<'_>) {
    if let Some((_, key)) = SETTINGS.iter().find(|(known, _)| *known == setting) {
        notes.note(path, format!("`{path}` is set by `{key}`"), &format!("use `{key}`"));
    }
}
