//! Global forwarding rules, as far as they are endpoints for Google APIs.

use serde_json::{Value, json};

use super::{
    super::{
        super::{
            call::{Answer, Call, Method},
            failure::Failure,
            world::World,
        },
        dns,
    },
    NETWORKS, UNLABELLED, address, bad, check_name, check_request, found, global, kept, link,
    listed, missing, name_of, project, relabelled, repeated,
};

pub const METHODS: &[Method] = &[
    Method::write(
        "compute.globalForwardingRules.insert",
        &["compute.globalForwardingRules.create", "compute.globalForwardingRules.pscCreate"],
        insert,
    ),
    Method::read("compute.globalForwardingRules.get", &["compute.globalForwardingRules.get"], get),
    Method::read(
        "compute.globalForwardingRules.list",
        &["compute.globalForwardingRules.list"],
        list,
    ),
    Method::write(
        "compute.globalForwardingRules.delete",
        &[
            "compute.globalForwardingRules.delete",
            "compute.globalForwardingRules.pscDelete",
            "servicedirectory.namespaces.delete",
            "dns.managedZones.delete",
        ],
        delete,
    ),
    Method::write(
        "compute.globalForwardingRules.setLabels",
        &["compute.globalForwardingRules.pscSetLabels", "compute.globalForwardingRules.setLabels"],
        set_labels,
    ),
    Method::write(
        "compute.globalForwardingRules.patch",
        &["compute.globalForwardingRules.pscUpdate"],
        patch,
    ),
];

const KIND: &str = "compute.globalForwardingRules";

/// The rules that use the address of this name.
pub fn users<'a>(world: &'a World, address: &'a str) -> impl Iterator<Item = &'a String> {
    world.all(KIND).filter(move |(_, rule)| rule["_address"] == address).map(|(name, _)| name)
}

fn name(world: &World, call: &Call, parameter: &str) -> Result<String, Failure> {
    Ok(format!("{}/global/forwardingRules/{}", project(world, call)?, call.path(parameter)))
}

fn shown(_: &World, _: &str, rule: &Value) -> Value {
    World::shown(rule)
}

fn get(world: &mut World, call: &Call) -> Answer {
    let name = name(world, call, "forwardingRule")?;
    Ok(World::shown(found(world, KIND, &name)?))
}

fn list(world: &mut World, call: &Call) -> Answer {
    let prefix = format!("{}/global/forwardingRules/", project(world, call)?);
    listed(world, call, (KIND, "forwardingRule"), &prefix, shown)
}

fn check(call: &Call) -> Result<(), Failure> {
    let name = call.text("/name");
    check_name(name)?;
    let letters = name.bytes().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit());
    if !letters || name.len() > 20 {
        let why =
            "Forwarding rules for Google APIs have a name of 1-20 lower-case letters and digits.";
        return Err(bad("name", name, why));
    }
    let target = call.text("/target");
    if !matches!(target, "all-apis" | "vpc-sc") {
        return Err(bad("target", target, "This fake knows only the bundles all-apis and vpc-sc."));
    }
    let scheme = call.text("/loadBalancingScheme");
    if !scheme.is_empty() {
        let why = "The scheme must be empty for Private Service Connect forwarding rules.";
        return Err(bad("loadBalancingScheme", scheme, why));
    }
    if call.body["labels"].as_object().is_some_and(|labels| !labels.is_empty()) {
        let why = "Labels are invalid in Private Service Connect Forwarding Rule.";
        return Err(bad("labels", "", why));
    }
    for field in ["IPProtocol", "portRange", "ports", "subnetwork", "backendService"] {
        if let Some(value) = call.body.get(field) {
            let why = "Invalid field set in Private Service Connect Forwarding Rule. This field should not be set.";
            return Err(bad(field, &value.to_string(), why));
        }
    }
    Ok(())
}

