//! Cloud Billing: which account pays for a project. `_billingAccount` and `_unpaid` of a project in the
//! store `projects` say so; the accounts that exist are in `cloudbilling.billingAccounts`.

use serde_json::{Value, json};

use super::super::{
    call::{Answer, Call, Method},
    failure::Failure,
    world::World,
};

pub const METHODS: &[Method] =
    &[Method::read("cloudbilling.projects.getBillingInfo", &["resourcemanager.projects.get"], get)];

pub const ACCOUNTS: &str = "cloudbilling.billingAccounts";

/// Pays for every project that names no other.
pub const ACCOUNT: &str = "billingAccounts/0123AB-4567CD-89EF01";

pub fn prepare(world: &mut World) {
    let account =
        json!({"name": ACCOUNT, "open": true, "displayName": "Main", "currencyCode": "USD"});
    world.store(ACCOUNTS).insert(ACCOUNT.to_owned(), account);
}

fn get(world: &mut World, call: &Call) -> Answer {
    let name = call.path("name").strip_prefix("projects/").unwrap_or_default();
    let name = name.split('/').next().unwrap_or_default();
    let project = world.number(name).and_then(|number| world.find("projects", &number));
    let project =
        project.ok_or_else(|| Failure::permission("The caller does not have permission"))?;
    let id = project["projectId"].as_str().unwrap_or_default();
    let mut info = json!({"name": format!("projects/{id}/billingInfo"), "projectId": id});
    if project["_unpaid"] != true {
        let account = project.get("_billingAccount").and_then(Value::as_str);
        info["billingAccountName"] = json!(account.unwrap_or(ACCOUNT));
        info["billingEnabled"] = json!(true);
    }
    Ok(info)
}
