//! Whose tokens the pool takes: one issuer (by OIDC), and which of its tokens.
//!
//! Everything that decides who gets in is ours to say, and what is added to it by others goes:
//! another audience, another mapping, another way to the issuer's keys. Of an issuer that serves
//! many companies, such as GitHub, the condition alone keeps the others out.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::iam_workload_identity_pool::{self, WorkloadIdentityPoolOutput};
use crate::{
    error::Result,
    gcp::{
        Gcp,
        error::Answered as _,
        operation::{self, Poll},
        restorable,
        right::{Entitled, Permissions},
    },
    reconcile::{Context, Deletion, Observed, Ref, Resource, ResourceId},
};

pub struct WorkloadIdentityProvider {
    /// The provider's id: 4 to 32 small letters, digits and hyphens, and not beginning with `gcp-`.
    pub name: String,
    /// The id of its pool.
    pub pool_id: String,
    /// `https://...`
    pub issuer: String,
    /// At most ten; with none, the provider's own full name.
    pub audiences: BTreeSet<String>,
    /// By Google's attribute, such as `google.subject`, an expression over `assertion`.
    pub attribute_mapping: BTreeMap<String, String>,
    /// An expression; without one, every token of the issuer is taken.
    pub attribute_condition: Option<String>,
    pub pool: Ref<WorkloadIdentityPoolOutput>,
    pub services: Ref<()>,
}

#[derive(Serialize)]
pub struct State {
    protocol: &'static str,
    display_name: String,
    description: String,
    enabled: bool,
    deleted: bool,
    oidc: Oidc,
    /// `attribute = expression`: a list, so that one too many is seen.
    attribute_mapping: BTreeSet<String>,
    attribute_condition: String,
}

/// The same in our state and in the API's answers, but for the names.
#[derive(Serialize, Deserialize, Default, Clone, Debug, PartialEq)]
#[serde(rename_all(deserialize = "camelCase"), default)]
struct Oidc {
    issuer_uri: String,
    allowed_audiences: BTreeSet<String>,
    /// Keys in the place of those that the issuer publishes.
    jwks_json: String,
    /// Another place to ask for the issuer's keys.
    discovery_uri: String,
}

#[derive(Clone, Debug)]
pub struct WorkloadIdentityProviderOutput {
    /// `projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/ID`
    pub name: String,
}

/// As the API gives it.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Found {
    display_name: String,
    description: String,
    disabled: bool,
    state: String,
    oidc: Option<Oidc>,
    attribute_mapping: BTreeMap<String, String>,
    attribute_condition: String,
}

const WHAT: &str = "Whose tokens may call Claude on Vertex AI";
/// What may change, as the API calls it. `oidc` whole: what is not sent of it is cleared.
const MASK: &str = "displayName,description,disabled,oidc,attributeMapping,attributeCondition";

impl WorkloadIdentityProvider {
    fn path(&self, gcp: &Gcp) -> String {
        let pool = iam_workload_identity_pool::path(&self.pool_id, gcp);
        format!("{pool}/providers/{}", self.name)
    }

    fn output(&self, gcp: &Gcp) -> WorkloadIdentityProviderOutput {
        let pool = iam_workload_identity_pool::full_name(&self.pool_id, &gcp.project);
        WorkloadIdentityProviderOutput { name: format!("{pool}/providers/{}", self.name) }
    }

    async fn lives(&self, context: &Context<'_, Gcp>) -> Result<bool> {
        Ok(self.observe(context).await?.is_some_and(|now| !now.state.deleted))
    }

    fn restore(&self, gcp: &Gcp) -> String {
        let Self { name, pool_id, .. } = self;
        format!(
            "gcloud iam workload-identity-pools providers undelete {name} \
             --workload-identity-pool {pool_id} --location global --project {}",
            gcp.project.id
        )
    }

    fn body(&self, want: &State) -> Value {
        json!({
            "displayName": want.display_name,
            "description": want.description,
            "disabled": !want.enabled,
            "oidc": {
                "issuerUri": want.oidc.issuer_uri,
                "allowedAudiences": want.oidc.allowed_audiences,
            },
            "attributeMapping": self.attribute_mapping,
            "attributeCondition": want.attribute_condition,
        })
    }
}

fn as_list(mapping: &BTreeMap<String, String>) -> BTreeSet<String> {
    mapping.iter().map(|(attribute, by)| format!("{attribute} = {by}")).collect()
}

impl From<Found> for State {
    fn from(found: Found) -> Self {
        Self {
            protocol: if found.oidc.is_some() { "oidc" } else { "another" },
            display_name: found.display_name,
            description: found.description,
            enabled: !found.disabled,
            deleted: found.state == "DELETED",
            oidc: found.oidc.unwrap_or_default(),
            attribute_mapping: as_list(&found.attribute_mapping),
            attribute_condition: found.attribute_condition,
        }
    }
}

async fn finish(context: &Context<'_, Gcp>, started: Value) -> Result<()> {
    let poll = Poll {
        call: "iam.projects.locations.workloadIdentityPools.providers.operations.get",
        base: "v1".into(),
        host: None,
        what: "the pool to know whose tokens it takes",
    };
    operation::finish(context, &poll, started).await.map(drop)
}

