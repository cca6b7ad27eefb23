//! A sink: brings those log entries that its filter names into a log bucket of the same project.
//!
//! Such a bucket takes them from whoever writes to sinks of its project, so nothing is granted to
//! the sink's own identity. What else somebody has set on the sink, as exclusions, stays.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::LogBucketOutput;
use crate::{
    error::Result,
    gcp::{
        Gcp,
        error::Answered as _,
        right::{Entitled, Permissions},
    },
    reconcile::{Context, Deletion, Known, Observed, Ref, Resource, ResourceId},
};

const WHAT: &str = "Keeps the calls of Claude on Vertex AI";
/// One that all sinks of the project share could not be told from theirs.
const UNIQUE: (&str, &str) = ("uniqueWriterIdentity", "true");

pub struct Sink {
    pub name: String,
    /// In the language of Cloud Logging.
    pub filter: String,
    pub bucket: Ref<LogBucketOutput>,
    pub services: Ref<()>,
}

#[derive(Serialize)]
pub struct State {
    destination: Known<String>,
    filter: String,
    description: String,
    enabled: bool,
}

/// As the API gives it.
#[derive(Deserialize, Default)]
#[serde(default)]
struct LogSink {
    destination: String,
    filter: String,
    description: String,
    disabled: bool,
}

impl Sink {
    fn parent(gcp: &Gcp) -> String {
        format!("v2/projects/{}/sinks", gcp.project.id)
    }

    fn path(&self, gcp: &Gcp) -> String {
        format!("{}/{}", Self::parent(gcp), self.name)
    }
}

/// A bucket as sinks name it.
fn destination(bucket: &str) -> String {
    format!("logging.googleapis.com/{bucket}")
}

impl Entitled for Sink {
    fn permissions(&self) -> Permissions {
        Permissions {
            plan: &["logging.sinks.get"],
            apply: &["logging.sinks.create", "logging.sinks.update"],
            destroy: &["logging.sinks.delete"],
        }
    }
}

impl Resource for Sink {
    type Cloud = Gcp;
    type State = State;
    type Output = ();
    const KIND: &'static str = "gcp.logging.sink";

    fn name(&self) -> &str {
        &self.name
    }
    fn needs(&self) -> Vec<ResourceId> {
        vec![self.bucket.id(), self.services.id()]
    }

    fn desired(&self, context: &Context<'_, Gcp>) -> Result<State> {
        Ok(State {
            destination: context.known(&self.bucket, |bucket| destination(&bucket.name))?,
            filter: self.filter.clone(),
            description: context.cloud.mark.describe(WHAT),
            enabled: true,
        })
    }

    async fn observe(&self, context: &Context<'_, Gcp>) -> Result<Option<Observed<Self>>> {
        let gcp = context.cloud;
        let found: Option<LogSink> =
            gcp.rest.get("logging.projects.sinks.get", self.path(gcp)).send().await.absent()?;
        Ok(found.map(|sink| Observed {
            owner: gcp.mark.owner_described(&sink.description),
            state: State {
                destination: Known::Now(gcp.project.by_id(&sink.destination)),
                filter: sink.filter,
                description: sink.description,
                enabled: !sink.disabled,
            },
            output: (),
        }))
    }

    async fn create(&self, context: &Context<'_, Gcp>, want: &State) -> Result<()> {
        let gcp = context.cloud;
        let request = gcp.rest.post("logging.projects.sinks.create", Self::parent(gcp));
        let request = request.query(UNIQUE.0, UNIQUE.1).json(json!({
            "name": self.name,
            "destination": want.destination.now()?,
            "filter": want.filter,
            "description": want.description,
        }));
        request.send::<LogSink>().await.done().map(drop)
    }

    async fn update(
        &self,
        context: &Context<'_, Gcp>,
        want: &State,
        have: &Observed<Self>,
    ) -> Result<()> {
        let mut body = Map::new();
        // The one field that always has to be there.
        body.insert("destination".into(), json!(want.destination.now()?));
        if have.state.filter != want.filter {
            body.insert("filter".into(), json!(want.filter));
        }
        if have.state.description != want.description {
            body.insert("description".into(), json!(want.description));
        }
        if have.state.enabled != want.enabled {
            body.insert("disabled".into(), (!want.enabled).into());
        }
        let mask: Vec<_> = body.keys().cloned().collect();
        let patch =
            context.cloud.rest.patch("logging.projects.sinks.patch", self.path(context.cloud));
        let patch = patch.query(UNIQUE.0, UNIQUE.1).query("updateMask", mask.join(","));
        patch.json(body.into()).send::<LogSink>().await.done().map(drop)
    }

    async fn delete(&self, context: &Context<'_, Gcp>, _: &Observed<Self>) -> Result<Deletion> {
        let path = self.path(context.cloud);
        let delete = context.cloud.rest.delete("logging.projects.sinks.delete", path);
        delete.send::<Value>().await.absent()?;
        Ok(Deletion::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sink_names_a_bucket_with_its_service() {
        let bucket = "projects/p/locations/global/buckets/b";
        assert_eq!(destination(bucket), format!("logging.googleapis.com/{bucket}"));
    }
}
