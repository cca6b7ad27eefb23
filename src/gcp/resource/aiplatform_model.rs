//! Whether a model answers in this project and location: somebody has to have enabled it there once,
//! and some models want more.
//!
//! Counting tokens tells, and costs nothing. Where it is not offered, which differs by location, its
//! refusal says nothing of the model: then the model itself is asked for a single token. To one who
//! may not, that is refused and costs nothing; to one who may, less than can be billed.
//!
//! Terms are never accepted and data sharing is never switched on here: people answer for these.

use serde_json::{Value, json};

use crate::{
    error::{Error, Kind, Result},
    gcp::{
        Gcp,
        error::{Answered as _, Failure, Refusal},
        gate::{Gate, Verdict},
        right::{Entitled, Permissions},
        vertex::{host, model_and_location, unversioned},
    },
    reconcile::{Context, Deletion, Observed, Owner, Ref, Resource, ResourceId},
};

type Answer = std::result::Result<Value, Failure>;

const VERSION: &str = "vertex-2023-10-16";
const OFFER: &str =
    "https://cloud.google.com/vertex-ai/generative-ai/docs/partner-models/use-claude";

pub struct Model {
    /// `MODEL@LOCATION`; of a model with a version `MODEL@VERSION@LOCATION`.
    pub name: String,
    /// Whether to enable it where its terms have been accepted.
    pub enable: bool,
    pub services: Ref<()>,
}

impl Model {
    /// Calls one of the publisher's models, or what it has beside them.
    async fn call(&self, context: &Context<'_, Gcp>, model: &str, body: Value) -> Answer {
        let (_, location) = model_and_location(&self.name);
        let project = &context.cloud.project.id;
        let path = format!(
            "v1/projects/{project}/locations/{location}/publishers/anthropic/models/\
             {model}:rawPredict"
        );
        let call = "aiplatform.projects.locations.publishers.models.rawPredict";
        let request = context.cloud.rest.post(call, path).host(host(location));
        request.tries(1).json(body).send().await
    }

    async fn ask(&self, context: &Context<'_, Gcp>) -> Answer {
        let (model, _) = model_and_location(&self.name);
        let messages = json!([{ "role": "user", "content": "?" }]);
        // The counter knows models without their versions only.
        let body = json!({ "model": unversioned(model), "messages": messages });
        let counted = self.call(context, "count-tokens", body).await;
        if !counted.as_ref().is_err_and(|failure| failure.code_is(&[400, 404, 501])) {
            return counted;
        }
        let body = json!({ "anthropic_version": VERSION, "max_tokens": 1, "messages": messages });
        self.call(context, model, body).await
    }

    fn verdict(&self, answer: Answer, project: &str) -> Result<Verdict> {
        match answer {
            Ok(_) => Ok(Verdict::Open),
            Err(Failure::Refused(refusal)) if !refusal.is_disabled() => {
                Ok(self.judge(&refusal, project))
            }
            // Asking once is all that is done, so that this is no failure of the run.
            Err(Failure::NoAnswer { why, .. }) => {
                Ok(Verdict::Remarked(format!("could not be checked: no answer: {why}")))
            }
            Err(failure) => Err(failure.into_error()),
        }
    }

    fn judge(&self, refusal: &Refusal, project: &str) -> Verdict {
        let (model, location) = model_and_location(&self.name);
        match (refusal.code, refusal.status.as_str()) {
            (404, _) => not_enabled(model, project),
            // The organization's policy says it in the same way as a location that does not have it.
            (400, "FAILED_PRECONDITION") => Verdict::closed(
                format!("`{model}` is not allowed, or not offered in {location}: {refusal}"),
                [
                    format!(
                        "call it elsewhere, such as `vertex_ai.location: global`; where it is \
                         offered: {OFFER}"
                    ),
                    format!(
                        "or see what the organization allows: gcloud org-policies describe \
                         vertexai.allowedModels --effective --project={project}"
                    ),
                ],
            ),
            (403, _) if wants_data_sharing(refusal) => no_data_sharing(model, project),
            (429, _) => Verdict::Remarked(format!(
                "is enabled, but there is no quota for it right now; see \
                 https://console.cloud.google.com/iam-admin/quotas?project={project}"
            )),
            (401 | 403, _) => Verdict::unknown("since whoever runs this may not call it", refusal),
            _ => Verdict::unknown("since there was no clear answer", refusal),
        }
    }

    /// Enables the model, where a person has met what it asks for.
    async fn enable(&self, context: &Context<'_, Gcp>) -> Result<()> {
        let (model, _) = model_and_location(&self.name);
        let project = &context.cloud.project.id;
        let path = format!(
            "v1beta1/projects/{project}/publishers/anthropic/models/{}:enableModel",
            unversioned(model)
        );
        let call = "aiplatform.projects.publishers.models.enableModel";
        let enable = context.cloud.rest.post(call, path).json(json!({}));
        let answer: Value = enable.send().await.done()?;
        let state = answer.get("enablementState").and_then(Value::as_str).unwrap_or_default();
        if state == "ENABLEMENT_STATE_FAILED" {
            let message = format!("{call}: {state}: its terms or its questions wait for a person");
            return Err(Error::new(Kind::Config, message));
        }
        Ok(())
    }

