//! Which models of Claude there are on Vertex AI, and which a tenant uses.
//!
//! The ids are of the client 2.1.330 (facts 9.1). As on Bedrock, this is knowledge about known ids
//! and not a list of the allowed ones: an id that is not here is used as given. Where a model is
//! offered only the project can tell; what is known of it here is from these pages:
//!
//! - Opus 4.7 is in `us`, `eu` and `global` alone:
//!   `cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/opus-4-7`, as quoted in
//!   `github.com/danny-avila/LibreChat/issues/13002`. So are Opus 4.8, Sonnet 5 and Fable 5:
//!   `github.com/anthropics/claude-code/issues/72709`. All later ones are taken to be like them.
//! - Sonnet 4.5 is in `global`, us-east5, europe-west1 and asia-southeast1:
//!   `github.com/Kilo-Org/kilocode/pull/3346`; Opus 4.6 is in europe-west1 (the first issue above).
//!   The others of 4.5 and 4.6 are taken to be like them. That `us` and `eu` have them, too, is from
//!   `github.com/anthropics/claude-code/issues/49844`: they were announced for Claude's models.

use super::{
    available,
    model::{Family, Note},
    variable::{self as v, Variable},
};
use crate::config::{Loaded, VertexConfig, VertexLocation, VertexModel};

/// What is known of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Model {
    /// Its id on Vertex AI.
    pub id: &'static str,
    pub family: Family,
    pub life: Life,
}

/// Whether a model can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    Current {
        /// How many tokens an answer has at most.
        most_tokens: u32,
        /// The regions that offer it, besides `us`, `eu` and `global`, which do.
        regions: &'static [&'static str],
        /// The variable that tells the client where to call this one, without
        /// `VERTEX_REGION_CLAUDE_` (facts 2.2).
        variable: &'static str,
    },
    /// Retired: which model to use instead.
    Retired { successor: &'static str },
}

const OPUS: &str = "claude-opus-5-5";
const SONNET: &str = "claude-sonnet-5-5";
const HAIKU: &str = "claude-haiku-5-5";

/// Of the models that are offered in regions.
const REGIONS: &[&str] = &["us-east5", "europe-west1", "asia-southeast1"];

const fn current(
    id: &'static str,
    family: Family,
    thousands: u32,
    regions: &'static [&'static str],
    variable: &'static str,
) -> Model {
    let life = Life::Current { most_tokens: thousands * 1000, regions, variable };
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

/// The models of Claude on Vertex AI.
pub const CATALOGUE: &[Model] = &[
    current("claude-haiku-4-5@20251001", Family::Haiku, 64, REGIONS, "HAIKU_4_5"),
    current(HAIKU, Family::Haiku, 128, &[], "HAIKU_5_5"),
    current("claude-sonnet-4-5@20250929", Family::Sonnet, 64, REGIONS, "4_5_SONNET"),
    current("claude-sonnet-4-6", Family::Sonnet, 128, REGIONS, "4_6_SONNET"),
    current("claude-sonnet-5", Family::Sonnet, 128, &[], "5_SONNET"),
    current(SONNET, Family::Sonnet, 128, &[], "5_5_SONNET"),
    current("claude-opus-4-5@20251101", Family::Opus, 64, REGIONS, "4_5_OPUS"),
    current("claude-opus-4-6", Family::Opus, 128, REGIONS, "4_6_OPUS"),
    current("claude-opus-4-7", Family::Opus, 128, &[], "4_7_OPUS"),
    current("claude-opus-4-8", Family::Opus, 128, &[], "4_8_OPUS"),
    current("claude-opus-5", Family::Opus, 128, &[], "5_OPUS"),
    current(OPUS, Family::Opus, 128, &[], "5_5_OPUS"),
    current("claude-fable-5", Family::Fable, 128, &[], "FABLE_5"),
    current("claude-fable-5-1", Family::Fable, 128, &[], "FABLE_5_1"),
    current("claude-fable-5-2", Family::Fable, 128, &[], "FABLE_5_2"),
    retired("claude-3-haiku@20240307", Family::Haiku),
    retired("claude-3-5-haiku@20241022", Family::Haiku),
    retired("claude-3-sonnet@20240229", Family::Sonnet),
    retired("claude-3-5-sonnet@20240620", Family::Sonnet),
    retired("claude-3-5-sonnet-v2@20241022", Family::Sonnet),
    retired("claude-3-7-sonnet@20250219", Family::Sonnet),
    retired("claude-sonnet-4@20250514", Family::Sonnet),
    retired("claude-3-opus@20240229", Family::Opus),
    retired("claude-opus-4@20250514", Family::Opus),
    retired("claude-opus-4-1@20250805", Family::Opus),
];

/// What guides call the model of 2024-10-22. That one is `claude-3-5-sonnet-v2`, and was there.
const NEVER_THERE: &str = "claude-3-5-sonnet@20241022";

/// What is known of a model. Whatever its version, it is the same model.
pub fn known(id: &VertexModel) -> Option<&'static Model> {
    let name = |model: &Model| model.id.split('@').next() == Some(id.name());
    CATALOGUE.iter().find(|model| name(model))
}

