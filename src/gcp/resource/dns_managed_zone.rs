//! A private zone in which the name of one of Google's APIs leads to the endpoint, for one network.
//!
//! From the moment that it is there until it has its record, nobody in the network finds that name:
//! so it is of one name only, and comes after the endpoint. Marked in its description, like what it
//! leads to.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{NetworkOutput, compute_network::path_of};
use crate::{
    error::Result,
    gcp::{
        Gcp,
        error::Answered as _,
        right::{Entitled, Permissions},
    },
    reconcile::{Context, Deletion, Known, Observed, Ref, Resource, ResourceId},
};

const WHAT: &str = "Leads Claude Code to Google's APIs";

pub struct ManagedZone {
    pub name: String,
    /// With a dot at its end: `googleapis.com.`.
    pub dns_name: String,
    /// Where it is seen from.
    pub network: Ref<NetworkOutput>,
    /// What its names lead to.
    pub endpoint: ResourceId,
    pub services: Ref<()>,
}

#[derive(Serialize)]
pub struct State {
    dns_name: String,
    visibility: String,
    description: String,
    networks: Known<BTreeSet<String>>,
}

#[derive(Clone, Debug)]
pub struct ManagedZoneOutput {
    pub name: String,
}

/// As the API gives it.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Found {
    dns_name: String,
    description: String,
    visibility: String,
    private_visibility_config: Visibility,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Visibility {
    networks: Vec<VisibleFrom>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct VisibleFrom {
    network_url: String,
}

impl ManagedZone {
    fn path(&self, gcp: &Gcp) -> String {
        format!("dns/v1/projects/{}/managedZones/{}", gcp.project.id, self.name)
    }

    fn output(&self) -> ManagedZoneOutput {
        ManagedZoneOutput { name: self.name.clone() }
    }

    fn visible(&self, context: &Context<'_, Gcp>) -> Result<Value> {
        let url = context.get(&self.network)?.self_link;
        Ok(json!({ "networks": [{ "networkUrl": url }] }))
    }
}

impl Entitled for ManagedZone {
    fn permissions(&self) -> Permissions {
        Permissions {
            plan: &["dns.managedZones.get"],
            apply: &[
                "dns.managedZones.create",
                "dns.managedZones.update",
                "dns.networks.bindPrivateDNSZone",
                "dns.networks.targetWithPeeringZone",
            ],
            destroy: &["dns.managedZones.delete"],
        }
    }
}

impl Resource for ManagedZone {
    type Cloud = Gcp;
    type State = State;
    type Output = ManagedZoneOutput;
    const KIND: &'static str = "gcp.dns.managed_zone";
    const FIXED: &'static [&'static str] = &["dns_name", "visibility"];

    fn name(&self) -> &str {
        &self.name
    }
    fn needs(&self) -> Vec<ResourceId> {
        vec![self.services.id(), self.network.id(), self.endpoint.clone()]
    }

    fn desired(&self, context: &Context<'_, Gcp>) -> Result<State> {
        Ok(State {
            dns_name: self.dns_name.clone(),
            visibility: "private".into(),
            description: context.cloud.mark.describe(WHAT),
            networks: context.known(&self.network, |network| BTreeSet::from([network.path]))?,
        })
    }

    async fn observe(&self, context: &Context<'_, Gcp>) -> Result<Option<Observed<Self>>> {
        let found = context.cloud.rest.get("dns.managedZones.get", self.path(context.cloud));
        Ok(found.send().await.absent()?.map(|found: Found| {
            let networks = found.private_visibility_config.networks.into_iter();
            Observed {
                owner: context.cloud.mark.owner_described(&found.description),
                state: State {
                    dns_name: found.dns_name,
                    visibility: found.visibility,
                    description: found.description,
                    networks: Known::Now(networks.map(|it| path_of(&it.network_url)).collect()),
                },
                output: self.output(),
            }
        }))
    }

    async fn create(&self, context: &Context<'_, Gcp>, want: &State) -> Result<ManagedZoneOutput> {
        let path = format!("dns/v1/projects/{}/managedZones", context.cloud.project.id);
        let create = context.cloud.rest.post("dns.managedZones.create", path).json(json!({
            "name": self.name,
            "dnsName": want.dns_name,
            "description": want.description,
            "visibility": want.visibility,
            "privateVisibilityConfig": self.visible(context)?,
        }));
        create.send::<Value>().await.done()?;
        Ok(self.output())
    }

    async fn update(
        &self,
        context: &Context<'_, Gcp>,
        want: &State,
        _: &Observed<Self>,
    ) -> Result<()> {
        // This API has no update mask: what is left out stays as it is.
        let patch = context.cloud.rest.patch("dns.managedZones.patch", self.path(context.cloud));
        let body = json!({
            "description": want.description,
            "privateVisibilityConfig": self.visible(context)?,
        });
        patch.json(body).send::<Value>().await.done().map(drop)
    }

    async fn delete(&self, context: &Context<'_, Gcp>, _: &Observed<Self>) -> Result<Deletion> {
        let delete = context.cloud.rest.delete("dns.managedZones.delete", self.path(context.cloud));
        delete.send::<Value>().await.absent()?;
        Ok(Deletion::Done)
    }
}
