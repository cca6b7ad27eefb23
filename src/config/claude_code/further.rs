//! What the writer of a file adds as it is: variables and settings that no other key stands for.
//!
//! What another key stands for is refused here, so that there is one place for each thing, and what
//! is written is what counts.

use serde_json::{Map, Value};

use super::{FurtherEnvironment, PRESENCE, environment::set_by, reserved::is_reserved};
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
            continue;
        }
        let same = |other: &&String| *other != name && other.eq_ignore_ascii_case(name);
        if let Some(other) = all.range::<String, _>(..name).map(|(other, _)| other).find(same) {
            let message = format!("`{path}` is the same variable as `{other}` to Windows");
            notes.note(&path, message, "leave one of them out");
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
    if is_reserved(name) {
        let message = " is a name that shells keep for themselves: it would be run, or refused";
        return Some((message.into(), "choose another name".into()));
    }
    if let Some(key) = set_by(name, cloud) {
        let message = format!(" is set by `{key}`");
        return Some((message, format!("leave it out here, and use `{key}`")));
    }
    if value.contains('\0') {
        return Some((" holds a NUL character, which no variable can".into(), String::new()));
    }
    let name = name.to_ascii_uppercase();
    if PRESENCE.contains(&name.as_str()) && (value.is_empty() || is_off(value)) {
        let message = " counts as soon as it is set, whatever it holds: it cannot be switched off";
        return Some((message.into(), "leave it out".into()));
    }
    address(&name, value, cloud).map(|(message, hint)| (message.into(), hint.into()))
}

fn is_off(value: &str) -> bool {
    let value = value.trim().to_ascii_lowercase();
    let zero = !value.is_empty() && value.bytes().all(|byte| byte == b'0');
    zero || ["false", "no", "off"].contains(&value.as_str())
}

/// Addresses as the client takes them (facts 2.1, 2.2), and none of the tricks that end all checks.
/// An empty value cancels another's.
fn address(name: &str, value: &str, cloud: Cloud) -> Option<(&'static str, &'static str)> {
    match name {
        _ if value.is_empty() => None,
        // With a list of allowed providers the client does not start (facts 8), and models would not
        // be called there anyway.
        "AWS_ENDPOINT_URL" | "AWS_ENDPOINT_URL_BEDROCK" | "AWS_ENDPOINT_URL_BEDROCK_RUNTIME"
            if cloud == Cloud::Aws =>
        {
            Some((
                " keeps Claude Code from starting where managed settings name the providers",
                "to call Bedrock at another address, use `ANTHROPIC_BEDROCK_BASE_URL`",
            ))
        }
        "ANTHROPIC_BASE_URL"
        | "ANTHROPIC_BEDROCK_BASE_URL"
        | "ANTHROPIC_BEDROCK_MANTLE_BASE_URL"
        | "ANTHROPIC_VERTEX_BASE_URL"
            if !is_url(value) =>
        {
            Some((" must be a URL, as `https://HOST[:PORT][/PATH]`", ""))
        }
        "ANTHROPIC_BEDROCK_BASE_URL" if value.ends_with('/') => Some((
            " ends with a slash: Claude Code would call paths that begin with two",
            "write it without",
        )),
        "ANTHROPIC_VERTEX_BASE_URL" if !value.ends_with("/v1") => {
            Some((" must end with `/v1`: Claude Code does not add it", "add `/v1`"))
        }
        "NODE_TLS_REJECT_UNAUTHORIZED" if is_off(value) => Some((
            " switches off all checks of certificates",
            "name the company's authorities instead: `proxy.ca_bundle`",
        )),
        _ => None,
    }
}

fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let odd = |c: char| c.is_whitespace() || c.is_control() || "?#".contains(c);
    rest.is_some_and(|rest| {
        !rest.is_empty() && !rest.starts_with(['/', ':']) && !rest.contains(odd)
    })
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
            let hint =
                "name the model: `bedrock.model_id`, `vertex_ai.model_name` or `client.model`";
            notes.note(&path, message, hint);
        }
    }
}

fn refuse(setting: &str, path: &Path, notes: &mut Notes<'_>) {
    if let Some((_, key)) = SETTINGS.iter().find(|(known, _)| *known == setting) {
        notes.note(path, format!("`{path}` is set by `{key}`"), &format!("use `{key}`"));
        return;
    }
    // Claude Code passes over a key in the wrong case, and locks nothing.
    let meant = SETTINGS.iter().find(|(known, _)| known.eq_ignore_ascii_case(setting));
    if let Some((known, key)) = meant {
        let message = format!("`{path}` has no effect: Claude Code reads `{known}`");
        notes.note(path, message, &format!("use `{key}`"));
    }
}
