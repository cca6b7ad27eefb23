//! Cloud Monitoring: notification channels; `policy` for alert policies.
//!
//! Names are the server's, so that a create which is repeated makes a second one.

pub mod policy;

use serde_json::{Value, json};

use super::super::{
    call::{Answer, Call, Method},
    failure::Failure,
    filter, mask, page,
    world::World,
};

pub const METHODS: &[Method] = &[
    Method::write(
        "monitoring.projects.notificationChannels.create",
        &["monitoring.notificationChannels.create"],
        create,
    ),
    Method::read(
        "monitoring.projects.notificationChannels.get",
        &["monitoring.notificationChannels.get"],
        get,
    ),
    Method::read(
        "monitoring.projects.notificationChannels.list",
        &["monitoring.notificationChannels.list"],
        list,
    ),
    Method::write(
        "monitoring.projects.notificationChannels.patch",
        &["monitoring.notificationChannels.update"],
        patch,
    ),
    Method::write(
        "monitoring.projects.notificationChannels.delete",
        &["monitoring.notificationChannels.delete"],
        delete,
    ),
];

const CHANNELS: &str = "monitoring.notificationChannels";

/// A type's labels: needed, possible, and those that are not told again.
struct Kind {
    name: &'static str,
    needed: &'static [&'static str],
    possible: &'static [&'static str],
    secret: &'static [&'static str],
}

const KINDS: &[Kind] = &[
    Kind { name: "email", needed: &["email_address"], possible: &[], secret: &[] },
    Kind { name: "sms", needed: &["number"], possible: &[], secret: &[] },
    Kind { name: "pubsub", needed: &["topic"], possible: &[], secret: &[] },
    Kind {
        name: "slack",
        needed: &["auth_token", "channel_name"],
        possible: &["team"],
        secret: &["auth_token"],
    },
    Kind { name: "webhook_tokenauth", needed: &["url"], possible: &[], secret: &[] },
    Kind {
        name: "webhook_basicauth",
        needed: &["url", "username", "password"],
        possible: &[],
        secret: &["password"],
    },
    Kind { name: "pagerduty", needed: &["service_key"], possible: &[], secret: &["service_key"] },
];

const FILTERED: &[&str] = &[
    "name",
    "type",
    "displayName",
    "description",
    "labels",
    "userLabels",
    "enabled",
    "verificationStatus",
];

const PATCHED: &[&str] = &["displayName", "description", "labels", "userLabels", "enabled"];

/// `projects/ID`; an unknown project looks like one that is not allowed.
fn project(world: &World, name: &str) -> Result<String, Failure> {
    let id = name.strip_prefix("projects/").unwrap_or_default();
    let id = id.split('/').next().unwrap_or_default();
    let known = world.project_id(id).map(|id| format!("projects/{id}"));
    known.ok_or_else(|| {
        Failure::permission(&format!("Permission denied (or the resource '{name}' may not exist)."))
    })
}

/// The key of an existing resource.
fn existing(world: &World, call: &Call, kind: &str, what: &str) -> Result<String, Failure> {
    project(world, call.path("name"))?;
    let key = world.by_id(call.path("name"));
    if world.find(kind, &key).is_some() {
        return Ok(key);
    }
    Err(Failure::missing(&format!("{what} not found: {}", call.path("name"))))
}

/// All of a kind in the project of the call, filtered, a page of them with their number.
fn listed(
    world: &World,
    call: &Call,
    (kind, field): (&str, &str),
    fields: &[&str],
    shown: fn(&Value) -> Value,
) -> Answer {
    let prefix = format!("{}/", project(world, call.path("name"))?);
    let values = world.all(kind).filter(|(name, _)| name.starts_with(&prefix));
    let values = values.map(|(_, value)| shown(value)).collect();
    let values = filter::chosen(values, call.query("filter"), fields)?;
    let total = values.len();
    let mut answer = page::page(world, call, field, values)?;
    if total > 0 {
        answer["totalSize"] = json!(total);
    }
    Ok(answer)
}

fn record(world: &mut World, call: &Call) -> Value {
    json!({"mutateTime": world.now(), "mutatedBy": call.identity})
}

/// Of user labels, keys begin with a letter, and nothing is in capitals.
fn check_labels(value: &Value, field: &str) -> Result<(), Failure> {
    let good = |letter: char| {
        letter.is_ascii_lowercase() || letter.is_ascii_digit() || "_-".contains(letter)
    };
    for (key, label) in value["userLabels"].as_object().into_iter().flatten() {
        let label = label.as_str().unwrap_or_default();
        let begins = key.starts_with(|letter: char| letter.is_ascii_lowercase());
        let short = key.len() <= 63 && label.len() <= 63;
        if !begins || !short || !key.chars().all(good) || !label.chars().all(good) {
            let message = format!(
                "Field {field}.userLabels had an invalid entry \"{key}\": \"{label}\": only lowercase letters, digits, underscores and dashes, 63 at most."
            );
            return Err(Failure::invalid(&message));
        }
    }
    Ok(())
}

