//! What a project of the fake has in it, and how somebody changes it behind our back.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{
    google::fake::world::World,
    tenant::said,
    vertex::{EVERYTHING, Tenant, network},
};

/// The one of the kind whose name, or whose name for people, ends so.
pub fn at<'a>(world: &'a mut World, kind: &str, end: &str) -> &'a mut Value {
    let mut found = world.store(kind).iter_mut().filter(|(name, value)| {
        let shown = value["displayName"].as_str().unwrap_or_default();
        name.ends_with(end) || shown.ends_with(end)
    });
    let (_, value) = found.next().unwrap_or_else(|| panic!("{kind} {end}"));
    value
}

pub fn policy<'a>(world: &'a mut World, end: &str) -> &'a mut Value {
    let mut found = world.policies.iter_mut().filter(|(name, _)| name.ends_with(end));
    found.next().unwrap_or_else(|| panic!("a policy of {end}")).1
}

/// What the cloud writes into things by itself when they are changed.
const STAMPS: &[&str] = &[
    "etag",
    "updateTime",
    "lastModifiedTime",
    "mutationRecord",
    "mutationRecords",
    "nextRotationTime",
    "id",
    "creationTime",
    "creationTimestamp",
    "pscConnectionId",
    "fingerprint",
    "version",
];

/// What is there, without stamps, and with lists in the order of what is in them.
pub fn essence(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            // What is off may also be left out.
            let nothing = |value: &Value| value.is_null() || *value == false || *value == "";
            let kept = fields.iter().filter(|(_, value)| !nothing(value));
            // A condition that is written anew has another name.
            let named =
                |value: &Value| value.as_str().is_some_and(|it| it.contains("/conditions/"));
            let kept = kept.filter(|(_, value)| !named(value));
            let kept = kept.filter(|(name, _)| !STAMPS.contains(&name.as_str()));
            kept.map(|(name, value)| (name.clone(), essence(value))).collect()
        }
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(essence).collect();
            items.sort_by_cached_key(Value::to_string);
            Value::Array(items)
        }
        _ => value.clone(),
    }
}

/// All that exists, but for what only tells what has happened.
pub fn settled(tenant: &Tenant) -> Value {
    let mut all = essence(&tenant.google.inventory());
    for past in ["dns.changes", "dns.managedZoneOperations"] {
        all.as_object_mut().unwrap().remove(past);
    }
    all
}

pub async fn everything() -> Tenant {
    let tenant = Tenant::new(EVERYTHING, 1);
    network(&tenant.google);
    let first = tenant.provision().await;
    assert!(first.complete(), "{}", said(&first));
    tenant
}

/// Where two differ, and how: the whole of a project is no message.
pub fn differences(path: &str, before: &Value, after: &Value) -> Vec<String> {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
            let of = |fields: &Map<String, Value>, name: &String| {
                fields.get(name).cloned().unwrap_or_default()
            };
            let each = names.into_iter().flat_map(|name| {
                differences(&format!("{path} {name}"), &of(before, name), &of(after, name))
            });
            each.collect()
        }
        _ if before == after => Vec::new(),
        _ => vec![format!("{path}: {before} is now {after}")],
    }
}
