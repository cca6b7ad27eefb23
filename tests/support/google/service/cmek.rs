//! Whether a service may encrypt with a customer's key: the key is usable, where it is needed, and its
//! policy (or the ring's, or the project's) grants it to the service's own agent.

use serde_json::json;

use super::{
    super::world::World,
    cloudkms::{KEYS, VERSIONS},
};

const ROLE: &str = "roles/cloudkms.cryptoKeyEncrypterDecrypter";

pub enum Denied {
    /// No such key, no grant, or no enabled primary: services do not tell which.
    Access,
    /// The key's location is not the data's.
    Location,
}

/// The name of the version that would be used.
pub fn check(world: &World, key: &str, location: &str, agent: &str) -> Result<String, Denied> {
    let key = world.by_id(key);
    let found = world.find(KEYS, &key).ok_or(Denied::Access)?;
    if key.split('/').nth(3) != Some(key_location(location).as_str()) {
        return Err(Denied::Location);
    }
    let primary = found["_primary"].as_str().unwrap_or_default();
    let version = format!("{key}/cryptoKeyVersions/{primary}");
    let usable = world.find(VERSIONS, &version).is_some_and(|found| found["state"] == "ENABLED");
    if usable && is_granted(world, &key, agent) { Ok(version) } else { Err(Denied::Access) }
}

/// Where the keys for data in `location` are.
fn key_location(location: &str) -> String {
    match location.to_ascii_lowercase().as_str() {
        "eu" => "europe".to_owned(),
        other => other.to_owned(),
    }
}

fn is_granted(world: &World, key: &str, agent: &str) -> bool {
    let ring = key.split("/cryptoKeys/").next().unwrap_or_default();
    let project: Vec<&str> = ring.split('/').take(2).collect();
    let project = world.by_number(&project.join("/"));
    let member = json!(format!("serviceAccount:{agent}"));
    let grants = |resource: &str| {
        let bindings =
            world.policies.get(resource).and_then(|policy| policy["bindings"].as_array());
        bindings.into_iter().flatten().any(|binding| {
            let members = binding["members"].as_array();
            binding["role"] == ROLE && members.is_some_and(|members| members.contains(&member))
        })
    };
    [key, ring, &project].into_iter().any(grants)
}

/// The agent exists from now on, as it does once its service was asked for it.
pub fn introduce(world: &mut World, email: &str) {
    if world.find("serviceusage.identities", email).is_none() {
        let identity = json!({"email": email, "uniqueId": world.unique_id()});
        world.store("serviceusage.identities").insert(email.to_owned(), identity);
    }
}
