//! Keys: rotation, what of them never changes, and their primary version.

use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    super::super::{
        call::{Answer, Call},
        failure::Failure,
        mask,
        world::World,
    },
    KEYS, RINGS, VERSIONS, check_id, children, find, is_retired, listed, named, removed, retire,
    version,
};

const DAY: f64 = 86_400.0;

/// Fields that `patch` can change; of the template only the algorithm.
const CHANGEABLE: &[&str] = &["rotationPeriod", "nextRotationTime", "labels", "versionTemplate"];

const CREATED: &[&str] = &[
    "purpose",
    "rotationPeriod",
    "nextRotationTime",
    "labels",
    "versionTemplate",
    "destroyScheduledDuration",
    "importOnly",
];

pub fn shown(world: &World, key: &Value) -> Value {
    let mut shown = World::shown(key);
    let name = key["name"].as_str().unwrap_or_default();
    let primary = key["_primary"].as_str().unwrap_or_default();
    let primary = world.find(VERSIONS, &format!("{name}/cryptoKeyVersions/{primary}"));
    if let Some(primary) = primary {
        shown["primary"] = World::shown(primary);
    }
    shown
}

pub fn seconds(duration: &Value) -> Option<f64> {
    duration.as_str()?.strip_suffix('s')?.parse().ok()
}

fn is_past(world: &mut World, moment: &str) -> bool {
    let parse = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok();
    parse(moment) <= parse(&world.now())
}

/// `new_time`: whether the next rotation was told just now; one that is kept may have passed.
fn check_rotation(world: &mut World, key: &Value, new_time: bool) -> Result<(), Failure> {
    let period = key.get("rotationPeriod");
    let next = key["nextRotationTime"].as_str();
    if key["purpose"] != "ENCRYPT_DECRYPT" && (period.is_some() || next.is_some()) {
        return Err(Failure::invalid(
            "Automatic rotation is only supported for keys with purpose ENCRYPT_DECRYPT.",
        ));
    }
    if let Some(period) = period {
        let period = seconds(period).unwrap_or_default();
        if !(DAY..=876_000.0 * 3600.0).contains(&period) {
            return Err(Failure::invalid(
                "The rotation period must be at least 24 hours and at most 876000 hours.",
            ));
        }
        if next.is_none() {
            return Err(Failure::invalid(
                "If the rotation period is set, the next rotation time must also be set.",
            ));
        }
    }
    match next.filter(|_| new_time) {
        Some(next) if is_past(world, next) => {
            Err(Failure::invalid("The next rotation time must be in the future."))
        }
        _ => Ok(()),
    }
}

fn with_defaults(key: &mut Value) -> Result<(), Failure> {
    let template = &mut key["versionTemplate"];
    if template["protectionLevel"].is_null() {
        template["protectionLevel"] = json!("SOFTWARE");
    }
    if template["algorithm"].is_null() {
        if key["purpose"] != "ENCRYPT_DECRYPT" {
            return Err(Failure::invalid("The version template needs an algorithm."));
        }
        key["versionTemplate"]["algorithm"] = json!("GOOGLE_SYMMETRIC_ENCRYPTION");
    }
    if key["destroyScheduledDuration"].is_null() {
        key["destroyScheduledDuration"] = json!("2592000s");
    }
    let duration = seconds(&key["destroyScheduledDuration"]).unwrap_or_default();
    if (DAY..=120.0 * DAY).contains(&duration) {
        return Ok(());
    }
    Err(Failure::invalid("The destroy scheduled duration must be between 24 hours and 120 days."))
}

