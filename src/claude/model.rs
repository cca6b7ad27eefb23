//! Which models of Claude there are on Bedrock, and which a tenant uses.
//!
//! The catalogue is of the client 2.1.330 (facts 9.1). It is knowledge about known ids and not a
//! list of the allowed ones: an id that is not in it is used as given. Which profiles a region
//! really offers only the account can tell; here is only the rule by which they are named (9.3).

use super::available;
use crate::config::{Config, Loaded, ModelForm, ModelId, Region};

/// The names under which Claude Code offers models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    Opus,
    Sonnet,
    Haiku,
    Fable,
}

/// What is known of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Model {
    /// The foundation model's id on Bedrock.
    pub id: &'static str,
    pub family: Family,
    pub life: Life,
}

/// Whether a model can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// It answers only through inference profiles. How many tokens an answer has when the client
    /// is not told, and at most.
    Current { default_tokens: u32, most_tokens: u32 },
    /// Retired, or refused to new accounts: which model to use instead.
    Retired { successor: &'static str },
}

const OPUS: &str = "anthropic.claude-opus-5-5";
const SONNET: &str = "anthropic.claude-sonnet-5-5";
const HAIKU: &str = "anthropic.claude-haiku-5-5";

const fn current(id: &'static str, family: Family, default: u32, most: u32) -> Model {
    let life = Life::Current { default_tokens: default * 1000, most_tokens: most * 1000 };
    Model { id, family, life }
}

const fn retired(id: &'static str, family: Family) -> Model {
    let successor = match family {
        Family::Opus | Family::Fable => OPUS,
        Family::Sonnet => SONNET,
        Family::Haiku => HAIKU,
    };
    Model { id, family, life: Life::Retired { successor } }
}

/// The models of Claude on Bedrock.
pub const CATALOGUE: &[Model] = &[
    current("anthropic.claude-haiku-4-5-20251001-v1:0", Family::Haiku, 32, 64),
    current(HAIKU, Family::Haiku, 128, 128),
    current("anthropic.claude-sonnet-4-5-20250929-v1:0", Family::Sonnet, 32, 64),
    current("anthropic.claude-sonnet-4-6", Family::Sonnet, 32, 128),
    current("anthropic.claude-sonnet-5", Family::Sonnet, 64, 128),
    current(SONNET, Family::Sonnet, 128, 128),
    current("anthropic.claude-opus-4-5-20251101-v1:0", Family::Opus, 32, 64),
    current("anthropic.claude-opus-4-6-v1", Family::Opus, 64, 128),
    current("anthropic.claude-opus-4-7", Family::Opus, 64, 128),
    current("anthropic.claude-opus-4-8", Family::Opus, 64, 128),
    current("anthropic.claude-opus-5", Family::Opus, 64, 128),
    current(OPUS, Family::Opus, 128, 128),
    current("anthropic.claude-fable-5", Family::Fable, 64, 128),
    current("anthropic.claude-fable-5-1", Family::Fable, 64, 128),
    current("anthropic.claude-fable-5-2", Family::Fable, 128, 128),
    retired("anthropic.claude-3-haiku-20240307-v1:0", Family::Haiku),
    retired("anthropic.claude-3-5-haiku-20241022-v1:0", Family::Haiku),
    retired("anthropic.claude-3-sonnet-20240229-v1:0", Family::Sonnet),
    retired("anthropic.claude-3-5-sonnet-20240620-v1:0", Family::Sonnet),
    retired("anthropic.claude-3-5-sonnet-20241022-v2:0", Family::Sonnet),
    retired("anthropic.claude-3-7-sonnet-20250219-v1:0", Family::Sonnet),
    retired("anthropic.claude-sonnet-4-20250514-v1:0", Family::Sonnet),
    retired("anthropic.claude-3-opus-20240229-v1:0", Family::Opus),
    retired("anthropic.claude-opus-4-20250514-v1:0", Family::Opus),
    retired("anthropic.claude-opus-4-1-20250805-v1:0", Family::Opus),
];

/// What is known of a foundation model, by its id.
pub fn find(id: &str) -> Option<&'static Model> {
    CATALOGUE.iter().find(|model| model.id == id)
}

/// What is known of the model behind an id or ARN. Nothing of an application inference profile's.
pub fn known(id: &ModelId) -> Option<&'static Model> {
    id.form().model().and_then(find)
}

/// The prefix of the inference profiles that keep requests in the region's geography; `global`
/// where it has none.
pub fn prefix_of(region: &Region) -> &'static str {
    let region = region.as_str();
    match region {
        "ap-northeast-1" | "ap-northeast-3" => "jp",
        "ap-southeast-2" | "ap-southeast-4" => "au",
        _ if region.starts_with("us-gov-") => "us-gov",
        _ if region.starts_with("us-") => "us",
        _ if region.starts_with("eu-") => "eu",
        _ => "global",
    }
}

