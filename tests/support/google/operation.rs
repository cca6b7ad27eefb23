//! Operations that are not done at once: Google's long-running ones, and those of Compute Engine.

use serde_json::{Value, json};

use super::{
    call::{Answer, Call},
    failure::Failure,
    world::World,
};

#[derive(Debug)]
pub struct Pending {
    polls: u32,
    /// How it looks when done.
    done: Value,
}

/// Begins the operation `name`, which ends with `response`; its first look.
pub fn begin(world: &mut World, name: &str, metadata: Option<Value>, response: &Value) -> Value {
    let mut done = json!({"name": name, "done": true, "response": response});
    if let Some(metadata) = metadata {
        done["metadata"] = metadata;
    }
    begun(world, name, done)
}

/// Begins the operation `name`, which ends with an error though it was taken (HTTP 200).
pub fn begin_failing(world: &mut World, name: &str, failure: &Failure) -> Value {
    let error = json!({"code": 9, "message": failure.message, "details": failure.details});
    begun(world, name, json!({"name": name, "done": true, "error": error}))
}

fn begun(world: &mut World, name: &str, done: Value) -> Value {
    let polls = world.polls;
    let first = if polls == 0 { done.clone() } else { waiting(&done) };
    world.operations.insert(name.to_owned(), Pending { polls, done });
    first
}

/// The same without its end; `done: false` is left out, as Google's JSON does with all that is false.
fn waiting(done: &Value) -> Value {
    let mut look = json!({"name": done["name"]});
    if let Some(metadata) = done.get("metadata") {
        look["metadata"] = metadata.clone();
    }
    look
}

/// One poll, for methods whose parameter `name` is the operation's name.
pub fn get(world: &mut World, call: &Call) -> Answer {
    let name = world.by_number(call.path("name"));
    let name =
        if world.operations.contains_key(&name) { name } else { call.path("name").to_owned() };
    let pending = world.operations.get_mut(&name);
    let pending = pending.ok_or_else(|| {
        Failure::missing(&format!("Operation {} was not found.", call.path("name")))
    })?;
    if pending.polls == 0 {
        return Ok(pending.done.clone());
    }
    pending.polls -= 1;
    Ok(waiting(&pending.done))
}

/// Begins an operation of Compute Engine in `scope` (`global`, `regions/R`), on `target` (a self link).
pub fn begin_compute(
    world: &mut World,
    project: &str,
    scope: &str,
    kind: &str,
    target: &str,
) -> Value {
    let name = format!("operation-{}", world.serial());
    let base = format!("https://www.googleapis.com/compute/v1/projects/{project}/{scope}");
    let mut done = json!({
        "kind": "compute#operation",
        "id": world.numeric_id(),
        "name": name,
        "operationType": kind,
        "targetLink": target,
        "status": "DONE",
        "progress": 100,
        "selfLink": format!("{base}/operations/{name}"),
    });
    if let Some(region) = scope.strip_prefix("regions/") {
        done["region"] = json!(format!(
            "https://www.googleapis.com/compute/v1/projects/{project}/regions/{region}"
        ));
    }
    let polls = world.polls;
    let first = if polls == 0 { done.clone() } else { with_status(&done, "PENDING") };
    world.operations.insert(name, Pending { polls, done });
    first
}

/// One poll, for `compute.*Operations.get` and `.wait`.
pub fn get_compute(world: &mut World, call: &Call) -> Answer {
    let name = call.path("operation");
    let pending = world
        .operations
        .get_mut(name)
        .ok_or_else(|| Failure::missing(&format!("The resource '{name}' was not found")))?;
    if pending.polls == 0 {
        return Ok(pending.done.clone());
    }
    pending.polls -= 1;
    Ok(with_status(&pending.done, "RUNNING"))
}

fn with_status(done: &Value, status: &str) -> Value {
    let mut look = done.clone();
    look["status"] = json!(status);
    look["progress"] = json!(0);
    look
}
