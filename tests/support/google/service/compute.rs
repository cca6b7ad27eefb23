//! Compute Engine: networks, subnets and operations; `address` and `rule` for endpoints of Google APIs.
//!
//! A project begins with the network `default` and its subnets; `add_network` and `add_subnet` make more.

pub mod address;
pub mod rule;

use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::super::{
    call::{Answer, Call, Method},
    failure::Failure,
    filter, operation, page,
    world::World,
};

pub const METHODS: &[Method] = &[
    Method::read("compute.networks.get", &["compute.networks.get"], get_network),
    Method::read("compute.networks.list", &["compute.networks.list"], list_networks),
    Method::read("compute.subnetworks.get", &["compute.subnetworks.get"], get_subnet),
    Method::read("compute.subnetworks.list", &["compute.subnetworks.list"], list_subnets),
    Method::read("compute.subnetworks.listUsable", &["compute.subnetworks.list"], list_usable),
    Method::write("compute.subnetworks.patch", &["compute.subnetworks.update"], patch_subnet),
    Method::write(
        "compute.subnetworks.setPrivateIpGoogleAccess",
        &["compute.subnetworks.setPrivateIpGoogleAccess"],
        set_access,
    ),
    Method::read(
        "compute.globalOperations.get",
        &["compute.globalOperations.get"],
        operation::get_compute,
    ),
    Method::read(
        "compute.globalOperations.wait",
        &["compute.globalOperations.get"],
        operation::get_compute,
    ),
    Method::read(
        "compute.regionOperations.get",
        &["compute.regionOperations.get"],
        operation::get_compute,
    ),
    Method::read(
        "compute.regionOperations.wait",
        &["compute.regionOperations.get"],
        operation::get_compute,
    ),
];

const ROOT: &str = "https://www.googleapis.com/compute/v1/";
const NETWORKS: &str = "compute.networks";
const SUBNETS: &str = "compute.subnetworks";

/// Where the default network has subnets, in this fake.
const DEFAULT_SUBNETS: &[(&str, &str)] = &[
    ("us-central1", "10.128.0.0/20"),
    ("europe-west1", "10.132.0.0/20"),
    ("us-east5", "10.202.0.0/20"),
];

pub fn prepare(world: &mut World) {
    let project = world.first_project();
    add_network(world, &project, "default", true);
    for (region, range) in DEFAULT_SUBNETS {
        add_subnet(world, &project, "default", region, "default", range);
    }
}

/// Puts a network into a project; its name in the store `compute.networks`.
pub fn add_network(world: &mut World, project: &str, name: &str, automatic: bool) -> String {
    let key = world.by_id(&format!("projects/{project}/global/networks/{name}"));
    let network = json!({
        "kind": "compute#network",
        "id": world.numeric_id(),
        "creationTimestamp": world.now(),
        "name": name,
        "autoCreateSubnetworks": automatic,
        "mtu": 1460,
        "networkFirewallPolicyEnforcementOrder": "AFTER_CLASSIC_FIREWALL",
        "routingConfig": {"routingMode": "REGIONAL"},
        "selfLink": link(&key),
    });
    world.store(NETWORKS).insert(key.clone(), network);
    key
}

/// Puts a subnet into a network of the same project; its name in the store `compute.subnetworks`.
pub fn add_subnet(
    world: &mut World,
    project: &str,
    network: &str,
    region: &str,
    name: &str,
    range: &str,
) -> String {
    let project = world.by_id(&format!("projects/{project}"));
    let key = format!("{project}/regions/{region}/subnetworks/{name}");
    let subnet = json!({
        "kind": "compute#subnetwork",
        "id": world.numeric_id(),
        "creationTimestamp": world.now(),
        "name": name,
        "network": link(&format!("{project}/global/networks/{network}")),
        "ipCidrRange": range,
        "region": link(&format!("{project}/regions/{region}")),
        "selfLink": link(&key),
        "privateIpGoogleAccess": false,
        "privateIpv6GoogleAccess": "DISABLE_GOOGLE_ACCESS",
        "purpose": "PRIVATE",
        "stackType": "IPV4_ONLY",
        "fingerprint": world.etag(),
    });
    world.store(SUBNETS).insert(key.clone(), subnet);
    key
}

fn link(name: &str) -> String {
    format!("{ROOT}{name}")
}

/// `projects/ID/...` of a reference in any of its forms.
fn name_of(world: &World, call: &Call, reference: &str) -> String {
    let name = reference.split_once("/compute/v1/").map_or(reference, |(_, name)| name);
    if name.starts_with("projects/") {
        return world.by_id(name);
    }
    world.by_id(&format!("projects/{}/{name}", call.project))
}

