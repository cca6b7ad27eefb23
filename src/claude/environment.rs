//! The variables of one developer's Claude Code.
//!
//! Every alias that the client offers is pinned. Unpinned, `sonnet` and the background tasks would
//! be models of the client's own choice, which the tenant's role refuses.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use serde_json::{Map, Value};

use super::{
    model::{self, Family, Models},
    variable::{self as v, Group, Variable},
    vertex::{self, Called},
};
use crate::config::{
    Config, ModelForm, ModelId, ProjectId, Region, VertexConfig, VertexLocation, vertex::Key,
};

/// Variables and their values, in an order made for reading, and those that must not be set. No name
/// is there twice. A secret in it does not print.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment {
    set: Vec<Entry>,
    unset: Vec<&'static str>,
}

#[derive(Clone, PartialEq, Eq)]
struct Entry {
    name: Cow<'static, str>,
    value: String,
    secret: bool,
}

/// The names of models that are not for background tasks.
pub(super) const ALIASES: [(&Variable, Family); 3] = [
    (v::ANTHROPIC_DEFAULT_OPUS_MODEL, Family::Opus),
    (v::ANTHROPIC_DEFAULT_SONNET_MODEL, Family::Sonnet),
    (v::ANTHROPIC_DEFAULT_FABLE_MODEL, Family::Fable),
];

/// The ARNs of the application inference profiles that are called instead of models.
pub type StandIns = BTreeMap<ModelId, String>;

impl Environment {
    /// What Claude Code needs to reach the tenant's Bedrock in `region`.
    ///
    /// `called` are the application inference profiles that stand for models, from
    /// [`Environment::stand_ins`].
    pub fn bedrock(
        config: &Config,
        region: &Region,
        profile: Option<&str>,
        called: &StandIns,
    ) -> Self {
        let (models, _) = model::resolve(config, region);
        let call = |id: &ModelId| called.get(id).cloned().unwrap_or_else(|| id.to_string());
        let mut all = Self::default();
        all.set(v::CLAUDE_CODE_USE_BEDROCK, "1");
        all.set(v::AWS_REGION, region.as_str());
        if let Some(profile) = profile {
            all.set(v::AWS_PROFILE, profile);
        }
        all.set(v::ANTHROPIC_MODEL, call(&models.main));
        for (name, family) in ALIASES {
            all.set(name, call(of_family(&models, family)));
        }
        all.set(v::ANTHROPIC_DEFAULT_HAIKU_MODEL, call(&models.small));
        if let Some(prefix) = region_prefix(&models, region) {
            all.set(v::ANTHROPIC_BEDROCK_REGION_PREFIX, prefix);
        }
        if let Some(tokens) = model::max_output_tokens(config, &models) {
            all.set(v::CLAUDE_CODE_MAX_OUTPUT_TOKENS, tokens.to_string());
        }
        all.add_section(&config.claude_code);
        all.take_back_the_rest();
        all
    }

    /// What Claude Code needs to reach the tenant's models on Vertex AI in `location`.
    ///
    /// `key_file` is the absolute path of the service account's key, and counts only if the
    /// configuration has one made.
    pub fn vertex(
        config: &VertexConfig,
        project: &ProjectId,
        location: &VertexLocation,
        key_file: Option<&str>,
    ) -> Self {
        let (models, _) = vertex::resolve(config, location);
        let main = &models.main;
        let mut all = Self::default();
        all.set(v::CLAUDE_CODE_USE_VERTEX, "1");
        all.set(v::CLOUD_ML_REGION, main.location.as_str());
        all.set(v::ANTHROPIC_VERTEX_PROJECT_ID, project.as_str());
        let uses_key = config.vertex_ai.service_account.key == Key::File;
        if let Some(file) = key_file.filter(|_| uses_key) {
            all.set(v::GOOGLE_APPLICATION_CREDENTIALS, file);
        }
        all.set(v::ANTHROPIC_MODEL, main.model.as_str());
        for (name, family) in ALIASES {
            let is = |called: &&Called| {
                vertex::known(&called.model).is_some_and(|model| model.family == family)
            };
            let called = models.iter().find(is).unwrap_or(main);
            all.set(name, called.model.as_str());
        }
        all.set(v::ANTHROPIC_DEFAULT_HAIKU_MODEL, models.small.model.as_str());
        for Called { model, location } in models.iter() {
            let variable = vertex::region_variable(model);
            if let Some(name) = variable.filter(|_| *location != main.location) {
                all.set(name, location.as_str());
            }
        }
        if let Some(tokens) = vertex::max_output_tokens(config, &models) {
            all.set(v::CLAUDE_CODE_MAX_OUTPUT_TOKENS, tokens.to_string());
        }
        all.add_section(&config.claude_code);
        all.take_back_the_rest();
        all
    }

