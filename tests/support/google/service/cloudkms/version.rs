//! Versions of keys, and the states they go through. That time passes is a test's to say: it writes
//! `DESTROYED` into the store.

use serde_json::{Value, json};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    super::super::{
        call::{Answer, Call},
        failure::Failure,
        world::World,
    },
    KEYS, VERSIONS, children, find, key, listed, named, removed,
};

/// The next version of `key`, enabled.
pub fn add(world: &mut World, key: &str) -> Value {
    let now = world.now();
    let Some(owner) = world.store(KEYS).get_mut(key) else { return Value::Null };
    // Numbers of deleted versions are not used again.
    let number = owner["_last"].as_u64().unwrap_or(0) + 1;
    owner["_last"] = json!(number);
    let name = format!("{key}/cryptoKeyVersions/{number}");
    let version = json!({
        "name": name,
        "state": "ENABLED",
        "protectionLevel": owner["versionTemplate"]["protectionLevel"],
        "algorithm": owner["versionTemplate"]["algorithm"],
        "createTime": now,
        "generateTime": now,
    });
    world.store(VERSIONS).insert(name, version.clone());
    version
}

pub fn create(world: &mut World, call: &Call) -> Answer {
    let key = world.by_id(call.path("parent"));
    find(world, KEYS, &key)?;
    Ok(add(world, &key))
}

pub fn get(world: &mut World, call: &Call) -> Answer {
    named(world, call, VERSIONS).map(|(_, version)| World::shown(&version))
}

pub fn list(world: &mut World, call: &Call) -> Answer {
    let key = world.by_id(call.path("parent"));
    find(world, KEYS, &key)?;
    let mut versions = children(world, VERSIONS, &key);
    versions.sort_by_key(|(name, _)| {
        name.rsplit('/').next().and_then(|number| number.parse::<u64>().ok())
    });
    let versions = versions.iter().map(|(_, version)| World::shown(version)).collect();
    listed(world, call, "cryptoKeyVersions", versions)
}

/// Refuses what cannot be done in the version's state.
fn check_state(name: &str, version: &Value, wanted: &[&str]) -> Result<(), Failure> {
    let state = version["state"].as_str().unwrap_or_default();
    if wanted.contains(&state) {
        return Ok(());
    }
    Err(Failure::precondition(&format!(
        "{name} has state {state}, which must be {}.",
        wanted.join(" or ")
    )))
}

fn kept(world: &mut World, name: String, version: Value) -> Value {
    let shown = World::shown(&version);
    world.store(VERSIONS).insert(name, version);
    shown
}

pub fn patch(world: &mut World, call: &Call) -> Answer {
    let (name, mut version) = named(world, call, VERSIONS)?;
    if call.query("updateMask") != Some("state") {
        return Err(Failure::invalid("The update mask of a version can only be `state`."));
    }
    let state = call.text("/state");
    if !matches!(state, "ENABLED" | "DISABLED") {
        return Err(Failure::invalid("The state can only be set to ENABLED or DISABLED."));
    }
    check_state(&name, &version, &["ENABLED", "DISABLED"])?;
    version["state"] = json!(state);
    Ok(kept(world, name, version))
}

pub fn destroy(world: &mut World, call: &Call) -> Answer {
    let (name, mut version) = named(world, call, VERSIONS)?;
    check_state(&name, &version, &["ENABLED", "DISABLED"])?;
    let owner = name.split("/cryptoKeyVersions/").next().unwrap_or_default();
    let wait = key::seconds(&find(world, KEYS, owner)?["destroyScheduledDuration"]);
    let now = OffsetDateTime::parse(&world.now(), &Rfc3339).ok();
    let end = now.map(|now| now + Duration::seconds_f64(wait.unwrap_or_default()));
    version["destroyTime"] = json!(end.and_then(|end| end.format(&Rfc3339).ok()));
    version["state"] = json!("DESTROY_SCHEDULED");
    Ok(kept(world, name, version))
}

pub fn restore(world: &mut World, call: &Call) -> Answer {
    let (name, mut version) = named(world, call, VERSIONS)?;
    check_state(&name, &version, &["DESTROY_SCHEDULED"])?;
    version["state"] = json!("DISABLED");
    if let Some(fields) = version.as_object_mut() {
        fields.remove("destroyTime");
    }
    Ok(kept(world, name, version))
}

pub fn delete(world: &mut World, call: &Call) -> Answer {
    let (name, version) = named(world, call, VERSIONS)?;
    check_state(&name, &version, &["DESTROYED", "IMPORT_FAILED", "GENERATION_FAILED"])?;
    Ok(removed(world, VERSIONS, &name, None))
}
