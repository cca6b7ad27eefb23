//! Global addresses: those of endpoints for Google APIs, in a network but in none of its subnets.

use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::{
    super::super::{
        call::{Answer, Call, Method},
        failure::Failure,
        world::World,
    },
    NETWORKS, SUBNETS, UNLABELLED, bad, check_name, check_request, found, global, kept, link,
    listed, missing, name_of, project, relabelled, repeated, rule, within,
};

pub const METHODS: &[Method] = &[
    // What a create and a delete need depends on the address.
    Method::write("compute.globalAddresses.insert", &[], insert),
    Method::read("compute.globalAddresses.get", &["compute.globalAddresses.get"], get),
    Method::read("compute.globalAddresses.list", &["compute.globalAddresses.list"], list),
    Method::write("compute.globalAddresses.delete", &[], delete),
    Method::write(
        "compute.globalAddresses.setLabels",
        &["compute.globalAddresses.setLabels"],
        set_labels,
    ),
];

pub const KIND: &str = "compute.globalAddresses";

fn name(world: &World, call: &Call, parameter: &str) -> Result<String, Failure> {
    Ok(format!("{}/global/addresses/{}", project(world, call)?, call.path(parameter)))
}

/// With those who use it: nobody keeps that twice.
fn shown(world: &World, name: &str, value: &Value) -> Value {
    let mut shown = World::shown(value);
    let users: Vec<String> = rule::users(world, name).map(|rule| link(rule)).collect();
    shown["status"] = json!(if users.is_empty() { "RESERVED" } else { "IN_USE" });
    if !users.is_empty() {
        shown["users"] = json!(users);
    }
    shown
}

fn get(world: &mut World, call: &Call) -> Answer {
    let name = name(world, call, "address")?;
    Ok(shown(world, &name, found(world, KIND, &name)?))
}

fn list(world: &mut World, call: &Call) -> Answer {
    let prefix = format!("{}/global/addresses/", project(world, call)?);
    listed(world, call, (KIND, "address"), &prefix, shown)
}

fn insert(world: &mut World, call: &Call) -> Answer {
    let project = project(world, call)?;
    check_request(call)?;
    let name = format!("{project}/global/addresses/{}", call.text("/name"));
    let internal = call.text("/addressType") == "INTERNAL";
    let permission = if internal { "createInternal" } else { "create" };
    call.demand(world, &format!("compute.globalAddresses.{permission}"), &name)?;
    check_name(call.text("/name"))?;
    if let Some(operation) = repeated(world, call, KIND, &name)? {
        return Ok(operation);
    }
    let mut value = json!({
        "kind": "compute#address",
        "id": world.numeric_id(),
        "creationTimestamp": world.now(),
        "name": call.text("/name"),
        "description": call.text("/description"),
        "addressType": if internal { "INTERNAL" } else { "EXTERNAL" },
        "networkTier": "PREMIUM",
        "ipVersion": "IPV4",
        // Labels of a create are not taken over: the document leaves them to `setLabels`.
        "labelFingerprint": UNLABELLED,
        "selfLink": link(&name),
    });
    if internal {
        place(world, call, &mut value)?;
    } else {
        value["address"] = json!(format!("203.0.113.{}", world.serial() % 250 + 1));
    }
    Ok(kept(world, call, KIND, &name, value))
}

/// An internal address' network, purpose and number, each as the network allows.
fn place(world: &mut World, call: &Call, value: &mut Value) -> Result<(), Failure> {
    let purpose = call.text("/purpose");
    if !matches!(purpose, "PRIVATE_SERVICE_CONNECT" | "VPC_PEERING") {
        return Err(bad("purpose", purpose, "Global internal addresses need a purpose."));
    }
    let reference = call.text("/network");
    if reference.is_empty() {
        return Err(bad("network", "", "A network is required for internal global addresses."));
    }
    let network = name_of(world, call, reference);
    let automatic = found(world, NETWORKS, &network)?["autoCreateSubnetworks"] == true;
    call.demand(world, "compute.networks.use", &network)?;
    let text = call.text("/address");
    let Ok(address) = text.parse::<Ipv4Addr>() else {
        return Err(bad("address", text, "The address must be a valid IPv4 address."));
    };
    let network = link(&network);
    let taken = world.all(SUBNETS).find(|(_, subnet)| {
        let range = subnet["ipCidrRange"].as_str().unwrap_or_default();
        subnet["network"] == network.as_str() && within(range, address)
    });
    if let Some((subnet, _)) = taken {
        let why = format!("The address conflicts with the range of subnetwork '{subnet}'.");
        return Err(bad("address", text, &why));
    }
    if automatic && within("10.128.0.0/9", address) {
        let why =
            "The address conflicts with the range that auto mode networks keep, 10.128.0.0/9.";
        return Err(bad("address", text, why));
    }
    let same = world
        .all(KIND)
        .find(|(_, other)| other["network"] == network.as_str() && other["address"] == text);
    if let Some((other, _)) = same {
        let message = format!("IP address {text} is already being used by '{other}'.");
        return Err(Failure::invalid(&message).older("ipInUseByAnotherResource"));
    }
    value["purpose"] = json!(purpose);
    value["network"] = json!(network);
    value["address"] = json!(text);
    if let Some(length) = call.body.get("prefixLength").filter(|_| purpose == "VPC_PEERING") {
        value["prefixLength"] = length.clone();
    }
    Ok(())
}

fn delete(world: &mut World, call: &Call) -> Answer {
    let name = name(world, call, "address")?;
    // Which permission it takes, only what is there can tell.
    found(world, KIND, &name)?;
    let internal = world.find(KIND, &name).is_some_and(|value| value["addressType"] == "INTERNAL");
    let permission = if internal { "deleteInternal" } else { "delete" };
    call.demand(world, &format!("compute.globalAddresses.{permission}"), &name)?;
    if let Some(user) = rule::users(world, &name).next() {
        let message = format!("The address resource '{name}' is already being used by '{user}'");
        return Err(Failure::invalid(&message).older("resourceInUseByAnotherResource"));
    }
    world.store(KIND).remove(&name).ok_or_else(|| missing(&name))?;
    Ok(global(world, call, &name, "delete"))
}

fn set_labels(world: &mut World, call: &Call) -> Answer {
    let name = name(world, call, "resource")?;
    relabelled(world, call, KIND, &name)
}
