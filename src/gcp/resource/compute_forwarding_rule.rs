//! The endpoint through which a network reaches Google's APIs: a forwarding rule from an internal
//! address to a bundle of them.
//!
//! Marked in its description, since making one with labels is refused; one that is taken over gets a
//! label. An endpoint cannot be changed
//! at all, and holds nothing, so that one which is to be different is made anew.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    AddressOutput, NetworkOutput,
    compute_address::{Labelled, finish, tenant},
    compute_network::path_of,
};
use crate::{
    error::Result,
    gcp::{
        Gcp,
        error::Answered as _,
        right::{Entitled, Permissions},
    },
    reconcile::{Context, Deletion, Known, Observed, Ref, Resource, ResourceId},
};

const WHAT: &str = "Brings Claude Code to Google's APIs";

pub struct ForwardingRule {
    /// One to twenty lower-case letters and digits, of which the first is a letter.
    pub name: String,
    /// `all-apis` or `vpc-sc`.
    pub target: String,
    pub address: Ref<AddressOutput>,
    pub network: Ref<NetworkOutput>,
    pub services: Ref<()>,
}

#[derive(Serialize)]
pub struct State {
    address: Known<String>,
    network: Known<String>,
    target: String,
    tenant: String,
    #[serde(skip)]
    labelled: Labelled,
}

/// As the API gives it.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Found {
    #[serde(rename = "IPAddress")]
    ip_address: String,
    description: String,
    network: String,
    target: String,
    #[serde(flatten)]
    labelled: Labelled,
}

impl ForwardingRule {
    fn path(&self, gcp: &Gcp) -> String {
        format!("compute/v1/projects/{}/global/forwardingRules/{}", gcp.project.id, self.name)
    }
}

impl Entitled for ForwardingRule {
    fn permissions(&self) -> Permissions {
        // It also registers names for itself, in a zone and a namespace that Google keeps.
        Permissions {
            plan: &["compute.globalForwardingRules.get", "compute.globalForwardingRules.pscGet"],
            // One that is made anew is removed before.
            apply: &[
                "compute.globalAddresses.use",
                "compute.globalForwardingRules.create",
                "compute.globalForwardingRules.delete",
                "compute.globalForwardingRules.pscCreate",
                "compute.globalForwardingRules.pscDelete",
                "compute.globalForwardingRules.pscSetLabels",
                "compute.globalForwardingRules.setLabels",
                "compute.globalOperations.get",
                "compute.networks.use",
                "dns.managedZones.create",
                "dns.managedZones.delete",
                "servicedirectory.namespaces.associatePrivateZone",
                "servicedirectory.namespaces.create",
                "servicedirectory.namespaces.delete",
            ],
            destroy: &[
                "compute.globalForwardingRules.delete",
                "compute.globalForwardingRules.pscDelete",
                "compute.globalOperations.get",
                "dns.managedZones.delete",
                "servicedirectory.namespaces.delete",
            ],
        }
    }
}

impl Resource for ForwardingRule {
    type Cloud = Gcp;
    type State = State;
    type Output = ();
    const KIND: &'static str = "gcp.compute.forwarding_rule";
    const FIXED: &'static [&'static str] = &["address", "network", "target"];
    const REPLACED_FOR: &'static [&'static str] = Self::FIXED;

    fn name(&self) -> &str {
        &self.name
    }
    fn needs(&self) -> Vec<ResourceId> {
        vec![self.services.id(), self.network.id(), self.address.id()]
    }

    fn desired(&self, context: &Context<'_, Gcp>) -> Result<State> {
        Ok(State {
            address: context.known(&self.address, |address| address.ip)?,
            network: context.known(&self.network, |network| network.path)?,
            target: self.target.clone(),
            tenant: context.cloud.mark.tenant.clone(),
            labelled: Labelled::default(),
        })
    }

    async fn observe(&self, context: &Context<'_, Gcp>) -> Result<Option<Observed<Self>>> {
        let call = "compute.globalForwardingRules.get";
        let found = context.cloud.rest.get(call, self.path(context.cloud)).send().await;
        // A bundle is given back as it was written, or as a URL that ends with it.
        let bundle = |target: &str| target.rsplit('/').next().unwrap_or_default().to_owned();
        let mark = &context.cloud.mark;
        Ok(found.absent()?.map(|found: Found| {
            let owner = found.labelled.owner(mark, &found.description);
            Observed {
                state: State {
                    address: Known::Now(found.ip_address),
                    network: Known::Now(path_of(&found.network)),
                    target: bundle(&found.target),
                    tenant: tenant(&owner, mark),
                    labelled: found.labelled,
                },
                output: (),
                owner,
            }
        }))
    }

    async fn create(&self, context: &Context<'_, Gcp>, want: &State) -> Result<()> {
        let project = &context.cloud.project.id;
        let path = format!("compute/v1/projects/{project}/global/forwardingRules");
        let insert = context.cloud.rest.post("compute.globalForwardingRules.insert", path);
        // Without a load-balancing scheme: with any, it is no endpoint.
        let started = insert
            .json(json!({
                "name": self.name,
                "description": context.cloud.mark.describe(WHAT),
                "IPAddress": context.get(&self.address)?.path,
                "network": context.get(&self.network)?.self_link,
                "target": want.target,
            }))
            .send()
            .await
            .done()?;
        finish(context, "the endpoint to be made", started).await
    }

    async fn update(
        &self,
        context: &Context<'_, Gcp>,
        _: &State,
        have: &Observed<Self>,
    ) -> Result<()> {
        let call = "compute.globalForwardingRules.setLabels";
        have.state.labelled.take_over(context, call, &self.path(context.cloud)).await
    }

    async fn delete(&self, context: &Context<'_, Gcp>, _: &Observed<Self>) -> Result<Deletion> {
        let call = "compute.globalForwardingRules.delete";
        let delete = context.cloud.rest.delete(call, self.path(context.cloud));
        if let Some(started) = delete.send().await.absent()? {
            finish(context, "the endpoint to be gone", started).await?;
        }
        Ok(Deletion::Done)
    }
}
