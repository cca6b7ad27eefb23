//! Configurations of publisher models, for each model and location; replaced wholly without a mask.

use serde_json::{Value, json};

use super::{
    super::{
        super::{
            call::{Answer, Call},
            failure::Failure,
            mask, operation,
            world::World,
        },
        bigquery,
    },
    check_host, known,
};

const CONFIGS: &str = "aiplatform.publisherModelConfigs";

/// What is answered before the first set is not known: `{}`, or 404 where this store has `unset`.
const SWITCHES: &str = "aiplatform.switches";

const FIELDS: &[&str] = &[
    "loggingConfig",
    "inferenceEventLoggingConfig",
    "dataSharingEnabledProvider",
    "claudeFeatureConfig",
];

const TYPE: &str = "type.googleapis.com/google.cloud.aiplatform.v1beta1";

pub fn shares_data(world: &World, model: &str) -> bool {
    let config = world.find(CONFIGS, &unversioned(&world.by_id(model)));
    config.is_some_and(|config| config["dataSharingEnabledProvider"] == "ANTHROPIC")
}

fn unversioned(name: &str) -> String {
    name.split('@').next().unwrap_or_default().to_owned()
}

fn checked_name(world: &World, call: &Call) -> Result<String, Failure> {
    let name = world.by_id(call.path("name"));
    check_host(call, &name)?;
    let model = name.rsplit('/').next().unwrap_or_default();
    if name.contains("/publishers/anthropic/") && known(model).is_some() {
        return Ok(unversioned(&name));
    }
    Err(Failure::missing(&format!("Publisher Model {name} is not found.")))
}

pub fn fetch(world: &mut World, call: &Call) -> Answer {
    let name = checked_name(world, call)?;
    match world.find(CONFIGS, &name) {
        Some(config) => Ok(World::shown(config)),
        None if world.find(SWITCHES, "unset").is_some() => {
            Err(Failure::missing(&format!("The config of publisher model {name} is not found.")))
        }
        None => Ok(json!({})),
    }
}

pub fn set(world: &mut World, call: &Call) -> Answer {
    let name = checked_name(world, call)?;
    let asked = call.body.get("publisherModelConfig");
    let asked = asked.ok_or_else(|| Failure::invalid("The publisher model config is required."))?;
    let old = world.find(CONFIGS, &name).cloned().unwrap_or_else(|| json!({}));
    let mut config = match call.text("/updateMask") {
        "" => asked.clone(),
        mask => {
            let mut config = old.clone();
            mask::merge(&mut config, asked, mask, FIELDS)?;
            config
        }
    };
    if config["loggingConfig"]["enabled"] == true && config["loggingConfig"] != old["loggingConfig"]
    {
        prepare(world, call, &name, &old, &mut config)?;
    }
    if let Some(fields) = config.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    world.store(CONFIGS).insert(name.clone(), config.clone());
    let mut response = config;
    response["@type"] = json!(format!("{TYPE}.PublisherModelConfig"));
    let location: Vec<&str> = name.split('/').take(4).collect();
    let location = world.by_number(&location.join("/"));
    let operation = format!("{location}/operations/{}", world.unique_id());
    let metadata = json!({
        "@type": format!("{TYPE}.SetPublisherModelConfigOperationMetadata"),
        "genericMetadata": {"createTime": world.now()},
    });
    Ok(operation::begin(world, &operation, Some(metadata), &response))
}

/// Checks where requests and responses shall go, and makes the table as Google does.
fn prepare(
    world: &mut World,
    call: &Call,
    name: &str,
    old: &Value,
    config: &mut Value,
) -> Result<(), Failure> {
    let location = name.split('/').nth(3).unwrap_or_default();
    if matches!(location, "global" | "us" | "eu") {
        return Err(Failure::invalid(&format!(
            "Request-response logging is not supported in location {location}."
        )));
    }
    let logging = &mut config["loggingConfig"];
    let rate = logging["samplingRate"].as_f64().unwrap_or_default();
    if !(rate > 0.0 && rate <= 1.0) {
        return Err(Failure::invalid("The sampling rate must be in the range (0, 1]."));
    }
    let uri = logging.pointer("/bigqueryDestination/outputUri").and_then(Value::as_str);
    let uri = uri.unwrap_or_default().to_owned();
    let parts: Vec<&str> = uri.strip_prefix("bq://").unwrap_or_default().split('.').collect();
    let (project, dataset, table) = match parts[..] {
        [project, dataset] if !dataset.is_empty() => (project, dataset, None),
        [project, dataset, table] => (project, dataset, Some(table)),
        _ => return Err(Failure::invalid(&format!("Invalid BigQuery URI: '{uri}'."))),
    };
    let dataset = world.by_id(&format!("projects/{project}/datasets/{dataset}"));
    if world.find(bigquery::DATASETS, &dataset).is_none() {
        return Err(Failure::invalid(&format!("BigQuery dataset {dataset} does not exist.")));
    }
    call.demand(world, "bigquery.tables.create", &dataset)?;
    let target = table.unwrap_or("request_response_logging");
    let exists = world.find(bigquery::TABLES, &format!("{dataset}/tables/{target}")).is_some();
    let full = format!("{}.{target}", uri.trim_end_matches(&format!(".{target}")));
    let before = old.pointer("/loggingConfig/bigqueryDestination/outputUri");
    if exists && table.is_some() && before.is_none_or(|before| *before != full.as_str()) {
        return Err(Failure::invalid(&format!("BigQuery table {target} already exists.")));
    }
    if !exists {
        bigquery::add_table(world, &dataset, target);
    }
    logging["bigqueryDestination"]["outputUri"] = json!(full);
    logging["requestResponseLoggingSchemaVersion"] = json!("v1");
    Ok(())
}
