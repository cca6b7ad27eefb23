//! Key rings.

use serde_json::json;

use super::{
    super::super::{
        call::{Answer, Call},
        failure::Failure,
        world::World,
    },
    KEYS, RINGS, check_id, children, listed, named, removed,
};

const MULTI_REGIONS: &[&str] = &["global", "us", "europe", "asia", "eur4", "eur5", "nam4"];

/// Not `eu`: Cloud KMS calls that `europe`.
fn check_location(location: &str) -> Result<(), Failure> {
    let region = location.contains('-') && location.ends_with(|last: char| last.is_ascii_digit());
    if region || MULTI_REGIONS.contains(&location) {
        return Ok(());
    }
    Err(Failure::invalid(&format!(
        "The request concerns location '{location}' but was sent to location 'global'. Either Cloud KMS is not available in '{location}' or the request was misrouted."
    )))
}

pub fn create(world: &mut World, call: &Call) -> Answer {
    let parent = world.by_id(call.path("parent"));
    let id = call.query("keyRingId").unwrap_or_default();
    check_id(id)?;
    check_location(parent.rsplit('/').next().unwrap_or_default())?;
    let name = format!("{parent}/keyRings/{id}");
    if world.find(RINGS, &name).is_some() {
        return Err(Failure::exists(&format!("KeyRing {name} already exists.")));
    }
    let ring = json!({"name": name, "createTime": world.now()});
    world.store(RINGS).insert(name, ring.clone());
    Ok(ring)
}

pub fn get(world: &mut World, call: &Call) -> Answer {
    named(world, call, RINGS).map(|(_, ring)| World::shown(&ring))
}

pub fn list(world: &mut World, call: &Call) -> Answer {
    let rings = children(world, RINGS, &world.by_id(call.path("parent")));
    let rings = rings.iter().map(|(_, ring)| World::shown(ring)).collect();
    listed(world, call, "keyRings", rings)
}

pub fn delete(world: &mut World, call: &Call) -> Answer {
    let (name, _) = named(world, call, RINGS)?;
    if !children(world, KEYS, &name).is_empty() {
        let message = format!("KeyRing {name} has child resources; they must be deleted first.");
        return Err(Failure::precondition(&message));
    }
    Ok(removed(world, RINGS, &name, None))
}
