//! What Vertex AI records of the calls of one model in one location.
//!
//! There are two recordings: events, which say who called and how many tokens it took, into Cloud
//! Logging; and whole requests and answers, into BigQuery. The configuration is the project's and
//! holds decisions that are none of ours, data sharing among them. So only what is wished is
//! compared and written, always with a mask: without one everything else would be lost. It carries
//! no mark of whose it is; a recording into the tenant's dataset is ours, any other is not. Ours
//! that is not wished any more is stopped, whether or not events are.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::DatasetOutput;
use crate::{
    error::Result,
    gcp::{
        Gcp,
        error::Answered as _,
        operation::{self, Poll},
        right::{Entitled, Permissions},
        vertex,
    },
    reconcile::{Context, Deletion, Observed, Owner, Ref, Resource, ResourceId},
};

const ENABLED: &str = "ENABLED";
const DISABLED: &str = "DISABLED";

pub struct PublisherModelConfig {
    /// `MODEL@LOCATION`; the model with or without its version. Requests and answers are recorded
    /// in a region only, not in `global`, `us` or `eu`.
    pub name: String,
    /// The tenant's dataset, whether it is wanted or not: a recording into it is ours.
    pub dataset: String,
    /// Whole requests and answers.
    pub recording: Option<Recording>,
    /// Who called, and how many tokens it took. If not, it is left as it is.
    pub events: bool,
    pub services: Ref<()>,
}

pub struct Recording {
    /// That it is there.
    pub dataset: Ref<DatasetOutput>,
    pub table: String,
    /// Above 0; 1 is every call.
    pub sampling_rate: f64,
}

#[derive(Serialize)]
pub struct State {
    recording: Option<Recorded>,
    // Left out of a wish, it is not compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<&'static str>,
}

#[derive(Serialize)]
struct Recorded {
    destination: String,
    sampling_rate: f64,
}

/// As the API gives it.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Config {
    logging_config: Map<String, Value>,
    inference_event_logging_config: EventLogging,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct EventLogging {
    state: String,
}

impl Config {
    /// Where requests and answers are recorded, if they are.
    fn destination(&self) -> Option<&str> {
        let on = self.logging_config.get("enabled").and_then(Value::as_bool) == Some(true);
        let uri = self.logging_config.get("bigqueryDestination")?.get("outputUri")?.as_str()?;
        on.then_some(uri)
    }

    fn sampling_rate(&self) -> f64 {
        self.logging_config.get("samplingRate").and_then(Value::as_f64).unwrap_or_default()
    }

    fn events(&self) -> &'static str {
        if self.inference_event_logging_config.state == ENABLED { ENABLED } else { DISABLED }
    }
}

/// What is to be written; the rest stays.
#[derive(Default)]
struct Edit {
    logging: Map<String, Value>,
    events: Option<&'static str>,
}

impl Edit {
    fn to(want: &State) -> Self {
        let mut edit = Self { events: want.events, ..Self::default() };
        if let Some(Recorded { destination, sampling_rate }) = &want.recording {
            edit.logging.insert("enabled".into(), true.into());
            edit.logging.insert("samplingRate".into(), json!(sampling_rate));
            let destination = json!({ "outputUri": destination });
            edit.logging.insert("bigqueryDestination".into(), destination);
        }
        edit
    }

    fn stop_recording(mut self) -> Self {
        self.logging.insert("enabled".into(), false.into());
        self
    }

    /// The call's body. A mask names whole parts, so ours goes over what a part has already.
    fn over(self, have: Config) -> Value {
        let (mut config, mut mask) = (Map::new(), Vec::new());
        if !self.logging.is_empty() {
            let mut logging = have.logging_config;
            // Google's to say, not ours.
            logging.remove("requestResponseLoggingSchemaVersion");
            logging.extend(self.logging);
            config.insert("loggingConfig".into(), logging.into());
            mask.push("loggingConfig");
        }
        if let Some(state) = self.events {
            config.insert("inferenceEventLoggingConfig".into(), json!({ "state": state }));
            mask.push("inferenceEventLoggingConfig");
        }
        json!({ "publisherModelConfig": config, "updateMask": mask.join(",") })
    }
}

