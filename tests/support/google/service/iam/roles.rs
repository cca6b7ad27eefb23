//! Custom roles of a project: deleted ones keep their id, and are still shown when asked by name.

use serde_json::{Value, json};

use super::super::super::{
    call::{Answer, Call, Method},
    failure::Failure,
    mask, page,
    world::World,
};

const STORE: &str = "iam.roles";
const FIELDS: &[&str] = &["title", "description", "includedPermissions", "stage"];

pub const METHODS: &[Method] = &[
    Method {
        id: "iam.projects.roles.create",
        permissions: &["iam.roles.create"],
        write: true,
        run: create,
    },
    Method {
        id: "iam.projects.roles.get",
        permissions: &["iam.roles.get"],
        write: false,
        run: get,
    },
    Method {
        id: "iam.projects.roles.list",
        permissions: &["iam.roles.list"],
        write: false,
        run: list,
    },
    Method {
        id: "iam.projects.roles.patch",
        permissions: &["iam.roles.update"],
        write: true,
        run: patch,
    },
    Method {
        id: "iam.projects.roles.delete",
        permissions: &["iam.roles.delete"],
        write: true,
        run: delete,
    },
    Method {
        id: "iam.projects.roles.undelete",
        permissions: &["iam.roles.undelete"],
        write: true,
        run: undelete,
    },
];

fn check(role: &Value) -> Result<(), Failure> {
    for permission in role["includedPermissions"].as_array().into_iter().flatten() {
        let text = permission.as_str().unwrap_or_default();
        if text.split('.').filter(|part| !part.is_empty()).count() < 3 {
            return Err(Failure::invalid(&format!("Permission {text} is not valid.")));
        }
    }
    Ok(())
}

fn create(world: &mut World, call: &Call) -> Answer {
    let id = call.text("/roleId");
    let letters =
        id.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.'));
    if !letters || !(3..=64).contains(&id.len()) {
        let message = format!("The role_id {id:?} must match [a-zA-Z0-9_.]{{3,64}}.");
        return Err(Failure::invalid(&message));
    }
    let parent = world.by_id(call.path("parent"));
    let name = format!("{parent}/roles/{id}");
    match world.find(STORE, &name) {
        Some(role) if role["deleted"] == true => {
            return Err(Failure::precondition(&format!(
                "You can't create a role with role_id ({id}) where there is an existing role with that role_id in a deleted state."
            )));
        }
        Some(_) => {
            return Err(Failure::exists(&format!("A role named {id} in {parent} already exists.")));
        }
        None => {}
    }
    let given = &call.body["role"];
    check(given)?;
    let mut role = json!({"name": name, "etag": world.etag()});
    for field in FIELDS {
        if let Some(value) = given.get(*field) {
            role[*field] = value.clone();
        }
    }
    world.store(STORE).insert(name, role.clone());
    Ok(role)
}

/// The name and the role that the path means; `live` refuses a deleted one.
fn named(world: &World, call: &Call, live: bool) -> Result<(String, Value), Failure> {
    let name = world.by_id(call.path("name"));
    let role = world.find(STORE, &name).cloned();
    let role =
        role.ok_or_else(|| Failure::missing(&format!("The role named {name} was not found.")))?;
    if live && role["deleted"] == true {
        let message = format!("The role named {name} is in a deleted state.");
        return Err(Failure::precondition(&message));
    }
    Ok((name, role))
}

fn check_etag(role: &Value, etag: Option<&str>) -> Result<(), Failure> {
    let given = etag.filter(|etag| !etag.is_empty());
    if given.is_some_and(|etag| role["etag"] != etag) { Err(Failure::concurrent()) } else { Ok(()) }
}

fn keep(world: &mut World, name: String, mut role: Value) -> Value {
    role["etag"] = json!(world.etag());
    world.store(STORE).insert(name, role.clone());
    role
}

fn get(world: &mut World, call: &Call) -> Answer {
    named(world, call, false).map(|(_, role)| role)
}

fn list(world: &mut World, call: &Call) -> Answer {
    let prefix = format!("{}/roles/", world.by_id(call.path("parent")));
    let deleted = call.query("showDeleted") == Some("true");
    let full = call.query("view") == Some("FULL");
    let roles = world
        .all(STORE)
        .filter(|(name, role)| name.starts_with(&prefix) && (deleted || role["deleted"] != true))
        .map(|(_, role)| {
            let mut role = role.clone();
            if let Some(fields) = role.as_object_mut().filter(|_| !full) {
                fields.remove("includedPermissions");
            }
            role
        })
        .collect();
    page::page(world, call, "roles", roles)
}

fn patch(world: &mut World, call: &Call) -> Answer {
    let (name, mut role) = named(world, call, true)?;
    check_etag(&role, call.body["etag"].as_str())?;
    check(&call.body)?;
    let given: Vec<&str> =
        FIELDS.iter().copied().filter(|field| call.body.get(*field).is_some()).collect();
    let given = given.join(",");
    let mask = call.query("updateMask").unwrap_or(&given);
    mask::merge(&mut role, &call.body, mask, FIELDS)?;
    Ok(keep(world, name, role))
}

fn delete(world: &mut World, call: &Call) -> Answer {
    let (name, mut role) = named(world, call, true)?;
    check_etag(&role, call.query("etag"))?;
    role["deleted"] = json!(true);
    Ok(keep(world, name, role))
}

fn undelete(world: &mut World, call: &Call) -> Answer {
    let (name, mut role) = named(world, call, false)?;
    check_etag(&role, call.body["etag"].as_str())?;
    if role["deleted"] != true {
        return Err(Failure::precondition(&format!("The role named {name} is not deleted.")));
    }
    if let Some(fields) = role.as_object_mut() {
        fields.remove("deleted");
    }
    Ok(keep(world, name, role))
}
