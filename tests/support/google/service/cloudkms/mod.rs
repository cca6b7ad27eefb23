//! Cloud KMS: key rings, keys and versions. `cloudkms.keyRings`, `.cryptoKeys`, `.cryptoKeyVersions` and
//! `.retiredResources` are kept under their names with the project's id, and so are policies.

mod key;
mod ring;
mod version;

use serde_json::{Value, json};

use super::super::{
    call::{Answer, Call, Method},
    failure::Failure,
    operation, page, policy,
    world::World,
};

pub const RINGS: &str = "cloudkms.keyRings";
pub const KEYS: &str = "cloudkms.cryptoKeys";
pub const VERSIONS: &str = "cloudkms.cryptoKeyVersions";
const RETIRED: &str = "cloudkms.retiredResources";

pub const METHODS: &[Method] = &[
    Method::write(
        "cloudkms.projects.locations.keyRings.create",
        &["cloudkms.keyRings.create"],
        ring::create,
    ),
    Method::read("cloudkms.projects.locations.keyRings.get", &["cloudkms.keyRings.get"], ring::get),
    Method::read(
        "cloudkms.projects.locations.keyRings.list",
        &["cloudkms.keyRings.list"],
        ring::list,
    ),
    Method::write(
        "cloudkms.projects.locations.keyRings.delete",
        &["cloudkms.keyRings.delete"],
        ring::delete,
    ),
    Method::read(
        "cloudkms.projects.locations.keyRings.getIamPolicy",
        &["cloudkms.keyRings.getIamPolicy"],
        get_policy,
    ),
    Method::write(
        "cloudkms.projects.locations.keyRings.setIamPolicy",
        &["cloudkms.keyRings.setIamPolicy"],
        set_policy,
    ),
    Method::write(
        "cloudkms.projects.locations.keyRings.cryptoKeys.create",
        &["cloudkms.cryptoKeys.create"],
        key::create,
    ),
    Method::read(
        "cloudkms.projects.locations.keyRings.cryptoKeys.get",
        &["cloudkms.cryptoKeys.get"],
        key::get,
    ),
    Method::read(
        "cloudkms.projects.locations.keyRings.cryptoKeys.list",
        &["cloudkms.cryptoKeys.list"],
        key::list,
    ),
    Method::write(
        "cloudkms.projects.locations.keyRings.cryptoKeys.patch",
        &["cloudkms.cryptoKeys.update"],
        key::patch,
    ),
    Method::write(
        "cloudkms.projects.locations.keyRings.cryptoKeys.updatePrimaryVersion",
        &["cloudkms.cryptoKeys.update"],
        key::update_primary,
    ),
    Method::write(
        "cloudkms.projects.locations.keyRings.cryptoKeys.delete",
        &["cloudkms.cryptoKeys.delete"],
        key::delete,
    ),
    Method::read(
        "cloudkms.projects.locations.keyRings.cryptoKeys.getIamPolicy",
        &["cloudkms.cryptoKeys.getIamPolicy"],
        get_policy,
    ),
    Method::write(
        "cloudkms.projects.locations.keyRings.cryptoKeys.setIamPolicy",
        &["cloudkms.cryptoKeys.setIamPolicy"],
        set_policy,
    ),
    Method::write(
        "cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.create",
        &["cloudkms.cryptoKeyVersions.create"],
        version::create,
    ),
    Method::read(
        "cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.get",
        &["cloudkms.cryptoKeyVersions.get"],
        version::get,
    ),
    Method::read(
        "cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.list",
        &["cloudkms.cryptoKeyVersions.list"],
        version::list,
    ),
    Method::write(
        "cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.patch",
        &["cloudkms.cryptoKeyVersions.update"],
        version::patch,
    ),
    Method::write(
        "cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.destroy",
        &["cloudkms.cryptoKeyVersions.destroy"],
        version::destroy,
    ),
    Method::write(
        "cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.restore",
        &["cloudkms.cryptoKeyVersions.restore"],
        version::restore,
    ),
    Method::write(
        "cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.delete",
        &["cloudkms.cryptoKeyVersions.delete"],
        version::delete,
    ),
    Method::read(
        "cloudkms.projects.locations.retiredResources.get",
        &["cloudkms.retiredResources.get"],
        retired,
    ),
    Method::read(
        "cloudkms.projects.locations.retiredResources.list",
        &["cloudkms.retiredResources.list"],
        all_retired,
    ),
    Method::read(
        "cloudkms.projects.locations.operations.get",
        &["cloudkms.operations.get"],
        operation::get,
    ),
];