/// Whether a table, or the dataset itself, is the dataset's.
fn is_in(dataset: &str, destination: &str) -> bool {
    let rest = destination.strip_prefix(dataset);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

impl PublisherModelConfig {
    /// The model without its version, which has no configuration of its own, and the location.
    fn parts(&self) -> (&str, &str) {
        let (model, location) = self.name.rsplit_once('@').unwrap_or((&self.name, "global"));
        let model = model.split_once('@').map_or(model, |(model, _)| model);
        (model, location)
    }

    fn path(&self, gcp: &Gcp) -> String {
        let ((model, location), project) = (self.parts(), &gcp.project.id);
        let place = format!("v1beta1/projects/{project}/locations/{location}");
        format!("{place}/publishers/anthropic/models/{model}")
    }

    async fn read(&self, context: &Context<'_, Gcp>) -> Result<Config> {
        let gcp = context.cloud;
        let call = "aiplatform.projects.locations.publishers.models.fetchPublisherModelConfig";
        let path = format!("{}:fetchPublisherModelConfig", self.path(gcp));
        let request = gcp.rest.get(call, path).host(vertex::host(self.parts().1));
        // Before anything was ever set, there is nothing there, or nothing in it.
        match request.send().await {
            // Of a model that is not offered there is nothing that could be recorded.
            Err(failure) if !context.wanted() && failure.code_is(&[400]) => Ok(Config::default()),
            answer => Ok(answer.absent()?.unwrap_or_default()),
        }
    }

    async fn write(&self, context: &Context<'_, Gcp>, edit: Edit) -> Result<()> {
        if edit.logging.is_empty() && edit.events.is_none() {
            // An empty mask would empty everything.
            return Ok(());
        }
        let (gcp, host) = (context.cloud, vertex::host(self.parts().1));
        let body = edit.over(self.read(context).await?);
        let call = "aiplatform.projects.locations.publishers.models.setPublisherModelConfig";
        let path = format!("{}:setPublisherModelConfig", self.path(gcp));
        let set = gcp.rest.post(call, path).host(&host).json(body).send().await;
        let refused = set.as_ref().is_err_and(|failure| failure.code_is(&[400]));
        let started = set.done().map_err(|error| match &self.recording {
            Some(recording) if refused => error.hint(self.of_table(gcp, &recording.table)),
            _ => error,
        })?;
        let poll = Poll {
            call: "aiplatform.projects.locations.operations.get",
            base: "v1beta1".into(),
            host: Some(host),
            what: "the recording to be set",
        };
        operation::finish(context, &poll, started).await.map(drop)
    }

    /// Google makes the table itself, and takes none that is there from a recording of before.
    fn of_table(&self, gcp: &Gcp, table: &str) -> String {
        let (project, dataset) = (&gcp.project.id, &self.dataset);
        format!(
            "if the table is there already, copy what it holds and remove it: bq rm --table \
             {project}:{dataset}.{table}"
        )
    }

    fn dataset_uri(&self, gcp: &Gcp) -> String {
        format!("bq://{}.{}", gcp.project.id, self.dataset)
    }

    /// `None` if nothing is there that could be ours, or be in the way of it.
    fn owner(&self, dataset: &str, config: &Config, wanted: bool) -> Option<Owner> {
        match config.destination() {
            Some(destination) if is_in(dataset, destination) => Some(Owner::Us),
            Some(destination) if self.recording.is_some() => {
                Some(Owner::Other(format!("somebody else: it records into `{destination}`")))
            }
            _ if !self.events || config.events() == DISABLED => None,
            _ if wanted => Some(Owner::Parent),
            _ => Some(Owner::Other("the project: events have no mark of who wants them".into())),
        }
    }
}

impl Entitled for PublisherModelConfig {
    fn permissions(&self) -> Permissions {
        let plan = &["aiplatform.endpoints.get"];
        let set = &["aiplatform.endpoints.setPublisherModelConfig"];
        let record = &[
            "aiplatform.endpoints.setPublisherModelConfig",
            "bigquery.datasets.get",
            "bigquery.tables.create",
        ];
        let apply: &[_] = if self.recording.is_some() { record } else { set };
        Permissions { plan, apply, destroy: set }
    }
}

impl Resource for PublisherModelConfig {
    type Cloud = Gcp;
    type State = State;
    type Output = ();
    const KIND: &'static str = "gcp.aiplatform.publisher_model_config";
    const RENAME: &'static str = "leave the recording of requests and answers out";

    fn name(&self) -> &str {
        &self.name
    }
    fn needs(&self) -> Vec<ResourceId> {
        let dataset = self.recording.iter().map(|recording| recording.dataset.id());
        [self.services.id()].into_iter().chain(dataset).collect()
    }

    fn desired(&self, context: &Context<'_, Gcp>) -> Result<State> {
        let dataset = self.dataset_uri(context.cloud);
        let recording = self.recording.as_ref().map(|recording| Recorded {
            destination: format!("{dataset}.{}", recording.table),
            sampling_rate: recording.sampling_rate,
        });
        Ok(State { recording, events: self.events.then_some(ENABLED) })
    }

    async fn observe(&self, context: &Context<'_, Gcp>) -> Result<Option<Observed<Self>>> {
        let dataset = self.dataset_uri(context.cloud);
        let config = self.read(context).await?;
        let counts = |it: &&str| self.recording.is_some() || is_in(&dataset, it);
        let recording = config.destination().filter(counts).map(|destination| Recorded {
            destination: destination.to_owned(),
            sampling_rate: config.sampling_rate(),
        });
        let owner = self.owner(&dataset, &config, context.wanted());
        let state = State { recording, events: Some(config.events()) };
        Ok(owner.map(|owner| Observed { state, output: (), owner }))
    }

    async fn create(&self, context: &Context<'_, Gcp>, want: &State) -> Result<()> {
        self.write(context, Edit::to(want)).await
    }

    async fn update(
        &self,
        context: &Context<'_, Gcp>,
        want: &State,
        have: &Observed<Self>,
    ) -> Result<()> {
        let edit = Edit::to(want);
        let stop = want.recording.is_none() && have.state.recording.is_some();
        self.write(context, if stop { edit.stop_recording() } else { edit }).await
    }

    async fn delete(&self, context: &Context<'_, Gcp>, _: &Observed<Self>) -> Result<Deletion> {
        // Another tenant that calls the model here may want the events: they stay.
        self.write(context, Edit::default().stop_recording()).await?;
        Ok(Deletion::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stopping_leaves_the_rest_of_the_recording_and_the_events_as_they_are() {
        let have = json!({
            "loggingConfig": { "enabled": true, "samplingRate": 0.5 },
            "inferenceEventLoggingConfig": { "state": "ENABLED" },
        });
        let have: Config = serde_json::from_value(have).unwrap();
        let expected = json!({
            "publisherModelConfig": { "loggingConfig": { "enabled": false, "samplingRate": 0.5 } },
            "updateMask": "loggingConfig",
        });
        assert_eq!(Edit::default().stop_recording().over(have), expected);
    }

    #[test]
    fn a_dataset_whose_name_begins_alike_is_another() {
        assert!(is_in("bq://p.d", "bq://p.d.t"));
        assert!(is_in("bq://p.d", "bq://p.d"));
        assert!(!is_in("bq://p.d", "bq://p.d2.t"));
    }

    #[test]
    fn what_is_not_ours_stays_and_the_mask_names_only_what_is() {
        let have = json!({
            "dataSharingEnabledProvider": "ANTHROPIC",
            "loggingConfig": { "errorSamplingRate": 0.5, "requestResponseLoggingSchemaVersion": "v2" },
        });
        let have: Config = serde_json::from_value(have).unwrap();
        let want = State {
            recording: Some(Recorded { destination: "bq://p.d.t".into(), sampling_rate: 1.0 }),
            events: None,
        };
        let expected = json!({
            "publisherModelConfig": { "loggingConfig": {
                "enabled": true, "samplingRate": 1.0, "errorSamplingRate": 0.5,
                "bigqueryDestination": { "outputUri": "bq://p.d.t" },
            } },
            "updateMask": "loggingConfig",
        });
        assert_eq!(Edit::to(&want).over(have), expected);
    }
}
