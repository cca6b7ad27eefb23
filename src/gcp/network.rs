//! The way from the company's network to Google's APIs without the internet.
//!
//! `network` and `subnet` are no property of a model, as guides have it: they say from where the
//! APIs are called. A subnet gets Private Google Access. An endpoint of Private Service Connect is
//! for every API, since there is none for Vertex AI alone, and takes a zone for their names.

use super::{
    resource::{
        Address, ForwardingRule, ManagedZone, Network, NetworkOutput, PrivateGoogleAccess,
        RecordSet, Subnetwork, SubnetworkOutput,
    },
    right::Draft,
    wanted::Sketch,
};
use crate::{config::PrivateServiceConnect, reconcile::Ref};

const NAMES: &str = "googleapis.com.";

pub(super) fn draw(draft: &mut Draft, sketch: &Sketch<'_>) {
    let services = || sketch.services.clone();
    let vertex = &sketch.config.vertex_ai;
    let network = vertex.network.as_ref().map(|network| {
        draft.require(Network {
            project: network.project().to_owned(),
            name: network.name().to_owned(),
            services: services(),
        })
    });
    let subnet = vertex.subnet.as_ref().map(|subnet| {
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
    let given = vertex.private_service_connect.as_ref();
    endpoint(draft, sketch, given, (&network, subnet.as_ref()));
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
    draft.add_if(
        wanted,
        ForwardingRule {
            name: sketch.config.endpoint_name().to_string(),
            target: given.map(|given| given.target.as_str()).unwrap_or_default().to_owned(),
            address,
            network: network.clone(),
            services: services(),
        },
    );
    let zone = ManagedZone {
        name: sketch.tenant().to_owned(),
        dns_name: NAMES.into(),
        network: network.clone(),
        services: services(),
    };
    let zone = draft.add_if(wanted, zone);
    for (kind, name, value) in
        [("A", NAMES.to_owned(), ip), ("CNAME", format!("*.{NAMES}"), NAMES.to_owned())]
    {
        let name = format!("{}/{kind}/{name}", sketch.tenant());
        let values = vec![value];
        draft.add_if(wanted, RecordSet { name, values, zone: zone.clone(), services: services() });
    }
}