/// How the kind is called in errors.
fn noun(kind: &str) -> &'static str {
    match kind {
        RINGS => "KeyRing",
        KEYS => "CryptoKey",
        VERSIONS => "CryptoKeyVersion",
        _ => "RetiredResource",
    }
}

fn find(world: &World, kind: &str, name: &str) -> Answer {
    let found = world.find(kind, name).cloned();
    found.ok_or_else(|| Failure::missing(&format!("{} {name} not found.", noun(kind))))
}

/// The resource that the call names in `name`.
fn named(world: &World, call: &Call, kind: &str) -> Result<(String, Value), Failure> {
    let name = world.by_id(call.path("name"));
    let found = find(world, kind, &name)?;
    Ok((name, found))
}

fn check_id(id: &str) -> Result<(), Failure> {
    let letter = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
    if !id.is_empty() && id.len() <= 63 && id.chars().all(letter) {
        return Ok(());
    }
    Err(Failure::invalid(&format!("Resource id '{id}' does not match [a-zA-Z0-9_-]{{1,63}}.")))
}

/// What is directly below `parent` in a store.
fn children(world: &World, kind: &str, parent: &str) -> Vec<(String, Value)> {
    let below = |name: &str| {
        let rest = name.strip_prefix(parent).and_then(|rest| rest.strip_prefix('/'));
        rest.is_some_and(|rest| rest.split('/').count() == 2)
    };
    let all = world.all(kind).filter(|(name, _)| below(name));
    all.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn listed(world: &World, call: &Call, field: &str, items: Vec<Value>) -> Answer {
    let total = items.len();
    let mut answer = page::page(world, call, field, items)?;
    answer["totalSize"] = json!(total);
    Ok(answer)
}

/// Takes `name` away for good; the answer is an operation.
fn removed(world: &mut World, kind: &str, name: &str, metadata: Option<Value>) -> Value {
    world.store(kind).remove(name);
    world.policies.remove(name);
    let location: Vec<&str> = name.split('/').take(4).collect();
    let location = world.by_number(&location.join("/"));
    let operation = format!("{location}/operations/{}", world.unique_id());
    let empty = json!({"@type": "type.googleapis.com/google.protobuf.Empty"});
    operation::begin(world, &operation, metadata, &empty)
}

fn policy_resource(world: &World, call: &Call) -> Result<String, Failure> {
    let name = world.by_id(call.path("resource"));
    let kind = if name.contains("/cryptoKeys/") { KEYS } else { RINGS };
    find(world, kind, &name)?;
    Ok(name)
}

fn get_policy(world: &mut World, call: &Call) -> Answer {
    let name = policy_resource(world, call)?;
    Ok(policy::answer_get(world, call, &name))
}

fn set_policy(world: &mut World, call: &Call) -> Answer {
    let name = policy_resource(world, call)?;
    policy::answer_set(world, call, &name)
}

/// Keeps the name of a deleted key from being used again; the record's name.
fn retire(world: &mut World, key: &str) -> String {
    let location: Vec<&str> = key.split('/').take(4).collect();
    let name = format!("{}/retiredResources/{}", location.join("/"), world.unique_id());
    let record = json!({
        "name": name,
        "originalResource": key,
        "resourceType": "cloudkms.googleapis.com/CryptoKey",
        "deleteTime": world.now(),
    });
    world.store(RETIRED).insert(name.clone(), record);
    name
}

fn is_retired(world: &World, key: &str) -> bool {
    world.all(RETIRED).any(|(_, record)| record["originalResource"] == key)
}

fn retired(world: &mut World, call: &Call) -> Answer {
    named(world, call, RETIRED).map(|(_, record)| record)
}

fn all_retired(world: &mut World, call: &Call) -> Answer {
    let records = children(world, RETIRED, &world.by_id(call.path("parent")));
    let records = records.into_iter().map(|(_, record)| record).collect();
    listed(world, call, "retiredResources", records)
}
