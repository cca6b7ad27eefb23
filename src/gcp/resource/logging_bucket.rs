//! A log bucket: where the audit logs of the calls are kept, for how long, and under which key.
//!
//! A deleted bucket can be restored for seven days, and until then nothing else can have its name.
//! So one of ours that is wanted again is restored, with its logs. It is never locked: that could
//! not be taken back. The key is chosen when the bucket is made, for good.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    KeyOutput,
    kms_key_policy::{KEY_TRIES, key_unready},
};
use crate::{
    error::{Error, Kind, Result},
    gcp::{
        Gcp,
        error::{Answered as _, Failure},
        right::{Entitled, Permissions},
    },
    reconcile::{Context, Deletion, Known, Observed, Owner, Ref, Resource, ResourceId},
};

const WHAT: &str = "Calls of Claude on Vertex AI";
const DELETED: &str = "DELETE_REQUESTED";

pub struct LogBucket {
    pub name: String,
    /// `global` or a region: that of the key, if there is one.
    pub location: String,
    pub retention_days: u32,
    /// Whether the logs can be asked in SQL. It cannot be switched off again.
    pub analytics: bool,
    pub key: Option<Ref<KeyOutput>>,
    /// What lets Cloud Logging use the key.
    pub key_policy: Option<Ref<()>>,
    pub services: Ref<()>,
}

#[derive(Serialize)]
pub struct State {
    /// Not deleted.
    active: bool,
    description: String,
    retention_days: u32,
    // Left out of a wish, it is not compared: on, it stays on.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    analytics: bool,
    kms_key: Known<Option<String>>,
}

#[derive(Clone, Debug)]
pub struct LogBucketOutput {
    /// `projects/P/locations/L/buckets/B`
    pub name: String,
}

/// As the API gives it.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Bucket {
    description: String,
    retention_days: u32,
    analytics_enabled: bool,
    lifecycle_state: String,
    cmek_settings: Option<CmekSettings>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct CmekSettings {
    kms_key_name: String,
}

impl LogBucket {
    fn parent(&self, gcp: &Gcp) -> String {
        format!("projects/{}/locations/{}", gcp.project.id, self.location)
    }

    fn output(&self, gcp: &Gcp) -> LogBucketOutput {
        LogBucketOutput { name: format!("{}/buckets/{}", self.parent(gcp), self.name) }
    }

    fn path(&self, gcp: &Gcp) -> String {
        format!("v2/{}", self.output(gcp).name)
    }

    fn undelete(&self, gcp: &Gcp) -> String {
        let (name, location, project) = (&self.name, &self.location, &gcp.project.id);
        format!("gcloud logging buckets undelete {name} --location {location} --project {project}")
    }

    async fn lives(&self, context: &Context<'_, Gcp>) -> Result<bool> {
        Ok(self.observe(context).await?.is_some_and(|now| now.state.active))
    }

    /// Another's deleted bucket, which holds on to its name.
    fn taken(&self, gcp: &Gcp, who: &str) -> Error {
        let name = &self.name;
        let message = format!("the log bucket `{name}` is deleted, and belongs to {who}");
        Error::new(Kind::Conflict, message)
            .hint("its name is free seven days after; until then, choose another one")
            .hint(format!("or bring it back: {}", self.undelete(gcp)))
    }

    async fn patch(&self, context: &Context<'_, Gcp>, body: Map<String, Value>) -> Result<()> {
        let mask: Vec<_> = body.keys().cloned().collect();
        let call = "logging.projects.locations.buckets.patch";
        let request = context.cloud.rest.patch(call, self.path(context.cloud));
        let request = request.query("updateMask", mask.join(",")).json(body.into());
        request.send::<Bucket>().await.done().map(drop)
    }
}

impl Entitled for LogBucket {
    fn permissions(&self) -> Permissions {
        Permissions {
            plan: &["logging.buckets.get"],
            apply: &[
                "logging.buckets.create",
                "logging.buckets.undelete",
                "logging.buckets.update",
            ],
            destroy: &["logging.buckets.delete"],
        }
    }
}

