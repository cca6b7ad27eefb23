//! What Claude Code is told so that it comes to the gateway, in the dialect that it is to speak.
//!
//! Models have the gateway's own names in each: the client 2.1.330 knows `claude-haiku-4-5` wherever it
//! calls it, with its limits. It also takes what `apiKeyHelper` prints as its credential in all three, and
//! needs neither a region nor a project that there are.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Environment,
    environment::ALIASES,
    model::Family,
    variable::{self as v, Variable},
};
use crate::config::gateway::{ClientConfig, ClientDialect, Model};

/// What the client must have in Vertex AI's paths. The gateway heeds neither.
const LOCATION: &str = "global";
const PROJECT: &str = "gateway";

impl Environment {
    /// What Claude Code needs to come to the gateway at `url`, which has no slash at its end.
    pub fn gateway(config: &ClientConfig, url: &str, dialect: ClientDialect) -> Self {
        let mut all = Self::default();
        match dialect {
            ClientDialect::Anthropic => {
                all.set(v::ANTHROPIC_BASE_URL, url);
                // Otherwise the client does not ask (facts 7.6).
                if config.claude_code.traffic.nonessential {
                    all.set(v::CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY, "1");
                }
            }
            ClientDialect::Bedrock => {
                all.set(v::CLAUDE_CODE_USE_BEDROCK, "1");
                all.set(v::ANTHROPIC_BEDROCK_BASE_URL, url);
                all.set(v::CLAUDE_CODE_SKIP_BEDROCK_AUTH, "1");
            }
            ClientDialect::Vertex => {
                all.set(v::CLAUDE_CODE_USE_VERTEX, "1");
                all.set(v::ANTHROPIC_VERTEX_BASE_URL, format!("{url}/v1"));
                all.set(v::CLAUDE_CODE_SKIP_VERTEX_AUTH, "1");
                all.set(v::CLOUD_ML_REGION, LOCATION);
                all.set(v::ANTHROPIC_VERTEX_PROJECT_ID, PROJECT);
            }
        }
        if let Some(models) = Models::of(config) {
            all.set(v::ANTHROPIC_MODEL, models.main);
            for (name, family) in ALIASES {
                all.set(name, models.of_family(family));
            }
            all.set(v::ANTHROPIC_DEFAULT_HAIKU_MODEL, models.small);
        }
        all.add_section(&config.claude_code);
        all.take_back_the_rest();
        all.take_back_credentials(config, dialect);
        all
    }

    /// A credential that is for somebody else must not go to the gateway; the client would send it.
    fn take_back_credentials(&mut self, config: &ClientConfig, dialect: ClientDialect) {
        if dialect == ClientDialect::Bedrock {
            // It goes before every other.
            self.take_back(v::AWS_BEARER_TOKEN_BEDROCK);
        }
        let is_set = |variable: &Variable| self.iter().any(|(name, _)| name == variable.name);
        let known = [v::ANTHROPIC_AUTH_TOKEN, v::ANTHROPIC_API_KEY].into_iter().any(is_set);
        // Who is told nothing has one of them by himself.
        if known || config.client.token_command.is_some() {
            self.take_back(v::ANTHROPIC_API_KEY);
            self.take_back(v::ANTHROPIC_AUTH_TOKEN);
        }
    }
}

/// The models that developers may choose, the main one first, by all of their names.
pub fn gateway_models(config: &ClientConfig) -> Vec<String> {
    let Some(models) = Models::of(config) else { return Vec::new() };
    let names =
        config.models.iter().flat_map(|(name, model)| [name].into_iter().chain(&model.aliases));
    let mut all: Vec<String> = Vec::new();
    for name in [models.main, models.small].into_iter().chain(names.map(String::as_str)) {
        if !all.iter().any(|other| other == name) {
            all.push(name.to_owned());
        }
    }
    all
}

/// Adds to settings the command by which Claude Code gets the developer's credential.
pub fn add_token_command(settings: &mut Value, command: &str) {
    if let Some(settings) = settings.as_object_mut() {
        settings.insert("apiKeyHelper".into(), command.into());
    }
}

/// What the client's names for models stand for.
struct Models<'a> {
    all: &'a BTreeMap<String, Model>,
    main: &'a str,
    small: &'a str,
}

