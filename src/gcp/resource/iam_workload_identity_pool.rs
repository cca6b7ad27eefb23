//! The pool of outside identities that may call as ours without a key.
//!
//! A deleted pool is restorable for thirty days, and its id is taken as long: whoever wants it
//! again in that time gets the old one back. Its name has the project's number, never the
//! project's id.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    error::Result,
    gcp::{
        Gcp, Project,
        error::Answered as _,
        operation::{self, Poll},
        restorable,
        right::{Entitled, Permissions},
    },
    reconcile::{Context, Deletion, Observed, Ref, Resource, ResourceId},
};

pub struct WorkloadIdentityPool {
    /// The pool's id: 4 to 32 small letters, digits and hyphens, and not beginning with `gcp-`.
    pub name: String,
    pub services: Ref<()>,
}

#[derive(Serialize)]
pub struct State {
    display_name: String,
    description: String,
    enabled: bool,
    deleted: bool,
}

#[derive(Clone, Debug)]
pub struct WorkloadIdentityPoolOutput {
    /// `projects/NUMBER/locations/global/workloadIdentityPools/ID`
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
}

const WHAT: &str = "Workloads that call Claude on Vertex AI";
/// What may change, as the API calls it.
const MASK: &str = "displayName,description,disabled";

impl WorkloadIdentityPool {
    /// Known before the pool is there.
    pub fn full_name(&self, project: &Project) -> String {
        full_name(&self.name, project)
    }

    fn output(&self, gcp: &Gcp) -> WorkloadIdentityPoolOutput {
        WorkloadIdentityPoolOutput { name: self.full_name(&gcp.project) }
    }

    async fn lives(&self, context: &Context<'_, Gcp>) -> Result<bool> {
        Ok(self.observe(context).await?.is_some_and(|now| !now.state.deleted))
    }

    fn restore(&self, gcp: &Gcp) -> String {
        let (pool, project) = (&self.name, &gcp.project.id);
        format!(
            "gcloud iam workload-identity-pools undelete {pool} --location global --project {project}"
        )
    }
}

/// With the project's number.
pub(in crate::gcp) fn full_name(pool: &str, project: &Project) -> String {
    format!("projects/{}/locations/global/workloadIdentityPools/{pool}", project.number)
}

/// For calls.
pub(super) fn path(pool: &str, gcp: &Gcp) -> String {
    format!("v1/projects/{}/locations/global/workloadIdentityPools/{pool}", gcp.project.id)
}

async fn finish(context: &Context<'_, Gcp>, started: Value) -> Result<()> {
    let poll = Poll {
        call: "iam.projects.locations.workloadIdentityPools.operations.get",
        base: "v1".into(),
        host: None,
        what: "the pool of identities",
    };
    operation::finish(context, &poll, started).await.map(drop)
}

fn body(want: &State) -> Value {
    let State { display_name, description, enabled, .. } = want;
    json!({ "displayName": display_name, "description": description, "disabled": !enabled })
}

impl Entitled for WorkloadIdentityPool {
    // Under the long name, as Google's role reference has them, and no other.
    fn permissions(&self) -> Permissions {
        Permissions {
            plan: &["iam.googleapis.com/workloadIdentityPools.get"],
            apply: &[
                "iam.googleapis.com/workloadIdentityPools.create",
                "iam.googleapis.com/workloadIdentityPools.undelete",
                "iam.googleapis.com/workloadIdentityPools.update",
            ],
            destroy: &["iam.googleapis.com/workloadIdentityPools.delete"],
        }
    }
}

impl Resource for WorkloadIdentityPool {
    type Cloud = Gcp;
    type State = State;
    type Output = WorkloadIdentityPoolOutput;
    const KIND: &'static str = "gcp.iam.workload_identity_pool";
    const RENAME: &'static str = "choose another id for the pool in the configuration";

    fn name(&self) -> &str {
        &self.name
    }
    fn needs(&self) -> Vec<ResourceId> {
        vec![self.services.id()]
    }

    fn desired(&self, context: &Context<'_, Gcp>) -> Result<State> {
        Ok(State {
            display_name: "Claude Code".into(),
            description: context.cloud.mark.describe(WHAT),
            enabled: true,
            deleted: false,
        })
    }

    async fn observe(&self, context: &Context<'_, Gcp>) -> Result<Option<Observed<Self>>> {
        let gcp = context.cloud;
        let call = "iam.projects.locations.workloadIdentityPools.get";
        let found = gcp.rest.get(call, path(&self.name, gcp)).send().await;
        let Some(found): Option<Found> = found.absent()? else { return Ok(None) };
        let owner = gcp.mark.owner_described(&found.description);
        let deleted = found.state == "DELETED";
        if deleted && !restorable::counts(context, &owner, Self::RENAME, &self.restore(gcp))? {
            return Ok(None);
        }
        let Found { display_name, description, disabled, .. } = found;
        let state = State { display_name, description, enabled: !disabled, deleted };
        Ok(Some(Observed { state, output: self.output(gcp), owner }))
    }

    async fn create(
        &self,
        context: &Context<'_, Gcp>,
        want: &State,
    ) -> Result<WorkloadIdentityPoolOutput> {
        let gcp = context.cloud;
        let parent = format!("v1/projects/{}/locations/global", gcp.project.id);
        let call = "iam.projects.locations.workloadIdentityPools.create";
        let create = gcp.rest.post(call, format!("{parent}/workloadIdentityPools"));
        let create = create.query("workloadIdentityPoolId", &self.name).json(body(want));
        finish(context, create.send().await.done()?).await?;
        Ok(self.output(gcp))
    }

    async fn update(
        &self,
        context: &Context<'_, Gcp>,
        want: &State,
        have: &Observed<Self>,
    ) -> Result<()> {
        let (rest, path) = (&context.cloud.rest, path(&self.name, context.cloud));
        if have.state.deleted {
            let call = "iam.projects.locations.workloadIdentityPools.undelete";
            let undelete = rest.post(call, format!("{path}:undelete")).json(json!({}));
            let undeleted = undelete.send().await;
            // A second restoration is refused: it may be ours, whose answer was lost.
            let refused = matches!(&undeleted, Err(failure) if failure.code_is(&[400]));
            if !(refused && self.lives(context).await?) {
                finish(context, undeleted.done()?).await?;
            }
        }
        if body(want) != body(&have.state) {
            let call = "iam.projects.locations.workloadIdentityPools.patch";
            let change = rest.patch(call, &path).query("updateMask", MASK).json(body(want));
            finish(context, change.send().await.done()?).await?;
        }
        Ok(())
    }

    async fn delete(&self, context: &Context<'_, Gcp>, _: &Observed<Self>) -> Result<Deletion> {
        let gcp = context.cloud;
        let call = "iam.projects.locations.workloadIdentityPools.delete";
        let deleted = gcp.rest.delete(call, path(&self.name, gcp)).send().await;
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
    fn a_pool_is_named_by_the_number_of_its_project() {
        let project = Project { id: "p".into(), number: "7".into() };
        let name = "projects/7/locations/global/workloadIdentityPools/claude-code";
        assert_eq!(full_name("claude-code", &project), name);
    }
}
