//! IAM policies of all resources: whole replacement within the mask, etags, versions and conditions,
//! members that must exist.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde_json::{Value, json};

use super::{
    call::{Answer, Call},
    failure::Failure,
    world::World,
};

/// The policy of `resource`, as a reader of `version` sees it.
pub fn get(world: &mut World, resource: &str, version: u64) -> Value {
    let mut policy = stored(world, resource);
    let bindings = policy["bindings"].as_array().cloned().unwrap_or_default();
    let conditional = bindings.iter().any(|binding| binding.get("condition").is_some());
    policy["version"] = json!(if conditional && version >= 3 { 3 } else { 1 });
    if conditional && version < 3 {
        policy["bindings"] = bindings.into_iter().map(without_condition).collect();
    }
    if policy["bindings"].as_array().is_some_and(Vec::is_empty)
        && let Some(fields) = policy.as_object_mut()
    {
        fields.remove("bindings");
    }
    policy
}

fn stored(world: &mut World, resource: &str) -> Value {
    if let Some(policy) = world.policies.get(resource) {
        return policy.clone();
    }
    let policy = json!({"version": 1, "etag": world.etag(), "bindings": []});
    world.policies.insert(resource.to_owned(), policy.clone());
    policy
}

/// What a reader of an older version gets: a role that does not exist.
fn without_condition(mut binding: Value) -> Value {
    let Some(condition) = binding.as_object_mut().and_then(|fields| fields.remove("condition"))
    else {
        return binding;
    };
    let mut hasher = DefaultHasher::new();
    condition.to_string().hash(&mut hasher);
    let role = binding["role"].as_str().unwrap_or_default();
    binding["role"] = json!(format!("{role}_withcond_{:020x}", hasher.finish()));
    binding
}

/// `getIamPolicy` with the version in the body or in the query.
pub fn answer_get(world: &mut World, call: &Call, resource: &str) -> Value {
    let version = call.body.pointer("/options/requestedPolicyVersion").and_then(Value::as_u64);
    let query = call
        .query("options.requestedPolicyVersion")
        .or_else(|| call.query("optionsRequestedPolicyVersion"));
    let version = version.or_else(|| query.and_then(|text| text.parse().ok()));
    get(world, resource, version.unwrap_or(1))
}

/// `setIamPolicy` with `{policy, updateMask}` in the body.
pub fn answer_set(world: &mut World, call: &Call, resource: &str) -> Answer {
    let policy = call.body.get("policy").cloned();
    let policy = policy.ok_or_else(|| Failure::invalid("Policy is required."))?;
    let mask = match call.text("/updateMask") {
        "" => "bindings,etag",
        mask => mask,
    };
    set(world, resource, &policy, mask, Failure::concurrent)
}

/// Replaces within `mask`; a stale etag is refused by `stale` (storage has its own way).
pub fn set(
    world: &mut World,
    resource: &str,
    policy: &Value,
    mask: &str,
    stale: fn() -> Failure,
) -> Answer {
    let mut next = stored(world, resource);
    let mask: Vec<&str> = mask.split(',').map(str::trim).collect();
    if let Some(other) =
        mask.iter().find(|path| !["bindings", "etag", "auditConfigs", "version"].contains(path))
    {
        return Err(Failure::invalid(&format!("Invalid update mask path: {other}")));
    }
    let etag = policy["etag"].as_str().filter(|etag| !etag.is_empty());
    let guarded = etag.filter(|_| mask.contains(&"etag"));
    if guarded.is_some_and(|etag| next["etag"] != etag) {
        return Err(stale());
    }
    if mask.contains(&"bindings") {
        let bindings = bindings(policy);
        check_version(&next, policy, &bindings, guarded.is_some())?;
        for binding in &bindings {
            check_role(world, binding)?;
            for member in binding["members"].as_array().into_iter().flatten() {
                let member = member.as_str().unwrap_or_default();
                check_member(world, resource, member, &next)?;
            }
        }
        next["bindings"] = Value::Array(bindings);
    }
    if mask.contains(&"auditConfigs") {
        match policy.get("auditConfigs") {
            Some(configs) if configs.as_array().is_some_and(|configs| !configs.is_empty()) => {
                next["auditConfigs"] = configs.clone();
            }
            _ => {
                if let Some(fields) = next.as_object_mut() {
                    fields.remove("auditConfigs");
                }
            }
        }
    }
    next["etag"] = json!(world.etag());
    world.policies.insert(resource.to_owned(), next);
    Ok(get(world, resource, 3))
}

