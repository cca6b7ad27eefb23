//! Resource record sets, one by one and by changes that are taken as a whole or not at all.

use serde_json::{Value, json};

use super::{
    super::super::{
        call::{Answer, Call, Method},
        failure::Failure,
        page,
        world::World,
    },
    found, invalid, missing, required, zone,
};

pub const METHODS: &[Method] = &[
    Method::write("dns.resourceRecordSets.create", &["dns.resourceRecordSets.create"], create),
    Method::read("dns.resourceRecordSets.get", &["dns.resourceRecordSets.get"], get),
    Method::read("dns.resourceRecordSets.list", &["dns.resourceRecordSets.list"], list),
    Method::write(
        "dns.resourceRecordSets.patch",
        &["dns.resourceRecordSets.update", "dns.changes.create"],
        patch,
    ),
    Method::write("dns.resourceRecordSets.delete", &["dns.resourceRecordSets.delete"], delete),
    Method::write("dns.changes.create", &["dns.changes.create"], change),
    Method::read("dns.changes.get", &["dns.changes.get"], get_change),
    Method::read("dns.changes.list", &["dns.changes.list"], list_changes),
];

const RECORDS: &str = "dns.resourceRecordSets";
const CHANGES: &str = "dns.changes";

/// The two that every zone has.
pub fn begin(world: &mut World, zone: &str, name: &str, servers: &[String]) {
    let first = servers.first().map_or("", String::as_str);
    let soa = format!("{first} cloud-dns-hostmaster.google.com. 1 21600 3600 259200 300");
    for (kind, data) in [("NS", json!(servers)), ("SOA", json!([soa]))] {
        let set = json!({"name": name, "type": kind, "ttl": 21600, "rrdatas": data});
        world.store(RECORDS).insert(key(zone, &set), marked(&set));
    }
}

/// Whether the zone has records other than the two it began with.
pub fn beyond(world: &World, zone: &str, name: &Value) -> bool {
    within(world, zone).any(|set| !apex(set, name))
}

pub fn end(world: &mut World, zone: &str) {
    for kind in [RECORDS, CHANGES] {
        world.store(kind).retain(|name, _| !name.starts_with(&format!("{zone}/")));
    }
}

fn apex(set: &Value, name: &Value) -> bool {
    set["name"] == *name && (set["type"] == "NS" || set["type"] == "SOA")
}

fn within<'a>(world: &'a World, zone: &str) -> impl Iterator<Item = &'a Value> {
    let prefix = format!("{zone}/rrsets/");
    world.all(RECORDS).filter(move |(name, _)| name.starts_with(&prefix)).map(|(_, set)| set)
}

fn text<'a>(set: &'a Value, field: &str) -> &'a str {
    set[field].as_str().unwrap_or_default()
}

/// `ZONE/rrsets/NAME/TYPE`.
fn key(zone: &str, set: &Value) -> String {
    format!("{zone}/rrsets/{}/{}", text(set, "name"), text(set, "type"))
}

fn marked(set: &Value) -> Value {
    let mut set = set.clone();
    set["kind"] = json!("dns#resourceRecordSet");
    set
}

fn no_set(name: &str, kind: &str) -> Failure {
    missing("resourceRecordSet", &format!("{name} ({kind})"))
}

fn asked(world: &World, call: &Call) -> Result<(String, String), Failure> {
    let zone = zone(world, call)?;
    let (name, kind) = (call.path("name"), call.path("type"));
    let key = format!("{zone}/rrsets/{name}/{kind}");
    if world.find(RECORDS, &key).is_none() {
        return Err(no_set(name, kind));
    }
    Ok((zone, key))
}

fn get(world: &mut World, call: &Call) -> Answer {
    let (_, key) = asked(world, call)?;
    Ok(world.find(RECORDS, &key).map(World::shown).unwrap_or_default())
}

