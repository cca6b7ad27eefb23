//! Cloud Storage: buckets, named in one space for everyone. `storage.buckets` is kept under their names,
//! policies under `buckets/NAME`; a bucket with `_foreign` belongs to somebody else.

use serde_json::{Value, json};

use super::{
    super::{
        call::{Answer, Call, Method},
        failure::Failure,
        mask, policy,
        world::World,
    },
    cmek::{self, Denied},
};

pub const METHODS: &[Method] = &[
    Method::read(
        "storage.projects.serviceAccount.get",
        &["resourcemanager.projects.get"],
        service_account,
    ),
    Method::write("storage.buckets.insert", &["storage.buckets.create"], insert),
    Method::read("storage.buckets.get", &["storage.buckets.get"], get),
    Method::write("storage.buckets.patch", &["storage.buckets.update"], patch),
    Method::write("storage.buckets.delete", &["storage.buckets.delete"], delete),
    Method::read("storage.buckets.getIamPolicy", &["storage.buckets.getIamPolicy"], get_policy),
    Method::write("storage.buckets.setIamPolicy", &["storage.buckets.setIamPolicy"], set_policy),
];

const BUCKETS: &str = "storage.buckets";

const CHANGEABLE: &[&str] = &[
    "iamConfiguration",
    "encryption",
    "retentionPolicy",
    "labels",
    "lifecycle",
    "versioning",
    "logging",
    "storageClass",
    "softDeletePolicy",
    "defaultEventBasedHold",
    "autoclass",
];

fn agent(project: &str) -> String {
    format!("service-{project}@gs-project-accounts.iam.gserviceaccount.com")
}

fn service_account(world: &mut World, call: &Call) -> Answer {
    let named = call.path("projectId");
    if world.number(named).is_none() {
        return Err(Failure::invalid(&format!("Unknown project id: {named}")));
    }
    let email = agent(&call.project);
    cmek::introduce(world, &email);
    Ok(json!({"kind": "storage#serviceAccount", "email_address": email}))
}

/// The bucket, where the caller may know of it; others' are forbidden.
fn find(world: &World, call: &Call) -> Result<(String, Value), Failure> {
    let name = call.path("bucket");
    let missing = || Failure::missing("The specified bucket does not exist.");
    let bucket = world.find(BUCKETS, name).ok_or_else(missing)?;
    if bucket["_foreign"] == true {
        return Err(Failure::permission(&format!(
            "{} does not have storage.buckets.get access to the Google Cloud Storage bucket.",
            call.identity
        )));
    }
    let generation = bucket["metageneration"].as_str();
    let unmet = call
        .query("ifMetagenerationMatch")
        .is_some_and(|wanted| Some(wanted) != generation)
        || call.query("ifMetagenerationNotMatch").is_some_and(|other| Some(other) == generation);
    if unmet {
        return Err(stale());
    }
    Ok((name.to_owned(), bucket.clone()))
}

fn stale() -> Failure {
    Failure::new(
        412,
        "FAILED_PRECONDITION",
        "At least one of the pre-conditions you specified did not hold.",
    )
}

fn check_key(world: &World, bucket: &Value) -> Result<(), Failure> {
    let key = bucket.pointer("/encryption/defaultKmsKeyName").and_then(Value::as_str);
    let Some(key) = key.filter(|key| !key.is_empty()) else { return Ok(()) };
    let location = bucket["location"].as_str().unwrap_or_default();
    let project = bucket["projectNumber"].as_str().unwrap_or_default();
    cmek::check(world, key, location, &agent(project)).map(|_| ()).map_err(|denied| match denied {
        Denied::Access => Failure::permission(
            "Permission denied on Cloud KMS key. Please ensure that your Cloud Storage service account has been authorized to use this key.",
        ),
        Denied::Location => Failure::invalid(&format!(
            "Cloud KMS key '{key}' is not in the bucket's location '{location}'."
        )),
    })
}

fn check_name(name: &str) -> Result<(), Failure> {
    let letter = |letter: char| {
        letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-_.".contains(letter)
    };
    if (3..=63).contains(&name.len()) && name.chars().all(letter) && !name.starts_with("goog") {
        return Ok(());
    }
    Err(Failure::invalid(&format!("Invalid bucket name: '{name}'")))
}