    async fn pass(&self, context: &Context<'_, Gcp>) -> Result<Verdict> {
        let project = &context.cloud.project.id;
        let answer = self.ask(context).await;
        let missing = answer.as_ref().is_err_and(|failure| failure.code_is(&[404]));
        let found = self.verdict(answer, project)?;
        if !missing || !self.enable {
            return found.passed();
        }
        if let Err(error) = self.enable(context).await {
            let (model, _) = model_and_location(&self.name);
            let error = error.while_doing(format!("could not enable `{model}`"));
            return Err(error.hint(by_hand(model, project)));
        }
        for attempt in 0..LOOKS {
            let verdict = self.verdict(self.ask(context).await, project)?;
            if !matches!(verdict, Verdict::Closed { .. }) {
                return Ok(verdict);
            }
            context.pause("the model to answer", attempt).await?;
        }
        self.verdict(self.ask(context).await, project)?.passed()
    }
}

/// With the default pace, sixteen seconds.
const LOOKS: u32 = 5;

/// Where people accept a model's terms, and see what it asks for.
fn garden(model: &str, project: &str) -> String {
    let model = unversioned(model);
    format!(
        "https://console.cloud.google.com/vertex-ai/publishers/anthropic/model-garden/{model}\
         ?project={project}"
    )
}

fn by_hand(model: &str, project: &str) -> String {
    format!(
        "accept its terms and enable it, which takes \
         roles/consumerprocurement.entitlementManager: {}",
        garden(model, project)
    )
}

fn not_enabled(model: &str, project: &str) -> Verdict {
    Verdict::closed(
        format!("`{model}` is not enabled in the project `{project}`, or there is no such model"),
        [
            by_hand(model, project),
            "once they have been accepted, a run can enable it: \
             `vertex_ai.model_enablement: enable`"
                .into(),
        ],
    )
}

fn no_data_sharing(model: &str, project: &str) -> Verdict {
    let garden = garden(model, project);
    Verdict::closed(
        format!(
            "`{model}` answers only a project that shares data with Anthropic, and `{project}` does \
             not"
        ),
        [
            format!(
                "whoever answers for the company's data decides that, and can switch it on at \
                 {garden}; Groundwork never does"
            ),
            "or choose a model that does not ask for it: `vertex_ai.model_name`".into(),
        ],
    )
}

/// The only refusal that is told by its words: it has the code of a missing permission, and nothing
/// else that tells them apart.
fn wants_data_sharing(refusal: &Refusal) -> bool {
    refusal.reason != "IAM_PERMISSION_DENIED"
        && refusal.message.to_lowercase().contains("data sharing")
}

impl Entitled for Model {
    const ONLY_WANTED: bool = true;

    fn permissions(&self) -> Permissions {
        Permissions { plan: &["aiplatform.endpoints.predict"], ..Permissions::default() }
    }
}

impl Resource for Model {
    type Cloud = Gcp;
    type State = Gate;
    type Output = Verdict;
    const KIND: &'static str = "gcp.aiplatform.model";
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
        let verdict = self.verdict(self.ask(context).await, &context.cloud.project.id)?;
        Ok(Some(Observed { state: verdict.gate(), output: verdict, owner: Owner::Parent }))
    }

    async fn create(&self, context: &Context<'_, Gcp>, _: &Gate) -> Result<Verdict> {
        self.pass(context).await
    }

    async fn update(&self, context: &Context<'_, Gcp>, _: &Gate, _: &Observed<Self>) -> Result<()> {
        self.pass(context).await.map(drop)
    }

    async fn delete(&self, _: &Context<'_, Gcp>, _: &Observed<Self>) -> Result<Deletion> {
        // One that is not wanted is never found.
        Ok(Deletion::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(code: u16, status: &str, reason: &str, message: &str) -> Refusal {
        let error = json!({"error": {"code": code, "status": status, "message": message,
            "details": [{"reason": reason}]}});
        Refusal::read("x", code, error.to_string().as_bytes())
    }

    #[test]
    fn a_missing_permission_is_not_taken_for_a_closed_gate() {
        let denied = refusal(403, "PERMISSION_DENIED", "IAM_PERMISSION_DENIED", "no data sharing");
        assert!(!wants_data_sharing(&denied));
        let sharing = "Access to this model requires data sharing to be enabled";
        assert!(wants_data_sharing(&refusal(403, "PERMISSION_DENIED", "", sharing)));
    }
}
