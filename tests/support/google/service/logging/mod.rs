//! Cloud Logging: settings, log buckets and sinks. `logging.buckets` and `logging.sinks` are kept under
//! their names with the project's id; those that every project has are there from its first call.

mod bucket;
mod sink;

use serde_json::{Value, json};

use super::{
    super::{
        call::{Answer, Call, Method},
        failure::Failure,
        operation,
        world::World,
    },
    cmek,
};

pub const BUCKETS: &str = "logging.buckets";
pub const SINKS: &str = "logging.sinks";

pub const METHODS: &[Method] = &[
    Method::read("logging.projects.getSettings", &["logging.settings.get"], settings),
    Method::write(
        "logging.projects.locations.buckets.create",
        &["logging.buckets.create"],
        bucket::create,
    ),
    Method::write(
        "logging.projects.locations.buckets.createAsync",
        &["logging.buckets.create"],
        bucket::create_async,
    ),
    Method::read("logging.projects.locations.buckets.get", &["logging.buckets.get"], bucket::get),
    Method::read(
        "logging.projects.locations.buckets.list",
        &["logging.buckets.list"],
        bucket::list,
    ),
    Method::write(
        "logging.projects.locations.buckets.patch",
        &["logging.buckets.update"],
        bucket::patch,
    ),
    Method::write(
        "logging.projects.locations.buckets.delete",
        &["logging.buckets.delete"],
        bucket::delete,
    ),
    Method::write(
        "logging.projects.locations.buckets.undelete",
        &["logging.buckets.undelete"],
        bucket::undelete,
    ),
    Method::read(
        "logging.projects.locations.operations.get",
        &["logging.operations.get"],
        operation::get,
    ),
    Method::write("logging.projects.sinks.create", &["logging.sinks.create"], sink::create),
    Method::read("logging.projects.sinks.get", &["logging.sinks.get"], sink::get),
    Method::read("logging.projects.sinks.list", &["logging.sinks.list"], sink::list),
    Method::write("logging.projects.sinks.update", &["logging.sinks.update"], sink::update),
    Method::write("logging.projects.sinks.patch", &["logging.sinks.update"], sink::update),
    Method::write("logging.projects.sinks.delete", &["logging.sinks.delete"], sink::delete),
];

/// What writes to the destinations of sinks.
fn writer(project: &str) -> String {
    format!("service-{project}@gcp-sa-logging.iam.gserviceaccount.com")
}

/// What encrypts log buckets; not the writer.
fn encrypter(project: &str) -> String {
    format!("cmek-p{project}@gcp-sa-logging.iam.gserviceaccount.com")
}

fn settings(world: &mut World, call: &Call) -> Answer {
    let project = begun(world, call.path("name"))?;
    let (writer, encrypter) = (writer(&call.project), encrypter(&call.project));
    cmek::introduce(world, &writer);
    cmek::introduce(world, &encrypter);
    Ok(json!({
        "name": format!("{project}/settings"),
        "kmsServiceAccountId": encrypter,
        "loggingServiceAccountId": writer,
    }))
}

/// `projects/ID` of a resource's name; what every project has is there afterwards.
fn begun(world: &mut World, name: &str) -> Result<String, Failure> {
    let name = world.by_id(name);
    let project: Vec<&str> = name.split('/').take(2).collect();
    let project = project.join("/");
    let id = project.trim_start_matches("projects/");
    if world.project_id(id).is_none() {
        return Err(Failure::missing(&format!("Project does not exist: {id}")));
    }
    let required = format!("{project}/locations/global/buckets/_Required");
    if world.find(BUCKETS, &required).is_some() {
        return Ok(project);
    }
    for (id, days) in [("_Required", 400), ("_Default", 30)] {
        let name = format!("{project}/locations/global/buckets/{id}");
        let mut bucket = json!({"name": name, "retentionDays": days, "lifecycleState": "ACTIVE"});
        if id == "_Required" {
            bucket["locked"] = json!(true);
        }
        let sink = json!({
            "name": id,
            "destination": format!("logging.googleapis.com/{name}"),
            "filter": if id == "_Required" { REQUIRED } else { DEFAULT },
            "resourceName": format!("{project}/sinks/{id}"),
        });
        world.store(BUCKETS).insert(name, bucket);
        world.store(SINKS).insert(format!("{project}/sinks/{id}"), sink);
    }
    Ok(project)
}

const REQUIRED: &str = "LOG_ID(\"cloudaudit.googleapis.com/activity\") OR LOG_ID(\"externalaudit.googleapis.com/activity\") OR LOG_ID(\"cloudaudit.googleapis.com/system_event\") OR LOG_ID(\"externalaudit.googleapis.com/system_event\") OR LOG_ID(\"cloudaudit.googleapis.com/access_transparency\") OR LOG_ID(\"externalaudit.googleapis.com/access_transparency\")";

const DEFAULT: &str = "NOT LOG_ID(\"cloudaudit.googleapis.com/activity\") AND NOT LOG_ID(\"externalaudit.googleapis.com/activity\") AND NOT LOG_ID(\"cloudaudit.googleapis.com/system_event\") AND NOT LOG_ID(\"externalaudit.googleapis.com/system_event\") AND NOT LOG_ID(\"cloudaudit.googleapis.com/access_transparency\") AND NOT LOG_ID(\"externalaudit.googleapis.com/access_transparency\")";

/// A resource that is there, by a name with the project's id or number.
fn find(world: &mut World, kind: &str, name: &str) -> Result<(String, Value), Failure> {
    begun(world, name)?;
    let name = world.by_id(name);
    let found = world.find(kind, &name).cloned();
    let noun = if kind == SINKS { "Sink" } else { "Bucket" };
    let id = name.rsplit('/').next().unwrap_or_default();
    let found = found.ok_or_else(|| Failure::missing(&format!("{noun} {id} does not exist")))?;
    Ok((name, found))
}

fn check_id(id: &str) -> Result<(), Failure> {
    let letter = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
    let first = id.starts_with(|first: char| first.is_ascii_alphanumeric());
    if first && id.len() <= 100 && id.chars().all(letter) {
        return Ok(());
    }
    Err(Failure::invalid(&format!("The identifier '{id}' is not valid.")))
}