pub fn create(world: &mut World, call: &Call) -> Answer {
    let ring = world.by_id(call.path("parent"));
    find(world, RINGS, &ring)?;
    let id = call.query("cryptoKeyId").unwrap_or_default();
    check_id(id)?;
    if matches!(call.text("/purpose"), "" | "CRYPTO_KEY_PURPOSE_UNSPECIFIED") {
        return Err(Failure::invalid("The purpose of the key must be set."));
    }
    let name = format!("{ring}/cryptoKeys/{id}");
    if world.find(KEYS, &name).is_some() {
        return Err(Failure::exists(&format!("CryptoKey {name} already exists.")));
    }
    if is_retired(world, &name) {
        let message = format!("CryptoKey {name} was deleted; its name cannot be used again.");
        return Err(Failure::exists(&message));
    }
    let mut key = json!({"name": name});
    for field in CREATED.iter().filter(|field| !call.body[**field].is_null()) {
        key[*field] = call.body[*field].clone();
    }
    with_defaults(&mut key)?;
    check_rotation(world, &key, true)?;
    key["createTime"] = json!(world.now());
    world.store(KEYS).insert(name.clone(), key.clone());
    if call.query("skipInitialVersionCreation") != Some("true") {
        version::add(world, &name);
        if key["purpose"] == "ENCRYPT_DECRYPT" {
            world.store(KEYS).entry(name.clone()).or_default()["_primary"] = json!("1");
        }
    }
    Ok(shown(world, &find(world, KEYS, &name)?))
}

pub fn get(world: &mut World, call: &Call) -> Answer {
    named(world, call, KEYS).map(|(_, key)| shown(world, &key))
}

pub fn list(world: &mut World, call: &Call) -> Answer {
    let ring = world.by_id(call.path("parent"));
    find(world, RINGS, &ring)?;
    let keys = children(world, KEYS, &ring);
    let keys = keys.iter().map(|(_, key)| shown(world, key)).collect();
    listed(world, call, "cryptoKeys", keys)
}

pub fn patch(world: &mut World, call: &Call) -> Answer {
    let (name, old) = named(world, call, KEYS)?;
    let mask = call.query("updateMask").unwrap_or_default();
    if mask.is_empty() {
        return Err(Failure::invalid("The update mask must not be empty."));
    }
    let mut key = old.clone();
    mask::merge(&mut key, &call.body, mask, CHANGEABLE)?;
    with_defaults(&mut key)?;
    if key["versionTemplate"]["protectionLevel"] != old["versionTemplate"]["protectionLevel"] {
        return Err(Failure::invalid("The protection level of a key is immutable."));
    }
    let new_time = mask.split(',').any(|path| path.trim() == "nextRotationTime");
    check_rotation(world, &key, new_time)?;
    world.store(KEYS).insert(name, key.clone());
    Ok(shown(world, &key))
}

pub fn update_primary(world: &mut World, call: &Call) -> Answer {
    let (name, mut key) = named(world, call, KEYS)?;
    if key["purpose"] != "ENCRYPT_DECRYPT" {
        return Err(Failure::invalid("Only keys with purpose ENCRYPT_DECRYPT have a primary."));
    }
    let id = call.text("/cryptoKeyVersionId");
    let version = find(world, VERSIONS, &format!("{name}/cryptoKeyVersions/{id}"))?;
    if version["state"] != "ENABLED" {
        let message = format!("{name}/cryptoKeyVersions/{id} is not enabled.");
        return Err(Failure::precondition(&message));
    }
    key["_primary"] = json!(id);
    world.store(KEYS).insert(name, key.clone());
    Ok(shown(world, &key))
}

pub fn delete(world: &mut World, call: &Call) -> Answer {
    let (name, _) = named(world, call, KEYS)?;
    if !children(world, VERSIONS, &name).is_empty() {
        let message = format!("CryptoKey {name} has versions; they must be deleted first.");
        return Err(Failure::precondition(&message));
    }
    let metadata = json!({
        "@type": "type.googleapis.com/google.cloud.kms.v1.DeleteCryptoKeyMetadata",
        "retiredResource": retire(world, &name),
    });
    Ok(removed(world, KEYS, &name, Some(metadata)))
}
