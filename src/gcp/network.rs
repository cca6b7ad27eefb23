//! The way from the company's network to Google's APIs without the internet.
//!
//! `network` and `subnet` are no property of a model, as guides have it: they say from where the
//! APIs are called. A subnet gets Private Google Access. An endpoint of Private Service Connect is
//! for every API, since there is none for Vertex AI alone; but only the names that Claude Code calls
//! lead there. One zone for all of Google's APIs would take over the whole network.

use std::collections::BTreeSet;

use super::{
    resource::{
        Address, ForwardingRule, ManagedZone, Network, NetworkOutput, PrivateGoogleAccess,
        RecordSet, Subnetwork, SubnetworkOutput,
    },
    right::Draft,
    vertex,
    wanted::Sketch,
};
use crate::{config::PrivateServiceConnect, reconcile::Ref};

pub(super) fn draw(draft: &mut Draft, sketch: &Sketch<'_>) {
    let services = || sketch.services.clone();
    let given = &sketch.config.vertex_ai;
    let network = given.network.as_ref().map(|network| {
        draft.require(Network {
            project: network.project().to_owned(),
            name: network.name().to_owned(),
            services: services(),
        })
    });
    let subnet = given.subnet.as_ref().map(|subnet| {
        let name = format!("{}/{}", subnet.region(), subnet.name());
        let found = draft.require(Subnetwork {
            project: subnet.project().to_owned(),
            name: name.clone(),
            network: network.clone(),
            services: services(),
        });
        draft.add(PrivateGoogleAccess { name, subnetwork: found.clone(), services: services() });
        found
    });
    // Without a network an endpoint cannot be described, so that one of before stays and is told of
    // as an orphan.
    let Some(network) = network else { return };
    let connect = given.private_service_connect.as_ref();
    endpoint(draft, sketch, connect, (&network, subnet.as_ref()));
}

fn endpoint(
    draft: &mut Draft,
    sketch: &Sketch<'_>,
    given: Option<&PrivateServiceConnect>,
    (network, subnetwork): (&Ref<NetworkOutput>, Option<&Ref<SubnetworkOutput>>),
) {
    let services = || sketch.services.clone();
    let wanted = given.is_some();
    let ip = given.map(|given| given.address.to_string()).unwrap_or_default();
    let address = draft.add_if(
        wanted,
        Address {
            name: sketch.tenant().to_owned(),
            ip: ip.clone(),
            network: network.clone(),
            subnetwork: subnetwork.cloned(),
            services: services(),
        },
    );
    let rule = draft.add_if(
        wanted,
        ForwardingRule {
            name: sketch.config.endpoint_name().to_string(),
            target: given.map(|given| given.target.as_str()).unwrap_or_default().to_owned(),
            address,
            network: network.clone(),
            services: services(),
        },
    );
    for host in hosts(sketch) {
        let label = host.split('.').next().unwrap_or_default();
        let name = format!("{}-{label}", sketch.tenant());
        let zone = ManagedZone {
            name: name.clone(),
            dns_name: format!("{host}."),
            network: network.clone(),
            // The name leads nowhere before the endpoint is there.
            endpoint: rule.id(),
            services: services(),
        };
        let zone = draft.add_if(wanted, zone);
        let name = format!("{name}/A/{host}.");
        let values = vec![ip.clone()];
        draft.add_if(wanted, RecordSet { name, values, zone, services: services() });
    }
}

/// The names that lead to the endpoint: what Claude Code calls, and no other API, so that whoever
/// else is in the network is left alone. A multi-region is not behind such an endpoint at all.
fn hosts(sketch: &Sketch<'_>) -> BTreeSet<String> {
    let locations = sketch.models.iter().map(|called| &called.location);
    let reached = locations.filter(|location| !location.is_multi_region());
    let signing_in = ["iamcredentials", "oauth2", "sts"].map(|api| format!("{api}.googleapis.com"));
    reached.map(|location| vertex::host(location.as_str())).chain(signing_in).collect()
}
