//! A BigQuery dataset: where requests and answers are recorded, if the company wants that at all.
//!
//! What people have asked is in it. By default BigQuery lets everybody read a dataset who may look at
//! the project; here only the project's owners are on its list from the start. Whom the company adds
//! by name stays. The key is the one that new tables get.
//!
//! Rows go by the age of their partition. A limit on tables counts from when a table was made, and
//! then takes all of it: the requests of yesterday with those of a year ago.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    KeyOutput,
    kms_key_policy::{KEY_TRIES, key_unready},
};
use crate::{
    error::Result,
    gcp::{
        Gcp, Labels,
        error::{Answered as _, Failure},
        mark::over,
        right::{Entitled, Permissions},
    },
    reconcile::{Context, Deletion, Known, Observed, Ref, Resource, ResourceId},
};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;
const TRIES_WHEN_STALE: u32 = 4;

pub struct Dataset {
    /// Letters, digits and underscores.
    pub name: String,
    pub location: String,
    pub key: Option<Ref<KeyOutput>>,
    /// What lets BigQuery use the key.
    pub key_policy: Option<Ref<()>>,
    /// After so many days a partition goes by itself; by default never.
    pub expiration_days: Option<u32>,
    pub labels: Labels,
    pub services: Ref<()>,
}

#[derive(Serialize)]
pub struct State {
    /// In small letters: BigQuery writes some of them large.
    location: String,
    kms_key: Known<Option<String>>,
    partition_expiration_ms: Option<String>,
    /// Groups of the whole project on the list of readers and writers, but its owners.
    open_to: BTreeSet<String>,
    labels: Labels,
    #[serde(skip)]
    access: Vec<Value>,
    #[serde(skip)]
    etag: String,
}

#[derive(Clone, Debug)]
pub struct DatasetOutput {
    /// `bq://P.DATASET`
    pub uri: String,
}

/// As the API gives it.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Found {
    location: String,
    default_encryption_configuration: Option<Encryption>,
    default_partition_expiration_ms: Option<String>,
    access: Vec<Value>,
    labels: Labels,
    etag: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Encryption {
    kms_key_name: String,
}

impl Dataset {
    fn parent(gcp: &Gcp) -> String {
        format!("bigquery/v2/projects/{}/datasets", gcp.project.id)
    }

    fn path(&self, gcp: &Gcp) -> String {
        format!("{}/{}", Self::parent(gcp), self.name)
    }

    fn output(&self, gcp: &Gcp) -> DatasetOutput {
        DatasetOutput { uri: format!("bq://{}.{}", gcp.project.id, self.name) }
    }

    async fn read(&self, gcp: &Gcp) -> Result<Option<State>> {
        let request = gcp.rest.get("bigquery.datasets.get", self.path(gcp));
        let found: Option<Found> = request.send().await.absent()?;
        Ok(found.map(|found| {
            let key = found.default_encryption_configuration;
            let key = key.map(|key| gcp.project.by_id(&key.kms_key_name));
            State {
                location: found.location.to_ascii_lowercase(),
                kms_key: Known::Now(key.filter(|key| !key.is_empty())),
                partition_expiration_ms: found
                    .default_partition_expiration_ms
                    .filter(|ms| ms != "0"),
                open_to: found.access.iter().filter_map(open_to).map(ToOwned::to_owned).collect(),
                access: found.access,
                labels: found.labels,
                etag: found.etag,
            }
        }))
    }
}

/// The owners of the project: without an owner BigQuery takes no list.
const OWNERS: &str = "projectOwners";

/// The group of the whole project, or the world, that an entry of the list lets in.
fn open_to(entry: &Value) -> Option<&str> {
    entry.get("specialGroup")?.as_str().filter(|group| *group != OWNERS)
}

/// What has to be written for `want`, field by field.
fn changes(want: &State, have: &State) -> Result<Map<String, Value>> {
    let mut body = Map::new();
    if want.kms_key != have.kms_key {
        let key = want.kms_key.now()?.as_ref();
        let key = key.map_or(Value::Null, |key| json!({ "kmsKeyName": key }));
        body.insert("defaultEncryptionConfiguration".into(), key);
    }
    if want.partition_expiration_ms != have.partition_expiration_ms {
        let never = || "0".to_owned();
        let ms = want.partition_expiration_ms.clone().unwrap_or_else(never);
        body.insert("defaultPartitionExpirationMs".into(), ms.into());
    }
    if want.open_to != have.open_to {
        let named = have.access.iter().filter(|entry| open_to(entry).is_none());
        body.insert("access".into(), named.cloned().collect());
    }
    let labels = over(&have.labels, &want.labels);
    if labels != have.labels {
        body.insert("labels".into(), json!(labels));
    }
    Ok(body)
}

impl Entitled for Dataset {
    fn permissions(&self) -> Permissions {
        Permissions {
            plan: &["bigquery.datasets.get"],
            apply: &["bigquery.datasets.create", "bigquery.datasets.update"],
            destroy: &["bigquery.datasets.delete", "bigquery.tables.delete"],
        }
    }
}