fn list(world: &mut World, call: &Call) -> Answer {
    let zone = zone(world, call)?;
    let (name, kind) = (call.query("name"), call.query("type"));
    if kind.is_some() && name.is_none() {
        return Err(Failure::invalid("The 'parameters.type' needs 'parameters.name'."));
    }
    let sets = within(world, &zone)
        .filter(|set| name.is_none_or(|name| set["name"] == name))
        .filter(|set| kind.is_none_or(|kind| set["type"] == kind));
    let sets = sets.map(World::shown).collect();
    let mut answer = page::page(world, call, "rrsets", sets)?;
    answer["kind"] = json!("dns#resourceRecordSetsListResponse");
    Ok(answer)
}

/// What is wrong with a set by itself.
fn check(world: &World, zone: &str, set: &Value, field: &str) -> Result<(), Failure> {
    for name in ["name", "type"] {
        if text(set, name).is_empty() {
            return Err(required(&format!("{field}.{name}")));
        }
    }
    let name = text(set, "name");
    let suffix = text(found(world, zone)?, "dnsName");
    if name != suffix && !name.ends_with(&format!(".{suffix}")) {
        return Err(invalid(&format!("{field}.name"), name));
    }
    let data = set["rrdatas"].as_array().is_some_and(|data| !data.is_empty());
    if !data && set.get("routingPolicy").is_none() {
        return Err(required(&format!("{field}.rrdatas")));
    }
    for address in set["rrdatas"].as_array().into_iter().flatten().filter(|_| set["type"] == "A") {
        let text = address.as_str().unwrap_or_default();
        if text.parse::<std::net::Ipv4Addr>().is_err() {
            return Err(invalid(&format!("{field}.rrdata[0]"), text));
        }
    }
    Ok(())
}

/// A name has one CNAME, or sets of other types.
fn check_alias(world: &World, zone: &str) -> Result<(), Failure> {
    for alias in within(world, zone).filter(|set| set["type"] == "CNAME") {
        if within(world, zone).any(|set| set["name"] == alias["name"] && set != alias) {
            let message = format!(
                "The resource record set '{}' is invalid because the DNS name may have either one CNAME resource record set or resource record sets of other types, but not both.",
                text(alias, "name")
            );
            return Err(Failure::exists(&message).older("cnameResourceRecordSetConflict"));
        }
    }
    Ok(())
}

fn create(world: &mut World, call: &Call) -> Answer {
    let zone = zone(world, call)?;
    check(world, &zone, &call.body, "resourceRecordSet")?;
    let key = key(&zone, &call.body);
    if world.find(RECORDS, &key).is_some() {
        return Err(exists(&call.body, "resourceRecordSet"));
    }
    let set = marked(&call.body);
    world.store(RECORDS).insert(key.clone(), set.clone());
    if let Err(failure) = check_alias(world, &zone) {
        world.store(RECORDS).remove(&key);
        return Err(failure);
    }
    Ok(set)
}

fn exists(set: &Value, field: &str) -> Failure {
    let (name, kind) = (text(set, "name"), text(set, "type"));
    let message = format!("The resource 'entity.{field}' named '{name} ({kind})' already exists");
    Failure::exists(&message)
}

fn patch(world: &mut World, call: &Call) -> Answer {
    let (zone, key) = asked(world, call)?;
    let mut set = world.find(RECORDS, &key).cloned().unwrap_or_default();
    for (field, value) in call.body.as_object().into_iter().flatten() {
        if matches!(field.as_str(), "name" | "type") && set[field] != *value {
            return Err(invalid(&format!("resourceRecordSet.{field}"), &value.to_string()));
        }
        set[field] = value.clone();
    }
    check(world, &zone, &set, "resourceRecordSet")?;
    let set = marked(&set);
    world.store(RECORDS).insert(key, set.clone());
    Ok(set)
}