impl Resource for LogBucket {
    type Cloud = Gcp;
    type State = State;
    type Output = LogBucketOutput;
    const KIND: &'static str = "gcp.logging.bucket";
    const FIXED: &'static [&'static str] = &["kms_key"];
    const HOLDS: Option<&'static str> = Some("logs");

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
        Ok(State {
            active: true,
            description: context.cloud.mark.describe(WHAT),
            retention_days: self.retention_days,
            analytics: self.analytics,
            kms_key,
        })
    }

    async fn observe(&self, context: &Context<'_, Gcp>) -> Result<Option<Observed<Self>>> {
        let gcp = context.cloud;
        let call = "logging.projects.locations.buckets.get";
        let found: Option<Bucket> = gcp.rest.get(call, self.path(gcp)).send().await.absent()?;
        let Some(bucket) = found else { return Ok(None) };
        let owner = gcp.mark.owner_described(&bucket.description);
        let active = bucket.lifecycle_state != DELETED;
        match &owner {
            _ if active => {}
            _ if !context.wanted() => return Ok(None),
            Owner::Other(who) => return Err(self.taken(gcp, who)),
            Owner::Us | Owner::Parent => {}
        }
        let key = bucket.cmek_settings.map(|cmek| gcp.project.by_id(&cmek.kms_key_name));
        Ok(Some(Observed {
            state: State {
                active,
                description: bucket.description,
                retention_days: bucket.retention_days,
                analytics: bucket.analytics_enabled,
                kms_key: Known::Now(key.filter(|key| !key.is_empty())),
            },
            output: self.output(gcp),
            owner,
        }))
    }

    async fn create(&self, context: &Context<'_, Gcp>, want: &State) -> Result<LogBucketOutput> {
        let gcp = context.cloud;
        let key = want.kms_key.now()?;
        let mut body = Map::new();
        body.insert("description".into(), json!(want.description));
        body.insert("retentionDays".into(), want.retention_days.into());
        if let Some(key) = key {
            body.insert("cmekSettings".into(), json!({ "kmsKeyName": key }));
        }
        if want.analytics {
            body.insert("analyticsEnabled".into(), true.into());
        }
        let path = format!("v2/{}/buckets", self.parent(gcp));
        let request = gcp.rest.post("logging.projects.locations.buckets.create", path);
        let request = request.query("bucketId", &self.name).json(body.into());
        let unready = |failure: &Failure| key.is_some() && key_unready(failure);
        let what = "the key to be usable";
        let made = context.retry(what, KEY_TRIES, unready, || request.send::<Bucket>()).await?;
        made.done()?;
        Ok(self.output(gcp))
    }

    async fn update(
        &self,
        context: &Context<'_, Gcp>,
        want: &State,
        have: &Observed<Self>,
    ) -> Result<()> {
        let (rest, path, have) = (&context.cloud.rest, self.path(context.cloud), &have.state);
        if !have.active {
            let call = "logging.projects.locations.buckets.undelete";
            let undelete = rest.post(call, format!("{path}:undelete")).json(json!({}));
            let undeleted = undelete.send::<Value>().await;
            // A second restoration is refused: it may be ours, whose answer was lost.
            let refused = matches!(&undeleted, Err(failure) if failure.code_is(&[400]));
            if !(refused && self.lives(context).await?) {
                undeleted.done()?;
            }
        }
        let mut body = Map::new();
        if have.description != want.description {
            body.insert("description".into(), json!(want.description));
        }
        if have.retention_days != want.retention_days {
            body.insert("retentionDays".into(), want.retention_days.into());
        }
        if !body.is_empty() {
            self.patch(context, body).await?;
        }
        if want.analytics && !have.analytics {
            // Not together with anything else: Cloud Logging refuses that.
            let body = [("analyticsEnabled".to_owned(), true.into())];
            self.patch(context, body.into_iter().collect()).await?;
        }
        Ok(())
    }

    async fn delete(&self, context: &Context<'_, Gcp>, _: &Observed<Self>) -> Result<Deletion> {
        let gcp = context.cloud;
        let delete = gcp.rest.delete("logging.projects.locations.buckets.delete", self.path(gcp));
        let deleted = delete.send::<Value>().await;
        // A second deletion is refused: it may be ours, whose answer was lost.
        let refused = matches!(&deleted, Err(failure) if failure.code_is(&[400]));
        if !(refused && self.observe(context).await?.is_none()) {
            deleted.absent()?;
        }
        Ok(Deletion::Scheduled(format!("can be restored for 7 days: {}", self.undelete(gcp))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_without_analytics_does_not_compare_it() {
        let state = |analytics| State {
            active: true,
            description: "d".into(),
            retention_days: 30,
            analytics,
            kms_key: Known::Now(None),
        };
        assert_eq!(json!(state(false)).get("analytics"), None);
        assert_eq!(json!(state(true)).get("analytics"), Some(&json!(true)));
    }
}