/// Bindings as they are kept: one for each role and condition, members once, none empty.
fn bindings(policy: &Value) -> Vec<Value> {
    let mut kept: Vec<Value> = Vec::new();
    for binding in policy["bindings"].as_array().into_iter().flatten() {
        let same = |other: &Value| {
            other["role"] == binding["role"] && other.get("condition") == binding.get("condition")
        };
        let index = kept.iter().position(same).unwrap_or_else(|| {
            let mut empty = binding.clone();
            empty["members"] = json!([]);
            kept.push(empty);
            kept.len() - 1
        });
        let Some(members) = kept[index]["members"].as_array_mut() else { continue };
        for member in binding["members"].as_array().into_iter().flatten() {
            if !members.contains(member) {
                members.push(member.clone());
            }
        }
    }
    kept.retain(|binding| binding["members"].as_array().is_some_and(|members| !members.is_empty()));
    kept
}

fn check_version(
    before: &Value,
    policy: &Value,
    bindings: &[Value],
    guarded: bool,
) -> Result<(), Failure> {
    let version = policy["version"].as_u64().unwrap_or(0);
    if !matches!(version, 0 | 1 | 3) {
        return Err(Failure::invalid("Invalid policy version."));
    }
    let has = |bindings: &[Value]| bindings.iter().any(|one| one.get("condition").is_some());
    if has(bindings) && version != 3 {
        return Err(Failure::invalid(
            "The policy contains bindings with conditions; its version must be 3.",
        ));
    }
    // Without an etag the conditions of others are lost, as the documents warn.
    let kept = before["bindings"].as_array().is_some_and(|before| has(before));
    if kept && guarded && version != 3 {
        return Err(Failure::invalid(
            "The existing policy contains conditions; set the policy with version 3.",
        ));
    }
    Ok(())
}

fn check_role(world: &World, binding: &Value) -> Result<(), Failure> {
    let role = binding["role"].as_str().unwrap_or_default();
    let own = world.by_id(role);
    let known = match role.split('/').collect::<Vec<_>>()[..] {
        ["roles", name] => !name.contains("_withcond_"),
        ["projects", _, "roles", _] => {
            world.find("iam.roles", &own).is_some_and(|role| role["deleted"] != true)
        }
        ["organizations", _, "roles", _] => true,
        _ => return Err(Failure::invalid(&format!("Role name {role} is not valid."))),
    };
    if known {
        return Ok(());
    }
    let message = format!("Role ({role}) does not exist in the resource's hierarchy.");
    Err(Failure::invalid(&message))
}

fn check_member(
    world: &mut World,
    resource: &str,
    member: &str,
    before: &Value,
) -> Result<(), Failure> {
    let granted = before["bindings"].as_array().into_iter().flatten().any(|binding| {
        binding["members"].as_array().is_some_and(|members| members.contains(&json!(member)))
    });
    if granted {
        return Ok(());
    }
    if matches!(member, "allUsers" | "allAuthenticatedUsers") {
        let project = resource.split('/').count() == 2;
        let message = format!("The member {member} is not allowed in a project's policy.");
        return if project { Err(Failure::invalid(&message)) } else { Ok(()) };
    }
    if let Some(pool) = member
        .strip_prefix("principalSet://iam.googleapis.com/")
        .or_else(|| member.strip_prefix("principal://iam.googleapis.com/"))
    {
        return check_pool(world, pool);
    }
    let (kind, name) = member.split_once(':').unwrap_or(("", member));
    match kind {
        "serviceAccount" => check_account(world, name),
        "user" | "group" if name.contains('@') => Ok(()),
        "domain" => Ok(()),
        "deleted" => Err(Failure::invalid(&format!(
            "The member {member} is of an unknown deleted identity."
        ))),
        _ => Err(Failure::invalid(&format!("Invalid member: {member}."))),
    }
}

