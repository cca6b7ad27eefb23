//! The role that lets Claude Code call the models, and nothing else.
//!
//! The ready-made role for users of Vertex AI also tunes models and reads data sets. A deleted
//! role is restorable for seven days and keeps its id for a month more: in the first time it is
//! restored, in the second nothing but another id helps.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    error::{Error, Kind, Result},
    gcp::{
        Gcp,
        error::{Answered as _, Failure},
        restorable,
        right::{Entitled, Permissions},
    },
    reconcile::{Context, Deletion, Observed, Owner, Ref, Resource, ResourceId},
};

pub struct Role {
    /// The role's id: 3 to 64 letters, digits, underscores and periods.
    pub name: String,
    pub title: String,
    /// What it lets one do; the mark is added to it.
    pub description: String,
    pub permissions: BTreeSet<String>,
    pub services: Ref<()>,
}

#[derive(Serialize)]
pub struct State {
    title: String,
    description: String,
    permissions: BTreeSet<String>,
    stage: String,
    deleted: bool,
}

#[derive(Clone, Debug)]
pub struct RoleOutput {
    /// As policies name it: `projects/P/roles/ID`.
    pub name: String,
}

/// As the API gives it.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Found {
    title: String,
    description: String,
    included_permissions: BTreeSet<String>,
    stage: String,
    deleted: bool,
}

/// What may change, as the API calls it.
const MASK: &str = "title,description,includedPermissions,stage";

impl Role {
    /// Known before the role is there.
    pub fn full_name(&self, project: &str) -> String {
        full_name(&self.name, project)
    }

    fn path(&self, gcp: &Gcp) -> String {
        format!("v1/{}", self.full_name(&gcp.project.id))
    }

    fn output(&self, gcp: &Gcp) -> RoleOutput {
        RoleOutput { name: self.full_name(&gcp.project.id) }
    }

    fn restore(&self, gcp: &Gcp) -> String {
        format!("gcloud iam roles undelete {} --project {}", self.name, gcp.project.id)
    }

    async fn lives(&self, context: &Context<'_, Gcp>) -> Result<bool> {
        Ok(self.observe(context).await?.is_some_and(|now| !now.state.deleted))
    }

    fn id_is_taken(&self, failure: Failure) -> Error {
        let message = format!("the id `{}` belongs to a role that was deleted", self.name);
        Error::new(Kind::Conflict, message)
            .hint("it is free again 37 days after the deletion")
            .hint(format!("until then, {}", Self::RENAME))
            .caused_by(failure.into_error())
    }
}

/// As policies name the role.
pub(in crate::gcp) fn full_name(role: &str, project: &str) -> String {
    format!("projects/{project}/roles/{role}")
}

fn body(want: &State) -> Value {
    let State { title, description, permissions, stage, .. } = want;
    json!({
        "title": title,
        "description": description,
        "includedPermissions": permissions,
        "stage": stage,
    })
}

impl Entitled for Role {
    fn permissions(&self) -> Permissions {
        Permissions {
            plan: &["iam.roles.get"],
            apply: &["iam.roles.create", "iam.roles.undelete", "iam.roles.update"],
            destroy: &["iam.roles.delete"],
        }
    }
}

impl Resource for Role {
    type Cloud = Gcp;
    type State = State;
    type Output = RoleOutput;
    const KIND: &'static str = "gcp.iam.role";
    const RENAME: &'static str = "choose another id for the role in the configuration";

    fn name(&self) -> &str {
        &self.name
    }
    fn needs(&self) -> Vec<ResourceId> {
        vec![self.services.id()]
    }

    fn desired(&self, context: &Context<'_, Gcp>) -> Result<State> {
        Ok(State {
            title: self.title.clone(),
            description: context.cloud.mark.describe(&self.description),
            permissions: self.permissions.clone(),
            stage: "GA".into(),
            deleted: false,
        })
    }

    async fn observe(&self, context: &Context<'_, Gcp>) -> Result<Option<Observed<Self>>> {
        let gcp = context.cloud;
        let found = gcp.rest.get("iam.projects.roles.get", self.path(gcp)).send().await;
        let Some(found): Option<Found> = found.absent()? else { return Ok(None) };
        let owner: Owner = gcp.mark.owner_described(&found.description);
        if found.deleted && !restorable::counts(context, &owner, Self::RENAME, &self.restore(gcp))?
        {
            return Ok(None);
        }
        let Found { title, description, included_permissions: permissions, stage, deleted } = found;
        let state = State { title, description, permissions, stage, deleted };
        Ok(Some(Observed { state, output: self.output(gcp), owner }))
    }

    async fn create(&self, context: &Context<'_, Gcp>, want: &State) -> Result<RoleOutput> {
        let path = format!("v1/projects/{}/roles", context.cloud.project.id);
        let request = context.cloud.rest.post("iam.projects.roles.create", path);
        let request = request.json(json!({ "roleId": self.name, "role": body(want) }));
        match request.send::<Value>().await {
            // Restorable no more, and not free yet.
            Err(failure)
                if failure.refusal().is_some_and(|it| it.status == "FAILED_PRECONDITION") =>
            {
                Err(self.id_is_taken(failure))
            }
            other => other.done().map(|_| self.output(context.cloud)),
        }
    }

    async fn update(
        &self,
        context: &Context<'_, Gcp>,
        want: &State,
        have: &Observed<Self>,
    ) -> Result<()> {
        let (rest, path) = (&context.cloud.rest, self.path(context.cloud));
        if have.state.deleted {
            let call = "iam.projects.roles.undelete";
            let undelete = rest.post(call, format!("{path}:undelete")).json(json!({}));
            let undeleted = undelete.send::<Value>().await;
            // A second restoration is refused: it may be ours, whose answer was lost.
            let refused = matches!(&undeleted, Err(failure) if failure.code_is(&[400]));
            if !(refused && self.lives(context).await?) {
                undeleted.done()?;
            }
        }
        if body(want) != body(&have.state) {
            let change = rest.patch("iam.projects.roles.patch", &path).query("updateMask", MASK);
            change.json(body(want)).send::<Value>().await.done()?;
        }
        Ok(())
    }

    async fn delete(&self, context: &Context<'_, Gcp>, _: &Observed<Self>) -> Result<Deletion> {
        let gcp = context.cloud;
        let delete = gcp.rest.delete("iam.projects.roles.delete", self.path(gcp));
        let deleted = delete.send::<Value>().await;
        // A second deletion is refused: it may be ours, whose answer was lost.
        let refused = matches!(&deleted, Err(failure) if failure.code_is(&[400]));
        if !(refused && self.observe(context).await?.is_none()) {
            deleted.absent()?;
        }
        Ok(Deletion::Scheduled(format!("can be restored for 7 days: {}", self.restore(gcp))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deleted_role_differs_in_nothing_that_can_be_patched() {
        let state = |deleted| State {
            title: "t".into(),
            description: "d".into(),
            permissions: BTreeSet::from(["a.b.c".to_owned()]),
            stage: "GA".into(),
            deleted,
        };
        assert_eq!(body(&state(true)), body(&state(false)));
        let masked: BTreeSet<_> = MASK.split(',').collect();
        let sent = body(&state(false));
        assert_eq!(
            sent.as_object().unwrap().keys().map(String::as_str).collect::<BTreeSet<_>>(),
            masked
        );
    }
}