/// The models that a region is known to offer, by their names without versions.
pub fn offered_in(region: &str) -> impl Iterator<Item = &'static str> {
    let offered = move |model: &&Model| match model.life {
        Life::Current { regions, .. } => regions.contains(&region),
        Life::Retired { .. } => false,
    };
    CATALOGUE.iter().filter(offered).filter_map(|model| model.id.split('@').next())
}

/// A model, and where it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    pub model: VertexModel,
    pub location: VertexLocation,
}

/// The models that a tenant uses: what is enabled and watched, and what Claude Code is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VertexModels {
    /// The one that developers work with.
    pub main: Called,
    /// The one for small background tasks.
    pub small: Called,
    /// What else is configured, in its order.
    pub further: Vec<Called>,
}

impl VertexModels {
    /// All of them, each once.
    pub fn iter(&self) -> impl Iterator<Item = &Called> {
        let mut seen = Vec::new();
        [&self.main, &self.small].into_iter().chain(&self.further).filter(move |called| {
            let new = !seen.contains(called);
            seen.push(*called);
            new
        })
    }
}

const LOCATION_KEY: &str = "vertex_ai.location";
const LOCATIONS_KEY: &str = "vertex_ai.model_locations";

/// The models to use and where, and what there is to know about them. `location` is the one that is
/// used, which need not be the file's.
pub fn resolve(config: &VertexConfig, location: &VertexLocation) -> (VertexModels, Vec<Note>) {
    let vertex = &config.vertex_ai;
    let mut resolving = Resolving { config, location, elsewhere: Vec::new(), notes: Vec::new() };
    let main = resolving.one("vertex_ai.model_name", &vertex.model_name);
    let small = resolving.one("vertex_ai.small_fast_model_name", &vertex.small_fast_model_name);
    let further = vertex.models.iter().map(|given| resolving.one("vertex_ai.models", given));
    let further = further.collect();
    let models = VertexModels { main, small, further };
    resolving.tell_locations();
    let Resolving { mut notes, .. } = resolving;
    tell_variables(&models, &mut notes);
    tell_log(config, &models, &mut notes);
    tell_endpoint(config, &models, &mut notes);
    if let (Some(wanted), Some(most)) = (vertex.max_tokens, most_tokens(&models.main.model))
        && wanted > most
    {
        let main = &models.main.model;
        let message = format!("`{main}` answers with at most {most} tokens, not {wanted}");
        notes.push(Note { key: "vertex_ai.max_tokens", message, hint: None });
    }
    (models, notes)
}

/// An endpoint within the network is for regions and `global`: the multi-regions have hosts of their
/// own, which are not behind it (Google's page on accessing regional endpoints).
fn tell_endpoint(config: &VertexConfig, models: &VertexModels, notes: &mut Vec<Note>) {
    if config.vertex_ai.private_service_connect.is_none() {
        return;
    }
    let Some(called) = models.iter().find(|called| called.location.is_multi_region()) else {
        return;
    };
    let Called { model, location } = called;
    let message = format!("`{model}` is called in `{location}`, which is not behind the endpoint");
    let hint = "call it in `global` or in a region that offers it: `vertex_ai.model_locations`";
    let key = "vertex_ai.private_service_connect";
    notes.push(Note { key, message, hint: Some(hint.to_owned()) });
}

