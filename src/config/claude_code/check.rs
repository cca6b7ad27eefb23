//! Whether the values of `claude_code:` fit each other and the cloud of their file.

use super::{AvailableModels, ClaudeCode, Permissions, Provider, Version, further, telemetry};
use crate::config::{
    Cloud, Proxy,
    path::Path,
    shaped::{Notes, Told},
};

/// Notes everything that does not fit.
pub(in crate::config) fn check(section: &ClaudeCode, cloud: Cloud, notes: &mut Notes<'_>) {
    models(&section.models, notes);
    providers(section, cloud, notes);
    credentials(section, cloud, notes);
    if let Some(telemetry) = &section.telemetry {
        telemetry::check(telemetry, notes);
    }
    versions(&section.version, notes);
    permissions(&section.permissions, notes);
    further::environment(&section.environment, cloud, notes);
    further::settings(&section.settings, notes);
}

/// Tells what is not wrong, but not what its writer may think.
pub(in crate::config) fn warn(section: &ClaudeCode, proxy: &Proxy, told: &mut Told<'_>) {
    let refresh = section.credentials.refresh.as_deref().unwrap_or_default();
    if refresh.contains("aws sso login") && proxy.ca_bundle.is_some() {
        let key = "claude_code.credentials.refresh";
        let message = format!(
            "`{key}` opens a browser for AWS: behind a proxy that intercepts TLS that can fail, and \
             Claude Code then runs it again and again"
        );
        told.tell(key, message, "leave it out there, and let developers sign in before they start");
    }
    if section.version.channel.is_some() && !section.traffic.nonessential {
        let message = "`claude_code.version.channel` has no effect: Claude Code does not update \
                       itself without `claude_code.traffic.nonessential`";
        told.tell("claude_code.version.channel", message, "");
    }
    let permissions = &section.permissions;
    if permissions.managed_mcp_only && permissions.allowed_mcp_servers.is_none() {
        let key = "claude_code.permissions.managed_mcp_only";
        let message = format!("`{key}` shuts nothing out without `allowed_mcp_servers`");
        told.tell(key, message, "name the servers that may be used; `[]` for none");
    }
    if let Some(telemetry) = &section.telemetry {
        telemetry::warn(telemetry, told);
    }
    further::warn(&section.environment, told);
}

fn models(models: &AvailableModels, notes: &mut Notes<'_>) {
    let available = models.available.as_deref();
    let lists = [
        ("available", available.unwrap_or_default()),
        ("denied", &models.denied),
        ("fallback", &models.fallback),
    ];
    for (key, ids) in lists {
        filled(&format!("claude_code.models.{key}"), ids, notes);
    }
    let key = "claude_code.models.available";
    if available.is_some_and(<[_]>::is_empty) && !notes.passed_over(&Path::of(key)) {
        let message = format!("`{key}` names no model");
        notes.note(&Path::of(key), message, "leave it out: then it is the tenant's own models");
    }
    for (index, id) in available.into_iter().flatten().enumerate() {
        // They mean another model from one release to the next (the client's own description).
        if models.comparison == super::Comparison::Exact
            && ["best", "default", "opusplan"].contains(&id.as_str())
        {
            let message = format!("`{key}`: Claude Code passes over `{id}`, which is no one model");
            notes.note(&item(key, index, notes), message, "name the models' ids");
        }
        if models.denied.contains(id) {
            let message = format!("`{key}` names `{id}`, which `claude_code.models.denied` denies");
            notes.note(&item(key, index, notes), message, "leave one of them out");
        }
    }
}

/// The place of an item. With an item left out, the indexes are not the file's.
fn item(key: &str, index: usize, notes: &Notes<'_>) -> Path {
    let list = Path::of(key);
    if notes.passed_over(&list) { list } else { list.index(index) }
}

/// Every text of a list says something, and nothing twice.
fn filled(key: &str, texts: &[String], notes: &mut Notes<'_>) {
    notes.twice(key, texts);
    for (index, text) in texts.iter().enumerate() {
        if text.trim().is_empty() || text.trim() != text || text.contains(char::is_control) {
            let message = format!("`{key}` has an item that is empty, or has space around it");
            notes.note(&item(key, index, notes), message, "");
        }
    }
}

