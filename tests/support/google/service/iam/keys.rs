//! Keys of service accounts: the private half is told once, and an organization may forbid them.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    super::super::{
        call::{Answer, Call, Method},
        failure::Failure,
        world::World,
    },
    accounts,
};

pub const STORE: &str = "iam.keys";
const MOST: usize = 10;
/// No key at all: nothing is to be signed with it.
const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\nbm90IGEga2V5\n-----END PRIVATE KEY-----\n";

pub const METHODS: &[Method] = &[
    Method {
        id: "iam.projects.serviceAccounts.keys.create",
        permissions: &["iam.serviceAccountKeys.create"],
        write: true,
        run: create,
    },
    Method {
        id: "iam.projects.serviceAccounts.keys.upload",
        permissions: &["iam.serviceAccountKeys.create"],
        write: true,
        run: upload,
    },
    Method {
        id: "iam.projects.serviceAccounts.keys.list",
        permissions: &["iam.serviceAccountKeys.list"],
        write: false,
        run: list,
    },
    Method {
        id: "iam.projects.serviceAccounts.keys.get",
        permissions: &["iam.serviceAccountKeys.get"],
        write: false,
        run: get,
    },
    Method {
        id: "iam.projects.serviceAccounts.keys.delete",
        permissions: &["iam.serviceAccountKeys.delete"],
        write: true,
        run: delete,
    },
];

/// Whether a boolean constraint is enforced: the store `orgpolicy.policies`, by the project's number.
fn enforced(world: &World, project: &str, constraint: &str) -> bool {
    let name = format!("projects/{project}/policies/{constraint}");
    let policy = world.find("orgpolicy.policies", &name);
    let rules = policy.and_then(|policy| policy.pointer("/spec/rules")?.as_array().cloned());
    rules.is_some_and(|rules| rules.iter().any(|rule| rule["enforce"] == true))
}

fn check_allowed(world: &World, call: &Call, constraint: &str) -> Result<(), Failure> {
    if !enforced(world, &call.project, constraint) {
        return Ok(());
    }
    let message = "Key creation is not allowed on this service account.";
    Err(Failure::precondition(message).detail(
        "type.googleapis.com/google.rpc.PreconditionFailure",
        json!({"violations": [{
            "type": format!("constraints/{constraint}"),
            "subject": call.path("name"),
            "description": message,
        }]}),
    ))
}

fn of(world: &World, account: &str) -> Vec<Value> {
    let prefix = format!("{account}/keys/");
    let keys = world.all(STORE).filter(|(name, _)| name.starts_with(&prefix));
    keys.map(|(_, key)| key.clone()).collect()
}

fn add(world: &mut World, account: &str, origin: &str) -> Result<Value, Failure> {
    if of(world, account).len() >= MOST {
        return Err(Failure::precondition("Precondition check failed."));
    }
    let name = format!("{account}/keys/{:040x}", world.serial());
    let key = json!({
        "name": name,
        "keyAlgorithm": "KEY_ALG_RSA_2048",
        "keyOrigin": origin,
        "keyType": "USER_MANAGED",
        "validAfterTime": world.now(),
        "validBeforeTime": "9999-12-31T23:59:59Z",
    });
    world.store(STORE).insert(name, key.clone());
    Ok(key)
}

fn create(world: &mut World, call: &Call) -> Answer {
    let email = accounts::resolve(world, call.path("name"))?;
    check_allowed(world, call, "iam.disableServiceAccountKeyCreation")?;
    let account = accounts::name_of(world, &email);
    let mut key = add(world, &account, "GOOGLE_PROVIDED")?;
    let id = key["name"].as_str().and_then(|name| name.rsplit('/').next()).unwrap_or_default();
    let unique = world.find(accounts::STORE, &email).map(|account| account["uniqueId"].clone());
    let file = json!({
        "type": "service_account",
        "project_id": world.project_id(&call.project),
        "private_key_id": id,
        "private_key": PRIVATE,
        "client_email": email,
        "client_id": unique,
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": "https://oauth2.googleapis.com/token",
        "universe_domain": "googleapis.com",
    });
    key["privateKeyType"] = json!("TYPE_GOOGLE_CREDENTIALS_FILE");
    key["privateKeyData"] = json!(STANDARD.encode(file.to_string()));
    Ok(key)
}

fn upload(world: &mut World, call: &Call) -> Answer {
    let email = accounts::resolve(world, call.path("name"))?;
    check_allowed(world, call, "iam.disableServiceAccountKeyUpload")?;
    let pem = STANDARD.decode(call.text("/publicKeyData")).unwrap_or_default();
    if !pem.starts_with(b"-----BEGIN CERTIFICATE-----") {
        return Err(Failure::invalid("The public key is no X.509 certificate in PEM form."));
    }
    let account = accounts::name_of(world, &email);
    add(world, &account, "USER_PROVIDED")
}

/// Not in pages. Beside the user's keys stands one of Google's own, which a client must leave alone.
fn list(world: &mut World, call: &Call) -> Answer {
    let email = accounts::resolve(world, call.path("name"))?;
    let account = accounts::name_of(world, &email);
    let mut keys = of(world, &account);
    keys.push(json!({
        "name": format!("{account}/keys/{:040x}", 0xa11),
        "keyAlgorithm": "KEY_ALG_RSA_2048",
        "keyOrigin": "GOOGLE_PROVIDED",
        "keyType": "SYSTEM_MANAGED",
        "validAfterTime": "2026-01-01T00:00:00Z",
        "validBeforeTime": "2028-01-01T00:00:00Z",
    }));
    let kinds = call.queries("keyTypes");
    keys.retain(|key| kinds.is_empty() || kinds.iter().any(|kind| key["keyType"] == *kind));
    Ok(if keys.is_empty() { json!({}) } else { json!({"keys": keys}) })
}

/// The stored name of the key that the path means.
fn named(world: &World, call: &Call) -> Result<String, Failure> {
    let name = call.path("name");
    let (account, key) = name.split_once("/keys/").unwrap_or((name, ""));
    let email = accounts::resolve(world, account)?;
    let name = format!("{}/keys/{key}", accounts::name_of(world, &email));
    let known = world.find(STORE, &name).is_some();
    let missing = || Failure::missing(&format!("Service account key {key} does not exist."));
    known.then_some(name).ok_or_else(missing)
}

fn get(world: &mut World, call: &Call) -> Answer {
    let name = named(world, call)?;
    Ok(world.find(STORE, &name).cloned().unwrap_or_default())
}

fn delete(world: &mut World, call: &Call) -> Answer {
    let name = named(world, call)?;
    world.store(STORE).remove(&name);
    Ok(json!({}))
}
