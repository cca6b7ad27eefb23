//! Log buckets: deleted ones keep their name for a week, and a key is chosen once.

use serde_json::{Value, json};

use super::{
    super::{
        super::{
            call::{Answer, Call},
            failure::Failure,
            mask, operation, page,
            world::World,
        },
        cmek::{self, Denied},
    },
    BUCKETS, begun, check_id, encrypter, find,
};

const CREATED: &[&str] = &[
    "description",
    "retentionDays",
    "locked",
    "analyticsEnabled",
    "restrictedFields",
    "indexConfigs",
];

const CHANGEABLE: &[&str] = &[
    "description",
    "retentionDays",
    "locked",
    "analyticsEnabled",
    "restrictedFields",
    "indexConfigs",
    "cmekSettings",
];

fn check_retention(bucket: &Value) -> Result<(), Failure> {
    let days = bucket["retentionDays"].as_i64().unwrap_or_default();
    if (1..=3650).contains(&days) {
        return Ok(());
    }
    Err(Failure::invalid("The retention must be between 1 and 3650 days."))
}

/// The settings as they are kept, if the agent may use the key where the bucket is.
fn encrypted(world: &World, call: &Call, name: &str, key: &str) -> Answer {
    let agent = encrypter(&call.project);
    let location = name.split('/').nth(3).unwrap_or_default();
    if location == "global" {
        return Err(Failure::invalid("CMEK is not supported for buckets in location global."));
    }
    let version = cmek::check(world, key, location, &agent).map_err(|denied| match denied {
        Denied::Access => Failure::precondition(&format!(
            "service account `{agent}` must have both encrypt and decrypt access to the CMEK key `{key}`"
        )),
        Denied::Location => Failure::invalid(&format!(
            "The location of the CMEK key `{key}` does not match the bucket's location {location}."
        )),
    })?;
    Ok(json!({
        "name": format!("{name}/cmekSettings"),
        "kmsKeyName": key,
        "kmsKeyVersionName": version,
        "serviceAccountId": agent,
    }))
}

fn made(world: &mut World, call: &Call) -> Answer {
    begun(world, call.path("parent"))?;
    let parent = world.by_id(call.path("parent"));
    let id = call.query("bucketId").unwrap_or_default();
    check_id(id)?;
    if parent.ends_with("/locations/-") {
        return Err(Failure::invalid("A bucket needs a location."));
    }
    let name = format!("{parent}/buckets/{id}");
    if let Some(old) = world.find(BUCKETS, &name) {
        let message = format!("Bucket {id} already exists (state {}).", old["lifecycleState"]);
        return Err(Failure::exists(&message));
    }
    let mut bucket = json!({"name": name, "lifecycleState": "ACTIVE"});
    for field in CREATED.iter().filter(|field| is_set(&call.body[**field])) {
        bucket[*field] = call.body[*field].clone();
    }
    if bucket["retentionDays"].is_null() {
        bucket["retentionDays"] = json!(30);
    }
    check_retention(&bucket)?;
    match call.text("/cmekSettings/kmsKeyName") {
        "" => {}
        key => bucket["cmekSettings"] = encrypted(world, call, &name, key)?,
    }
    bucket["createTime"] = json!(world.now());
    bucket["updateTime"] = bucket["createTime"].clone();
    world.store(BUCKETS).insert(name, bucket.clone());
    Ok(bucket)
}

/// Fields with their default are not there in Google's JSON.
fn is_set(value: &Value) -> bool {
    !(value.is_null() || *value == json!(false) || *value == json!("") || *value == json!(0))
}

pub fn create(world: &mut World, call: &Call) -> Answer {
    made(world, call)
}

pub fn create_async(world: &mut World, call: &Call) -> Answer {
    let mut bucket = made(world, call)?;
    bucket["@type"] = json!("type.googleapis.com/google.logging.v2.LogBucket");
    let parent = world.by_id(call.path("parent"));
    let name = format!("{parent}/operations/{}", world.unique_id());
    Ok(operation::begin(world, &name, None, &bucket))
}