/// Adds to a configuration's warnings what there is to know about its models.
pub fn warn(loaded: &mut Loaded<VertexConfig>, location: &VertexLocation) {
    let (models, mut notes) = resolve(&loaded.config, location);
    let main = &models.main.model;
    let family = known(main).map(|model| model.family);
    notes.extend(available::notes(&loaded.config.claude_code, main.as_str(), family));
    for Note { key, message, hint } in notes {
        loaded.warn(key, message, hint);
    }
}

/// The most tokens of an answer that the client is told: as configured, or as the model can.
pub fn max_output_tokens(config: &VertexConfig, models: &VertexModels) -> Option<u32> {
    let wanted = config.vertex_ai.max_tokens?;
    Some(most_tokens(&models.main.model).map_or(wanted, |most| wanted.min(most)))
}

fn most_tokens(id: &VertexModel) -> Option<u32> {
    match known(id)?.life {
        Life::Current { most_tokens, .. } => Some(most_tokens),
        Life::Retired { .. } => None,
    }
}

/// The variable that tells the client where to call a model.
pub(super) fn region_variable(id: &VertexModel) -> Option<&'static Variable> {
    match known(id)?.life {
        Life::Current { variable, .. } => v::ALL.iter().copied().find(|it| {
            it.name.strip_prefix("VERTEX_REGION_CLAUDE_").is_some_and(|rest| rest == variable)
        }),
        Life::Retired { .. } => None,
    }
}

struct Resolving<'a> {
    config: &'a VertexConfig,
    location: &'a VertexLocation,
    /// The models that `location` does not offer.
    elsewhere: Vec<VertexModel>,
    notes: Vec<Note>,
}

impl Resolving<'_> {
    fn one(&mut self, key: &'static str, given: &VertexModel) -> Called {
        let model = self.replaced(key, given);
        let locations = &self.config.vertex_ai.model_locations;
        let own = locations.get(given.as_str()).or_else(|| locations.get(model.as_str()));
        if let Some(own) = own {
            // It was said of this very model: whoever says so may know of a new region.
            if !is_offered(&model, own) {
                let message = format!("`{model}` is not known to be offered in {own}");
                let hint = own.multi_region().map(|multi| format!("`{multi}` has it"));
                self.notes.push(Note { key: LOCATIONS_KEY, message, hint });
            }
            return Called { model, location: own.clone() };
        }
        let mut location = self.location.clone();
        if !is_offered(&model, &location) {
            location = location.multi_region().unwrap_or(location);
            if !self.elsewhere.contains(&model) {
                self.elsewhere.push(model.clone());
            }
        }
        Called { model, location }
    }

    /// The id that works where `given` does not, and why.
    fn replaced(&mut self, key: &'static str, given: &VertexModel) -> VertexModel {
        let Some(Life::Retired { successor }) = known(given).map(|model| model.life) else {
            return given.clone();
        };
        // A test holds that every successor is an id.
        let model = successor.parse().unwrap_or_else(|_| given.clone());
        let message = if given.as_str() == NEVER_THERE {
            format!("there never was a `{given}` on Vertex AI: `{model}` is used")
        } else {
            format!("`{given}` is retired or legacy on Vertex AI: `{model}` is used")
        };
        let hint = Some(format!("to say so yourself, write `{model}`"));
        self.notes.push(Note { key, message, hint });
        model
    }

    /// Of all models at once: it is one line of the file.
    fn tell_locations(&mut self) {
        let location = self.location;
        let names: Vec<String> = self.elsewhere.iter().map(|model| format!("`{model}`")).collect();
        let names = names.join(" and ");
        if names.is_empty() {
            return;
        }
        let (message, hint) = match location.multi_region() {
            Some(multi) => (
                format!("{location} is not known to offer {names}: `{multi}` is called"),
                format!(
                    "to say so yourself, write `{multi}`; if it offers them by now, say so in \
                     `{LOCATIONS_KEY}`"
                ),
            ),
            None => (
                format!("{location} is not known to offer {names}"),
                "if it does not: `global` does, from anywhere, and `us` and `eu` do".to_owned(),
            ),
        };
        self.notes.push(Note { key: LOCATION_KEY, message, hint: Some(hint) });
    }
}