/// `projects/ID` of the call.
fn project(world: &World, call: &Call) -> Result<String, Failure> {
    let project = call.path("project");
    let id = world.project_id(project);
    id.map(|id| format!("projects/{id}")).ok_or_else(|| missing(&format!("projects/{project}")))
}

fn missing(name: &str) -> Failure {
    Failure::missing(&format!("The resource '{name}' was not found"))
}

fn bad(field: &str, value: &str, why: &str) -> Failure {
    Failure::invalid(&format!("Invalid value for field 'resource.{field}': '{value}'. {why}"))
}

fn found<'a>(world: &'a World, kind: &str, name: &str) -> Result<&'a Value, Failure> {
    world.find(kind, name).ok_or_else(|| missing(name))
}

/// All of a kind whose names begin with `prefix`, filtered, a page of them.
fn listed(
    world: &World,
    call: &Call,
    (kind, single): (&str, &str),
    prefix: &str,
    shown: fn(&World, &str, &Value) -> Value,
) -> Answer {
    let values = world.all(kind).filter(|(name, _)| name.starts_with(prefix));
    let values = values.map(|(name, value)| shown(world, name, value)).collect();
    let values = filter::chosen(values, call.query("filter"), &[])?;
    let mut answer = page::page(world, call, "items", values)?;
    answer["kind"] = json!(format!("compute#{single}List"));
    answer["id"] = json!(prefix);
    answer["selfLink"] = json!(link(prefix.trim_end_matches('/')));
    Ok(answer)
}

fn shown_network(world: &World, _: &str, network: &Value) -> Value {
    let mut shown = World::shown(network);
    let subnets = world.all(SUBNETS).filter(|(_, subnet)| subnet["network"] == network["selfLink"]);
    let subnets: Vec<&Value> = subnets.map(|(_, subnet)| &subnet["selfLink"]).collect();
    if !subnets.is_empty() {
        shown["subnetworks"] = json!(subnets);
    }
    shown
}

fn shown_subnet(_: &World, _: &str, subnet: &Value) -> Value {
    World::shown(subnet)
}

fn get_network(world: &mut World, call: &Call) -> Answer {
    let name = format!("{}/global/networks/{}", project(world, call)?, call.path("network"));
    Ok(shown_network(world, &name, found(world, NETWORKS, &name)?))
}

fn list_networks(world: &mut World, call: &Call) -> Answer {
    let prefix = format!("{}/global/networks/", project(world, call)?);
    listed(world, call, (NETWORKS, "network"), &prefix, shown_network)
}

fn subnet(world: &World, call: &Call) -> Result<String, Failure> {
    let (region, name) = (call.path("region"), call.path("subnetwork"));
    let name = format!("{}/regions/{region}/subnetworks/{name}", project(world, call)?);
    found(world, SUBNETS, &name)?;
    Ok(name)
}

fn get_subnet(world: &mut World, call: &Call) -> Answer {
    let name = subnet(world, call)?;
    Ok(World::shown(found(world, SUBNETS, &name)?))
}

fn list_subnets(world: &mut World, call: &Call) -> Answer {
    let prefix = format!("{}/regions/{}/subnetworks/", project(world, call)?, call.path("region"));
    listed(world, call, (SUBNETS, "subnetwork"), &prefix, shown_subnet)
}

/// Those of the project, in all regions; whoever may list them may use them here.
fn list_usable(world: &mut World, call: &Call) -> Answer {
    let prefix = format!("{}/regions/", project(world, call)?);
    let usable = |_: &World, name: &str, subnet: &Value| {
        json!({
            "subnetwork": link(name),
            "network": subnet["network"],
            "ipCidrRange": subnet["ipCidrRange"],
            "purpose": subnet["purpose"],
            "stackType": subnet["stackType"],
        })
    };
    let mut answer =
        listed(world, call, (SUBNETS, "usableSubnetworksAggregated"), &prefix, usable)?;
    answer["id"] = json!(format!("{}/aggregated/subnetworks/listUsable", project(world, call)?));
    Ok(answer)
}

/// The store's own value, to be changed.
fn changed<'a>(world: &'a mut World, kind: &str, name: &str) -> Result<&'a mut Value, Failure> {
    world.store(kind).get_mut(name).ok_or_else(|| missing(name))
}

fn stale(what: &str) -> Failure {
    let message = format!("{what} fingerprint either invalid or resource {what} have changed");
    Failure::new(412, "FAILED_PRECONDITION", &message)
}

const PATCHED: &[&str] = &[
    "enableFlowLogs",
    "logConfig",
    "privateIpGoogleAccess",
    "privateIpv6GoogleAccess",
    "role",
    "secondaryIpRanges",
    "stackType",
];