impl<'a> Models<'a> {
    /// `None` if the file names no model: then the client has its own choice.
    fn of(config: &'a ClientConfig) -> Option<Self> {
        let all = &config.models;
        let newest_of =
            |families: &[Family]| families.iter().find_map(|family| newest(all, *family));
        let first = || all.keys().next().map(String::as_str);
        let families = [Family::Opus, Family::Sonnet, Family::Fable, Family::Haiku];
        let client = &config.client;
        let main = client.model.as_deref().or_else(|| newest_of(&families)).or_else(first)?;
        let small = client.small_fast_model.as_deref();
        let small = small.or_else(|| newest(all, Family::Haiku)).unwrap_or(main);
        Some(Self { all, main, small })
    }

    fn of_family(&self, family: Family) -> &'a str {
        let is = |name: &&str| family_of(name) == Some(family);
        let chosen = [self.main, self.small].into_iter().find(is);
        chosen.or_else(|| newest(self.all, family)).unwrap_or(self.main)
    }
}

/// The newest model of a family.
fn newest(models: &BTreeMap<String, Model>, family: Family) -> Option<&str> {
    let names = models.keys().map(String::as_str);
    names.filter(|name| family_of(name) == Some(family)).max_by_key(|name| version(name))
}

fn family_of(name: &str) -> Option<Family> {
    let families = [
        ("opus", Family::Opus),
        ("sonnet", Family::Sonnet),
        ("haiku", Family::Haiku),
        ("fable", Family::Fable),
    ];
    families.into_iter().find(|(word, _)| name.contains(word)).map(|(_, family)| family)
}

