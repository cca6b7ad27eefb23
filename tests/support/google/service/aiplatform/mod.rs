//! Vertex AI: publisher models, what one may do with them, and their configurations.
//!
//! All current models of Claude are enabled in `LOCATIONS` with quota. What differs is in `aiplatform.models`
//! under the model's id: `{"verdict", "locations"}`; configurations are in `aiplatform.publisherModelConfigs`
//! under `projects/ID/locations/L/publishers/anthropic/models/M`.

mod config;
mod predict;
mod switch;

pub use self::switch::Verdict;

use serde_json::{Value, json};

use super::super::{
    call::{Answer, Call, Method},
    failure::Failure,
    operation, page,
    world::World,
};

const MODELS: &str = "aiplatform.models";

/// Where Claude is served unless a test says otherwise.
pub const LOCATIONS: &[&str] = &["us-east5", "europe-west1", "us", "eu", "global"];

/// Id and version.
const CLAUDE: &[(&str, &str)] = &[
    ("claude-fable-5", "default"),
    ("claude-fable-5-1", "default"),
    ("claude-fable-5-2", "default"),
    ("claude-haiku-4-5", "20251001"),
    ("claude-haiku-5-5", "default"),
    ("claude-opus-4-5", "20251101"),
    ("claude-opus-4-6", "default"),
    ("claude-opus-4-7", "default"),
    ("claude-opus-4-8", "default"),
    ("claude-opus-5", "default"),
    ("claude-opus-5-5", "default"),
    ("claude-sonnet-4-5", "20250929"),
    ("claude-sonnet-4-6", "default"),
    ("claude-sonnet-5", "default"),
    ("claude-sonnet-5-5", "default"),
];

pub const METHODS: &[Method] = &[
    Method::read("aiplatform.publishers.models.get", &[], get),
    Method::read("aiplatform.publishers.models.list", &[], list),
    Method::write("aiplatform.projects.publishers.models.enableModel", &[], enable),
    Method::read(
        "aiplatform.projects.locations.publishers.models.fetchPublisherModelConfig",
        &["aiplatform.endpoints.get"],
        config::fetch,
    ),
    Method::write(
        "aiplatform.projects.locations.publishers.models.setPublisherModelConfig",
        &["aiplatform.endpoints.setPublisherModelConfig"],
        config::set,
    ),
    Method::read(
        "aiplatform.projects.locations.operations.get",
        // None is documented.
        &[],
        operation::get,
    ),
    Method::read(
        "aiplatform.projects.locations.publishers.models.rawPredict",
        &["aiplatform.endpoints.predict"],
        predict::raw,
    ),
    Method::read(
        "aiplatform.projects.locations.publishers.models.streamRawPredict",
        &["aiplatform.endpoints.predict"],
        predict::stream,
    ),
];

/// All models by id, without versions.
pub fn ids() -> impl Iterator<Item = &'static str> {
    CLAUDE.iter().map(|(id, _)| *id)
}

/// The model's id without its version, if there is such a model.
fn known(model: &str) -> Option<&'static str> {
    let (wanted, version) = model.split_once('@').unwrap_or((model, "default"));
    let (id, latest) = CLAUDE.iter().find(|(id, _)| *id == wanted)?;
    (version == "default" || version == *latest).then_some(*id)
}

/// What of `aiplatform.models` says `field` about a model.
fn told<'a>(world: &'a World, id: &str, field: &str) -> &'a Value {
    world.find(MODELS, id).map_or(&Value::Null, |model| &model[field])
}

/// Each location has a host of its own, which knows nothing of the others. A client that is told to
/// send all of an API's calls to one address says the API's name alone.
fn check_host(call: &Call, name: &str) -> Result<(), Failure> {
    let location = name.split('/').nth(3).unwrap_or_default();
    let wanted = match location {
        "global" => "aiplatform".to_owned(),
        "us" | "eu" => format!("aiplatform.{location}.rep"),
        region => format!("{region}-aiplatform"),
    };
    let host = call.host.trim_end_matches(".googleapis.com");
    if host == wanted || host == "aiplatform" {
        return Ok(());
    }
    Err(Failure::invalid(&format!(
        "The location {location} of the resource is not served by {host}.googleapis.com, but by {wanted}.googleapis.com."
    )))
}

fn shown(id: &str, version: &str) -> Value {
    json!({
        "name": format!("publishers/anthropic/models/{id}"),
        "versionId": version,
        "launchStage": "GA",
        "openSourceCategory": "PROPRIETARY",
        "publisherModelTemplate": format!(
            "projects/{{user-project}}/locations/{{location}}/publishers/anthropic/models/{id}@{version}"
        ),
    })
}

fn get(_: &mut World, call: &Call) -> Answer {
    let name = call.path("name");
    let model = name.strip_prefix("publishers/anthropic/models/").unwrap_or_default();
    let found = known(model).and_then(|known| CLAUDE.iter().find(|(id, _)| *id == known));
    found
        .map(|(id, version)| shown(id, version))
        .ok_or_else(|| Failure::missing(&format!("Publisher Model {name} is not found.")))
}

fn list(world: &mut World, call: &Call) -> Answer {
    let models = match call.path("parent") {
        "publishers/anthropic" => CLAUDE.iter().map(|(id, version)| shown(id, version)).collect(),
        _ => Vec::new(),
    };
    page::page(world, call, "publisherModels", models)
}

/// Succeeds where a human has accepted the terms; what is enabled stays so.
fn enable(world: &mut World, call: &Call) -> Answer {
    let name = call.path("name");
    let model = name.strip_prefix("publishers/anthropic/models/").unwrap_or_default();
    let id = known(model);
    let id =
        id.ok_or_else(|| Failure::missing(&format!("Publisher Model {name} is not found.")))?;
    if told(world, id, "verdict") == Verdict::TermsOpen.name() {
        return Ok(json!({"enablementState": "ENABLEMENT_STATE_FAILED"}));
    }
    if told(world, id, "verdict") == Verdict::NotEnabled.name() {
        world.store(MODELS).entry(id.to_owned()).or_default()["verdict"] = Value::Null;
    }
    let project = world.by_id(call.path("parent"));
    Ok(json!({
        "publisherEndpoint": format!("{project}/locations/global/{name}"),
        "enablementState": "ENABLEMENT_STATE_SUCCEEDED",
    }))
}