impl Resource for Dataset {
    type Cloud = Gcp;
    type State = State;
    type Output = DatasetOutput;
    const KIND: &'static str = "gcp.bigquery.dataset";
    const FIXED: &'static [&'static str] = &["location"];
    const HOLDS: Option<&'static str> = Some("recorded requests and answers");

    fn name(&self) -> &str {
        &self.name
    }
    fn needs(&self) -> Vec<ResourceId> {
        let key = self.key.iter().map(Ref::id);
        let policy = self.key_policy.iter().map(Ref::id);
        [self.services.id()].into_iter().chain(key).chain(policy).collect()
    }

    fn desired(&self, context: &Context<'_, Gcp>) -> Result<State> {
        let kms_key = match &self.key {
            Some(key) => context.known(key, |key| Some(key.name))?,
            None => Known::Now(None),
        };
        let expiration = self.expiration_days.filter(|days| *days > 0);
        Ok(State {
            location: self.location.to_ascii_lowercase(),
            kms_key,
            partition_expiration_ms: expiration.map(|days| (u64::from(days) * DAY_MS).to_string()),
            open_to: BTreeSet::new(),
            access: Vec::new(),
            labels: context.cloud.mark.with(&self.labels),
            etag: String::new(),
        })
    }

    async fn observe(&self, context: &Context<'_, Gcp>) -> Result<Option<Observed<Self>>> {
        let gcp = context.cloud;
        Ok(self.read(gcp).await?.map(|state| Observed {
            owner: gcp.mark.owner(&state.labels),
            state,
            output: self.output(gcp),
        }))
    }

    async fn create(&self, context: &Context<'_, Gcp>, want: &State) -> Result<DatasetOutput> {
        let gcp = context.cloud;
        let key = want.kms_key.now()?;
        let mut body = Map::new();
        let reference = json!({ "projectId": gcp.project.id, "datasetId": self.name });
        body.insert("datasetReference".into(), reference);
        body.insert("location".into(), json!(self.location));
        body.insert("labels".into(), json!(want.labels));
        if let Some(key) = key {
            let encryption = json!({ "kmsKeyName": key });
            body.insert("defaultEncryptionConfiguration".into(), encryption);
        }
        if let Some(ms) = &want.partition_expiration_ms {
            body.insert("defaultPartitionExpirationMs".into(), json!(ms));
        }
        let owners = json!([{ "role": "OWNER", "specialGroup": OWNERS }]);
        body.insert("access".into(), owners);
        let request = gcp.rest.post("bigquery.datasets.insert", Self::parent(gcp));
        let request = request.json(body.into());
        let unready = |failure: &Failure| key.is_some() && key_unready(failure);
        let what = "the key to be usable";
        let made = context.retry(what, KEY_TRIES, unready, || request.send::<Found>()).await?;
        made.done()?;
        Ok(self.output(gcp))
    }

    async fn update(
        &self,
        context: &Context<'_, Gcp>,
        want: &State,
        have: &Observed<Self>,
    ) -> Result<()> {
        let gcp = context.cloud;
        let mut newer: Option<State> = None;
        for attempt in 0.. {
            let have = newer.as_ref().unwrap_or(&have.state);
            let body = changes(want, have)?;
            if body.is_empty() {
                break;
            }
            let patch = gcp.rest.patch("bigquery.datasets.patch", self.path(gcp));
            let patch = patch.header("If-Match", &have.etag).json(body.into());
            match patch.send::<Found>().await {
                Err(stale) if stale.code_is(&[412]) && attempt + 1 < TRIES_WHEN_STALE => {
                    context.pause("others to have changed the dataset", attempt).await?;
                    newer = self.read(gcp).await?;
                }
                other => return other.done().map(drop),
            }
        }
        Ok(())
    }

    async fn delete(&self, context: &Context<'_, Gcp>, _: &Observed<Self>) -> Result<Deletion> {
        let gcp = context.cloud;
        let delete = gcp.rest.delete("bigquery.datasets.delete", self.path(gcp));
        delete.query("deleteContents", "true").send::<Value>().await.absent()?;
        let (location, project, name) = (&self.location, &gcp.project.id, &self.name);
        Ok(Deletion::Scheduled(format!(
            "can be restored for 7 days: bq query --location={location} --nouse_legacy_sql \
             'UNDROP SCHEMA `{project}`.{name}'"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(key: Option<&str>, ms: Option<&str>, label: (&str, &str)) -> State {
        State {
            location: "eu".into(),
            kms_key: Known::Now(key.map(Into::into)),
            partition_expiration_ms: ms.map(Into::into),
            open_to: BTreeSet::new(),
            access: Vec::new(),
            labels: Labels::from([(label.0.into(), label.1.into())]),
            etag: String::new(),
        }
    }

    #[test]
    fn only_what_differs_is_written_and_others_labels_stay() {
        let want = state(Some("k"), None, ("ours", "a"));
        let have = state(None, Some("86400000"), ("theirs", "b"));
        let body = Value::Object(changes(&want, &have).unwrap());
        let expected = json!({
            "defaultEncryptionConfiguration": { "kmsKeyName": "k" },
            "defaultPartitionExpirationMs": "0",
            "labels": { "ours": "a", "theirs": "b" },
        });
        assert_eq!(body, expected);
        assert!(changes(&want, &state(Some("k"), None, ("ours", "a"))).unwrap().is_empty());
    }

    #[test]
    fn a_dataset_open_to_the_whole_project_is_closed_and_people_by_name_stay() {
        let want = state(None, None, ("a", "b"));
        let person = json!({"role": "READER", "userByEmail": "ann@example.com"});
        let owners = json!({"role": "OWNER", "specialGroup": "projectOwners"});
        let readers = json!({"role": "READER", "specialGroup": "projectReaders"});
        let have = State {
            open_to: BTreeSet::from(["projectReaders".to_owned()]),
            access: vec![person.clone(), owners.clone(), readers],
            ..state(None, None, ("a", "b"))
        };
        let body = Value::Object(changes(&want, &have).unwrap());
        assert_eq!(body, json!({"access": [person, owners]}));
    }
}