/// Without the file's own provider the client would not start (facts 8).
fn providers(section: &ClaudeCode, cloud: Cloud, notes: &mut Notes<'_>) {
    let Some(allowed) = &section.allowed_providers else { return };
    let key = "claude_code.allowed_providers";
    notes.twice(key, &allowed.iter().map(|provider| provider.as_str()).collect::<Vec<_>>());
    let own = match cloud {
        Cloud::Aws => Provider::Bedrock,
        Cloud::Gcp => Provider::Vertex,
        Cloud::Gateway => Provider::CustomEndpoint,
    };
    if !allowed.contains(&own) && !notes.passed_over(&Path::of(key)) {
        let message = format!("`{key}` lacks `{own}`: Claude Code would refuse to start");
        notes.note(&Path::of(key), message, &format!("add `{own}`"));
    }
}

fn credentials(section: &ClaudeCode, cloud: Cloud, notes: &mut Notes<'_>) {
    let credentials = &section.credentials;
    for (key, command) in [("refresh", &credentials.refresh), ("export", &credentials.export)] {
        let path = Path::of("claude_code.credentials").key(key);
        command_line(&path, command.as_deref(), notes);
    }
    if cloud == Cloud::Gateway {
        for (key, command) in [("refresh", &credentials.refresh), ("export", &credentials.export)] {
            if command.is_some() {
                let path = Path::of("claude_code.credentials").key(key);
                let message =
                    format!("`{path}` is for a cloud: a gateway knows no credentials of it");
                notes.note(
                    &path,
                    message,
                    "name what prints the gateway's own: `client.token_command`",
                );
            }
        }
    }
    if credentials.export.is_some() && cloud == Cloud::Gcp {
        let path = Path::of("claude_code.credentials.export");
        let message = format!("`{path}` is for AWS: Claude Code takes no credentials of Google so");
        let hint = "leave it out, or name a command that signs in again: `refresh`";
        notes.note(&path, message, hint);
    }
}

/// A command says something, on one line.
pub(in crate::config) fn command_line(path: &Path, command: Option<&str>, notes: &mut Notes<'_>) {
    let Some(command) = command else { return };
    if command.trim().is_empty() || command.contains(char::is_control) {
        notes.note(path, format!("`{path}` must be a command, on one line"), "");
    }
}

fn versions(version: &Version, notes: &mut Notes<'_>) {
    if let (Some(minimum), Some(maximum)) = (&version.minimum, &version.maximum)
        && minimum.is_after(maximum)
    {
        let path = Path::of("claude_code.version.minimum");
        let message =
            format!("`{path}` is {minimum}, and `maximum` is {maximum}: none could start");
        notes.note(&path, message, "");
    }
}

