//! Alert policies, held against what Monitoring demands of them.

use serde_json::{Value, json};

use super::{
    super::super::{
        call::{Answer, Call, Method},
        failure::Failure,
        mask,
        world::World,
    },
    CHANNELS, check_labels, existing, listed, project, record, without_empty,
};

pub const METHODS: &[Method] = &[
    Method::write(
        "monitoring.projects.alertPolicies.create",
        &["monitoring.alertPolicies.create"],
        create,
    ),
    Method::read("monitoring.projects.alertPolicies.get", &["monitoring.alertPolicies.get"], get),
    Method::read(
        "monitoring.projects.alertPolicies.list",
        &["monitoring.alertPolicies.list"],
        list,
    ),
    Method::write(
        "monitoring.projects.alertPolicies.patch",
        &["monitoring.alertPolicies.update"],
        patch,
    ),
    Method::write(
        "monitoring.projects.alertPolicies.delete",
        &["monitoring.alertPolicies.delete"],
        delete,
    ),
];

const POLICIES: &str = "monitoring.alertPolicies";

const FILTERED: &[&str] = &[
    "name",
    "displayName",
    "documentation",
    "userLabels",
    "conditions",
    "combiner",
    "enabled",
    "notificationChannels",
];

const PATCHED: &[&str] = &[
    "alertStrategy",
    "combiner",
    "conditions",
    "displayName",
    "documentation",
    "enabled",
    "notificationChannels",
    "severity",
    "userLabels",
];

const CONDITIONS: &[&str] = &[
    "conditionAbsent",
    "conditionMatchedLog",
    "conditionMonitoringQueryLanguage",
    "conditionPrometheusQueryLanguage",
    "conditionSql",
    "conditionThreshold",
];

const MOST_CONDITIONS: usize = 6;

/// The policies that notify a channel.
pub fn users(world: &World, channel: &str) -> Vec<String> {
    let notifies = |policy: &Value| {
        let channels = policy["notificationChannels"].as_array();
        channels.is_some_and(|channels| channels.contains(&json!(channel)))
    };
    let users = world.all(POLICIES).filter(|(_, policy)| notifies(policy));
    users.map(|(name, _)| name.clone()).collect()
}

/// Takes a channel out of all policies.
pub fn forget(world: &mut World, channel: &str) {
    for policy in world.store(POLICIES).values_mut() {
        if let Some(channels) = policy["notificationChannels"].as_array_mut() {
            channels.retain(|other| other != channel);
        }
        without_empty(policy, &["notificationChannels"]);
    }
}

fn invalid(field: &str, value: &Value, why: &str) -> Failure {
    let message = format!("Field alert_policy.{field} had an invalid value of {value}: {why}");
    Failure::invalid(&message)
}

fn check(world: &World, policy: &Value) -> Result<(), Failure> {
    if policy["displayName"].as_str().is_none_or(str::is_empty) {
        return Err(invalid("display_name", &policy["displayName"], "is required."));
    }
    let combiner = policy["combiner"].as_str().unwrap_or("COMBINE_UNSPECIFIED");
    if combiner == "COMBINE_UNSPECIFIED" {
        return Err(invalid("combiner", &json!(combiner), "is required."));
    }
    let conditions = policy["conditions"].as_array().cloned().unwrap_or_default();
    if conditions.is_empty() || conditions.len() > MOST_CONDITIONS {
        let why = "a policy has one to six conditions.";
        return Err(invalid("conditions", &json!(conditions.len()), why));
    }
    for (index, condition) in conditions.iter().enumerate() {
        check_condition(condition, &format!("conditions[{index}]"))?;
    }
    check_logs(policy, &conditions)?;
    check_labels(policy, "alert_policy")?;
    for channel in policy["notificationChannels"].as_array().into_iter().flatten() {
        check_channel(world, channel.as_str().unwrap_or_default())?;
    }
    Ok(())
}

