//! BigQuery: datasets, and tables as far as to see that a dataset holds something. `bigquery.datasets`
//! is kept under `projects/ID/datasets/D`, `bigquery.tables` under that and `/tables/T`.

use serde_json::{Value, json};

use super::{
    super::{
        call::{Answer, Call, Method},
        failure::Failure,
        mask, page,
        world::World,
    },
    cmek::{self, Denied},
};

pub const DATASETS: &str = "bigquery.datasets";
pub const TABLES: &str = "bigquery.tables";

pub const METHODS: &[Method] = &[
    Method::read("bigquery.projects.getServiceAccount", &["bigquery.jobs.create"], service_account),
    Method::write("bigquery.datasets.insert", &["bigquery.datasets.create"], insert),
    Method::read("bigquery.datasets.get", &["bigquery.datasets.get"], get),
    Method::read("bigquery.datasets.list", &["bigquery.datasets.get"], list),
    Method::write("bigquery.datasets.patch", &["bigquery.datasets.update"], patch),
    Method::write("bigquery.datasets.update", &["bigquery.datasets.update"], update),
    Method::write("bigquery.datasets.delete", &["bigquery.datasets.delete"], delete),
    Method::read("bigquery.tables.get", &["bigquery.tables.get"], get_table),
    Method::read("bigquery.tables.list", &["bigquery.tables.list"], list_tables),
];

/// Set by Google, and never by a client's body.
const OUTPUT: &[&str] = &[
    "kind",
    "etag",
    "id",
    "selfLink",
    "creationTime",
    "lastModifiedTime",
    "type",
    "datasetReference",
    "location",
];

const HOUR: i64 = 3_600_000;

fn agent(project: &str) -> String {
    format!("bq-{project}@bigquery-encryption.iam.gserviceaccount.com")
}

fn service_account(world: &mut World, call: &Call) -> Answer {
    project(world, call)?;
    let email = agent(&call.project);
    cmek::introduce(world, &email);
    Ok(json!({"kind": "bigquery#getServiceAccountResponse", "email": email}))
}

/// `projects/ID` of the call.
fn project(world: &World, call: &Call) -> Result<String, Failure> {
    let named = call.path("projectId");
    let id = world.project_id(named);
    id.map(|id| format!("projects/{id}"))
        .ok_or_else(|| Failure::missing(&format!("Not found: Project {named}")))
}

/// A dataset as errors call it.
fn called(name: &str) -> String {
    let parts: Vec<&str> = name.split('/').collect();
    match parts[..] {
        ["projects", project, "datasets", dataset] => format!("Dataset {project}:{dataset}"),
        ["projects", project, "datasets", dataset, "tables", table] => {
            format!("Table {project}:{dataset}.{table}")
        }
        _ => name.to_owned(),
    }
}

fn find(world: &World, call: &Call) -> Result<(String, Value), Failure> {
    let name = format!("{}/datasets/{}", project(world, call)?, call.path("datasetId"));
    let found = world.find(DATASETS, &name).cloned();
    let found = found.ok_or_else(|| Failure::missing(&format!("Not found: {}", called(&name))))?;
    Ok((name, found))
}

/// Milliseconds since the epoch, of the fake's clock.
fn milliseconds(world: &mut World) -> String {
    (1_767_225_600_000 + world.serial() * 1000).to_string()
}

/// Numbers of 64 bits are texts; no more than an hour makes no expiration.
fn checked(dataset: &mut Value) -> Result<(), Failure> {
    for field in ["defaultTableExpirationMs", "defaultPartitionExpirationMs", "maxTimeTravelHours"]
    {
        if let Some(number) = dataset[field].as_i64() {
            dataset[field] = json!(number.to_string());
        }
    }
    let expiration = dataset["defaultTableExpirationMs"].as_str();
    match expiration.and_then(|text| text.parse::<i64>().ok()) {
        Some(0) => dataset["defaultTableExpirationMs"] = Value::Null,
        Some(time) if time < HOUR => {
            return Err(Failure::invalid(
                "Invalid value for defaultTableExpirationMs: it must be at least 3600000.",
            ));
        }
        _ => {}
    }
    if let Some(fields) = dataset.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    Ok(())
}

