//! Cloud Billing Budgets, of the accounts in the store `cloudbilling.billingAccounts`.

use serde_json::{Value, json};

use super::{
    super::{
        call::{Answer, Call, Method},
        failure::Failure,
        mask, page,
        world::World,
    },
    cloudbilling::ACCOUNTS,
};

pub const METHODS: &[Method] = &[
    Method::write(
        "billingbudgets.billingAccounts.budgets.create",
        &["billing.budgets.create"],
        create,
    ),
    Method::read("billingbudgets.billingAccounts.budgets.get", &["billing.budgets.get"], get),
    Method::read("billingbudgets.billingAccounts.budgets.list", &["billing.budgets.list"], list),
    Method::write(
        "billingbudgets.billingAccounts.budgets.patch",
        &["billing.budgets.update"],
        patch,
    ),
    Method::write(
        "billingbudgets.billingAccounts.budgets.delete",
        &["billing.budgets.delete"],
        delete,
    ),
];

const BUDGETS: &str = "billingbudgets.budgets";
const MOST_CHANNELS: usize = 5;
const LONGEST_NAME: usize = 60;

const PATCHED: &[&str] = &[
    "amount",
    "budgetFilter",
    "displayName",
    "etag",
    "notificationsRule",
    "ownershipScope",
    "thresholdRules",
];

/// The account, which looks forbidden if there is none.
fn account(world: &World, name: &str) -> Result<String, Failure> {
    let account: Vec<&str> = name.split('/').take(2).collect();
    let account = account.join("/");
    if world.find(ACCOUNTS, &account).is_some() {
        return Ok(account);
    }
    Err(Failure::permission("The caller does not have permission"))
}

fn missing() -> Failure {
    Failure::missing("Requested entity was not found.")
}

fn invalid(why: &str) -> Failure {
    Failure::invalid(&format!("Request contains an invalid argument: {why}"))
}

fn check(world: &World, budget: &Value) -> Result<(), Failure> {
    if budget["displayName"].as_str().is_some_and(|name| name.chars().count() > LONGEST_NAME) {
        return Err(invalid("budget.display_name has more than 60 characters."));
    }
    let amount = &budget["amount"];
    if amount.get("specifiedAmount").is_some() == amount.get("lastPeriodAmount").is_some() {
        return Err(invalid("budget.amount needs exactly one kind of amount."));
    }
    for rule in budget["thresholdRules"].as_array().into_iter().flatten() {
        if rule["thresholdPercent"].as_f64().is_none_or(|percent| percent < 0.0) {
            return Err(invalid("budget.threshold_rules.threshold_percent must not be negative."));
        }
    }
    let rule = &budget["notificationsRule"];
    let topic = rule["pubsubTopic"].as_str().is_some_and(|topic| !topic.is_empty());
    if topic && rule["schemaVersion"] != "1.0" {
        return Err(invalid("notifications_rule.schema_version must be 1.0 with a topic."));
    }
    let channels = rule["monitoringNotificationChannels"].as_array().cloned().unwrap_or_default();
    if channels.len() > MOST_CHANNELS {
        return Err(invalid("there are at most 5 monitoring_notification_channels."));
    }
    for channel in channels {
        let name = world.by_id(channel.as_str().unwrap_or_default());
        let known = world.find("monitoring.notificationChannels", &name);
        if known.is_none_or(|channel| channel["type"] != "email") {
            return Err(invalid(&format!("{name} is no notification channel for e-mail.")));
        }
    }
    Ok(())
}

/// Projects by number, and what the server fills in.
fn settle(world: &mut World, account: &str, budget: &mut Value) {
    let currency = world.find(ACCOUNTS, account).map(|account| account["currencyCode"].clone());
    if let Some(amount) = budget["amount"].get_mut("specifiedAmount") {
        if amount.get("currencyCode").is_none() {
            amount["currencyCode"] = json!(currency);
        }
        // A number of 64 bits is a text, however it was sent.
        if let Some(units) = amount["units"].as_i64() {
            amount["units"] = json!(units.to_string());
        }
    }
    let filter = &mut budget["budgetFilter"];
    if filter.is_null() {
        *filter = json!({});
    }
    for project in filter["projects"].as_array_mut().into_iter().flatten() {
        *project = json!(world.by_number(project.as_str().unwrap_or_default()));
    }
    if filter["creditTypesTreatment"].is_null() {
        filter["creditTypesTreatment"] = json!("INCLUDE_ALL_CREDITS");
    }
    if filter["calendarPeriod"].is_null() && filter["customPeriod"].is_null() {
        filter["calendarPeriod"] = json!("MONTH");
    }
    if let Some(fields) = filter.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    for rule in budget["thresholdRules"].as_array_mut().into_iter().flatten() {
        if rule["spendBasis"].is_null() {
            rule["spendBasis"] = json!("CURRENT_SPEND");
        }
    }
    budget["etag"] = json!(world.etag());
    if let Some(fields) = budget.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
}

fn create(world: &mut World, call: &Call) -> Answer {
    let account = account(world, call.path("parent"))?;
    let mut budget = call.body.clone();
    check(world, &budget)?;
    settle(world, &account, &mut budget);
    let name = format!("{account}/budgets/00000000-0000-4000-8000-{:012x}", world.serial());
    budget["name"] = json!(name);
    world.store(BUDGETS).insert(name, budget.clone());
    Ok(World::shown(&budget))
}

fn get(world: &mut World, call: &Call) -> Answer {
    account(world, call.path("name"))?;
    world.find(BUDGETS, call.path("name")).map(World::shown).ok_or_else(missing)
}

fn list(world: &mut World, call: &Call) -> Answer {
    let prefix = format!("{}/", account(world, call.path("parent"))?);
    let scope = call.query("scope").map(|scope| world.by_number(scope));
    let in_scope = |budget: &Value| {
        let projects = budget["budgetFilter"]["projects"].as_array();
        let named = |scope: &String| projects.is_some_and(|all| all.contains(&json!(scope)));
        scope.as_ref().is_none_or(named)
    };
    let budgets = world.all(BUDGETS).filter(|(name, _)| name.starts_with(&prefix));
    let budgets = budgets.filter(|(_, budget)| in_scope(budget));
    let budgets = budgets.map(|(_, budget)| World::shown(budget)).collect();
    page::page(world, call, "budgets", budgets)
}

/// Without a mask, what is given and is no default is taken over; the rest stays.
fn patch(world: &mut World, call: &Call) -> Answer {
    let account = account(world, call.path("name"))?;
    let name = call.path("name").to_owned();
    let mut budget = world.find(BUDGETS, &name).cloned().ok_or_else(missing)?;
    let etag = call.text("/etag");
    if !etag.is_empty() && budget["etag"] != etag {
        return Err(Failure::new(409, "ABORTED", "The budget has changed since it was read."));
    }
    let given: Vec<&str> =
        PATCHED.iter().copied().filter(|field| is_set(&call.body[field])).collect();
    let given = given.join(",");
    let named = call.query("updateMask").filter(|mask| !mask.is_empty());
    mask::merge(&mut budget, &call.body, named.unwrap_or(&given), PATCHED)?;
    check(world, &budget)?;
    settle(world, &account, &mut budget);
    world.store(BUDGETS).insert(name, budget.clone());
    Ok(World::shown(&budget))
}

fn is_set(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => true,
    }
}

/// A budget that is already gone is no error.
fn delete(world: &mut World, call: &Call) -> Answer {
    account(world, call.path("name"))?;
    world.store(BUDGETS).remove(call.path("name"));
    Ok(json!({}))
}