/// Alerts on log entries stand alone and are limited in their rate; no others are.
fn check_logs(policy: &Value, conditions: &[Value]) -> Result<(), Failure> {
    let logs = conditions.iter().any(|condition| condition.get("conditionMatchedLog").is_some());
    if logs && conditions.len() > 1 {
        let why = "a log match must be the only condition.";
        return Err(invalid("conditions", &json!(conditions.len()), why));
    }
    let limit = &policy["alertStrategy"]["notificationRateLimit"];
    if logs && limit["period"].as_str().is_none() {
        let why = "is required for policies with a log match condition.";
        return Err(invalid("alert_strategy.notification_rate_limit", limit, why));
    }
    if !logs && !limit.is_null() {
        let why = "is only allowed for policies with a log match condition.";
        return Err(invalid("alert_strategy.notification_rate_limit", limit, why));
    }
    Ok(())
}

fn check_channel(world: &World, name: &str) -> Result<(), Failure> {
    if !name.starts_with("projects/") || name.split('/').nth(2) != Some("notificationChannels") {
        return Err(Failure::invalid(&format!(
            "Name must begin with 'projects/{{project_id}}/notificationChannels/{{channel_id}}', got: {name}"
        )));
    }
    if world.find(CHANNELS, &world.by_id(name)).is_some() {
        return Ok(());
    }
    Err(Failure::missing(&format!("Notification channel not found: {name}")))
}

fn check_condition(condition: &Value, field: &str) -> Result<(), Failure> {
    if condition["displayName"].as_str().is_none_or(str::is_empty) {
        let field = format!("{field}.display_name");
        return Err(invalid(&field, &condition["displayName"], "is required."));
    }
    let kinds: Vec<&&str> =
        CONDITIONS.iter().filter(|kind| condition.get(**kind).is_some()).collect();
    let [kind] = kinds[..] else {
        return Err(invalid(field, &json!(kinds), "a condition has exactly one kind."));
    };
    let inner = &condition[*kind];
    match *kind {
        "conditionThreshold" | "conditionAbsent" => {
            check_series(inner, field, *kind == "conditionThreshold")
        }
        "conditionMatchedLog" => filled(inner, field, "filter"),
        _ => filled(inner, field, "query"),
    }
}

fn filled(inner: &Value, field: &str, name: &str) -> Result<(), Failure> {
    if inner[name].as_str().is_some_and(|text| !text.is_empty()) {
        return Ok(());
    }
    Err(invalid(&format!("{field}.{name}"), &inner[name], "is required."))
}

fn seconds(value: &Value) -> Option<f64> {
    value.as_str()?.strip_suffix('s')?.parse().ok()
}

fn check_series(inner: &Value, field: &str, threshold: bool) -> Result<(), Failure> {
    let filter = inner["filter"].as_str().unwrap_or_default();
    for needed in ["metric.type", "resource.type"] {
        if !filter.contains(needed) {
            let why = format!("must specify a restriction on \"{needed}\" in the filter.");
            return Err(invalid(&format!("{field}.filter"), &inner["filter"], &why));
        }
    }
    let denominator = inner["denominatorFilter"].as_str().filter(|filter| !filter.is_empty());
    if denominator.is_some_and(|filter| !filter.contains("metric.type")) {
        let why = "must specify a restriction on \"metric.type\" in the filter.";
        return Err(invalid(&format!("{field}.denominator_filter"), &json!(denominator), why));
    }
    let duration = seconds(&inner["duration"]);
    if duration.is_none_or(|seconds| seconds < 0.0 || seconds % 60.0 != 0.0) {
        let why = "must be a multiple of 60s.";
        return Err(invalid(&format!("{field}.duration"), &inner["duration"], why));
    }
    let comparison = inner["comparison"].as_str().unwrap_or("COMPARISON_UNSPECIFIED");
    if threshold && !matches!(comparison, "COMPARISON_GT" | "COMPARISON_LT") {
        let why = "only COMPARISON_GT and COMPARISON_LT are supported.";
        return Err(invalid(&format!("{field}.comparison"), &json!(comparison), why));
    }
    for list in ["aggregations", "denominatorAggregations"] {
        for aggregation in inner[list].as_array().into_iter().flatten() {
            let period = seconds(&aggregation["alignmentPeriod"]);
            let aligned =
                aggregation["perSeriesAligner"].as_str().is_some_and(|it| it != "ALIGN_NONE");
            if aligned && period.is_none_or(|seconds| seconds < 60.0) {
                let field = format!("{field}.{list}.alignment_period");
                return Err(invalid(
                    &field,
                    &aggregation["alignmentPeriod"],
                    "must be at least 60s.",
                ));
            }
        }
    }
    Ok(())
}