/// Whether a model can be called there. In doubt, it can.
fn is_offered(id: &VertexModel, location: &VertexLocation) -> bool {
    match known(id).map(|model| model.life) {
        Some(Life::Current { regions, .. }) => {
            !location.is_region() || regions.contains(&location.as_str())
        }
        Some(Life::Retired { .. }) | None => true,
    }
}

/// Where the client cannot be told to call a model elsewhere than the main one.
fn tell_variables(models: &VertexModels, notes: &mut Vec<Note>) {
    let main = &models.main.location;
    for Called { model, location } in models.iter() {
        if location != main && region_variable(model).is_none() {
            let message = format!(
                "Claude Code cannot be told to call `{model}` in {location}: it calls it in {main}"
            );
            notes.push(Note { key: LOCATIONS_KEY, message, hint: None });
        }
    }
}

/// Vertex AI logs questions and answers only of models that are called in a region (google-cloud
/// facts 7).
fn tell_log(config: &VertexConfig, models: &VertexModels, notes: &mut Vec<Note>) {
    if !config.vertex_ai.logging.request_response.enabled {
        return;
    }
    for Called { model, location } in models.iter().filter(|it| !it.location.is_region()) {
        let message =
            format!("questions and answers of `{model}` are not logged: {location} is no region");
        let hint = "`inference_events` logs who called it and how much, anywhere".to_owned();
        let key = "vertex_ai.logging.request_response";
        notes.push(Note { key, message, hint: Some(hint) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(location: &str, main: &str) -> (VertexModels, Vec<String>) {
        let mut config = VertexConfig::default();
        config.vertex_ai.model_name = main.parse().unwrap();
        let (models, notes) = resolve(&config, &location.parse().unwrap());
        (models, notes.into_iter().map(|note| format!("{}: {}", note.key, note.message)).collect())
    }

    #[test]
    fn recent_models_are_called_in_the_multi_region_of_a_region() {
        for (location, called) in
            [("us-east5", "us"), ("us-central1", "us"), ("europe-west1", "eu")]
        {
            let (models, notes) = resolved(location, "claude-opus-5-5");
            assert_eq!(models.main.location.as_str(), called);
            assert_eq!(models.small.location.as_str(), called);
            assert_eq!(
                notes,
                [format!(
                    "vertex_ai.location: {location} is not known to offer `claude-opus-5-5` and \
                     `claude-haiku-5-5`: `{called}` is called"
                )]
            );
        }
        for right in ["us", "eu", "global"] {
            let (models, notes) = resolved(right, "claude-opus-5-5");
            assert_eq!((models.main.location.as_str(), notes), (right, vec![]));
        }
        let (models, notes) = resolved("asia-southeast1", "claude-opus-5-5");
        assert_eq!(models.main.location.as_str(), "asia-southeast1");
        assert_eq!(notes.len(), 1);
    }

    #[test]
    fn older_models_are_called_in_the_regions_that_have_them() {
        for model in ["claude-haiku-4-5@20251001", "claude-sonnet-4-6@default", "claude-opus-4-6"] {
            let mut config = VertexConfig::default();
            config.vertex_ai.model_name = model.parse().unwrap();
            config.vertex_ai.small_fast_model_name = model.parse().unwrap();
            let (models, notes) = resolve(&config, &"europe-west1".parse().unwrap());
            assert_eq!(models.main.location.as_str(), "europe-west1");
            assert_eq!(models.iter().count(), 1);
            assert_eq!(notes, []);
        }
    }

    #[test]
    fn a_retired_model_is_replaced_by_its_successor() {
        for (given, wanted) in [
            ("claude-3-5-sonnet-v2@20241022", "claude-sonnet-5-5"),
            ("claude-3-5-haiku@20241022", "claude-haiku-5-5"),
            ("claude-opus-4-1@20250805", "claude-opus-5-5"),
        ] {
            let (models, notes) = resolved("us", given);
            assert_eq!(models.main.model.as_str(), wanted);
            assert_eq!(
                notes,
                [format!(
                    "vertex_ai.model_name: `{given}` is retired or legacy on Vertex AI: \
                     `{wanted}` is used"
                )]
            );
        }
        let (_, notes) = resolved("us", "claude-3-5-sonnet@20241022");
        assert!(notes.concat().contains("there never was"), "{notes:?}");
    }

    #[test]
    fn every_model_is_an_id_and_every_successor_a_current_one() {
        for model in CATALOGUE {
            let id: VertexModel = model.id.parse().unwrap();
            assert_eq!(known(&id), Some(model));
            match model.life {
                Life::Retired { successor } => {
                    let successor = known(&successor.parse().unwrap()).unwrap();
                    assert!(matches!(successor.life, Life::Current { .. }));
                    assert_eq!(successor.family, model.family);
                }
                Life::Current { .. } => assert!(region_variable(&id).is_some(), "{id}"),
            }
        }
    }

    #[test]
    fn a_guides_file_is_told_once_of_its_model_and_once_of_its_location() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/guide-vertex-config.yaml");
        let mut loaded: Loaded<VertexConfig> =
            crate::config::load(std::path::Path::new(path), &|_| None).unwrap();
        let by_file = loaded.warnings.len();
        let location = loaded.config.vertex_ai.location.clone().unwrap();
        warn(&mut loaded, &location);
        let said: Vec<_> = loaded.warnings.iter().map(ToString::to_string).collect();
        let said: Vec<_> = said.iter().map(|said| said.replace(path, "")).collect();
        assert_eq!(said.len(), by_file + 2);
        assert_eq!(
            said[..2],
            [
                ":3:13: us-central1 is not known to offer `claude-sonnet-5-5` and \
                 `claude-haiku-5-5`: `us` is called",
                ":4:15: there never was a `claude-3-5-sonnet@20241022` on Vertex AI: \
                 `claude-sonnet-5-5` is used",
            ]
        );
    }

    #[test]
    fn a_location_of_its_own_is_used_as_given() {
        let mut config = VertexConfig::default();
        let own = "us-east1".parse().unwrap();
        config.vertex_ai.model_locations.insert("claude-opus-5-5".into(), own);
        let (models, notes) = resolve(&config, &"us".parse().unwrap());
        assert_eq!(models.main.location.as_str(), "us-east1");
        assert_eq!(models.small.location.as_str(), "us");
        assert_eq!(notes.len(), 1);
        assert_eq!(notes[0].key, LOCATIONS_KEY);
    }

    #[test]
    fn what_is_not_known_is_used_as_given_but_the_client_cannot_be_told_where() {
        let (models, notes) = resolved("asia-south1", "claude-newer-9");
        assert_eq!(models.main.model.as_str(), "claude-newer-9");
        assert_eq!(notes.len(), 1, "of the small one: {notes:?}");
        let (_, notes) = resolved("us-east1", "claude-newer-9");
        assert_eq!(notes.len(), 1, "the small one has a variable: {notes:?}");
        let mut config = VertexConfig::default();
        config.vertex_ai.models = vec!["claude-newer-9".parse().unwrap()];
        config.vertex_ai.model_locations.insert("claude-newer-9".into(), "eu".parse().unwrap());
        let (_, notes) = resolve(&config, &"us".parse().unwrap());
        assert!(notes[0].message.contains("cannot be told"), "{notes:?}");
    }

    #[test]
    fn a_model_whose_answers_are_not_logged_is_told() {
        let mut config = VertexConfig::default();
        config.vertex_ai.logging.request_response.enabled = true;
        config.vertex_ai.small_fast_model_name = "claude-haiku-4-5@20251001".parse().unwrap();
        let (_, notes) = resolve(&config, &"us-east5".parse().unwrap());
        let log: Vec<_> = notes.iter().filter(|note| note.key.ends_with("response")).collect();
        assert_eq!(log.len(), 1);
        assert!(log[0].message.contains("claude-opus-5-5"));
    }

    #[test]
    fn an_answer_is_no_longer_than_the_model_can() {
        let mut config = VertexConfig::default();
        config.vertex_ai.max_tokens = Some(500_000);
        let (models, notes) = resolve(&config, &"us".parse().unwrap());
        assert_eq!(max_output_tokens(&config, &models), Some(128_000));
        assert_eq!(notes[0].key, "vertex_ai.max_tokens");
    }
}