/// The name of the reserved address that is meant, by reference or by its number.
fn reserved(world: &World, call: &Call, network: &str) -> Result<String, Failure> {
    let reference = call.text("/IPAddress");
    let network = link(network);
    let name = if reference.contains('/') {
        name_of(world, call, reference)
    } else {
        let same = world.all(address::KIND).find(|(_, address)| {
            address["address"] == reference && address["network"] == network.as_str()
        });
        let why = "The address must be reserved, global and internal.";
        same.map(|(name, _)| name.clone()).ok_or_else(|| bad("IPAddress", reference, why))?
    };
    let address = found(world, address::KIND, &name)?;
    if address["purpose"] != "PRIVATE_SERVICE_CONNECT" || address["network"] != network.as_str() {
        let why =
            "The address must have purpose PRIVATE_SERVICE_CONNECT and be in the rule's network.";
        return Err(bad("IPAddress", reference, why));
    }
    if let Some(user) = users(world, &name).next() {
        let message = format!("The address resource '{name}' is already being used by '{user}'");
        return Err(Failure::invalid(&message).older("resourceInUseByAnotherResource"));
    }
    Ok(name)
}

/// What Service Directory keeps the endpoints of a network in.
fn namespace(network: &Value) -> String {
    let text = |field: &str| network[field].as_str().unwrap_or_default().to_owned();
    format!("goog-psc-{}-{}", text("name"), text("id"))
}

fn insert(world: &mut World, call: &Call) -> Answer {
    let project = project(world, call)?;
    check_request(call)?;
    check(call)?;
    let name = format!("{project}/global/forwardingRules/{}", call.text("/name"));
    if let Some(operation) = repeated(world, call, KIND, &name)? {
        return Ok(operation);
    }
    let network = name_of(world, call, call.text("/network"));
    found(world, NETWORKS, &network)?;
    let address = reserved(world, call, &network)?;
    call.demand(world, "compute.globalAddresses.use", &address)?;
    call.demand(world, "compute.networks.use", &network)?;
    // The endpoint is registered with Service Directory, and gets names in a zone of its own.
    world.admit(&call.project, "servicedirectory")?;
    call.demand(world, "servicedirectory.namespaces.create", &project)?;
    let namespace = namespace(found(world, NETWORKS, &network)?);
    if call.body["noAutomateDnsZone"] != true {
        world.admit(&call.project, "dns")?;
        call.demand(world, "servicedirectory.namespaces.associatePrivateZone", &project)?;
        call.demand(world, "dns.managedZones.create", &project)?;
        dns::begin_endpoints(world, &project, &namespace, &link(&network));
    }
    let number = world.find(address::KIND, &address).map(|address| address["address"].clone());
    let mut value = json!({
        "kind": "compute#forwardingRule",
        "id": world.numeric_id(),
        "creationTimestamp": world.now(),
        "name": call.text("/name"),
        "description": call.text("/description"),
        "IPAddress": number,
        "target": call.text("/target"),
        "network": link(&network),
        "networkTier": "PREMIUM",
        "pscConnectionId": world.numeric_id(),
        "pscConnectionStatus": "ACCEPTED",
        "serviceDirectoryRegistrations":
            [{"namespace": namespace, "serviceDirectoryRegion": "us-central1"}],
        "fingerprint": world.etag(),
        "labelFingerprint": UNLABELLED,
        "selfLink": link(&name),
        "_address": address,
    });
    for field in ["serviceDirectoryRegistrations", "allowPscGlobalAccess", "noAutomateDnsZone"] {
        if let Some(given) = call.body.get(field) {
            value[field] = given.clone();
        }
    }
    Ok(kept(world, call, KIND, &name, value))
}

fn delete(world: &mut World, call: &Call) -> Answer {
    let name = name(world, call, "forwardingRule")?;
    let rule = world.store(KIND).remove(&name).ok_or_else(|| missing(&name))?;
    if !world.all(KIND).any(|(_, other)| other["network"] == rule["network"]) {
        dns::end_endpoints(world, rule["network"].as_str().unwrap_or_default());
    }
    Ok(global(world, call, &name, "delete"))
}

fn set_labels(world: &mut World, call: &Call) -> Answer {
    let name = name(world, call, "resource")?;
    relabelled(world, call, KIND, &name)
}

/// An endpoint for Google APIs is what it was made; but for its labels it cannot be changed.
fn patch(world: &mut World, call: &Call) -> Answer {
    let name = name(world, call, "forwardingRule")?;
    found(world, KIND, &name)?;
    let why = "A Private Service Connect forwarding rule for Google APIs cannot be updated.";
    Err(bad("name", &name, why))
}