/// What is empty is not told, as in all JSON of Google's newer APIs.
fn without_empty(value: &mut Value, fields: &[&str]) {
    let Some(object) = value.as_object_mut() else { return };
    for field in fields {
        let empty = object.get(*field).is_some_and(|value| match value {
            Value::Object(fields) => fields.is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::String(text) => text.is_empty(),
            Value::Null => true,
            _ => false,
        });
        if empty {
            object.remove(*field);
        }
    }
}

/// With secrets masked but for their last letters.
fn shown(channel: &Value) -> Value {
    let mut shown = World::shown(channel);
    let kind = KINDS.iter().find(|kind| channel["type"] == kind.name);
    for label in kind.map_or(&[][..], |kind| kind.secret) {
        if let Some(secret) = shown["labels"][label].as_str() {
            let hidden = secret.chars().count().saturating_sub(4);
            let rest: String = secret.chars().skip(hidden).collect();
            shown["labels"][label] = json!(format!("{}{rest}", "*".repeat(hidden)));
        }
    }
    shown
}

fn check(channel: &Value) -> Result<(), Failure> {
    let name = channel["type"].as_str().unwrap_or_default();
    let kind = KINDS.iter().find(|kind| kind.name == name).ok_or_else(|| {
        Failure::invalid(&format!(
            "Field notification_channel.type had an invalid value of \"{name}\": must be a known channel type."
        ))
    })?;
    let given = &channel["labels"];
    for label in kind.needed {
        if given[label].as_str().is_none_or(str::is_empty) {
            let message = format!(
                "Field \"notification_channel.labels['{label}']\" is required for channels of type \"{name}\"."
            );
            return Err(Failure::invalid(&message));
        }
    }
    for label in given.as_object().into_iter().flatten().map(|(label, _)| label.as_str()) {
        if !kind.needed.contains(&label) && !kind.possible.contains(&label) {
            let message = format!(
                "Field \"notification_channel.labels['{label}']\" is not allowed; labels must conform to the channel type's descriptor; permissible label keys for \"{name}\" are: {{{:?}}}",
                kind.needed
            );
            return Err(Failure::invalid(&message));
        }
    }
    let address = given["email_address"].as_str();
    if address.is_some_and(|address| !address.contains('@')) {
        return Err(Failure::invalid(
            "Field \"notification_channel.labels['email_address']\" had an invalid value: must be an e-mail address.",
        ));
    }
    check_labels(channel, "notification_channel")
}

/// As it is kept: what the server sets, set; what is empty, gone.
fn settle(channel: &mut Value) {
    if channel.get("enabled").is_none_or(Value::is_null) {
        channel["enabled"] = json!(true);
    }
    without_empty(channel, &["displayName", "description", "userLabels", "labels"]);
}

fn create(world: &mut World, call: &Call) -> Answer {
    let project = project(world, call.path("name"))?;
    let mut channel = call.body.clone();
    check(&channel)?;
    let name = format!("{project}/notificationChannels/{}", world.numeric_id());
    let record = record(world, call);
    channel["name"] = json!(name);
    channel["creationRecord"] = record.clone();
    channel["mutationRecords"] = json!([record]);
    if channel["type"] == "sms" {
        channel["verificationStatus"] = json!("UNVERIFIED");
    } else if let Some(fields) = channel.as_object_mut() {
        // Channels that need no verification have no status.
        fields.remove("verificationStatus");
    }
    settle(&mut channel);
    world.store(CHANNELS).insert(name, channel.clone());
    Ok(shown(&channel))
}

fn get(world: &mut World, call: &Call) -> Answer {
    let key = existing(world, call, CHANNELS, "Notification channel")?;
    Ok(world.find(CHANNELS, &key).map(shown).unwrap_or_default())
}

fn list(world: &mut World, call: &Call) -> Answer {
    listed(world, call, (CHANNELS, "notificationChannels"), FILTERED, shown)
}

fn patch(world: &mut World, call: &Call) -> Answer {
    let key = existing(world, call, CHANNELS, "Notification channel")?;
    let mut channel = world.find(CHANNELS, &key).cloned().unwrap_or_default();
    if call.body.get("type").is_some_and(|kind| *kind != channel["type"]) {
        return Err(Failure::invalid("Field notification_channel.type cannot be changed."));
    }
    let all = PATCHED.join(",");
    let named = call.query("updateMask").filter(|mask| !mask.is_empty());
    mask::merge(&mut channel, &call.body, named.unwrap_or(&all), PATCHED)?;
    check(&channel)?;
    settle(&mut channel);
    let record = record(world, call);
    // The latest comes first.
    if let Some(records) = channel["mutationRecords"].as_array_mut() {
        records.insert(0, record);
    }
    world.store(CHANNELS).insert(key, channel.clone());
    Ok(shown(&channel))
}

fn delete(world: &mut World, call: &Call) -> Answer {
    let key = existing(world, call, CHANNELS, "Notification channel")?;
    let users = policy::users(world, &key);
    if !users.is_empty() && call.query("force") != Some("true") {
        let users: Vec<String> = users.iter().map(|name| format!("\"{name}\"")).collect();
        let message = format!(
            "Could not delete \"{key}\" because it is still being referenced by: {}",
            users.join(", ")
        );
        return Err(Failure::precondition(&message));
    }
    policy::forget(world, &key);
    world.store(CHANNELS).remove(&key);
    Ok(json!({}))
}