fn check_key(world: &World, call: &Call, dataset: &Value) -> Result<(), Failure> {
    let key = dataset.pointer("/defaultEncryptionConfiguration/kmsKeyName");
    let Some(key) = key.and_then(Value::as_str) else { return Ok(()) };
    let location = dataset["location"].as_str().unwrap_or_default();
    let agent = agent(&call.project);
    cmek::check(world, key, location, &agent).map(|_| ()).map_err(|denied| match denied {
        Denied::Access => {
            let mut failure = Failure::permission(&format!(
                "Access Denied: BigQuery BigQuery: Cloud KMS Error: Permission 'cloudkms.cryptoKeyVersions.useToEncrypt' denied on resource '{key}' (or it may not exist). Please grant Cloud KMS CryptoKey Encrypter/Decrypter role to BigQuery service account: {agent}"
            ));
            failure.older = "accessDenied";
            failure
        }
        Denied::Location => Failure::invalid(&format!(
            "Cloud KMS key {key} is not in the dataset's location {location}."
        )),
    })
}

/// Who may do what when the caller does not say.
fn default_access() -> Value {
    json!([
        {"role": "WRITER", "specialGroup": "projectWriters"},
        {"role": "OWNER", "specialGroup": "projectOwners"},
        {"role": "READER", "specialGroup": "projectReaders"},
    ])
}

fn insert(world: &mut World, call: &Call) -> Answer {
    let project = project(world, call)?;
    let id = call.text("/datasetReference/datasetId");
    let letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    if id.is_empty() || id.len() > 1024 || !id.chars().all(letter) {
        return Err(Failure::invalid(&format!("Invalid dataset ID \"{id}\".")));
    }
    let named = call.text("/datasetReference/projectId");
    if !named.is_empty() && world.number(named).as_ref() != Some(&call.project) {
        return Err(Failure::invalid("The project of the dataset is not the request's."));
    }
    let name = format!("{project}/datasets/{id}");
    if world.find(DATASETS, &name).is_some() {
        let mut failure = Failure::exists(&format!("Already Exists: {}", called(&name)));
        failure.older = "duplicate";
        return Err(failure);
    }
    let short = project.trim_start_matches("projects/");
    let location = match call.text("/location") {
        "" => "US",
        text if matches!(text.to_ascii_lowercase().as_str(), "us" | "eu") => {
            &text.to_ascii_uppercase()
        }
        text => text,
    };
    let mut dataset = json!({
        "kind": "bigquery#dataset",
        "id": format!("{short}:{id}"),
        "selfLink": format!("https://bigquery.googleapis.com/bigquery/v2/{name}"),
        "datasetReference": {"projectId": short, "datasetId": id},
        "location": location,
        "type": "DEFAULT",
        "access": default_access(),
        "maxTimeTravelHours": "168",
        "creationTime": milliseconds(world),
    });
    take(&mut dataset, &call.body);
    checked(&mut dataset)?;
    check_key(world, call, &dataset)?;
    Ok(kept(world, name, dataset))
}

fn take(dataset: &mut Value, body: &Value) {
    let fields = body.as_object().into_iter().flatten();
    for (field, value) in fields.filter(|(field, _)| !OUTPUT.contains(&field.as_str())) {
        dataset[field] = value.clone();
    }
}

fn kept(world: &mut World, name: String, mut dataset: Value) -> Value {
    dataset["etag"] = json!(world.etag());
    dataset["lastModifiedTime"] = json!(milliseconds(world));
    let shown = World::shown(&dataset);
    world.store(DATASETS).insert(name, dataset);
    shown
}

fn get(world: &mut World, call: &Call) -> Answer {
    find(world, call).map(|(_, dataset)| World::shown(&dataset))
}

fn list(world: &mut World, call: &Call) -> Answer {
    let prefix = format!("{}/datasets/", project(world, call)?);
    let known = world.all(DATASETS).filter(|(name, _)| name.starts_with(&prefix));
    let short = |dataset: &Value| {
        let fields =
            ["kind", "id", "datasetReference", "labels", "friendlyName", "location", "type"];
        let fields = fields.into_iter().filter_map(|field| Some((field, dataset.get(field)?)));
        fields.map(|(field, value)| (field.to_owned(), value.clone())).collect::<Value>()
    };
    let datasets = known.map(|(_, dataset)| short(dataset)).collect();
    let mut answer = page::page(world, call, "datasets", datasets)?;
    answer["kind"] = json!("bigquery#datasetList");
    answer["etag"] = json!(world.etag());
    Ok(answer)
}