fn insert(world: &mut World, call: &Call) -> Answer {
    let name = call.text("/name");
    check_name(name)?;
    if let Some(old) = world.find(BUCKETS, name) {
        let mut failure = Failure::exists(if old["_foreign"] == true {
            "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again."
        } else {
            "Your previous request to create the named bucket succeeded and you already own it."
        });
        failure.older = "conflict";
        return Err(failure);
    }
    let location = match call.text("/location") {
        "" => "US".to_owned(),
        location => location.to_ascii_uppercase(),
    };
    let multi = matches!(location.as_str(), "US" | "EU" | "ASIA");
    let now = world.now();
    let mut bucket = json!({
        "kind": "storage#bucket",
        "id": name,
        "name": name,
        "selfLink": format!("https://www.googleapis.com/storage/v1/b/{name}"),
        "projectNumber": call.project,
        "location": location,
        "locationType": if multi { "multi-region" } else { "region" },
        "storageClass": "STANDARD",
        "iamConfiguration": {
            "uniformBucketLevelAccess": {"enabled": false},
            "publicAccessPrevention": "inherited",
        },
        "softDeletePolicy": {"retentionDurationSeconds": "604800", "effectiveTime": now},
        "timeCreated": now,
    });
    merge_allowed(&mut bucket, &call.body);
    with_defaults(world, &mut bucket);
    check_key(world, &bucket)?;
    bucket["metageneration"] = json!("1");
    Ok(kept(world, name, bucket))
}

fn merge_allowed(bucket: &mut Value, body: &Value) {
    for field in CHANGEABLE {
        match body.get(field) {
            Some(Value::Null) => {
                bucket.as_object_mut().map(|fields| fields.remove(*field));
            }
            Some(value) => mask::patch(&mut bucket[*field], value),
            None => {}
        }
    }
}

/// What the server adds: since when, and numbers of 64 bits as texts.
fn with_defaults(world: &mut World, bucket: &mut Value) {
    let since = world.now();
    if let Some(retention) = bucket.get_mut("retentionPolicy") {
        if let Some(period) = retention["retentionPeriod"].as_u64() {
            retention["retentionPeriod"] = json!(period.to_string());
        }
        retention["effectiveTime"] = json!(since);
    }
    let access = &mut bucket["iamConfiguration"]["uniformBucketLevelAccess"];
    if access["enabled"] == true {
        access["lockedTime"] = json!("2026-04-01T00:00:00Z");
    } else if let Some(fields) = access.as_object_mut() {
        fields.remove("lockedTime");
    }
}

fn kept(world: &mut World, name: &str, mut bucket: Value) -> Value {
    bucket["updated"] = json!(world.now());
    bucket["etag"] = json!(world.etag());
    let shown = World::shown(&bucket);
    world.store(BUCKETS).insert(name.to_owned(), bucket);
    shown
}

fn get(world: &mut World, call: &Call) -> Answer {
    find(world, call).map(|(_, bucket)| World::shown(&bucket))
}

fn patch(world: &mut World, call: &Call) -> Answer {
    let (name, old) = find(world, call)?;
    let location = call.text("/location");
    if !location.is_empty()
        && !old["location"].as_str().unwrap_or_default().eq_ignore_ascii_case(location)
    {
        return Err(Failure::invalid("The location of a bucket cannot be changed."));
    }
    let mut bucket = old.clone();
    merge_allowed(&mut bucket, &call.body);
    let locked = old.pointer("/retentionPolicy/isLocked") == Some(&json!(true));
    if locked && bucket["retentionPolicy"] != old["retentionPolicy"] {
        return Err(Failure::permission("The retention policy of the bucket is locked."));
    }
    if bucket["retentionPolicy"] != old["retentionPolicy"]
        || bucket["iamConfiguration"] != old["iamConfiguration"]
    {
        with_defaults(world, &mut bucket);
    }
    check_key(world, &bucket)?;
    let generation = old["metageneration"].as_str().and_then(|text| text.parse::<u64>().ok());
    bucket["metageneration"] = json!((generation.unwrap_or(1) + 1).to_string());
    Ok(kept(world, &name, bucket))
}

/// `_objects`: a test's way to say that it holds something.
fn delete(world: &mut World, call: &Call) -> Answer {
    let (name, bucket) = find(world, call)?;
    if bucket["_objects"] == true {
        let mut failure = Failure::new(
            409,
            "FAILED_PRECONDITION",
            "The bucket you tried to delete is not empty.",
        );
        failure.older = "conflict";
        return Err(failure);
    }
    world.store(BUCKETS).remove(&name);
    world.policies.remove(&format!("buckets/{name}"));
    Ok(Value::Null)
}

fn with_kind(mut policy: Value, name: &str) -> Value {
    policy["kind"] = json!("storage#policy");
    policy["resourceId"] = json!(format!("projects/_/buckets/{name}"));
    policy
}

fn get_policy(world: &mut World, call: &Call) -> Answer {
    let (name, _) = find(world, call)?;
    Ok(with_kind(policy::answer_get(world, call, &format!("buckets/{name}")), &name))
}

/// The body is the policy itself; a stale etag is 412.
fn set_policy(world: &mut World, call: &Call) -> Answer {
    let (name, _) = find(world, call)?;
    let resource = format!("buckets/{name}");
    let policy = policy::set(world, &resource, &call.body, "bindings,etag", stale)?;
    Ok(with_kind(policy, &name))
}