/// The prefix that Claude Code guesses by itself (facts 2.1).
pub fn client_prefix(region: &Region) -> &'static str {
    let region = region.as_str();
    match region.split('-').next() {
        _ if region.starts_with("us-gov-") => "us-gov",
        Some("us") => "us",
        Some("eu") => "eu",
        Some("ap") => "apac",
        _ => "global",
    }
}

/// Whether profiles of this prefix can be called in the region. In doubt, they can.
fn fits(prefix: &str, region: &Region) -> bool {
    let region = region.as_str();
    let gov = region.starts_with("us-gov-");
    match prefix {
        "us-gov" => gov,
        _ if gov => false,
        "us" => region.starts_with("us-") || region.starts_with("ca-"),
        "eu" => region.starts_with("eu-"),
        "jp" => region.starts_with("ap-northeast-"),
        "au" => region.starts_with("ap-southeast-"),
        "apac" => region.starts_with("ap-"),
        _ => true,
    }
}

/// The models that a tenant uses: what the role may call and what Claude Code is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Models {
    /// The one that developers work with.
    pub main: ModelId,
    /// The one for small background tasks.
    pub small: ModelId,
    /// What the configured application inference profiles stand for, in their order.
    pub profiles: Vec<ModelId>,
}

/// Something to know about what was resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The key it is about, such as `bedrock.model_id`.
    pub key: &'static str,
    pub message: String,
    pub hint: Option<String>,
}

const MAIN_KEY: &str = "bedrock.model_id";
const SMALL_KEY: &str = "bedrock.small_fast_model_id";
const PROFILES_KEY: &str = "bedrock.inference_profiles";

/// The models to use, and what there is to know about them.
pub fn resolve(config: &Config, region: &Region) -> (Models, Vec<Note>) {
    let mut notes = Vec::new();
    let prefix = prefix_of(region);
    let bedrock = &config.bedrock;
    let mut one = |key, given: &Option<ModelId>, default| match given {
        Some(id) => replaced(key, id, region, &mut notes),
        None => ModelId::system_profile(prefix, default),
    };
    let main = one(MAIN_KEY, &bedrock.model_id, OPUS);
    let small = one(SMALL_KEY, &bedrock.small_fast_model_id, HAIKU);
    let by_default = bedrock.model_id.is_none() || bedrock.small_fast_model_id.is_none();
    if prefix == "global" && by_default {
        let message = format!(
            "no geography of inference profiles is known for {region}: \
             requests go through `global.` profiles, which may answer from any commercial region"
        );
        let hint = "to keep them elsewhere, choose another region or name the models: \
                    aws bedrock list-inference-profiles";
        notes.push(Note { key: "bedrock.region", message, hint: Some(hint.to_owned()) });
    }
    let profiles = bedrock.inference_profiles.iter();
    let profiles = profiles.map(|it| replaced(PROFILES_KEY, &it.model_id, region, &mut notes));
    let models = Models { main, small, profiles: profiles.collect() };
    if region.partition() == "aws-cn" {
        let message = format!("Amazon Bedrock is not known to offer Claude in {region}");
        let hint = "see whether it does by now: aws bedrock list-inference-profiles";
        notes.push(Note { key: "bedrock.region", message, hint: Some(hint.to_owned()) });
    }
    if let (Some(wanted), Some(most)) = (bedrock.max_tokens, most_tokens(&models.main))
        && wanted > most
    {
        let message = format!("`{}` answers with at most {most} tokens, not {wanted}", models.main);
        notes.push(Note { key: "bedrock.max_tokens", message, hint: None });
    }
    (models, notes)
}

/// Adds to a configuration's warnings what there is to know about its models. `region` is the one
/// that is used, which need not be the file's.
pub fn warn(loaded: &mut Loaded, region: &Region) {
    let (models, mut notes) = resolve(&loaded.config, region);
    let config = &loaded.config;
    let stand_in = models.profiles.iter().position(|source| *source == models.main);
    let profile = stand_in.and_then(|index| config.bedrock.inference_profiles.get(index));
    let main = match profile {
        None => Some(models.main.as_str()),
        // What is called is known only if the file says it.
        Some(profile) => profile.arn.as_ref().map(ModelId::as_str),
    };
    if let Some(main) = main {
        let family = known(&models.main).map(|model| model.family);
        notes.extend(available::notes(&config.claude_code, main, family));
    }
    for Note { key, message, hint } in notes {
        loaded.warn(key, message, hint);
    }
}

