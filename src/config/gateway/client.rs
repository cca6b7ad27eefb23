//! What of `gateway.yaml` is for developers: where their Claude Code finds the gateway, how it speaks to
//! it, and what else it is told.
//!
//! A developer's machine has none of the operator's secrets, and as a rule only a part of his file. So
//! the two read the same file, each only what is his.

use std::{
    cell::LazyCell,
    collections::BTreeMap,
    path::{Path as FilePath, PathBuf},
};

use schemars::JsonSchema;
use serde::Deserialize;

use super::{GatewayConfig, Listen, Model, ServiceUrl};
use crate::{
    config::{
        ClaudeCode, Cloud, Loaded, Proxy, claude_code, load_part,
        path::Path,
        schema,
        shaped::{Notes, Told},
        source, tree,
        vertex::choice,
    },
    error::Error,
};

/// How developers' Claude Code comes to the gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GatewayClient {
    /// Where developers reach the gateway; by default where it listens, if that is a usable address
    pub url: Option<ServiceUrl>,
    /// How their Claude Code speaks to it: `anthropic`, `bedrock` or `vertex`
    pub dialect: ClientDialect,
    /// The main model, one of `models`; by default the newest Opus, else Sonnet
    pub model: Option<String>,
    /// The model of background tasks, one of `models`; by default the newest Haiku
    pub small_fast_model: Option<String>,
    /// A PEM file, on the developer's machine, of the authority of the gateway's certificate
    pub ca_bundle: Option<PathBuf>,
    /// A command that prints the developer's token or key, and nothing else
    pub token_command: Option<String>,
}

choice! {
    /// How Claude Code speaks to the gateway.
    #[derive(Default)]
    ClientDialect, must: "`anthropic`, `bedrock` or `vertex`",
    /// As to the Anthropic API.
    #[default]
    Anthropic = "anthropic",
    /// As to Amazon Bedrock.
    Bedrock = "bedrock",
    /// As to Vertex AI.
    Vertex = "vertex",
}

/// What of the file a developer's machine needs.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "gateway.yaml")]
pub struct ClientConfig {
    /// Where it listens
    pub listen: Listen,
    /// What developers' Claude Code is told
    pub client: GatewayClient,
    /// Which models there are
    pub models: BTreeMap<String, Model>,
    /// What it is told besides
    pub claude_code: ClaudeCode,
}

impl ClientConfig {
    /// Where developers reach the gateway, without a slash at its end, if the file tells it.
    pub fn url(&self) -> Option<String> {
        if let Some(url) = &self.client.url {
            return Some(url.base().to_owned());
        }
        let address = self.listen.address.socket();
        let tls = self.listen.tls.is_some();
        // Nobody can be sent to «every address», nor in the clear to another machine.
        let usable = address.port() != 0
            && !address.ip().is_unspecified()
            && (tls || address.ip().is_loopback());
        usable.then(|| format!("{}://{address}", if tls { "https" } else { "http" }))
    }
}

/// Whether a file says nothing of what only the operator needs: it is a developer's copy.
pub fn is_developers(path: &FilePath) -> bool {
    let text = source::read(path, "").ok();
    let tree = text.and_then(|text| tree::build(&text).ok());
    let there = |key: &str| tree.as_ref().is_some_and(|tree| tree.get(&[key]).is_some());
    there("client") && !there("access") && !there("upstreams")
}

