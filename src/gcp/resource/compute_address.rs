//! The internal address at which a network reaches Google's APIs.
//!
//! Marked in its description: labels can only be put on an address that is there already, and
//! between the two calls it would be nobody's. One that is taken over gets a label, since a
//! description cannot change.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{NetworkOutput, SubnetworkOutput, compute_network::path_of};
use crate::{
    error::{Error, Kind, Result},
    gcp::{
        Gcp, Labels, Mark,
        error::Answered as _,
        mark::TENANT,
        operation::{self, Poll},
        right::{Entitled, Permissions},
    },
    reconcile::{Context, Deletion, Known, Observed, Owner, Ref, Resource, ResourceId},
};

const WHAT: &str = "Where Claude Code reaches Google's APIs";
const PURPOSE: &str = "PRIVATE_SERVICE_CONNECT";

pub struct Address {
    pub name: String,
    /// IPv4, such as `10.0.100.2`; in none of the network's subnets.
    pub ip: String,
    pub network: Ref<NetworkOutput>,
    /// The one that developers call from, to tell a mistake before anything is made.
    pub subnetwork: Option<Ref<SubnetworkOutput>>,
    pub services: Ref<()>,
}

#[derive(Serialize)]
pub struct State {
    address: String,
    network: Known<String>,
    purpose: String,
    tenant: String,
    #[serde(skip)]
    labelled: Labelled,
}

#[derive(Clone, Debug)]
pub struct AddressOutput {
    pub ip: String,
    /// `projects/P/global/addresses/A`.
    pub path: String,
}

/// As the API gives it.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Found {
    address: String,
    description: String,
    network: String,
    purpose: String,
    /// What has it.
    users: Vec<String>,
    #[serde(flatten)]
    labelled: Labelled,
}

/// The labels of an object of the Compute Engine, and what has to be sent to change them.
#[derive(Deserialize, Clone, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Labelled {
    labels: Labels,
    label_fingerprint: String,
}

impl Labelled {
    /// By a label, or else by the description with which we make one.
    pub(super) fn owner(&self, mark: &Mark, description: &str) -> Owner {
        if self.labels.contains_key(TENANT) {
            mark.owner(&self.labels)
        } else {
            mark.owner_described(description)
        }
    }

    /// Makes what is there ours; `path` is the object's.
    pub(super) async fn take_over(
        &self,
        context: &Context<'_, Gcp>,
        call: &'static str,
        path: &str,
    ) -> Result<()> {
        let set = context.cloud.rest.post(call, format!("{path}/setLabels")).json(json!({
            "labels": context.cloud.mark.with(&self.labels),
            "labelFingerprint": self.label_fingerprint,
        }));
        finish(context, "the label to be set", set.send().await.done()?).await
    }
}

/// Whose it is, as far as it is ours.
pub(super) fn tenant(owner: &Owner, mark: &Mark) -> String {
    if *owner == Owner::Us { mark.tenant.clone() } else { String::new() }
}

/// Whether an IPv4 range such as `10.0.0.0/24` has the address in it.
fn contains(range: &str, ip: Ipv4Addr) -> bool {
    let Some((first, length)) = range.split_once('/') else { return false };
    let (Ok(first), Ok(length)) = (first.parse::<Ipv4Addr>(), length.parse::<u32>()) else {
        return false;
    };
    let mask = u32::MAX.checked_shl(32_u32.saturating_sub(length)).unwrap_or(0);
    u32::from(first) & mask == u32::from(ip) & mask
}

/// Google refuses it only when the endpoint is made, after the rest.
fn check(ip: &str, subnetwork: &SubnetworkOutput) -> Result<()> {
    let Ok(address) = ip.parse() else { return Ok(()) };
    let Some(range) = subnetwork.ranges.iter().find(|range| contains(range, address)) else {
        return Ok(());
    };
    let message =
        format!("the address {ip} is in the range {range} of the subnet `{}`", subnetwork.name);
    Err(Error::new(Kind::Config, message)
        .hint("an endpoint for Google's APIs takes an address that is in no subnet of the network"))
}

/// In a shared VPC all of the endpoint is the host project's.
fn of_host(network: &NetworkOutput) -> Error {
    let NetworkOutput { project, name, .. } = network;
    let message = format!(
        "the network `{name}` is of the project `{project}`, and only that one can make an endpoint \
         for Google's APIs in it"
    );
    Error::new(Kind::Config, message)
        .hint(format!(
            "let the owner of `{project}` make it: gcloud compute addresses create NAME --global \
         --project={project} --purpose=PRIVATE_SERVICE_CONNECT --addresses=IP --network={name}, \
         then forwarding-rules create --target-google-apis-bundle"
        ))
        .hint("and leave `vertex_ai.private_service_connect` out")
}

impl Address {
    fn path(&self, gcp: &Gcp) -> String {
        format!("projects/{}/global/addresses/{}", gcp.project.id, self.name)
    }

    async fn is_in_use(&self, gcp: &Gcp) -> Result<bool> {
        let get =
            gcp.rest.get("compute.globalAddresses.get", format!("compute/v1/{}", self.path(gcp)));
        let found: Option<Found> = get.send().await.absent()?;
        Ok(found.is_some_and(|found| !found.users.is_empty()))
    }

