//! The account as which Claude Code calls the models, where no person does.
//!
//! A deleted account stays restorable for thirty days, and grants are bound to its unique id: an
//! account made anew under the same name has none of them. Whatever hung on the old one is not ours
//! to revive, so a new one is made, and our own grants are given anew.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    error::{Error, Kind, Result},
    gcp::{
        Gcp,
        error::Answered as _,
        right::{Entitled, Permissions},
    },
    reconcile::{Context, Deletion, Observed, Ref, Resource, ResourceId},
};

pub struct ServiceAccount {
    /// The account's id: what its address begins with.
    pub name: String,
    pub services: Ref<()>,
}

#[derive(Serialize)]
pub struct State {
    display_name: String,
    description: String,
    enabled: bool,
}

#[derive(Clone, Debug)]
pub struct ServiceAccountOutput {
    pub email: String,
    pub unique_id: String,
}

/// As the API gives it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Account {
    email: String,
    unique_id: String,
    display_name: String,
    description: String,
    disabled: bool,
}

const WHAT: &str = "Calls Claude on Vertex AI";

impl ServiceAccount {
    /// Known before the account is there.
    pub fn email(&self, project: &str) -> String {
        email(&self.name, project)
    }

    fn path(&self, gcp: &Gcp) -> String {
        let project = &gcp.project.id;
        format!("v1/projects/{project}/serviceAccounts/{}", self.email(project))
    }
}

/// The address of an account. Of a project with a domain, `example.com:name`, the two change places.
pub(in crate::gcp) fn email(name: &str, project: &str) -> String {
    let project = match project.split_once(':') {
        Some((domain, project)) => format!("{project}.{domain}"),
        None => project.to_owned(),
    };
    format!("{name}@{project}.iam.gserviceaccount.com")
}

impl From<Account> for ServiceAccountOutput {
    fn from(account: Account) -> Self {
        Self { email: account.email, unique_id: account.unique_id }
    }
}

impl Entitled for ServiceAccount {
    fn permissions(&self) -> Permissions {
        Permissions {
            plan: &["iam.serviceAccounts.get"],
            apply: &["iam.serviceAccounts.create", "iam.serviceAccounts.update"],
            destroy: &["iam.serviceAccounts.delete"],
        }
    }
}

impl Resource for ServiceAccount {
    type Cloud = Gcp;
    type State = State;
    type Output = ServiceAccountOutput;
    const KIND: &'static str = "gcp.iam.service_account";
    const RENAME: &'static str = "choose another `vertex_ai.service_account.name`";

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
        })
    }

    async fn observe(&self, context: &Context<'_, Gcp>) -> Result<Option<Observed<Self>>> {
        let call = "iam.projects.serviceAccounts.get";
        let found = context.cloud.rest.get(call, self.path(context.cloud)).send().await;
        Ok(found.absent()?.map(|account: Account| Observed {
            owner: context.cloud.mark.owner_described(&account.description),
            state: State {
                display_name: account.display_name.clone(),
                description: account.description.clone(),
                enabled: !account.disabled,
            },
            output: account.into(),
        }))
    }

    async fn create(
        &self,
        context: &Context<'_, Gcp>,
        want: &State,
    ) -> Result<ServiceAccountOutput> {
        let path = format!("v1/projects/{}/serviceAccounts", context.cloud.project.id);
        let request = context.cloud.rest.post("iam.projects.serviceAccounts.create", path);
        let State { display_name, description, .. } = want;
        let account: Account = request
            .json(json!({
                "accountId": self.name,
                "serviceAccount": { "displayName": display_name, "description": description },
            }))
            .send()
            .await
            .done()?;
        Ok(account.into())
    }

    async fn update(
        &self,
        context: &Context<'_, Gcp>,
        want: &State,
        have: &Observed<Self>,
    ) -> Result<()> {
        let (rest, path) = (&context.cloud.rest, self.path(context.cloud));
        let State { display_name, description, .. } = want;
        if (display_name, description) != (&have.state.display_name, &have.state.description) {
            // The one API that takes the mask in the body.
            let body = json!({
                "serviceAccount": { "displayName": display_name, "description": description },
                "updateMask": "displayName,description",
            });
            let change = rest.patch("iam.projects.serviceAccounts.patch", &path).json(body);
            change.send::<Account>().await.done()?;
        }
        if have.state.enabled {
            return Ok(());
        }
        // Somebody had a reason, perhaps a key that got out: a run by the clock is not to undo it.
        let email = &have.output.email;
        Err(Error::new(Kind::Conflict, format!("`{email}` was disabled")).hint(format!(
            "if it may be used again: gcloud iam service-accounts enable {email} --project {}",
            context.cloud.project.id
        )))
    }

    async fn delete(&self, context: &Context<'_, Gcp>, have: &Observed<Self>) -> Result<Deletion> {
        let call = "iam.projects.serviceAccounts.delete";
        let delete = context.cloud.rest.delete(call, self.path(context.cloud));
        delete.send::<serde_json::Value>().await.absent()?;
        let id = &have.output.unique_id;
        Ok(Deletion::Scheduled(format!(
            "can be restored for 30 days: gcloud beta iam service-accounts undelete {id}"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_known_before_the_account_is_there() {
        assert_eq!(email("a-b", "my-project"), "a-b@my-project.iam.gserviceaccount.com");
        assert_eq!(email("a", "example.com:p"), "a@p.example.com.iam.gserviceaccount.com");
    }
}