/// Refuses a change where another writer was faster, and a change of the place.
fn check_change(call: &Call, dataset: &Value) -> Result<(), Failure> {
    if call.if_match.as_ref().is_some_and(|etag| etag != "*" && dataset["etag"] != etag.as_str()) {
        return Err(Failure::new(412, "FAILED_PRECONDITION", "Precondition check failed."));
    }
    let asked = call.text("/location");
    let location = dataset["location"].as_str().unwrap_or_default();
    if asked.is_empty() || asked.eq_ignore_ascii_case(location) {
        return Ok(());
    }
    Err(Failure::invalid("The location of a dataset cannot be changed."))
}

fn patch(world: &mut World, call: &Call) -> Answer {
    let (name, mut dataset) = find(world, call)?;
    check_change(call, &dataset)?;
    let mut asked = json!({});
    take(&mut asked, &call.body);
    mask::patch(&mut dataset, &asked);
    checked(&mut dataset)?;
    check_key(world, call, &dataset)?;
    Ok(kept(world, name, dataset))
}

/// What the body does not name is gone, except what was Google's.
fn update(world: &mut World, call: &Call) -> Answer {
    let (name, old) = find(world, call)?;
    check_change(call, &old)?;
    let mut dataset = json!({"access": default_access(), "maxTimeTravelHours": "168"});
    for field in OUTPUT {
        dataset[*field] = old[*field].clone();
    }
    take(&mut dataset, &call.body);
    checked(&mut dataset)?;
    check_key(world, call, &dataset)?;
    Ok(kept(world, name, dataset))
}

fn tables(world: &World, dataset: &str) -> Vec<(String, Value)> {
    let prefix = format!("{dataset}/tables/");
    let tables = world.all(TABLES).filter(|(name, _)| name.starts_with(&prefix));
    tables.map(|(name, table)| (name.clone(), World::shown(table))).collect()
}

fn delete(world: &mut World, call: &Call) -> Answer {
    let (name, _) = find(world, call)?;
    let tables = tables(world, &name);
    if call.query("deleteContents") == Some("true") {
        call.demand(world, "bigquery.tables.delete", &name)?;
    } else if !tables.is_empty() {
        let message = format!("{} is still in use", called(&name));
        let mut failure = Failure::invalid(&message);
        failure.older = "resourceInUse";
        return Err(failure);
    }
    for (table, _) in tables {
        world.store(TABLES).remove(&table);
    }
    world.store(DATASETS).remove(&name);
    Ok(Value::Null)
}

/// A table of `dataset` (`projects/ID/datasets/D`), as a writer of logs or a test makes it.
pub fn add_table(world: &mut World, dataset: &str, table: &str) {
    let parts: Vec<&str> = dataset.split('/').collect();
    let [_, project, _, id] = parts[..] else { return };
    let value = json!({
        "kind": "bigquery#table",
        "id": format!("{project}:{id}.{table}"),
        "tableReference": {"projectId": project, "datasetId": id, "tableId": table},
        "type": "TABLE",
        "creationTime": milliseconds(world),
    });
    world.store(TABLES).insert(format!("{dataset}/tables/{table}"), value);
}

fn get_table(world: &mut World, call: &Call) -> Answer {
    let (dataset, _) = find(world, call)?;
    let name = format!("{dataset}/tables/{}", call.path("tableId"));
    let table = world.find(TABLES, &name).map(World::shown);
    table.ok_or_else(|| Failure::missing(&format!("Not found: {}", called(&name))))
}

fn list_tables(world: &mut World, call: &Call) -> Answer {
    let (dataset, _) = find(world, call)?;
    let tables: Vec<Value> = tables(world, &dataset).into_iter().map(|(_, table)| table).collect();
    let total = tables.len();
    let mut answer = page::page(world, call, "tables", tables)?;
    answer["kind"] = json!("bigquery#tableList");
    answer["totalItems"] = json!(total);
    Ok(answer)
}
