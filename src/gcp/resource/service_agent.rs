//! The accounts as which Google's services themselves use a key: Cloud Logging's and BigQuery's.
//!
//! Each comes into being when it is asked for, and has an address that only its service knows for
//! sure. They are Google's, so they are looked up and never made.

use serde::Deserialize;

use crate::{
    error::{Error, Kind, Result},
    gcp::{
        Gcp,
        error::Answered as _,
        right::{Entitled, Permissions},
    },
    reconcile::{Context, Given, Ref, ResourceId},
};

#[derive(Clone, Debug)]
pub struct AgentOutput {
    pub email: String,
}

/// The account with which Cloud Logging encrypts buckets. Not the one that writes to sinks.
pub struct LoggingAgent {
    /// The project's id.
    pub project: String,
    pub services: Ref<()>,
}

/// The account with which BigQuery encrypts tables.
pub struct BigqueryAgent {
    /// The project's id.
    pub project: String,
    pub services: Ref<()>,
}

fn known(call: &str, email: &str) -> Result<AgentOutput> {
    // Where IAM's notation is used, it is meant for IAM.
    let email = email.trim_start_matches("serviceAccount:").to_owned();
    if email.is_empty() {
        return Err(Error::new(Kind::Cloud, format!("{call} gave no account")));
    }
    Ok(AgentOutput { email })
}

impl Entitled for LoggingAgent {
    fn permissions(&self) -> Permissions {
        Permissions { plan: &["logging.settings.get"], apply: &[], destroy: &[] }
    }
}

impl Given for LoggingAgent {
    type Cloud = Gcp;
    type Output = AgentOutput;
    const KIND: &'static str = "gcp.logging.agent";

    fn name(&self) -> &str {
        &self.project
    }
    fn needs(&self) -> Vec<ResourceId> {
        vec![self.services.id()]
    }

    async fn find(&self, context: &Context<'_, Gcp>) -> Result<AgentOutput> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Settings {
            #[serde(default)]
            kms_service_account_id: String,
        }
        let call = "logging.projects.getSettings";
        let request =
            context.cloud.rest.get(call, format!("v2/projects/{}/settings", self.project));
        let settings: Settings = request.send().await.done()?;
        known(call, &settings.kms_service_account_id)
    }
}

impl Entitled for BigqueryAgent {
    fn permissions(&self) -> Permissions {
        // It is what BigQuery asks for, though no job is made.
        Permissions { plan: &["bigquery.jobs.create"], apply: &[], destroy: &[] }
    }
}

impl Given for BigqueryAgent {
    type Cloud = Gcp;
    type Output = AgentOutput;
    const KIND: &'static str = "gcp.bigquery.agent";

    fn name(&self) -> &str {
        &self.project
    }
    fn needs(&self) -> Vec<ResourceId> {
        vec![self.services.id()]
    }

    async fn find(&self, context: &Context<'_, Gcp>) -> Result<AgentOutput> {
        #[derive(Deserialize)]
        struct Account {
            #[serde(default)]
            email: String,
        }
        let call = "bigquery.projects.getServiceAccount";
        let path = format!("bigquery/v2/projects/{}/serviceAccount", self.project);
        let account: Account = context.cloud.rest.get(call, path).send().await.done()?;
        known(call, &account.email)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_without_an_address_is_a_failure() {
        assert!(known("x", "").is_err());
        assert_eq!(known("x", "serviceAccount:a@b").unwrap().email, "a@b");
    }
}
