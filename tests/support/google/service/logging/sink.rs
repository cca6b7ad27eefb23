//! Sinks: whose identity writes, and what an update without a mask takes over.

use serde_json::{Value, json};

use super::{
    super::{
        super::{
            call::{Answer, Call},
            failure::Failure,
            mask, page,
            world::World,
        },
        cmek,
    },
    SINKS, begun, check_id, find, writer,
};

const CHANGEABLE: &[&str] = &[
    "destination",
    "filter",
    "description",
    "disabled",
    "exclusions",
    "includeChildren",
    "bigqueryOptions",
];

/// Taken over where no mask is given; the rest stays.
const UNMASKED: &str = "destination,filter,includeChildren";

const DESTINATIONS: &[&str] = &[
    "storage.googleapis.com/",
    "bigquery.googleapis.com/projects/",
    "pubsub.googleapis.com/projects/",
    "logging.googleapis.com/projects/",
];

fn check_destination(destination: &str) -> Result<(), Failure> {
    if DESTINATIONS.iter().any(|known| destination.starts_with(known)) {
        return Ok(());
    }
    Err(Failure::invalid(&format!("Unsupported destination: '{destination}'.")))
}

/// A log bucket of the sink's own project needs nobody who writes.
fn within(world: &World, sink: &Value) -> bool {
    let destination = sink["destination"].as_str().unwrap_or_default();
    let Some(bucket) = destination.strip_prefix("logging.googleapis.com/") else { return false };
    let project = |name: &str| name.split('/').nth(1).map(str::to_owned);
    let bucket = world.by_id(bucket);
    project(&bucket) == project(sink["resourceName"].as_str().unwrap_or_default())
}

/// Who writes, by what was asked for and where the sink leads.
fn with_writer(world: &mut World, call: &Call, sink: &mut Value) {
    if let Some(fields) = sink.as_object_mut() {
        fields.remove("writerIdentity");
        fields.retain(|_, value| *value != json!(false) && *value != json!(""));
    }
    if within(world, sink) {
        return;
    }
    sink["writerIdentity"] = if sink["_unique"] == true {
        let writer = writer(&call.project);
        cmek::introduce(world, &writer);
        json!(format!("serviceAccount:{writer}"))
    } else {
        json!("serviceAccount:cloud-logs@system.gserviceaccount.com")
    };
}

pub fn create(world: &mut World, call: &Call) -> Answer {
    let project = begun(world, call.path("parent"))?;
    let id = call.text("/name");
    check_id(id)?;
    check_destination(call.text("/destination"))?;
    let name = format!("{project}/sinks/{id}");
    if world.find(SINKS, &name).is_some() {
        return Err(Failure::exists(&format!("Sink {id} already exists")));
    }
    let mut sink = json!({
        "name": id,
        "resourceName": name,
        "_unique": call.query("uniqueWriterIdentity").is_some_and(|it| it.eq_ignore_ascii_case("true")),
        "createTime": world.now(),
    });
    sink["updateTime"] = sink["createTime"].clone();
    mask::merge(&mut sink, &call.body, &CHANGEABLE.join(","), CHANGEABLE)?;
    with_writer(world, call, &mut sink);
    world.store(SINKS).insert(name, sink.clone());
    Ok(World::shown(&sink))
}

pub fn get(world: &mut World, call: &Call) -> Answer {
    find(world, SINKS, call.path("sinkName")).map(|(_, sink)| World::shown(&sink))
}

pub fn list(world: &mut World, call: &Call) -> Answer {
    let project = begun(world, call.path("parent"))?;
    let prefix = format!("{project}/sinks/");
    let sinks = world.all(SINKS).filter(|(name, _)| name.starts_with(&prefix));
    let sinks = sinks.map(|(_, sink)| World::shown(sink)).collect();
    page::page(world, call, "sinks", sinks)
}

/// `PUT` and `PATCH` are the same.
pub fn update(world: &mut World, call: &Call) -> Answer {
    let (name, mut sink) = find(world, SINKS, call.path("sinkName"))?;
    if name.ends_with("/_Required") {
        return Err(Failure::invalid("The _Required sink cannot be modified."));
    }
    let unique =
        call.query("uniqueWriterIdentity").is_some_and(|it| it.eq_ignore_ascii_case("true"));
    if sink["_unique"] == true && !unique {
        return Err(Failure::invalid(
            "The writer identity cannot be changed from a unique one to the shared one.",
        ));
    }
    sink["_unique"] = json!(unique);
    let mask = match call.query("updateMask").unwrap_or_default() {
        "" => UNMASKED,
        mask => mask,
    };
    mask::merge(&mut sink, &call.body, mask, CHANGEABLE)?;
    check_destination(sink["destination"].as_str().unwrap_or_default())?;
    with_writer(world, call, &mut sink);
    sink["updateTime"] = json!(world.now());
    world.store(SINKS).insert(name, sink.clone());
    Ok(World::shown(&sink))
}

pub fn delete(world: &mut World, call: &Call) -> Answer {
    let (name, _) = find(world, SINKS, call.path("sinkName"))?;
    if name.ends_with("/_Required") || name.ends_with("/_Default") {
        return Err(Failure::invalid("This sink cannot be deleted; it can be disabled."));
    }
    world.store(SINKS).remove(&name);
    Ok(json!({}))
}