/// Names the conditions (those of `before` keep theirs if they say it), sets what the server sets.
fn settle(world: &mut World, name: &str, policy: &mut Value, before: &Value) {
    let conditions = before["conditions"].as_array().into_iter().flatten();
    let known: Vec<Value> = conditions.map(|condition| condition["name"].clone()).collect();
    for condition in policy["conditions"].as_array_mut().into_iter().flatten() {
        if !known.contains(&condition["name"]) {
            condition["name"] = json!(format!("{name}/conditions/{}", world.numeric_id()));
        }
        // A default is not told: a threshold of 0 looks like none.
        let inner = condition.get_mut("conditionThreshold").and_then(Value::as_object_mut);
        if let Some(inner) = inner
            && inner.get("thresholdValue").and_then(Value::as_f64) == Some(0.0)
        {
            inner.remove("thresholdValue");
        }
    }
    if policy.get("enabled").is_none_or(Value::is_null) {
        policy["enabled"] = json!(true);
    }
    if policy["documentation"]["content"].is_string()
        && policy["documentation"]["mimeType"].is_null()
    {
        policy["documentation"]["mimeType"] = json!("text/markdown");
    }
    let channels: Vec<String> = policy["notificationChannels"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|channel| channel.as_str().map(|channel| world.by_id(channel)))
        .collect();
    policy["notificationChannels"] = json!(channels);
    let emptied =
        ["userLabels", "notificationChannels", "documentation", "alertStrategy", "severity"];
    without_empty(policy, &emptied);
}

/// A policy on log entries keeps a rule in Cloud Logging, which needs a permission there.
fn demand_rule(world: &mut World, call: &Call, policy: &Value, verb: &str) -> Result<(), Failure> {
    if policy.pointer("/conditions/0/conditionMatchedLog").is_none() {
        return Ok(());
    }
    call.demand(world, &format!("logging.notificationRules.{verb}"), call.path("name"))
}

fn create(world: &mut World, call: &Call) -> Answer {
    let project = project(world, call.path("name"))?;
    demand_rule(world, call, &call.body, "create")?;
    let mut policy = call.body.clone();
    if !call.text("/name").is_empty() {
        return Err(invalid("name", &policy["name"], "must be empty: the server assigns it."));
    }
    check(world, &policy)?;
    let name = format!("{project}/alertPolicies/{}", world.numeric_id());
    settle(world, &name, &mut policy, &Value::Null);
    let record = record(world, call);
    policy["name"] = json!(name);
    policy["creationRecord"] = record.clone();
    policy["mutationRecord"] = record;
    world.store(POLICIES).insert(name, policy.clone());
    Ok(World::shown(&policy))
}

fn get(world: &mut World, call: &Call) -> Answer {
    let key = existing(world, call, POLICIES, "Alert policy")?;
    Ok(world.find(POLICIES, &key).map(World::shown).unwrap_or_default())
}

fn list(world: &mut World, call: &Call) -> Answer {
    listed(world, call, (POLICIES, "alertPolicies"), FILTERED, World::shown)
}

/// Without a mask the policy is replaced; only its name and the record of its creation stay.
fn patch(world: &mut World, call: &Call) -> Answer {
    let key = existing(world, call, POLICIES, "Alert policy")?;
    let old = world.find(POLICIES, &key).cloned().unwrap_or_default();
    let mut policy = old.clone();
    let all = PATCHED.join(",");
    let named = call.query("updateMask").filter(|mask| !mask.is_empty());
    mask::merge(&mut policy, &call.body, named.unwrap_or(&all), PATCHED)?;
    demand_rule(world, call, &policy, "update")?;
    check(world, &policy)?;
    settle(world, &key, &mut policy, &old);
    policy["mutationRecord"] = record(world, call);
    world.store(POLICIES).insert(key, policy.clone());
    Ok(World::shown(&policy))
}

fn delete(world: &mut World, call: &Call) -> Answer {
    let key = existing(world, call, POLICIES, "Alert policy")?;
    let policy = world.find(POLICIES, &key).cloned().unwrap_or_default();
    demand_rule(world, call, &policy, "delete")?;
    world.store(POLICIES).remove(&key);
    Ok(json!({}))
}
