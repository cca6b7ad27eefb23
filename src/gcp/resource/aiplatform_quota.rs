//! Whether the project has any quota for a model where it is called.
//!
//! For some models a new project has none: everything is made, and the first call is refused as
//! though there had been too many.

use serde::Deserialize;

use crate::{
    error::Result,
    gcp::{
        Gcp, Labels,
        error::Failure,
        gate::{Gate, Verdict},
        right::{Entitled, Permissions},
        vertex::{model_and_location, unversioned},
    },
    reconcile::{Context, Deletion, Observed, Owner, Ref, Resource, ResourceId},
};

const SERVICE: &str = "aiplatform.googleapis.com";

pub struct Quota {
    /// `MODEL@LOCATION`; of a model with a version `MODEL@VERSION@LOCATION`.
    pub name: String,
    pub services: Ref<()>,
}

/// As the API gives it.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Metric {
    consumer_quota_limits: Vec<Limit>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Limit {
    quota_buckets: Vec<Bucket>,
}

#[derive(Clone, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Bucket {
    /// Digits; `-1` is no limit.
    effective_limit: String,
    dimensions: Labels,
}

/// The metric that counts calls in a location.
fn metric(location: &str) -> String {
    let place = match location {
        "global" => "global_",
        "us" => "us_multi_region_",
        "eu" => "eu_multi_region_",
        _ => "",
    };
    format!("{place}online_prediction_requests_per_base_model")
}

/// The limit that holds: of all that are for the model, and for this or for every region, the one
/// that says most.
fn limit(metric: Metric, model: &str, location: &str) -> Option<String> {
    let buckets = metric.consumer_quota_limits.into_iter().flat_map(|limit| limit.quota_buckets);
    let holds = |bucket: &Bucket| {
        let is = |key: &str, value: &str| bucket.dimensions.get(key).map(|it| it == value);
        is("base_model", model) == Some(true) && is("region", location) != Some(false)
    };
    let all = buckets.filter(holds);
    let bucket = all.max_by_key(|bucket| bucket.dimensions.len())?;
    // What is nothing may be left out of an answer.
    let nothing = bucket.effective_limit.is_empty();
    Some(if nothing { "0".into() } else { bucket.effective_limit })
}

impl Quota {
    async fn look(&self, context: &Context<'_, Gcp>) -> Result<Verdict> {
        let (model, location) = model_and_location(&self.name);
        let project = &context.cloud.project.id;
        let (base_model, metric) = (format!("anthropic-{}", unversioned(model)), metric(location));
        let path = format!(
            "v1beta1/projects/{project}/services/{SERVICE}/consumerQuotaMetrics/\
             {SERVICE}%2F{metric}"
        );
        let call = "serviceusage.services.consumerQuotaMetrics.get";
        let request = context.cloud.rest.get(call, path).query("view", "FULL");
        let found: Metric = match request.send().await {
            Ok(found) => found,
            Err(Failure::Refused(refusal))
                if !refusal.is_disabled() && matches!(refusal.code, 400 | 403 | 404) =>
            {
                return Ok(Verdict::unknown("since its quota could not be read", &refusal));
            }
            // To know it is a help and no need: nothing hangs on it.
            Err(failure) if failure.ambiguous() => {
                let why = failure.into_error();
                return Ok(Verdict::Remarked(format!("could not be checked: {why}")));
            }
            Err(failure) => return Err(failure.into_error()),
        };
        Ok(match limit(found, &base_model, location).as_deref() {
            None => Verdict::Remarked(format!(
                "could not be checked: `{metric}` says nothing of {base_model} in {location}"
            )),
            Some("0") => closed(project, &base_model, location, &metric),
            Some(_) => Verdict::Open,
        })
    }
}

fn closed(project: &str, base_model: &str, location: &str, metric: &str) -> Verdict {
    let region =
        if metric.starts_with("online_") { format!(",region={location}") } else { String::new() };
    Verdict::closed(
        format!(
            "the project `{project}` has no quota for {base_model} in {location}: every call would \
             be refused with 429"
        ),
        [
            format!(
                "ask for some at https://console.cloud.google.com/iam-admin/quotas?project={project}, \
                 by the metric {SERVICE}/{metric}"
            ),
            format!(
                "or find its id: gcloud beta quotas info list --service={SERVICE} \
                 --project={project} --filter=metric:{metric} --format='value(quotaId)'"
            ),
            format!(
                "and ask with it: gcloud beta quotas preferences create --service={SERVICE} \
                 --project={project} --quota-id=QUOTA_ID \
                 --dimensions=base_model={base_model}{region} --preferred-value=60"
            ),
            "or call in another location: `vertex_ai.location`".into(),
        ],
    )
}

impl Entitled for Quota {
    const ONLY_WANTED: bool = true;

    fn permissions(&self) -> Permissions {
        Permissions { plan: &["serviceusage.quotas.get"], ..Permissions::default() }
    }
}

impl Resource for Quota {
    type Cloud = Gcp;
    type State = Gate;
    type Output = Verdict;
    const KIND: &'static str = "gcp.aiplatform.quota";
    const GATE: bool = true;

    fn name(&self) -> &str {
        &self.name
    }
    fn needs(&self) -> Vec<ResourceId> {
        vec![self.services.id()]
    }

    fn remark(&self, output: &Verdict) -> Option<String> {
        output.remark()
    }

    fn desired(&self, _: &Context<'_, Gcp>) -> Result<Gate> {
        Ok(Gate::open())
    }

    async fn observe(&self, context: &Context<'_, Gcp>) -> Result<Option<Observed<Self>>> {
        // One that is not wanted is nobody's question any more.
        if !context.wanted() {
            return Ok(None);
        }
        let verdict = self.look(context).await?;
        Ok(Some(Observed { state: verdict.gate(), output: verdict, owner: Owner::Parent }))
    }

    async fn create(&self, context: &Context<'_, Gcp>, _: &Gate) -> Result<Verdict> {
        self.look(context).await?.passed()
    }

    async fn update(&self, context: &Context<'_, Gcp>, _: &Gate, _: &Observed<Self>) -> Result<()> {
        self.look(context).await?.passed().map(drop)
    }

    async fn delete(&self, _: &Context<'_, Gcp>, _: &Observed<Self>) -> Result<Deletion> {
        // One that is not wanted is never found.
        Ok(Deletion::Done)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_limit_that_says_most_of_a_model_and_its_region_holds() {
        let of = |model: &str, location: &str| {
            let metric = json!({"consumerQuotaLimits": [{"quotaBuckets": [
                {"effectiveLimit": "60"},
                {"effectiveLimit": "7", "dimensions": {"base_model": "m"}},
                {"effectiveLimit": "0", "dimensions": {"base_model": "m", "region": "us-east5"}},
                {"effectiveLimit": "9", "dimensions": {"base_model": "n", "region": "us-east5"}},
            ]}]});
            limit(serde_json::from_value(metric).unwrap(), model, location)
        };
        assert_eq!(of("m", "us-east5").as_deref(), Some("0"));
        assert_eq!(of("m", "europe-west1").as_deref(), Some("7"));
        assert_eq!(of("n", "europe-west1"), None);
    }

    #[test]
    fn every_location_has_its_metric() {
        assert_eq!(metric("global"), "global_online_prediction_requests_per_base_model");
        assert_eq!(metric("us"), "us_multi_region_online_prediction_requests_per_base_model");
        assert_eq!(metric("us-east5"), "online_prediction_requests_per_base_model");
    }
}