/// The most tokens of an answer that the client is told: as configured, or as the model can.
pub fn max_output_tokens(config: &Config, models: &Models) -> Option<u32> {
    let wanted = config.bedrock.max_tokens?;
    Some(most_tokens(&models.main).map_or(wanted, |most| wanted.min(most)))
}

fn most_tokens(id: &ModelId) -> Option<u32> {
    match known(id)?.life {
        Life::Current { most_tokens, .. } => Some(most_tokens),
        Life::Retired { .. } => None,
    }
}

/// The id that works where `given` does not, and why.
fn replaced(key: &'static str, given: &ModelId, region: &Region, notes: &mut Vec<Note>) -> ModelId {
    let mut note = |message: String, hint: Option<String>| notes.push(Note { key, message, hint });
    let form = given.form();
    let Some(model) = form.model() else { return given.clone() };
    if !model.starts_with("anthropic.") {
        note(
            format!("`{given}` is not a model of Anthropic: Claude Code speaks to no other"),
            None,
        );
        return given.clone();
    }
    // A prefix that cannot work is not carried over to another model.
    let own = form.prefix().filter(|prefix| fits(prefix, region) && *prefix != "apac");
    let use_id = |model: &str| ModelId::system_profile(own.unwrap_or(prefix_of(region)), model);
    let instead = |id: &ModelId| Some(format!("to say so yourself, write `{id}`"));
    match (find(model).map(|known| known.life), form) {
        (Some(Life::Retired { successor }), _) => {
            let id = use_id(successor);
            note(
                format!("`{given}` is retired or legacy on Bedrock: `{id}` is used"),
                instead(&id),
            );
            id
        }
        (
            Some(Life::Current { .. }),
            ModelForm::Foundation { .. } | ModelForm::FoundationArn { .. },
        ) => {
            let id = use_id(model);
            let message =
                format!("`{given}` answers only through an inference profile: `{id}` is used");
            note(message, instead(&id));
            id
        }
        (Some(Life::Current { .. }), _) if form.prefix() == Some("apac") => {
            let id = use_id(model);
            let message = format!("`{given}` is not offered with `apac.`: `{id}` is used");
            note(message, instead(&id));
            id
        }
        _ => {
            let home = prefix_of(region);
            if form.prefix() == Some("global") && ["eu", "jp", "au"].contains(&home) {
                let message = format!(
                    "`{given}` may answer from any commercial region: what developers type \
                     leaves the geography `{home}`"
                );
                let hint = format!("to keep it there: `{home}.{model}`");
                note(message, Some(hint));
            }
            if let Some(prefix) = form.prefix().filter(|prefix| !fits(prefix, region)) {
                let better = ModelId::system_profile(prefix_of(region), model);
                let message = format!("`{prefix}.` profiles are not offered in {region}");
                note(message, Some(format!("probably `{better}` is meant")));
            }
            given.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(region: &str, main: Option<&str>) -> (String, Vec<String>) {
        let mut config = Config::default();
        config.bedrock.model_id = main.map(|id| id.parse().unwrap());
        config.bedrock.small_fast_model_id = Some("us.anthropic.unknown".parse().unwrap());
        let (models, notes) = resolve(&config, &region.parse().unwrap());
        let of_main = notes.into_iter().filter(|note| note.key != SMALL_KEY);
        (models.main.to_string(), of_main.map(|note| note.message).collect())
    }

    #[test]
    fn the_default_keeps_to_the_geography_of_the_region() {
        for (region, prefix) in [
            ("us-east-1", "us"),
            ("us-gov-west-1", "us-gov"),
            ("eu-central-1", "eu"),
            ("ap-northeast-1", "jp"),
            ("ap-northeast-3", "jp"),
            ("ap-southeast-2", "au"),
            ("ap-southeast-4", "au"),
        ] {
            let (models, notes) = resolve(&Config::default(), &region.parse().unwrap());
            assert_eq!(models.main.as_str(), format!("{prefix}.anthropic.claude-opus-5-5"));
            assert_eq!(models.small.as_str(), format!("{prefix}.anthropic.claude-haiku-5-5"));
            assert_eq!(notes, [], "{region}");
        }
    }

    #[test]
    fn a_default_that_leaves_the_region_is_said_once() {
        let (models, notes) = resolve(&Config::default(), &"sa-east-1".parse().unwrap());
        assert_eq!(models.main.as_str(), "global.anthropic.claude-opus-5-5");
        assert_eq!(notes.len(), 1);
        assert_eq!(notes[0].key, "bedrock.region");
    }

    #[test]
    fn leaving_the_geography_is_said_also_where_it_was_asked_for() {
        let global = "global.anthropic.claude-opus-5-5";
        for (region, said) in
            [("eu-west-1", 1), ("ap-northeast-1", 1), ("ap-southeast-2", 1), ("us-east-1", 0)]
        {
            let (id, notes) = resolved(region, Some(global));
            assert_eq!((id.as_str(), notes.len()), (global, said), "{region}: {notes:?}");
        }
    }

    #[test]
    fn a_retired_model_is_replaced_by_its_successor() {
        for (given, wanted) in [
            ("anthropic.claude-3-5-sonnet-20241022-v2:0", "us.anthropic.claude-sonnet-5-5"),
            ("us.anthropic.claude-3-5-haiku-20241022-v1:0", "us.anthropic.claude-haiku-5-5"),
            (
                "global.anthropic.claude-sonnet-4-20250514-v1:0",
                "global.anthropic.claude-sonnet-5-5",
            ),
            ("eu.anthropic.claude-opus-4-1-20250805-v1:0", "us.anthropic.claude-opus-5-5"),
        ] {
            let (id, notes) = resolved("us-east-1", Some(given));
            assert_eq!(id, wanted);
            assert_eq!(
                notes,
                [format!("`{given}` is retired or legacy on Bedrock: `{wanted}` is used")]
            );
        }
    }

    #[test]
    fn every_successor_is_a_current_model() {
        for model in CATALOGUE {
            if let Life::Retired { successor } = model.life {
                assert!(matches!(find(successor).unwrap().life, Life::Current { .. }));
                assert_eq!(find(successor).unwrap().family, model.family);
            }
            assert!(matches!(
                model.id.parse::<ModelId>().unwrap().form(),
                ModelForm::Foundation { .. }
            ));
        }
    }

    #[test]
    fn a_model_that_answers_only_through_profiles_gets_the_regions() {
        let arn = "arn:aws:bedrock:ap-northeast-1::foundation-model/anthropic.claude-opus-5";
        for given in ["anthropic.claude-opus-5", arn] {
            let (id, notes) = resolved("ap-northeast-1", Some(given));
            assert_eq!(id, "jp.anthropic.claude-opus-5");
            assert!(notes[0].contains("answers only through an inference profile"), "{notes:?}");
        }
    }

    #[test]
    fn a_prefix_that_does_not_fit_is_said_and_apac_is_replaced() {
        let (id, notes) = resolved("eu-west-1", Some("us.anthropic.claude-opus-5-5"));
        assert_eq!(id, "us.anthropic.claude-opus-5-5");
        assert_eq!(notes, ["`us.` profiles are not offered in eu-west-1"]);
        let (id, notes) = resolved("ap-southeast-2", Some("apac.anthropic.claude-opus-5-5"));
        assert_eq!(id, "au.anthropic.claude-opus-5-5");
        assert_eq!(notes.len(), 1);
        assert_eq!(resolved("us-gov-west-1", Some("us.anthropic.claude-opus-5-5")).1.len(), 1);
    }

    #[test]
    fn what_is_right_or_not_known_is_used_as_given() {
        for given in [
            "us.anthropic.claude-opus-5-5",
            "global.anthropic.claude-sonnet-5-5",
            "anthropic.claude-newer-9",
            "us.anthropic.claude-newer-9",
            "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc",
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-opus-5",
        ] {
            assert_eq!(resolved("us-east-1", Some(given)), (given.to_owned(), vec![]));
        }
        assert_eq!(resolved("us-east-1", Some("us.amazon.nova-pro-v1:0")).1.len(), 1);
    }

    #[test]
    fn an_answer_is_no_longer_than_the_model_can() {
        let mut config = Config::default();
        config.bedrock.max_tokens = Some(500_000);
        let region = "us-east-1".parse().unwrap();
        let (models, notes) = resolve(&config, &region);
        assert_eq!(max_output_tokens(&config, &models), Some(128_000));
        assert_eq!(notes[0].key, "bedrock.max_tokens");
        config.bedrock.max_tokens = Some(4000);
        assert_eq!(max_output_tokens(&config, &models), Some(4000));
        assert_eq!(resolve(&config, &region).1, []);
    }

    #[test]
    fn the_client_guesses_a_geography_that_recent_models_do_not_have() {
        for (region, prefix) in [
            ("us-east-1", "us"),
            ("us-gov-east-1", "us-gov"),
            ("eu-west-1", "eu"),
            ("ap-south-1", "apac"),
            ("ca-central-1", "global"),
        ] {
            assert_eq!(client_prefix(&region.parse().unwrap()), prefix);
        }
    }
}