fn delete(world: &mut World, call: &Call) -> Answer {
    let (zone, key) = asked(world, call)?;
    let name = found(world, &zone)?["dnsName"].clone();
    if world.find(RECORDS, &key).is_some_and(|set| apex(set, &name)) {
        return Err(kept(call.path("type")));
    }
    world.store(RECORDS).remove(&key);
    Ok(json!({}))
}

fn kept(kind: &str) -> Failure {
    let message = format!(
        "A zone must contain exactly one resource record set of type '{kind}' at the apex."
    );
    Failure::invalid(&message).older("invalidZoneApex")
}

fn sets<'a>(call: &'a Call, field: &str) -> impl Iterator<Item = (usize, &'a Value)> {
    call.body[field].as_array().into_iter().flatten().enumerate()
}

fn change(world: &mut World, call: &Call) -> Answer {
    let zone = zone(world, call)?;
    for (field, permission) in [("additions", "create"), ("deletions", "delete")] {
        if sets(call, field).next().is_some() {
            call.demand(world, &format!("dns.resourceRecordSets.{permission}"), &zone)?;
        }
    }
    let before = world.store(RECORDS).clone();
    if let Err(failure) = changed(world, call, &zone) {
        *world.store(RECORDS) = before;
        return Err(failure);
    }
    let count =
        world.all(CHANGES).filter(|(name, _)| name.starts_with(&format!("{zone}/"))).count();
    let mut change = json!({
        "kind": "dns#change",
        "id": (count + 1).to_string(),
        "startTime": world.now(),
        "status": "pending",
    });
    for field in ["additions", "deletions"] {
        let marked: Vec<Value> = sets(call, field).map(|(_, set)| marked(set)).collect();
        if !marked.is_empty() {
            change[field] = json!(marked);
        }
    }
    world.store(CHANGES).insert(format!("{zone}/changes/{}", count + 1), change.clone());
    Ok(change)
}

fn changed(world: &mut World, call: &Call, zone: &str) -> Result<(), Failure> {
    let apex_name = found(world, zone)?["dnsName"].clone();
    for (index, set) in sets(call, "deletions") {
        let key = key(zone, set);
        let Some(old) = world.find(RECORDS, &key) else {
            let name = format!("{} ({})", text(set, "name"), text(set, "type"));
            return Err(missing(&format!("change.deletions[{index}]"), &name));
        };
        if *old != marked(set) {
            let message = format!("Precondition not met for 'entity.change.deletions[{index}]'");
            return Err(Failure::new(412, "FAILED_PRECONDITION", &message));
        }
        world.store(RECORDS).remove(&key);
    }
    for (index, set) in sets(call, "additions") {
        let field = format!("change.additions[{index}]");
        check(world, zone, set, &field)?;
        if world.find(RECORDS, &key(zone, set)).is_some() {
            return Err(exists(set, &field));
        }
        world.store(RECORDS).insert(key(zone, set), marked(set));
    }
    if let Some(kind) = ["NS", "SOA"].into_iter().find(|kind| {
        !within(world, zone).any(|set| set["name"] == apex_name && set["type"] == *kind)
    }) {
        return Err(kept(kind));
    }
    check_alias(world, zone)
}

fn get_change(world: &mut World, call: &Call) -> Answer {
    let key = format!("{}/changes/{}", zone(world, call)?, call.path("changeId"));
    let change = world.store(CHANGES).get_mut(&key);
    let change = change.ok_or_else(|| missing("changeId", &key))?;
    change["status"] = json!("done");
    Ok(change.clone())
}

fn list_changes(world: &mut World, call: &Call) -> Answer {
    let prefix = format!("{}/changes/", zone(world, call)?);
    let changes = world.all(CHANGES).filter(|(name, _)| name.starts_with(&prefix));
    let changes = changes.map(|(_, change)| change.clone()).collect();
    let mut answer = page::page(world, call, "changes", changes)?;
    answer["kind"] = json!("dns#changesListResponse");
    Ok(answer)
}