    /// Everything that could be left over from another provider, gateway or collector and would be
    /// heeded, is taken back, but for what is set.
    pub(super) fn take_back_the_rest(&mut self) {
        let is_set = |variable: &Variable| self.set.iter().any(|it| it.name == variable.name);
        let telemetry = is_set(v::CLAUDE_CODE_ENABLE_TELEMETRY);
        let heeded = |variable: &&Variable| match variable.group {
            Group::Provider | Group::Bedrock | Group::Vertex | Group::Anthropic | Group::Model => {
                !variable.personal
            }
            // What a developer has set for single signals wins over what is set for all of them, and
            // may send more of his work. Without telemetry the others have no effect on Claude Code
            // but through these, and are of other tools, too.
            Group::Telemetry => {
                telemetry
                    || [v::CLAUDE_CODE_ENABLE_TELEMETRY, v::CLAUDE_CODE_ENHANCED_TELEMETRY_BETA]
                        .contains(variable)
            }
            Group::Traffic | Group::Network | Group::Tool | Group::Groundwork => false,
        };
        for variable in v::ALL.iter().copied().filter(heeded) {
            self.take_back(variable);
        }
    }

    /// Which application inference profile is called for a model: the first of each, of those that
    /// are `chosen`, or of all. `arn` gives a profile's ARN by its name.
    pub fn stand_ins(
        config: &Config,
        region: &Region,
        chosen: &[String],
        arn: impl Fn(&str) -> Option<String>,
    ) -> StandIns {
        let (models, _) = model::resolve(config, region);
        let mut all = StandIns::new();
        for (profile, source) in config.bedrock.inference_profiles.iter().zip(models.profiles) {
            let counts = chosen.is_empty() || chosen.contains(&profile.name);
            if let Some(arn) = arn(&profile.name).filter(|_| counts) {
                all.entry(source).or_insert(arn);
            }
        }
        all
    }

    /// The names and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.set.iter().map(|entry| (&*entry.name, entry.value.as_str()))
    }

    /// The names that must not be set, nor hold anything.
    pub fn unset(&self) -> impl Iterator<Item = &'static str> {
        self.unset.iter().copied()
    }

    /// Whether the value of this name must be kept from others.
    pub fn is_secret(&self, name: &str) -> bool {
        self.set.iter().any(|entry| entry.name == name && entry.secret)
    }

    /// The same without what must be kept from others, and the names of that.
    pub fn without_secrets(mut self) -> (Self, Vec<String>) {
        let (secret, set): (Vec<Entry>, Vec<Entry>) =
            self.set.into_iter().partition(|entry| entry.secret);
        self.set = set;
        (self, secret.into_iter().map(|entry| entry.name.into_owned()).collect())
    }

    /// An object of names and values.
    pub fn json(&self) -> Value {
        let entries = self.iter().map(|(name, value)| (name.to_owned(), Value::from(value)));
        Value::Object(entries.collect::<Map<_, _>>())
    }

    /// Sets a variable, in place of what was said of it.
    pub fn set(&mut self, variable: &'static Variable, value: impl Into<String>) {
        self.add(variable.name.into(), value.into(), variable.secret);
    }

    /// Sets a variable to what must be kept from others.
    pub fn set_secret(&mut self, variable: &'static Variable, value: impl Into<String>) {
        self.add(variable.name.into(), value.into(), true);
    }

    /// Sets a variable that only the user knows.
    pub fn set_named(&mut self, name: &str, value: impl Into<String>, secret: bool) {
        self.add(name.to_owned().into(), value.into(), secret);
    }

    /// Takes a variable back, unless it is set.
    pub fn take_back(&mut self, variable: &'static Variable) {
        let said = self.set.iter().any(|entry| entry.name == variable.name);
        if !said && !self.unset.contains(&variable.name) {
            self.unset.push(variable.name);
        }
    }

    fn add(&mut self, name: Cow<'static, str>, value: String, secret: bool) {
        self.unset.retain(|other| *other != name);
        let entry = Entry { name, value, secret };
        match self.set.iter_mut().find(|other| other.name == entry.name) {
            Some(other) => *other = entry,
            None => self.set.push(entry),
        }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |entry: &Entry| {
            let value = if entry.secret { "***" } else { &entry.value };
            format!("{}={value}", entry.name)
        };
        let set: Vec<String> = self.set.iter().map(shown).collect();
        f.debug_struct("Environment").field("set", &set).field("unset", &self.unset).finish()
    }
}

/// The configured model of a family, or the main one.
fn of_family(models: &Models, family: Family) -> &ModelId {
    let is = |id: &&ModelId| model::known(id).is_some_and(|model| model.family == family);
    [&models.main, &models.small].into_iter().find(is).unwrap_or(&models.main)
}