/// Reads what a developer's machine needs. What is the operator's is not filled in, nor looked at.
pub fn load_client(
    path: &FilePath,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Loaded<ClientConfig>, Vec<Error>> {
    // A key that neither knows is a mistake of this file, too. The schema is drawn up only if there is
    // a key to ask it about.
    let whole = LazyCell::new(schema::<GatewayConfig>);
    let operators = |key: &str| whole.pointer(&format!("/properties/{key}")).is_some();
    let own = |key: &str| ["listen", "client", "models", "claude_code"].contains(&key);
    load_part(path, environment, &|key| own(key) || !operators(key))
}

/// Reads what the gateway needs. What only Claude Code is told may hold what only a developer has.
pub fn load_gateway(
    path: &FilePath,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Loaded<GatewayConfig>, Vec<Error>> {
    load_part(path, environment, &|key| key != "claude_code")
}

/// Notes everything that does not fit, in a developer's part of the file.
pub(in crate::config) fn check(config: &ClientConfig, notes: &mut Notes<'_>) {
    sections(&config.client, &config.claude_code, &config.models, notes);
}

/// Tells what is not wrong, but not what its writer may think.
pub(in crate::config) fn warn(section: &ClaudeCode, told: &mut Told<'_>) {
    // The way through the company's proxy is here the gateway's, and not the developers'.
    claude_code::warn(section, &Proxy::default(), told);
}

/// The same, of the two sections.
pub(super) fn sections(
    client: &GatewayClient,
    section: &ClaudeCode,
    models: &BTreeMap<String, Model>,
    notes: &mut Notes<'_>,
) {
    claude_code::check(section, Cloud::Gateway, notes);
    let path = Path::of("client.token_command");
    claude_code::command_line(&path, client.token_command.as_deref(), notes);
    let path = Path::of("claude_code.settings").key("apiKeyHelper");
    if section.settings.contains_key("apiKeyHelper") {
        let message = format!("`{path}` is set by `client.token_command`");
        notes.note(&path, message, "use `client.token_command`");
    }
    for (key, wanted) in [("model", &client.model), ("small_fast_model", &client.small_fast_model)]
    {
        let Some(wanted) = wanted else { continue };
        let path = Path::of("client").key(key);
        // A developer's copy may leave them out.
        if models.is_empty() || notes.passed_over(&Path::of("models")) {
            continue;
        }
        let is =
            |(name, model): (&String, &Model)| name == wanted || model.aliases.contains(wanted);
        if !models.iter().any(is) {
            let names: Vec<&str> = models.keys().map(String::as_str).collect();
            let message = format!("`{path}`: there is no model `{wanted}`");
            notes.note(&path, message, &format!("there is {}", names.join(", ")));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn client(text: &str) -> Result<ClientConfig, Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gateway.yaml");
        fs::write(&path, text).unwrap();
        let said = |errors: Vec<Error>| errors.iter().map(ToString::to_string).collect();
        load_client(&path, &|_| None).map(|loaded| loaded.config).map_err(said)
    }

    fn url(text: &str) -> Option<String> {
        client(text).unwrap().url()
    }

    #[test]
    fn a_developer_is_sent_where_the_gateway_can_be_reached() {
        let tls = "tls: {certificate: a, key: b}";
        for (text, wanted) in [
            ("client: {url: 'https://gw.test/x/'}", Some("https://gw.test/x")),
            ("", Some("http://127.0.0.1:8787")),
            ("listen: {address: '[::1]:1'}", Some("http://[::1]:1")),
            (
                &format!("listen: {{address: '10.0.0.1:8443', {tls}}}"),
                Some("https://10.0.0.1:8443"),
            ),
            (&format!("listen: {{address: '0.0.0.0:8443', {tls}}}"), None),
            ("listen: {address: '10.0.0.1:80', plain_http: true}", None),
            ("listen: {address: '127.0.0.1:0'}", None),
        ] {
            assert_eq!(url(text).as_deref(), wanted, "{text}");
        }
    }

    #[test]
    fn the_operators_part_is_neither_filled_in_nor_looked_at() {
        let text = "client: {model: b}\nmodels: {b: {}}\nupstreams:\n  a: {anthropic: {api_key: \
                    '${file:/none}'}}\naccess: 7\nlisten: {address: '127.0.0.1:1'}\n";
        assert_eq!(client(text).unwrap().client.model.as_deref(), Some("b"));
        let errors = client("client: {}\nacces: 7\n").unwrap_err();
        assert!(errors.concat().contains("unknown key `acces`"), "{errors:?}");
    }

    #[test]
    fn what_does_not_fit_is_told() {
        for (text, wanted) in [
            ("client: {model: c}\nmodels: {b: {aliases: [a]}}", "there is no model `c`"),
            ("client: {token_command: ''}", "must be a command"),
            ("client: {url: 'http://gw.test'}", "must be a URL"),
            ("client: {dialect: openai}", "must be `anthropic`, `bedrock` or `vertex`"),
            ("claude_code: {credentials: {refresh: x}}", "is for a cloud"),
            ("claude_code: {settings: {apiKeyHelper: x}}", "is set by `client.token_command`"),
            ("claude_code: {environment: {ANTHROPIC_BASE_URL: x}}", "is set by `client.url`"),
            ("claude_code: {allowed_providers: [bedrock]}", "lacks `customEndpoint`"),
        ] {
            let errors = client(text).unwrap_err();
            assert!(errors.concat().contains(wanted), "{text}: {errors:?}");
        }
        client("client: {model: a}\nmodels: {b: {aliases: [a]}}").unwrap();
    }

    #[test]
    fn a_file_with_nothing_of_the_operators_is_a_developers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gateway.yaml");
        for (text, wanted) in [
            ("client: {}\nmodels: {}", true),
            ("client: {}\nupstreams: {}", false),
            ("models: {}", false),
        ] {
            fs::write(&path, text).unwrap();
            assert_eq!(is_developers(&path), wanted, "{text}");
        }
    }
}