/// The numbers in a model's name that are no date.
fn version(name: &str) -> Vec<u32> {
    let parts = name.split(|c: char| !c.is_ascii_digit());
    parts.filter(|part| part.len() < 5).filter_map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        claude::{managed, user, variable::Group},
        config::{Cloud, claude_code::set_by},
    };

    const URL: &str = "https://gw.example.com";

    fn config(json: &str) -> ClientConfig {
        serde_json::from_str(json).unwrap()
    }

    fn told(json: &str, dialect: ClientDialect) -> Vec<String> {
        let all = Environment::gateway(&config(json), URL, dialect);
        all.iter().map(|(name, value)| format!("{name}={value}")).collect()
    }

    const MODELS: &str = r#"{"models": {"claude-opus-5-5": {}, "claude-opus-4-8": {},
        "claude-haiku-4-5": {"aliases": ["fast"]}, "claude-sonnet-5": {}}}"#;

    #[test]
    fn each_dialect_has_its_own_way_to_the_gateway_and_the_models_are_the_same() {
        let models = [
            "ANTHROPIC_MODEL=claude-opus-5-5",
            "ANTHROPIC_DEFAULT_OPUS_MODEL=claude-opus-5-5",
            "ANTHROPIC_DEFAULT_SONNET_MODEL=claude-sonnet-5",
            "ANTHROPIC_DEFAULT_FABLE_MODEL=claude-opus-5-5",
            "ANTHROPIC_DEFAULT_HAIKU_MODEL=claude-haiku-4-5",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1",
        ];
        let ways: [(ClientDialect, &[&str]); 3] = [
            (ClientDialect::Anthropic, &["ANTHROPIC_BASE_URL=https://gw.example.com"]),
            (
                ClientDialect::Bedrock,
                &[
                    "CLAUDE_CODE_USE_BEDROCK=1",
                    "ANTHROPIC_BEDROCK_BASE_URL=https://gw.example.com",
                    "CLAUDE_CODE_SKIP_BEDROCK_AUTH=1",
                ],
            ),
            (
                ClientDialect::Vertex,
                &[
                    "CLAUDE_CODE_USE_VERTEX=1",
                    "ANTHROPIC_VERTEX_BASE_URL=https://gw.example.com/v1",
                    "CLAUDE_CODE_SKIP_VERTEX_AUTH=1",
                    "CLOUD_ML_REGION=global",
                    "ANTHROPIC_VERTEX_PROJECT_ID=gateway",
                ],
            ),
        ];
        for (dialect, way) in ways {
            assert_eq!(told(MODELS, dialect), [way, &models[..]].concat());
        }
    }

    #[test]
    fn the_chosen_models_go_before_the_newest_and_without_any_the_client_chooses() {
        let chosen = MODELS.replacen(
            '{',
            r#"{"client": {"model": "claude-opus-4-8", "small_fast_model": "fast"}, "#,
            1,
        );
        let all = told(&chosen, ClientDialect::Anthropic);
        for wanted in [
            "ANTHROPIC_MODEL=claude-opus-4-8",
            "ANTHROPIC_DEFAULT_OPUS_MODEL=claude-opus-4-8",
            "ANTHROPIC_DEFAULT_HAIKU_MODEL=fast",
        ] {
            assert!(all.iter().any(|one| one == wanted), "{wanted} in {all:?}");
        }
        assert!(!told("{}", ClientDialect::Anthropic).concat().contains("_MODEL="));
        assert_eq!(
            gateway_models(&config(MODELS)),
            ["claude-opus-5-5", "claude-haiku-4-5", "fast", "claude-opus-4-8", "claude-sonnet-5"]
        );
    }

    #[test]
    fn models_are_discovered_only_where_the_client_would_ask() {
        let traffic = r#"{"claude_code": {"traffic": {"nonessential": true}}}"#;
        let asks = |json, dialect| told(json, dialect).concat().contains("DISCOVERY=1");
        assert!(asks(traffic, ClientDialect::Anthropic));
        assert!(!asks(traffic, ClientDialect::Bedrock) && !asks("{}", ClientDialect::Anthropic));
    }

    #[test]
    fn what_leads_to_another_provider_or_brings_its_credential_is_taken_back() {
        let taken = |json, dialect| {
            let all = Environment::gateway(&config(json), URL, dialect);
            all.unset().map(ToOwned::to_owned).collect::<Vec<_>>()
        };
        let all = taken("{}", ClientDialect::Anthropic);
        for variable in v::ALL.iter().filter(|variable| variable.group == Group::Provider) {
            assert!(all.iter().any(|name| name == variable.name), "{}", variable.name);
        }
        assert!(!all.concat().contains("ANTHROPIC_API_KEY"), "it may be the gateway's");
        let all = taken("{}", ClientDialect::Bedrock);
        assert!(all.iter().any(|name| name == "AWS_BEARER_TOKEN_BEDROCK"));
        let command = r#"{"client": {"token_command": "x"}}"#;
        let all = taken(command, ClientDialect::Anthropic);
        for name in ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"] {
            assert!(all.iter().any(|other| other == name), "{name}");
        }
        let given = r#"{"claude_code": {"environment": {"ANTHROPIC_AUTH_TOKEN": "s3cret"}}}"#;
        assert!(taken(given, ClientDialect::Vertex).iter().any(|name| name == "ANTHROPIC_API_KEY"));
    }

    #[test]
    fn settings_cancel_what_would_lead_elsewhere_and_allow_this_address_alone() {
        let config = config(MODELS);
        for (dialect, cancelled) in [
            (ClientDialect::Anthropic, "CLAUDE_CODE_USE_BEDROCK"),
            (ClientDialect::Bedrock, "AWS_BEARER_TOKEN_BEDROCK"),
            (ClientDialect::Vertex, "CLAUDE_CODE_USE_FOUNDRY"),
        ] {
            let all = Environment::gateway(&config, URL, dialect);
            let section = &config.claude_code;
            let mut value = managed(&all, Cloud::Gateway, &gateway_models(&config), section);
            assert_eq!(value["allowedProviders"], serde_json::json!(["customEndpoint"]));
            assert_eq!(value["env"][cancelled], "");
            assert_eq!(value["availableModels"][0], "claude-opus-5-5");
            assert_eq!(user(&all, Cloud::Gateway, section)["env"][cancelled], "");
            add_token_command(&mut value, "token");
            assert_eq!(value["apiKeyHelper"], "token");
        }
        let all = Environment::gateway(&ClientConfig::default(), URL, ClientDialect::Anthropic);
        let value = managed(&all, Cloud::Gateway, &[], &config.claude_code);
        assert!(value.get("availableModels").is_none(), "an empty list would shut out all of them");
    }

    #[test]
    fn what_is_set_is_refused_among_the_further_variables() {
        let config = config(&MODELS.replacen(
            '{',
            r#"{"claude_code": {"traffic": {"nonessential": true}, "telemetry":
                {"endpoint": "https://otel", "headers": {"a": "b"}}}, "#,
            1,
        ));
        for dialect in [ClientDialect::Anthropic, ClientDialect::Bedrock, ClientDialect::Vertex] {
            for (name, _) in Environment::gateway(&config, URL, dialect).iter() {
                assert!(
                    set_by(name, Cloud::Gateway).is_some(),
                    "`{name}` is set, and may be given"
                );
            }
        }
    }
}
