//! Service accounts: unknown for a while when new, deleted softly, policies that follow both.

use serde_json::{Value, json};

use super::super::{
    super::{
        call::{Answer, Call, Method},
        failure::Failure,
        mask, page, policy,
        world::World,
    },
    cloudresourcemanager,
};

pub const STORE: &str = "iam.serviceAccounts";
/// By unique id, with what an undeletion brings back.
const DELETED: &str = "iam.deletedServiceAccounts";

pub const METHODS: &[Method] = &[
    Method {
        id: "iam.projects.serviceAccounts.create",
        permissions: &["iam.serviceAccounts.create"],
        write: true,
        run: create,
    },
    Method {
        id: "iam.projects.serviceAccounts.get",
        permissions: &["iam.serviceAccounts.get"],
        write: false,
        run: get,
    },
    Method {
        id: "iam.projects.serviceAccounts.list",
        permissions: &["iam.serviceAccounts.list"],
        write: false,
        run: list,
    },
    Method {
        id: "iam.projects.serviceAccounts.patch",
        permissions: &["iam.serviceAccounts.update"],
        write: true,
        run: patch,
    },
    Method {
        id: "iam.projects.serviceAccounts.disable",
        permissions: &["iam.serviceAccounts.disable"],
        write: true,
        run: |world, call| switch(world, call, true),
    },
    Method {
        id: "iam.projects.serviceAccounts.enable",
        permissions: &["iam.serviceAccounts.enable"],
        write: true,
        run: |world, call| switch(world, call, false),
    },
    Method {
        id: "iam.projects.serviceAccounts.delete",
        permissions: &["iam.serviceAccounts.delete"],
        write: true,
        run: delete,
    },
    Method {
        id: "iam.projects.serviceAccounts.undelete",
        permissions: &["iam.serviceAccounts.undelete"],
        write: true,
        run: undelete,
    },
    Method {
        id: "iam.projects.serviceAccounts.getIamPolicy",
        permissions: &["iam.serviceAccounts.getIamPolicy"],
        write: false,
        run: get_policy,
    },
    Method {
        id: "iam.projects.serviceAccounts.setIamPolicy",
        permissions: &["iam.serviceAccounts.setIamPolicy"],
        write: true,
        run: set_policy,
    },
    Method {
        id: "iam.projects.serviceAccounts.testIamPermissions",
        permissions: &[],
        write: false,
        run: test_permissions,
    },
];

/// The e-mail address that `projects/P/serviceAccounts/EMAIL_OR_ID` means.
pub fn resolve(world: &World, name: &str) -> Result<String, Failure> {
    let parts: Vec<&str> = name.split('/').collect();
    let (project, account) = (parts.get(1).copied(), parts.get(3).copied().unwrap_or_default());
    let any = project == Some("-");
    let project = project.and_then(|project| world.project_id(project));
    let found = world.all(STORE).find(|(email, value)| {
        (*email == account || value["uniqueId"] == account)
            && (any || value["projectId"].as_str() == project.as_deref())
    });
    found.map(|(email, _)| email.clone()).ok_or_else(|| missing(any, account))
}

fn missing(any: bool, account: &str) -> Failure {
    if any {
        // With the wildcard nobody learns what does not exist.
        return Failure::permission(&format!(
            "Permission 'iam.serviceAccounts.get' denied on resource (or it may not exist): {account}."
        ));
    }
    Failure::missing(&format!("Unknown service account: {account}"))
}

/// The resource name that policies and keys go by.
pub fn name_of(world: &World, email: &str) -> String {
    let account = world.find(STORE, email);
    account.and_then(|account| account["name"].as_str()).unwrap_or_default().to_owned()
}

fn check_texts(account: &Value) -> Result<(), Failure> {
    for (field, most) in [("displayName", 100), ("description", 256)] {
        if account[field].as_str().is_some_and(|text| text.len() > most) {
            return Err(Failure::invalid(&format!("The {field} is longer than {most} bytes.")));
        }
    }
    Ok(())
}

fn valid_id(id: &str) -> bool {
    let letters = id
        .chars()
        .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-');
    (6..=30).contains(&id.len())
        && letters
        && id.starts_with(|first: char| first.is_ascii_lowercase())
        && !id.ends_with('-')
}

fn create(world: &mut World, call: &Call) -> Answer {
    let id = call.text("/accountId");
    if !valid_id(id) {
        let message = format!(
            "Invalid service account id: {id:?}. It must match [a-z]([-a-z0-9]*[a-z0-9]) and have 6 to 30 characters."
        );
        return Err(Failure::invalid(&message));
    }
    let project = call.path("name").split('/').nth(1).and_then(|project| world.project_id(project));
    let project = project.ok_or_else(|| Failure::missing("Unknown project id."))?;
    let email = format!("{id}@{project}.iam.gserviceaccount.com");
    let name = format!("projects/{project}/serviceAccounts/{email}");
    if world.find(STORE, &email).is_some() {
        let message =
            format!("Service account {id} already exists within project projects/{project}.");
        return Err(Failure::exists(&message)
            .detail("type.googleapis.com/google.rpc.ResourceInfo", json!({"resourceName": name})));
    }
    let given = &call.body["serviceAccount"];
    check_texts(given)?;
    let unique = world.unique_id();
    let mut account = json!({
        "name": name,
        "projectId": project,
        "uniqueId": unique,
        "email": email,
        "oauth2ClientId": unique,
        "etag": world.etag(),
        "_unknown": world.slow_identity,
    });
    for field in ["displayName", "description"] {
        if given[field].as_str().is_some_and(|text| !text.is_empty()) {
            account[field] = given[field].clone();
        }
    }
    let shown = World::shown(&account);
    world.store(STORE).insert(email, account);
    Ok(shown)
}

