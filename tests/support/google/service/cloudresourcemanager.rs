//! Resource Manager: projects and their policies.

use serde_json::{Value, json};

use super::super::{
    call::{Answer, Call, Method},
    failure::Failure,
    policy,
    world::World,
};

pub const METHODS: &[Method] = &[
    Method {
        id: "cloudresourcemanager.projects.get",
        permissions: &["resourcemanager.projects.get"],
        write: false,
        run: get,
    },
    Method {
        id: "cloudresourcemanager.projects.getIamPolicy",
        permissions: &["resourcemanager.projects.getIamPolicy"],
        write: false,
        run: get_policy,
    },
    Method {
        id: "cloudresourcemanager.projects.setIamPolicy",
        permissions: &["resourcemanager.projects.setIamPolicy"],
        write: true,
        run: set_policy,
    },
    Method {
        id: "cloudresourcemanager.projects.testIamPermissions",
        permissions: &[],
        write: false,
        run: test_permissions,
    },
];

/// The number; a project that is unknown looks like one that is not allowed.
fn project(world: &World, name: &str) -> Result<String, Failure> {
    let id = name.strip_prefix("projects/").unwrap_or_default();
    world.number(id).ok_or_else(|| {
        Failure::permission(&format!(
            "The caller does not have permission on project '{id}' (or it may not exist)."
        ))
    })
}

fn get(world: &mut World, call: &Call) -> Answer {
    let number = project(world, call.path("name"))?;
    Ok(world.find("projects", &number).map(World::shown).unwrap_or_default())
}

fn get_policy(world: &mut World, call: &Call) -> Answer {
    let number = project(world, call.path("resource"))?;
    Ok(policy::answer_get(world, call, &format!("projects/{number}")))
}

fn set_policy(world: &mut World, call: &Call) -> Answer {
    let number = project(world, call.path("resource"))?;
    policy::answer_set(world, call, &format!("projects/{number}"))
}

fn test_permissions(world: &mut World, call: &Call) -> Answer {
    project(world, call.path("resource"))?;
    Ok(permissions(world, call))
}

/// Those of the permissions asked for that the caller has.
pub fn permissions(world: &World, call: &Call) -> Value {
    let asked = call.body["permissions"].as_array().cloned().unwrap_or_default();
    let may = |permission: &Value| {
        permission.as_str().is_some_and(|name| world.callers.may(&call.identity, name))
    };
    let had: Vec<Value> = asked.into_iter().filter(may).collect();
    if had.is_empty() { json!({}) } else { json!({"permissions": had}) }
}