    fn output(&self, gcp: &Gcp) -> AddressOutput {
        AddressOutput { ip: self.ip.clone(), path: self.path(gcp) }
    }
}

/// Waits for what was started on a global object of the Compute Engine.
pub(super) async fn finish(
    context: &Context<'_, Gcp>,
    what: &'static str,
    started: Value,
) -> Result<()> {
    let poll = Poll {
        call: "compute.globalOperations.get",
        base: format!("compute/v1/projects/{}/global/operations", context.cloud.project.id),
        host: None,
        what,
    };
    operation::finish(context, &poll, started).await.map(drop)
}

impl Entitled for Address {
    fn permissions(&self) -> Permissions {
        Permissions {
            plan: &["compute.globalAddresses.get"],
            apply: &[
                "compute.globalAddresses.createInternal",
                "compute.globalAddresses.setLabels",
                "compute.globalOperations.get",
                "compute.networks.use",
            ],
            destroy: &["compute.globalAddresses.deleteInternal", "compute.globalOperations.get"],
        }
    }
}

impl Resource for Address {
    type Cloud = Gcp;
    type State = State;
    type Output = AddressOutput;
    const KIND: &'static str = "gcp.compute.address";
    const FIXED: &'static [&'static str] = &["address", "network", "purpose"];

    fn name(&self) -> &str {
        &self.name
    }
    fn needs(&self) -> Vec<ResourceId> {
        let subnetwork = self.subnetwork.iter().map(Ref::id);
        [self.services.id(), self.network.id()].into_iter().chain(subnetwork).collect()
    }

    fn desired(&self, context: &Context<'_, Gcp>) -> Result<State> {
        if let Some(subnetwork) = &self.subnetwork
            && let Known::Now(checked) = context.known(subnetwork, |it| check(&self.ip, &it))?
        {
            checked?;
        }
        let own = &context.cloud.project.id;
        let network = context.known(&self.network, |network| {
            if network.project == *own { Ok(network.path) } else { Err(of_host(&network)) }
        })?;
        Ok(State {
            address: self.ip.clone(),
            network: match network {
                Known::Now(path) => Known::Now(path?),
                Known::Later { after } => Known::Later { after },
            },
            purpose: PURPOSE.into(),
            tenant: context.cloud.mark.tenant.clone(),
            labelled: Labelled::default(),
        })
    }

    async fn observe(&self, context: &Context<'_, Gcp>) -> Result<Option<Observed<Self>>> {
        let path = format!("compute/v1/{}", self.path(context.cloud));
        let found = context.cloud.rest.get("compute.globalAddresses.get", path).send().await;
        let mark = &context.cloud.mark;
        Ok(found.absent()?.map(|found: Found| {
            let owner = found.labelled.owner(mark, &found.description);
            Observed {
                state: State {
                    address: found.address,
                    network: Known::Now(path_of(&found.network)),
                    purpose: found.purpose,
                    tenant: tenant(&owner, mark),
                    labelled: found.labelled,
                },
                output: self.output(context.cloud),
                owner,
            }
        }))
    }

    async fn create(&self, context: &Context<'_, Gcp>, want: &State) -> Result<AddressOutput> {
        let path = format!("compute/v1/projects/{}/global/addresses", context.cloud.project.id);
        let insert = context.cloud.rest.post("compute.globalAddresses.insert", path);
        let started = insert
            .json(json!({
                "name": self.name,
                "description": context.cloud.mark.describe(WHAT),
                "address": want.address,
                "addressType": "INTERNAL",
                "purpose": want.purpose,
                "network": context.get(&self.network)?.self_link,
            }))
            .send()
            .await
            .done()?;
        finish(context, "the address to be reserved", started).await?;
        Ok(self.output(context.cloud))
    }

    async fn update(
        &self,
        context: &Context<'_, Gcp>,
        _: &State,
        have: &Observed<Self>,
    ) -> Result<()> {
        let path = format!("compute/v1/{}", self.path(context.cloud));
        let call = "compute.globalAddresses.setLabels";
        have.state.labelled.take_over(context, call, &path).await
    }

    async fn delete(&self, context: &Context<'_, Gcp>, _: &Observed<Self>) -> Result<Deletion> {
        let path = format!("compute/v1/{}", self.path(context.cloud));
        let delete = context.cloud.rest.delete("compute.globalAddresses.delete", path);
        let deleted = delete.send().await;
        if deleted.as_ref().is_err_and(|failure| failure.code_is(&[400]))
            && self.is_in_use(context.cloud).await?
        {
            // Ours is gone by now.
            return Ok(Deletion::Left("is in use by an endpoint that is not ours".into()));
        }
        if let Some(started) = deleted.absent()? {
            finish(context, "the address to be released", started).await?;
        }
        Ok(Deletion::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_within_a_subnet_is_known() {
        let ip = |text: &str| text.parse().unwrap();
        assert!(contains("10.0.0.0/24", ip("10.0.0.9")));
        assert!(!contains("10.0.0.0/24", ip("10.0.1.9")));
        assert!(contains("0.0.0.0/0", ip("10.0.1.9")));
        assert!(contains("10.0.1.9/32", ip("10.0.1.9")));
        assert!(!contains("fd00::/8", ip("10.0.1.9")));
    }
}