fn look(world: &World, email: &str) -> Value {
    world.find(STORE, email).map(World::shown).unwrap_or_default()
}

fn get(world: &mut World, call: &Call) -> Answer {
    let email = resolve(world, call.path("name"))?;
    if !policy::known_account(world, &email) {
        return Err(missing(call.path("name").starts_with("projects/-/"), &email));
    }
    Ok(look(world, &email))
}

fn list(world: &mut World, call: &Call) -> Answer {
    let project = world.project_id(&call.project);
    let accounts = world
        .all(STORE)
        .filter(|(_, account)| account["projectId"].as_str() == project.as_deref())
        .map(|(_, account)| World::shown(account))
        .collect();
    page::page(world, call, "accounts", accounts)
}

fn patch(world: &mut World, call: &Call) -> Answer {
    let email = resolve(world, call.path("name"))?;
    let mask = call.text("/updateMask");
    if mask.is_empty() {
        return Err(Failure::invalid("The update mask must be given."));
    }
    let given = &call.body["serviceAccount"];
    check_texts(given)?;
    let etag = world.etag();
    if let Some(account) = world.store(STORE).get_mut(&email) {
        mask::merge(account, given, mask, &["displayName", "description"])?;
        account["etag"] = json!(etag);
    }
    Ok(look(world, &email))
}

fn switch(world: &mut World, call: &Call, disabled: bool) -> Answer {
    let email = resolve(world, call.path("name"))?;
    if let Some(account) = world.store(STORE).get_mut(&email) {
        account["disabled"] = json!(disabled);
    }
    Ok(json!({}))
}

fn delete(world: &mut World, call: &Call) -> Answer {
    let email = resolve(world, call.path("name"))?;
    let Some(mut account) = world.store(STORE).remove(&email) else { return Ok(json!({})) };
    let name = account["name"].as_str().unwrap_or_default().to_owned();
    let unique = account["uniqueId"].as_str().unwrap_or_default().to_owned();
    let deleted = format!("deleted:serviceAccount:{email}?uid={unique}");
    policy::rename_member(world, &format!("serviceAccount:{email}"), &deleted);
    account["_policy"] = world.policies.remove(&name).unwrap_or_default();
    let keys = world.store(super::keys::STORE);
    let (gone, kept) =
        std::mem::take(keys).into_iter().partition(|(key, _)| key.starts_with(&format!("{name}/")));
    *keys = kept;
    account["_keys"] = json!(gone);
    world.store(DELETED).insert(unique, account);
    Ok(json!({}))
}

fn undelete(world: &mut World, call: &Call) -> Answer {
    let unique = call.path("name").rsplit('/').next().unwrap_or_default().to_owned();
    let Some(account) = world.find(DELETED, &unique) else { return Err(missing(false, &unique)) };
    let email = account["email"].as_str().unwrap_or_default().to_owned();
    if world.find(STORE, &email).is_some() {
        let message = format!("A service account with the e-mail address {email} exists.");
        return Err(Failure::precondition(&message));
    }
    let mut account = world.store(DELETED).remove(&unique).unwrap_or_default();
    let name = account["name"].as_str().unwrap_or_default().to_owned();
    let mut take = |field: &str| account.as_object_mut().and_then(|fields| fields.remove(field));
    if let Some(policy @ Value::Object(_)) = take("_policy") {
        world.policies.insert(name, policy);
    }
    if let Some(Value::Object(keys)) = take("_keys") {
        world.store(super::keys::STORE).extend(keys);
    }
    let deleted = format!("deleted:serviceAccount:{email}?uid={unique}");
    policy::rename_member(world, &deleted, &format!("serviceAccount:{email}"));
    world.store(STORE).insert(email.clone(), account);
    Ok(json!({"restoredAccount": look(world, &email)}))
}

fn get_policy(world: &mut World, call: &Call) -> Answer {
    let email = resolve(world, call.path("resource"))?;
    let name = name_of(world, &email);
    Ok(policy::answer_get(world, call, &name))
}

fn set_policy(world: &mut World, call: &Call) -> Answer {
    let email = resolve(world, call.path("resource"))?;
    let name = name_of(world, &email);
    policy::answer_set(world, call, &name)
}

fn test_permissions(world: &mut World, call: &Call) -> Answer {
    resolve(world, call.path("resource"))?;
    Ok(cloudresourcemanager::permissions(world, call))
}
