//! The endpoint through which a network reaches Google's APIs: a forwarding rule from an internal
//! address to a bundle of them.
//!
//! Marked in its description, since making one with labels is refused. An endpoint cannot be changed
//! at all, and holds nothing, so that one which is to be different is made anew.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{AddressOutput, NetworkOutput, compute_address::finish, compute_network::path_of};
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
            apply: &[
                "compute.globalAddresses.use",
                "compute.globalForwardingRules.create",
                "compute.globalForwardingRules.pscCreate",
                "compute.globalOperations.get",
                "compute.networks.use",
                "dns.managedZones.create",
                "servicedirectory.namespaces.associatePrivateZone",
                "servicedirectory.namespaces.create",
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
        })
    }

    async fn observe(&self, context: &Context<'_, Gcp>) -> Result<Option<Observed<Self>>> {
        let call = "compute.globalForwardingRules.get";
        let found = context.cloud.rest.get(call, self.path(context.cloud)).send().await;
        // A bundle is given back as it was written, or as a URL that ends with it.
        let bundle = |target: &str| target.rsplit('/').next().unwrap_or_default().to_owned();
        Ok(found.absent()?.map(|found: Found| Observed {
            owner: context.cloud.mark.owner_described(&found.description),
            state: State {
                address: Known::Now(found.ip_address),
                network: Known::Now(path_of(&found.network)),
                target: bundle(&found.target),
            },
            output: (),
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

    async fn update(&self, _: &Context<'_, Gcp>, _: &State, _: &Observed<Self>) -> Result<()> {
        // All of it is fixed.
        Ok(())
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