fn permissions(permissions: &Permissions, notes: &mut Notes<'_>) {
    let rules =
        [("allow", &permissions.allow), ("ask", &permissions.ask), ("deny", &permissions.deny)];
    for (key, rules) in rules {
        filled(&format!("claude_code.permissions.{key}"), rules, notes);
    }
    let auto = permissions.default_mode == Some(super::PermissionMode::Auto);
    if auto && permissions.disable_auto_mode {
        let path = Path::of("claude_code.permissions.default_mode");
        let message = format!("`{path}` is `auto`, which `disable_auto_mode` locks");
        notes.note(&path, message, "leave one of them out");
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::config::{Config, Shape, VertexConfig, load};

    /// What is said of a file with this section: the mistakes, or else the warnings.
    fn said<C: Shape>(text: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.yaml");
        fs::write(&path, text).unwrap();
        let prefix = format!("{}:", path.display());
        match load::<C>(&path, &|_| None) {
            Ok(loaded) => {
                loaded.warnings.iter().map(|it| it.to_string().replace(&prefix, "")).collect()
            }
            Err(errors) => errors
                .iter()
                .map(|error| {
                    let hints = error.hints().iter().map(|hint| format!(" ({hint})"));
                    format!("{error}{}", hints.collect::<String>()).replace(&prefix, "")
                })
                .collect(),
        }
    }

    fn aws(section: &str) -> Vec<String> {
        said::<Config>(&format!("bedrock: {{region: us-east-1}}\nclaude_code:\n  {section}\n"))
    }

    fn one(section: &str) -> String {
        let all = aws(section);
        assert_eq!(all.len(), 1, "{all:#?}");
        all.concat()
    }

    #[test]
    fn an_unknown_key_and_a_wrong_word_are_told_with_what_was_meant() {
        assert!(one("model: {}").contains("did you mean `models`?"));
        assert!(one("models: {match: Exact}").contains("did you mean `exact`?"));
        assert!(one("allowed_providers: [bedrock, vertexx]").contains("3:32"));
        assert!(one("version: {minimum: '2.1'}").contains("must be a version such as `2.1.330`"));
    }

    #[test]
    fn models_that_cannot_be_meant_are_told() {
        assert!(one("models: {available: []}").contains("names no model"));
        assert!(one("models: {available: [best]}").contains("passes over `best`"));
        assert!(one("models: {available: [a, a]}").contains("names `a` twice"));
        assert!(one("models: {denied: [' a']}").contains("has space around it"));
        assert!(one("models: {available: [a], denied: [a]}").contains("denies"));
        assert_eq!(aws("models: {available: [opus], match: prefix}"), [""; 0]);
    }

    #[test]
    fn what_belongs_to_the_other_cloud_is_told() {
        let lacks = "lacks `bedrock`: Claude Code would refuse to start";
        assert!(one("allowed_providers: [vertex]").contains(lacks));
        let vertex = "vertex_ai: {project_id: my-project, location: us}\nclaude_code:\n  credentials: {export: x}";
        assert!(said::<VertexConfig>(vertex).concat().contains("is for AWS"));
    }

    #[test]
    fn commands_versions_and_modes_must_make_sense() {
        assert!(one("credentials: {refresh: ''}").contains("must be a command"));
        assert!(one("version: {minimum: 2.1.10, maximum: 2.1.9}").contains("none could start"));
        let locked = "permissions: {default_mode: auto, disable_auto_mode: true}";
        assert!(one(locked).contains("locks"));
        assert!(one("permissions: {default_mode: bypassPermissions}").contains("must be"));
    }

    #[test]
    fn telemetry_that_cannot_be_carried_is_told_without_its_secrets() {
        let headers = "telemetry: {endpoint: 'https://otel', headers: {x-a: 's3cret,b'}}";
        let said = one(headers);
        assert!(said.contains("has a comma") && !said.contains("s3cret"), "{said}");
        let said = one("telemetry: {endpoint: 'https://otel', headers: {x-a: 12345}}");
        assert!(said.contains("found a number") && !said.contains("12345"), "{said}");
        let nothing = "telemetry: {endpoint: 'https://otel', metrics: false, logs: false}";
        assert!(one(nothing).contains("sends nothing"));
        assert!(one("telemetry: {protocol: grpc}").contains("`endpoint`"));
        assert!(
            one("telemetry: {endpoint: 'https://u:p4ss@otel'}").contains("belongs into `headers`")
        );
        let token = one("telemetry: {endpoint: 'https://otel?token=hunter2'}");
        assert!(token.contains("https://otel?...") && !token.contains("hunter2"), "{token}");
        let grpc = "telemetry: {endpoint: 'https://otel', protocol: grpc, headers_helper: x}";
        assert!(one(grpc).contains("`http` protocols alone"));
        let attribute = "telemetry: {endpoint: 'https://otel', resource_attributes: {'a b': x}}";
        assert!(one(attribute).contains("no attribute can have"));
    }

    #[test]
    fn a_variable_that_is_not_the_writers_is_refused_with_its_place_and_its_key() {
        assert_eq!(
            one("environment: {ANTHROPIC_MODEL: x}"),
            "3:34: `claude_code.environment.ANTHROPIC_MODEL` is set by `bedrock.model_id` \
             (leave it out here, and use `bedrock.model_id`)"
        );
        assert!(one("environment: {'a-b': x}").contains("no variable can have this name"));
        assert!(one("environment: {DISABLE_TELEMETRY: '0'}").contains("cannot be switched off"));
        assert_eq!(aws("environment: {DISABLE_TELEMETRY: '1', API_TIMEOUT_MS: '5'}"), [""; 0]);
        let slash = "environment: {ANTHROPIC_BEDROCK_BASE_URL: 'https://gw.example.com/'}";
        assert!(one(slash).contains("ends with a slash"));
        let checks = "environment: {NODE_TLS_REJECT_UNAUTHORIZED: '0'}";
        assert!(one(checks).contains("proxy.ca_bundle"));
        let checks = "environment: {Node_Tls_Reject_Unauthorized: '00'}";
        assert!(one(checks).contains("proxy.ca_bundle"));
        let ignored = one("environment: {REQUESTS_CA_BUNDLE: /a.pem}");
        assert!(ignored.contains("has no effect on Claude Code"), "{ignored}");
    }

    #[test]
    fn a_variable_that_a_shell_would_calculate_or_refuse_is_refused() {
        let hostile = one("environment: {RANDOM: 'a[$(touch /tmp/x)]'}");
        assert!(hostile.contains("keep for themselves") && !hostile.contains("touch"), "{hostile}");
        assert!(one("environment: {UID: '0'}").contains("choose another name"));
        assert_eq!(aws("environment: {BASH_MAX_TIMEOUT_MS: '5'}"), [""; 0]);
    }

    #[test]
    fn what_is_one_variable_to_windows_is_not_told_twice() {
        assert!(one("environment: {aws_region: x}").contains("`bedrock.region`"));
        assert!(one("environment: {MINE: a, Mine: b}").contains("the same variable as `MINE`"));
    }

    #[test]
    fn an_address_that_would_keep_the_client_from_its_models_is_refused() {
        let none = "environment: {ANTHROPIC_BEDROCK_BASE_URL: gw.example.com}";
        assert!(one(none).contains("must be a URL"));
        assert_eq!(aws("environment: {ANTHROPIC_BEDROCK_BASE_URL: ''}"), [""; 0]);
        let endpoint = "environment: {AWS_ENDPOINT_URL_BEDROCK_RUNTIME: 'https://vpce'}";
        assert!(one(endpoint).contains("use `ANTHROPIC_BEDROCK_BASE_URL`"));
    }

    #[test]
    fn a_setting_that_another_key_stands_for_is_refused() {
        assert!(one("settings: {availableModels: [x]}").contains("`claude_code.models.available`"));
        let inner = "settings: {permissions: {allow: [x], additionalDirectories: [/srv]}}";
        assert!(one(inner).contains("`claude_code.permissions.allow`"));
        assert!(one("settings: {availablemodels: [x]}").contains("reads `availableModels`"));
        assert!(one("settings: {permissions: x}").contains("must be a mapping"));
        assert!(one("settings: {model: opus}").contains("`ANTHROPIC_MODEL` wins"));
        assert!(one("settings: {env: {A: b}}").contains("`claude_code.environment`"));
        assert_eq!(aws("settings: {hooks: {Stop: [1, 2.5, true]}}"), [""; 0]);
    }

    #[test]
    fn what_has_no_effect_is_a_warning() {
        assert!(one("version: {channel: stable}").contains("has no effect"));
        assert_eq!(aws("version: {channel: stable}\n  traffic: {nonessential: true}"), [""; 0]);
        assert!(one("permissions: {managed_mcp_only: true}").contains("shuts nothing out"));
        let prompts = "telemetry: {endpoint: 'https://otel', logs: false, log_user_prompts: true}";
        assert!(one(prompts).contains("has no effect while `logs` are off"));
        let open = "telemetry: {endpoint: 'http://otel', headers: {a: b}}";
        assert!(one(open).contains("unencrypted"));
        assert_eq!(aws("telemetry: {endpoint: 'http://localhost:4318', headers: {a: b}}"), [""; 0]);
        let text = "bedrock: {region: us-east-1}\nproxy: {ca_bundle: /a.pem}\nclaude_code:\n  \
                    credentials: {refresh: aws sso login}\n";
        assert!(said::<Config>(text).concat().contains("again and again"));
    }
}