pub fn get(world: &mut World, call: &Call) -> Answer {
    find(world, BUCKETS, call.path("name")).map(|(_, bucket)| World::shown(&bucket))
}

/// Deleted ones too, for their week; `-` is all locations.
pub fn list(world: &mut World, call: &Call) -> Answer {
    let project = begun(world, call.path("parent"))?;
    let location = call.path("parent").rsplit('/').next().unwrap_or_default();
    let within = |name: &str| {
        name.strip_prefix(&format!("{project}/locations/"))
            .is_some_and(|rest| location == "-" || rest.starts_with(&format!("{location}/")))
    };
    let buckets = world.all(BUCKETS).filter(|(name, _)| within(name));
    let buckets = buckets.map(|(_, bucket)| World::shown(bucket)).collect();
    page::page(world, call, "buckets", buckets)
}

fn check_active(bucket: &Value) -> Result<(), Failure> {
    if bucket["lifecycleState"] == "ACTIVE" {
        return Ok(());
    }
    Err(Failure::precondition("Buckets must be in an ACTIVE state to be modified"))
}

fn check_change(old: &Value, new: &Value) -> Result<(), Failure> {
    let refuse = |text: &str| Err(Failure::invalid(text));
    let on = |bucket: &Value, field: &str| bucket[field] == true;
    if old["name"].as_str().is_some_and(|name| name.ends_with("/buckets/_Required")) {
        return refuse("The _Required bucket cannot be modified.");
    }
    if on(old, "locked") && (!on(new, "locked") || old["retentionDays"] != new["retentionDays"]) {
        return refuse("A locked bucket stays locked, and its retention as it is.");
    }
    if on(old, "analyticsEnabled") && !on(new, "analyticsEnabled") {
        return refuse("Log analytics cannot be disabled once it is enabled.");
    }
    let key = |bucket: &Value| bucket.pointer("/cmekSettings/kmsKeyName").cloned();
    if key(old) != key(new) {
        return refuse("The CMEK settings of a bucket cannot be changed after its creation.");
    }
    check_retention(new)
}

pub fn patch(world: &mut World, call: &Call) -> Answer {
    let (name, old) = find(world, BUCKETS, call.path("name"))?;
    let mask = call.query("updateMask").unwrap_or_default();
    if mask.is_empty() {
        return Err(Failure::invalid("The update mask must not be empty."));
    }
    check_active(&old)?;
    let mut new = old.clone();
    mask::merge(&mut new, &call.body, mask, CHANGEABLE)?;
    check_change(&old, &new)?;
    if let Some(settings) = old.get("cmekSettings") {
        new["cmekSettings"] = settings.clone();
    }
    if let Some(fields) = new.as_object_mut() {
        fields.retain(|_, value| is_set(value));
    }
    new["updateTime"] = json!(world.now());
    world.store(BUCKETS).insert(name, new.clone());
    Ok(World::shown(&new))
}

pub fn delete(world: &mut World, call: &Call) -> Answer {
    let (name, mut bucket) = find(world, BUCKETS, call.path("name"))?;
    if name.ends_with("/_Required") || name.ends_with("/_Default") {
        return Err(Failure::invalid("This bucket cannot be deleted."));
    }
    check_active(&bucket)?;
    if bucket["locked"] == true {
        return Err(Failure::precondition("Locked buckets cannot be deleted."));
    }
    bucket["lifecycleState"] = json!("DELETE_REQUESTED");
    bucket["updateTime"] = json!(world.now());
    world.store(BUCKETS).insert(name, bucket);
    Ok(json!({}))
}

pub fn undelete(world: &mut World, call: &Call) -> Answer {
    let (name, mut bucket) = find(world, BUCKETS, call.path("name"))?;
    if bucket["lifecycleState"] != "DELETE_REQUESTED" {
        let message = "Only buckets in a DELETE_REQUESTED state can be undeleted.";
        return Err(Failure::precondition(message));
    }
    bucket["lifecycleState"] = json!("ACTIVE");
    bucket["updateTime"] = json!(world.now());
    world.store(BUCKETS).insert(name, bucket);
    Ok(json!({}))
}
