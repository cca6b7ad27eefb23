//! Organization Policy, to be read: a test puts policies into the store `orgpolicy.policies`, by
//! `projects/NUMBER/policies/CONSTRAINT`.

use super::super::{
    call::{Answer, Call, Method},
    failure::Failure,
    page,
    world::World,
};

pub const METHODS: &[Method] = &[
    Method::read("orgpolicy.projects.policies.get", &["orgpolicy.policy.get"], get),
    Method::read("orgpolicy.projects.policies.list", &["orgpolicy.policies.list"], list),
];

const POLICIES: &str = "orgpolicy.policies";

fn check_project(world: &World, name: &str) -> Result<(), Failure> {
    let project = name.split('/').nth(1).unwrap_or_default();
    let known = world.number(project).is_some();
    let refused = || Failure::permission("The caller does not have permission");
    if known { Ok(()) } else { Err(refused()) }
}

fn get(world: &mut World, call: &Call) -> Answer {
    let name = call.path("name");
    check_project(world, name)?;
    let policy = world.find(POLICIES, &world.by_number(name)).map(World::shown);
    policy.ok_or_else(|| Failure::missing("Requested entity was not found."))
}

fn list(world: &mut World, call: &Call) -> Answer {
    let parent = call.path("parent");
    check_project(world, parent)?;
    let prefix = format!("{}/policies/", world.by_number(parent));
    let policies = world.all(POLICIES).filter(|(name, _)| name.starts_with(&prefix));
    let policies = policies.map(|(_, policy)| World::shown(policy)).collect();
    page::page(world, call, "policies", policies)
}