fn no_pool(pool: &str) -> Failure {
    Failure::invalid(&format!(
        "Identity Pool does not exist ({pool}). Please check that you specified a valid resource name as returned in the `name` attribute in the configuration API."
    ))
}

fn check_pool(world: &World, principal: &str) -> Result<(), Failure> {
    let parts: Vec<&str> = principal.split('/').collect();
    match parts[..] {
        ["projects", _, "locations", "global", "workloadIdentityPools", pool, ..]
            if pool.ends_with(".svc.id.goog") =>
        {
            check_cluster_pool(world, pool)
        }
        ["projects", _, "locations", "global", "workloadIdentityPools", _, _, ..] => {
            // By number: a name with the project's id is not found.
            let name = parts[..6].join("/");
            let pool = world.find("iam.workloadIdentityPools", &name);
            let live = pool.is_some_and(|pool| pool["state"] == "ACTIVE");
            if live { Ok(()) } else { Err(no_pool(&name)) }
        }
        ["locations", "global", "workforcePools", _, _, ..] => Ok(()),
        _ => Err(no_pool(principal)),
    }
}

/// Exists once there was a cluster with workload identity: the store `gke.identityPools`.
fn check_cluster_pool(world: &World, pool: &str) -> Result<(), Failure> {
    if world.find("gke.identityPools", pool).is_some() { Ok(()) } else { Err(no_pool(pool)) }
}

fn check_account(world: &mut World, name: &str) -> Result<(), Failure> {
    if let Some((pool, _)) = name.split_once('[') {
        return check_cluster_pool(world, pool);
    }
    let none = || Err(Failure::invalid(&format!("Service account {name} does not exist.")));
    let Some((local, domain)) = name.split_once('@') else { return none() };
    let agents = [
        "bigquery-encryption.iam.gserviceaccount.com",
        "gs-project-accounts.iam.gserviceaccount.com",
    ];
    if domain.starts_with("gcp-sa-") || agents.contains(&domain) {
        let known = world.find("serviceusage.identities", name).is_some();
        return if known { Ok(()) } else { none() };
    }
    let own = domain
        .strip_suffix(".iam.gserviceaccount.com")
        .is_some_and(|project| world.project_id(project).is_some());
    // Accounts of other projects, and the agents that always exist, are not looked into.
    if !own || local.is_empty() {
        return Ok(());
    }
    if known_account(world, name) { Ok(()) } else { none() }
}

/// Whether the account exists and is known everywhere by now; each question is a use.
pub fn known_account(world: &mut World, email: &str) -> bool {
    let Some(account) = world.store("iam.serviceAccounts").get_mut(email) else { return false };
    match account["_unknown"].as_u64().unwrap_or(0) {
        0 => true,
        uses => {
            account["_unknown"] = json!(uses - 1);
            false
        }
    }
}

/// Another writer has been here: only the etag differs.
pub fn touch(world: &mut World, resource: &str) {
    let mut policy = stored(world, resource);
    policy["etag"] = json!(world.etag());
    world.policies.insert(resource.to_owned(), policy);
}

/// Renames a member in all policies, as deletion and undeletion of an account do.
pub fn rename_member(world: &mut World, from: &str, to: &str) {
    for policy in world.policies.values_mut() {
        for binding in policy["bindings"].as_array_mut().into_iter().flatten() {
            for member in binding["members"].as_array_mut().into_iter().flatten() {
                if member == from {
                    *member = json!(to);
                }
            }
        }
    }
}