impl Entitled for WorkloadIdentityProvider {
    // Under the long name, as Google's role reference has them, and no other.
    fn permissions(&self) -> Permissions {
        Permissions {
            plan: &["iam.googleapis.com/workloadIdentityPoolProviders.get"],
            apply: &[
                "iam.googleapis.com/workloadIdentityPoolProviders.create",
                "iam.googleapis.com/workloadIdentityPoolProviders.undelete",
                "iam.googleapis.com/workloadIdentityPoolProviders.update",
            ],
            destroy: &["iam.googleapis.com/workloadIdentityPoolProviders.delete"],
        }
    }
}

impl Resource for WorkloadIdentityProvider {
    type Cloud = Gcp;
    type State = State;
    type Output = WorkloadIdentityProviderOutput;
    const KIND: &'static str = "gcp.iam.workload_identity_provider";
    const FIXED: &'static [&'static str] = &["protocol"];
    const RENAME: &'static str = "choose another id for the provider in the configuration";

    fn name(&self) -> &str {
        &self.name
    }
    fn needs(&self) -> Vec<ResourceId> {
        vec![self.services.id(), self.pool.id()]
    }

    fn desired(&self, context: &Context<'_, Gcp>) -> Result<State> {
        Ok(State {
            protocol: "oidc",
            display_name: "Claude Code".into(),
            description: context.cloud.mark.describe(WHAT),
            enabled: true,
            deleted: false,
            oidc: Oidc {
                issuer_uri: self.issuer.clone(),
                allowed_audiences: self.audiences.clone(),
                ..Oidc::default()
            },
            attribute_mapping: as_list(&self.attribute_mapping),
            attribute_condition: self.attribute_condition.clone().unwrap_or_default(),
        })
    }

    async fn observe(&self, context: &Context<'_, Gcp>) -> Result<Option<Observed<Self>>> {
        let gcp = context.cloud;
        let call = "iam.projects.locations.workloadIdentityPools.providers.get";
        let found = gcp.rest.get(call, self.path(gcp)).send().await;
        let Some(found): Option<Found> = found.absent()? else { return Ok(None) };
        let owner = gcp.mark.owner_described(&found.description);
        let state = State::from(found);
        if state.deleted && !restorable::counts(context, &owner, Self::RENAME, &self.restore(gcp))?
        {
            return Ok(None);
        }
        Ok(Some(Observed { state, output: self.output(gcp), owner }))
    }

    async fn create(
        &self,
        context: &Context<'_, Gcp>,
        want: &State,
    ) -> Result<WorkloadIdentityProviderOutput> {
        let gcp = context.cloud;
        let pool = iam_workload_identity_pool::path(&self.pool_id, gcp);
        let call = "iam.projects.locations.workloadIdentityPools.providers.create";
        let create = gcp.rest.post(call, format!("{pool}/providers"));
        let create = create.query("workloadIdentityPoolProviderId", &self.name);
        let started = create.json(self.body(want)).send().await.done()?;
        finish(context, started).await?;
        Ok(self.output(gcp))
    }

    async fn update(
        &self,
        context: &Context<'_, Gcp>,
        want: &State,
        have: &Observed<Self>,
    ) -> Result<()> {
        let (rest, path) = (&context.cloud.rest, self.path(context.cloud));
        // Not by what was found before its pool was restored: that may have brought it back.
        if have.state.deleted && !self.lives(context).await? {
            let call = "iam.projects.locations.workloadIdentityPools.providers.undelete";
            let undelete = rest.post(call, format!("{path}:undelete")).json(json!({}));
            let undeleted = undelete.send().await;
            // A second restoration is refused: it may be ours, whose answer was lost.
            let refused = matches!(&undeleted, Err(failure) if failure.code_is(&[400]));
            if !(refused && self.lives(context).await?) {
                finish(context, undeleted.done()?).await?;
            }
        }
        let call = "iam.projects.locations.workloadIdentityPools.providers.patch";
        let change = rest.patch(call, &path).query("updateMask", MASK).json(self.body(want));
        finish(context, change.send().await.done()?).await
    }

    async fn delete(&self, context: &Context<'_, Gcp>, _: &Observed<Self>) -> Result<Deletion> {
        let gcp = context.cloud;
        let call = "iam.projects.locations.workloadIdentityPools.providers.delete";
        let deleted = gcp.rest.delete(call, self.path(gcp)).send().await;
        // A second deletion is refused: it may be ours, whose answer was lost.
        let refused = matches!(&deleted, Err(failure) if failure.code_is(&[400]));
        if !(refused && self.observe(context).await?.is_none())
            && let Some(started) = deleted.absent()?
        {
            finish(context, started).await?;
        }
        Ok(Deletion::Scheduled(format!("can be restored for 30 days: {}", self.restore(gcp))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_added_to_a_provider_is_seen() {
        let found: Found = serde_json::from_value(json!({
            "oidc": {"issuerUri": "https://i", "jwksJson": "{}"},
            "attributeMapping": {"google.subject": "assertion.sub"},
            "state": "ACTIVE",
        }))
        .unwrap();
        let state = serde_json::to_value(State::from(found)).unwrap();
        assert_eq!(state["oidc"]["jwks_json"], "{}");
        assert_eq!(state["attribute_mapping"], json!(["google.subject = assertion.sub"]));
        assert_eq!(state["protocol"], "oidc");
        assert_eq!(state["deleted"], false);
    }
}
