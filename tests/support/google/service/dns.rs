//! Cloud DNS: managed zones, which begin with two records; `record` for all others and for changes.

pub mod record;

use serde_json::{Value, json};

use super::super::{
    call::{Answer, Call, Method},
    failure::Failure,
    page,
    world::World,
};

pub const METHODS: &[Method] = &[
    Method::write("dns.managedZones.create", &["dns.managedZones.create"], create),
    Method::read("dns.managedZones.get", &["dns.managedZones.get"], get),
    Method::read("dns.managedZones.list", &["dns.managedZones.list"], list),
    Method::write("dns.managedZones.patch", &["dns.managedZones.update"], patch),
    Method::write("dns.managedZones.delete", &["dns.managedZones.delete"], delete),
    Method::read(
        "dns.managedZoneOperations.get",
        &["dns.managedZoneOperations.get"],
        get_operation,
    ),
];

const ZONES: &str = "dns.managedZones";
const OPERATIONS: &str = "dns.managedZoneOperations";

const PRIVATE_SERVER: &str = "ns-gcp-private.googledomains.com.";
const ENDPOINTS: &str = "p.googleapis.com.";

fn zones(world: &World, call: &Call) -> Result<String, Failure> {
    let project = call.path("project");
    let id = world.project_id(project);
    id.map(|id| format!("projects/{id}/managedZones/")).ok_or_else(|| missing("project", project))
}

fn missing(what: &str, name: &str) -> Failure {
    Failure::missing(&format!("The 'parameters.{what}' resource named '{name}' does not exist."))
}

fn required(field: &str) -> Failure {
    let message = format!("The 'entity.{field}' parameter is required but was missing.");
    Failure::invalid(&message).older("required")
}

fn invalid(field: &str, value: &str) -> Failure {
    Failure::invalid(&format!("Invalid value for 'entity.{field}': '{value}'"))
}

/// The zone of the call, by its name or its id.
fn zone(world: &World, call: &Call) -> Result<String, Failure> {
    let (zones, asked) = (zones(world, call)?, call.path("managedZone"));
    let mut known = world.all(ZONES).filter(|(name, _)| name.starts_with(&zones));
    let found = known.find(|(_, zone)| zone["name"] == asked || zone["id"] == asked);
    found.map(|(name, _)| name.clone()).ok_or_else(|| missing("managedZone", asked))
}

fn found<'a>(world: &'a World, zone: &str) -> Result<&'a Value, Failure> {
    world.find(ZONES, zone).ok_or_else(|| missing("managedZone", zone))
}

fn get(world: &mut World, call: &Call) -> Answer {
    let zone = zone(world, call)?;
    Ok(World::shown(found(world, &zone)?))
}

fn list(world: &mut World, call: &Call) -> Answer {
    let zones = zones(world, call)?;
    let wanted = call.query("dnsName");
    let known = world.all(ZONES).filter(|(name, _)| name.starts_with(&zones));
    let known = known.filter(|(_, zone)| wanted.is_none_or(|wanted| zone["dnsName"] == wanted));
    let known = known.map(|(_, zone)| World::shown(zone)).collect();
    let mut answer = page::page(world, call, "managedZones", known)?;
    answer["kind"] = json!("dns#managedZonesListResponse");
    Ok(answer)
}

fn create(world: &mut World, call: &Call) -> Answer {
    let name = call.text("/name");
    let dns_name = call.text("/dnsName");
    for field in ["name", "dnsName", "description"] {
        if call.body.get(field).is_none() {
            return Err(required(&format!("managedZone.{field}")));
        }
    }
    let letters =
        |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'-';
    if !name.bytes().all(letters) || !name.starts_with(|letter: char| letter.is_ascii_lowercase()) {
        return Err(invalid("managedZone.name", name));
    }
    if !dns_name.ends_with('.') {
        return Err(invalid("managedZone.dnsName", dns_name));
    }
    let key = format!("{}{name}", zones(world, call)?);
    if world.find(ZONES, &key).is_some() {
        let message = format!("The resource 'entity.managedZone' named '{name}' already exists");
        return Err(Failure::exists(&message));
    }
    let private = call.text("/visibility") == "private";
    check_visibility(world, call, &call.body, &key)?;
    let mut value = call.body.clone();
    value["kind"] = json!("dns#managedZone");
    value["id"] = json!(world.numeric_id());
    value["creationTime"] = json!(world.now());
    value["visibility"] = json!(if private { "private" } else { "public" });
    value["cloudLoggingConfig"] = json!({"kind": "dns#managedZoneCloudLoggingConfig"});
    mark(&mut value);
    let servers: Vec<String> = if private {
        vec![PRIVATE_SERVER.to_owned()]
    } else {
        (1..=4).map(|number| format!("ns-cloud-a{number}.googledomains.com.")).collect()
    };
    record::begin(world, &key, dns_name, &servers);
    value["nameServers"] = json!(servers);
    world.store(ZONES).insert(key, value.clone());
    Ok(value)
}

/// The kinds that the server writes into everything.
fn mark(zone: &mut Value) {
    let Some(config) = zone.get_mut("privateVisibilityConfig") else { return };
    config["kind"] = json!("dns#managedZonePrivateVisibilityConfig");
    for network in config["networks"].as_array_mut().into_iter().flatten() {
        network["kind"] = json!("dns#managedZonePrivateVisibilityConfigNetwork");
    }
}

