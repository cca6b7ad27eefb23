//! IAM credentials: a service account's token for those who may impersonate it.

use serde_json::json;

use super::super::{
    call::{Answer, Call, Method},
    failure::Failure,
    world::World,
};

pub const METHODS: &[Method] = &[Method {
    id: "iamcredentials.projects.serviceAccounts.generateAccessToken",
    permissions: &["iam.serviceAccounts.getAccessToken"],
    write: false,
    run: generate,
}];

fn generate(world: &mut World, call: &Call) -> Answer {
    let account = call.path("name").rsplit('/').next().unwrap_or_default().to_owned();
    if call.body["scope"].as_array().is_none_or(Vec::is_empty) {
        return Err(Failure::invalid("Scope required."));
    }
    let domain = account.split_once('@').and_then(|(_, domain)| domain.split_once('.'));
    let own = domain.is_some_and(|(project, _)| world.project_id(project).is_some());
    if own && world.find("iam.serviceAccounts", &account).is_none() {
        return Err(Failure::missing("Not found; Gaia id not found for email ").reason(
            "NOT_FOUND",
            "iam.googleapis.com",
            &json!({"email": account}),
        ));
    }
    let token = world.callers.mint(&account);
    // Far enough ahead of every clock that a test may run by.
    Ok(json!({"accessToken": token, "expireTime": "2099-01-01T00:00:00Z"}))
}