fn patch_subnet(world: &mut World, call: &Call) -> Answer {
    let name = subnet(world, call)?;
    let fingerprint = world.etag();
    let value = changed(world, SUBNETS, &name)?;
    if call.body["fingerprint"] != value["fingerprint"] {
        return Err(stale("Subnetwork"));
    }
    for (field, new) in call.body.as_object().into_iter().flatten() {
        if PATCHED.contains(&field.as_str()) {
            value[field] = new.clone();
        } else if field != "fingerprint" && value.get(field) != Some(new) {
            return Err(bad(field, &new.to_string(), "The field cannot be changed by a patch."));
        }
    }
    value["fingerprint"] = json!(fingerprint);
    Ok(regional(world, call, &name, "patch"))
}

fn set_access(world: &mut World, call: &Call) -> Answer {
    let name = subnet(world, call)?;
    let fingerprint = world.etag();
    let value = changed(world, SUBNETS, &name)?;
    value["privateIpGoogleAccess"] = json!(call.body["privateIpGoogleAccess"] == true);
    value["fingerprint"] = json!(fingerprint);
    Ok(regional(world, call, &name, "setPrivateIpGoogleAccess"))
}

fn regional(world: &mut World, call: &Call, name: &str, kind: &str) -> Value {
    let project = world.project_id(&call.project).unwrap_or_default();
    let scope = format!("regions/{}", call.path("region"));
    operation::begin_compute(world, &project, &scope, kind, &link(name))
}

fn global(world: &mut World, call: &Call, name: &str, kind: &str) -> Value {
    let project = world.project_id(&call.project).unwrap_or_default();
    operation::begin_compute(world, &project, "global", kind, &link(name))
}

/// The operation of a create with the same `requestId`, which is then no conflict.
fn repeated(world: &World, call: &Call, kind: &str, name: &str) -> Result<Option<Value>, Failure> {
    let Some(known) = world.find(kind, name) else { return Ok(None) };
    let request = call.query("requestId");
    if request.is_some() && known["_request"].as_str() == request {
        return Ok(Some(known["_operation"].clone()));
    }
    Err(Failure::exists(&format!("The resource '{name}' already exists")))
}

fn check_request(call: &Call) -> Result<(), Failure> {
    let good = call.query("requestId").is_none_or(|id| {
        id.len() == 36 && id.split('-').count() == 5 && !id.trim_matches(['0', '-']).is_empty()
    });
    if good {
        Ok(())
    } else {
        Err(Failure::invalid("Invalid value for field 'requestId': it must be a valid UUID."))
    }
}

fn check_name(name: &str) -> Result<(), Failure> {
    let letters = name
        .bytes()
        .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'-');
    let begins = name.starts_with(|letter: char| letter.is_ascii_lowercase());
    if letters && begins && name.len() <= 63 && !name.ends_with('-') {
        return Ok(());
    }
    Err(bad("name", name, "Must be a match of regex '(?:[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)'"))
}

/// Keeps a new resource, with what a repetition of the request is to be answered.
fn kept(world: &mut World, call: &Call, kind: &str, name: &str, mut value: Value) -> Value {
    let operation = global(world, call, name, "insert");
    if let Some(request) = call.query("requestId") {
        value["_request"] = json!(request);
        value["_operation"] = operation.clone();
    }
    world.store(kind).insert(name.to_owned(), value);
    operation
}

/// `setLabels`: all labels are replaced, if the fingerprint is that of the last ones.
fn relabelled(world: &mut World, call: &Call, kind: &str, name: &str) -> Answer {
    let fingerprint = world.etag();
    let value = changed(world, kind, name)?;
    if call.body["labelFingerprint"] != value["labelFingerprint"] {
        return Err(stale("Labels"));
    }
    value["labels"] = call.body.get("labels").cloned().unwrap_or_else(|| json!({}));
    value["labelFingerprint"] = json!(fingerprint);
    Ok(global(world, call, name, "setLabels"))
}

/// The fingerprint of no labels.
const UNLABELLED: &str = "42WmSpB8rSM=";

/// Whether an address is in a range in CIDR notation.
fn within(range: &str, address: Ipv4Addr) -> bool {
    let Some((base, bits)) = range.split_once('/') else { return false };
    let (Ok(base), Ok(bits)) = (base.parse::<Ipv4Addr>(), bits.parse::<u32>()) else {
        return false;
    };
    let mask = u32::MAX.checked_shl(32 - bits.min(32)).unwrap_or(0);
    u32::from(base) & mask == u32::from(address) & mask
}