fn networks(zone: &Value) -> impl Iterator<Item = &str> {
    let networks = zone["privateVisibilityConfig"]["networks"].as_array().into_iter().flatten();
    networks.filter_map(|network| network["networkUrl"].as_str())
}

/// Networks must exist, the caller must be allowed to bind them, and none sees one name in two zones.
fn check_visibility(
    world: &mut World,
    call: &Call,
    zone: &Value,
    key: &str,
) -> Result<(), Failure> {
    const FIELD: &str = "managedZone.privateVisibilityConfig.networks.networkUrl";
    if zone["visibility"] != "private" {
        return match zone.get("privateVisibilityConfig") {
            Some(_) => Err(invalid("managedZone.privateVisibilityConfig", "not of a public zone")),
            None => Ok(()),
        };
    }
    for url in networks(zone) {
        let name = url.split_once("/compute/v1/").map(|(_, name)| world.by_id(name));
        let Some(name) = name else { return Err(invalid(FIELD, url)) };
        let ours = name.split('/').nth(1).is_some_and(|id| world.project_id(id).is_some());
        if ours && world.find("compute.networks", &name).is_none() {
            return Err(invalid(FIELD, url));
        }
        call.demand(world, "dns.networks.bindPrivateDNSZone", &name)?;
        call.demand(world, "dns.networks.targetWithPeeringZone", &name)?;
        let twice = world.all(ZONES).find(|(other, known)| {
            *other != key
                && known["dnsName"] == zone["dnsName"]
                && networks(known).any(|network| network == url)
        });
        if let Some((_, other)) = twice {
            let message = format!(
                "The network '{url}' is already bound to the private zone {} with the DNS name {}.",
                other["name"], zone["dnsName"]
            );
            return Err(Failure::invalid(&message));
        }
    }
    Ok(())
}

const PATCHED: &[&str] = &["cloudLoggingConfig", "description", "dnssecConfig", "labels"];

fn patch(world: &mut World, call: &Call) -> Answer {
    let key = zone(world, call)?;
    let old = found(world, &key)?.clone();
    let mut new = old.clone();
    for (field, value) in call.body.as_object().into_iter().flatten() {
        if PATCHED.contains(&field.as_str()) || field == "privateVisibilityConfig" {
            new[field] = value.clone();
        } else if old.get(field) != Some(value) {
            return Err(invalid(&format!("managedZone.{field}"), &value.to_string()));
        }
    }
    if new["privateVisibilityConfig"] != old["privateVisibilityConfig"] {
        check_visibility(world, call, &new, &key)?;
    }
    mark(&mut new);
    let id = format!("operation-{}", world.serial());
    let operation = json!({
        "kind": "dns#operation",
        "id": id,
        "startTime": world.now(),
        "status": "pending",
        "type": "update",
        "user": call.identity,
        "zoneContext": {"oldValue": World::shown(&old), "newValue": World::shown(&new)},
    });
    world.store(OPERATIONS).insert(format!("{key}/operations/{id}"), operation.clone());
    world.store(ZONES).insert(key, new);
    Ok(operation)
}

fn get_operation(world: &mut World, call: &Call) -> Answer {
    let key = format!("{}/operations/{}", zone(world, call)?, call.path("operation"));
    let operation = world.store(OPERATIONS).get_mut(&key);
    let operation = operation.ok_or_else(|| missing("operation", &key))?;
    operation["status"] = json!("done");
    Ok(operation.clone())
}

fn delete(world: &mut World, call: &Call) -> Answer {
    let key = zone(world, call)?;
    let dns_name = found(world, &key)?["dnsName"].clone();
    if record::beyond(world, &key, &dns_name) {
        let message = format!(
            "The resource named '{}' cannot be deleted because it contains one or more 'resource record sets'.",
            call.path("managedZone")
        );
        return Err(Failure::invalid(&message).older("containerNotEmpty"));
    }
    record::end(world, &key);
    world.store(OPERATIONS).retain(|name, _| !name.starts_with(&format!("{key}/")));
    world.store(ZONES).remove(&key);
    Ok(Value::Null)
}

/// The zone of the names that Service Directory gives to a network's endpoints for Google APIs; it comes
/// with the first of them, if the network sees no such zone yet.
pub fn begin_endpoints(world: &mut World, project: &str, name: &str, network: &str) {
    let seen =
        |zone: &Value| zone["dnsName"] == ENDPOINTS && networks(zone).any(|other| other == network);
    if world.all(ZONES).any(|(_, zone)| seen(zone)) {
        return;
    }
    let mut zone = json!({
        "kind": "dns#managedZone",
        "id": world.numeric_id(),
        "creationTime": world.now(),
        "name": name,
        "dnsName": ENDPOINTS,
        "description": "",
        "visibility": "private",
        "privateVisibilityConfig": {"networks": [{"networkUrl": network}]},
        "nameServers": [PRIVATE_SERVER],
        "_endpoints": network,
    });
    mark(&mut zone);
    let key = format!("{project}/managedZones/{name}");
    record::begin(world, &key, ENDPOINTS, &[PRIVATE_SERVER.to_owned()]);
    world.store(ZONES).insert(key, zone);
}

/// It goes with the last of them.
pub fn end_endpoints(world: &mut World, network: &str) {
    let found = world.all(ZONES).find(|(_, zone)| zone["_endpoints"] == network);
    let Some(key) = found.map(|(key, _)| key.clone()) else { return };
    record::end(world, &key);
    world.store(ZONES).remove(&key);
}