/// The prefix of the models, where the client would guess another and listens.
fn region_prefix(models: &Models, region: &Region) -> Option<&'static str> {
    const HEARD: [&str; 6] = ["us", "eu", "apac", "jp", "au", "global"];
    let guess = model::client_prefix(region);
    let forms = [models.main.form(), models.small.form()];
    let prefix = forms.iter().find_map(ModelForm::prefix);
    let prefix = prefix.unwrap_or(model::prefix_of(region));
    let heard = HEARD.into_iter().find(|heard| *heard == prefix)?;
    (guess != "us-gov" && guess != heard).then_some(heard)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(region: &str, main: Option<&str>, small: Option<&str>) -> Vec<String> {
        let mut config = Config::default();
        config.bedrock.model_id = main.map(|id| id.parse().unwrap());
        config.bedrock.small_fast_model_id = small.map(|id| id.parse().unwrap());
        let all = Environment::bedrock(&config, &region.parse().unwrap(), None, &StandIns::new());
        all.iter().map(|(name, value)| format!("{name}={value}")).collect()
    }

    #[test]
    fn every_alias_names_a_model_that_the_tenant_has() {
        assert_eq!(
            of("us-east-1", None, None),
            [
                "CLAUDE_CODE_USE_BEDROCK=1",
                "AWS_REGION=us-east-1",
                "ANTHROPIC_MODEL=us.anthropic.claude-opus-5-5",
                "ANTHROPIC_DEFAULT_OPUS_MODEL=us.anthropic.claude-opus-5-5",
                "ANTHROPIC_DEFAULT_SONNET_MODEL=us.anthropic.claude-opus-5-5",
                "ANTHROPIC_DEFAULT_FABLE_MODEL=us.anthropic.claude-opus-5-5",
                "ANTHROPIC_DEFAULT_HAIKU_MODEL=us.anthropic.claude-haiku-5-5",
                "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1",
            ]
        );
        let all = of(
            "us-east-1",
            Some("us.anthropic.claude-fable-5-2"),
            Some("us.anthropic.claude-sonnet-5-5"),
        );
        for wanted in [
            "ANTHROPIC_DEFAULT_OPUS_MODEL=us.anthropic.claude-fable-5-2",
            "ANTHROPIC_DEFAULT_SONNET_MODEL=us.anthropic.claude-sonnet-5-5",
            "ANTHROPIC_DEFAULT_FABLE_MODEL=us.anthropic.claude-fable-5-2",
            "ANTHROPIC_DEFAULT_HAIKU_MODEL=us.anthropic.claude-sonnet-5-5",
        ] {
            assert!(all.iter().any(|one| one == wanted), "{wanted} in {all:?}");
        }
    }

    #[test]
    fn the_prefix_is_told_only_where_the_client_would_guess_another() {
        let prefix = |region: &str, main: Option<&str>| {
            let all = of(region, main, None);
            let name = "ANTHROPIC_BEDROCK_REGION_PREFIX=";
            all.iter().find_map(|one| one.strip_prefix(name).map(ToOwned::to_owned))
        };
        for silent in ["us-east-1", "eu-west-1", "us-gov-west-1", "sa-east-1"] {
            assert_eq!(prefix(silent, None), None, "{silent}");
        }
        assert_eq!(prefix("ap-northeast-1", None).as_deref(), Some("jp"));
        assert_eq!(prefix("ap-southeast-2", None).as_deref(), Some("au"));
        assert_eq!(prefix("ap-south-1", None).as_deref(), Some("global"));
        let global = Some("global.anthropic.claude-opus-5-5");
        assert_eq!(prefix("us-east-1", global).as_deref(), Some("global"));
        assert_eq!(prefix("us-gov-west-1", global), None);
    }

    fn on_vertex(config: &VertexConfig, location: &str, file: Option<&str>) -> Vec<String> {
        let project = "my-project".parse().unwrap();
        let all = Environment::vertex(config, &project, &location.parse().unwrap(), file);
        all.iter().map(|(name, value)| format!("{name}={value}")).collect()
    }

    #[test]
    fn vertex_is_told_with_every_alias_and_nothing_that_is_not_needed() {
        assert_eq!(
            on_vertex(&VertexConfig::default(), "us", Some("/key.json")),
            [
                "CLAUDE_CODE_USE_VERTEX=1",
                "CLOUD_ML_REGION=us",
                "ANTHROPIC_VERTEX_PROJECT_ID=my-project",
                "ANTHROPIC_MODEL=claude-opus-5-5",
                "ANTHROPIC_DEFAULT_OPUS_MODEL=claude-opus-5-5",
                "ANTHROPIC_DEFAULT_SONNET_MODEL=claude-opus-5-5",
                "ANTHROPIC_DEFAULT_FABLE_MODEL=claude-opus-5-5",
                "ANTHROPIC_DEFAULT_HAIKU_MODEL=claude-haiku-5-5",
                "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1",
            ]
        );
    }

    #[test]
    fn a_model_elsewhere_a_key_and_a_bound_of_tokens_are_told_if_there_are_any() {
        let mut config = VertexConfig::default();
        let vertex = &mut config.vertex_ai;
        vertex.service_account.key = Key::File;
        vertex.small_fast_model_name = "claude-haiku-4-5@20251001".parse().unwrap();
        vertex.models = vec!["claude-sonnet-4-5@20250929".parse().unwrap()];
        vertex.max_tokens = Some(4000);
        let all = on_vertex(&config, "us-east5", Some("/a/key.json"));
        for wanted in [
            "CLOUD_ML_REGION=us",
            "VERTEX_REGION_CLAUDE_HAIKU_4_5=us-east5",
            "VERTEX_REGION_CLAUDE_4_5_SONNET=us-east5",
            "ANTHROPIC_DEFAULT_SONNET_MODEL=claude-sonnet-4-5@20250929",
            "GOOGLE_APPLICATION_CREDENTIALS=/a/key.json",
            "CLAUDE_CODE_MAX_OUTPUT_TOKENS=4000",
        ] {
            assert!(all.iter().any(|one| one == wanted), "{wanted} in {all:?}");
        }
        assert!(!on_vertex(&config, "us-east5", None).concat().contains("CREDENTIALS"));
        let elsewhere = all.iter().filter(|one| one.starts_with("VERTEX_REGION_"));
        assert_eq!(elsewhere.count(), 2);
    }

    #[test]
    fn each_provider_takes_back_the_others() {
        let region = "us-east-1".parse().unwrap();
        let bedrock = Environment::bedrock(&Config::default(), &region, None, &StandIns::new());
        let project = "my-project".parse().unwrap();
        let us = "us".parse().unwrap();
        let vertex = Environment::vertex(&VertexConfig::default(), &project, &us, None);
        assert!(bedrock.unset().any(|name| name == v::CLAUDE_CODE_USE_VERTEX.name));
        assert!(vertex.unset().any(|name| name == v::CLAUDE_CODE_USE_BEDROCK.name));
        for all in [bedrock, vertex] {
            assert!(all.unset().all(|name| all.iter().all(|(set, _)| set != name)));
        }
    }

    #[test]
    fn a_profile_and_a_bound_of_tokens_are_told_if_there_are_any() {
        let mut config = Config::default();
        config.bedrock.max_tokens = Some(4000);
        config.bedrock.temperature = Some(0.1);
        let region = "us-east-1".parse().unwrap();
        let json = Environment::bedrock(&config, &region, Some("dev"), &StandIns::new()).json();
        assert_eq!(json["AWS_PROFILE"], "dev");
        assert_eq!(json["CLAUDE_CODE_MAX_OUTPUT_TOKENS"], "4000");
        assert!(!json.to_string().to_lowercase().contains("temperature"));
    }

    #[test]
    fn secrets_are_kept_apart_for_who_writes_a_log() {
        let mut all = Environment::default();
        all.set(v::AWS_REGION, "us-east-1");
        all.set_secret(v::HTTPS_PROXY, "http://a:s3cret@proxy");
        let (rest, secret) = all.without_secrets();
        assert_eq!(rest.iter().collect::<Vec<_>>(), [("AWS_REGION", "us-east-1")]);
        assert_eq!(secret, ["HTTPS_PROXY"]);
    }

    #[test]
    fn a_profile_stands_for_its_model_wherever_that_is_called() {
        let mut config = Config::default();
        let profile = |name: &str| crate::config::InferenceProfile {
            name: name.into(),
            model_id: "us.anthropic.claude-opus-5-5".parse().unwrap(),
            tags: BTreeMap::new(),
            arn: None,
        };
        config.bedrock.inference_profiles = vec![profile("a"), profile("b")];
        let region = "us-east-1".parse().unwrap();
        let arn = |name: &str| Some(format!("arn-of-{name}"));
        let told = |chosen: &[String]| {
            let called = Environment::stand_ins(&config, &region, chosen, arn);
            Environment::bedrock(&config, &region, None, &called).json()
        };
        let json = told(&[]);
        assert_eq!(json["ANTHROPIC_MODEL"], "arn-of-a");
        assert_eq!(json["ANTHROPIC_DEFAULT_OPUS_MODEL"], "arn-of-a");
        assert_eq!(json["ANTHROPIC_DEFAULT_HAIKU_MODEL"], "us.anthropic.claude-haiku-5-5");
        assert_eq!(told(&["b".into()])["ANTHROPIC_MODEL"], "arn-of-b");
    }

    #[test]
    fn no_variable_is_told_twice() {
        let all = of("ap-northeast-1", None, None);
        let mut names: Vec<_> = all.iter().map(|one| one.split('=').next().unwrap()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all.len());
    }
}
