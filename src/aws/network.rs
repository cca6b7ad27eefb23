//! The private endpoints of a tenant, and what of the company's network they need.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    Identity,
    policy::{Invocable, Perimeter},
    resource::{
        Endpoint, EndpointOutput, EndpointPlace, EndpointService, Network, SecurityGroup,
        SecurityGroupOutput, Subnet, SubnetOutput,
    },
    right::Draft,
    wanted::{Place, Profiles},
};
use crate::{
    config::{self, Config, VpcConfig},
    reconcile::Ref,
};

/// The services that can have an endpoint, each with its policy and whether it is wanted. Those that
/// are not stay in the graph, so that what was switched off is cleaned up.
fn services(config: &Config, place: &Place<'_>, models: &[Invocable]) -> Vec<Service> {
    let Identity { account, partition, .. } = place.identity;
    let perimeter = Perimeter {
        partition: partition.clone(),
        region: place.region.to_string(),
        account: account.clone(),
    };
    let vpc = vpc(config);
    let asked = |service| vpc.is_some_and(|vpc| vpc.additional_services.contains(&service));
    let service = |name, wanted, policy| Service { name, wanted, policy };
    vec![
        service("bedrock-runtime", vpc.is_some(), perimeter.bedrock_runtime(models)),
        service("bedrock", vpc.is_some(), perimeter.bedrock()),
        service("sts", asked(config::EndpointService::Sts), perimeter.sts()),
        service("logs", asked(config::EndpointService::Logs), perimeter.logs()),
    ]
}

struct Service {
    name: &'static str,
    wanted: bool,
    policy: Value,
}

/// The network, if one is named.
fn vpc(config: &Config) -> Option<&VpcConfig> {
    config.bedrock.vpc_config.as_ref().filter(|vpc| !vpc.subnet_ids.is_empty())
}

/// Adds the endpoints and the checks of what they need.
pub(super) fn network(
    graph: &mut Draft,
    config: &Config,
    place: &Place<'_>,
    (models, profiles): (&[Invocable], &Profiles),
) -> Vec<Ref<EndpointOutput>> {
    let ids = |ids: Option<BTreeSet<String>>| ids.unwrap_or_default().into_iter();
    let named = vpc(config);
    let subnets = ids(named.map(|it| it.subnet_ids.iter().map(ToString::to_string).collect()));
    let subnets: Vec<Ref<SubnetOutput>> = subnets.map(|id| graph.require(Subnet { id })).collect();
    let groups = named.map(|it| it.security_group_ids.iter().map(ToString::to_string).collect());
    let groups: Vec<Ref<SecurityGroupOutput>> =
        ids(groups).map(|id| graph.require(SecurityGroup { id })).collect();
    let network = named.map(|_| {
        graph.require(Network {
            tenant: config.tenant.to_string(),
            subnets: subnets.clone(),
            security_groups: groups.clone(),
        })
    });
    let mut endpoints = Vec::new();
    for Service { name, wanted, policy } in services(config, place, models) {
        let service = format!("com.amazonaws.{}.{name}", place.region);
        let place = network.as_ref().filter(|_| wanted).map(|network| EndpointPlace {
            network: network.clone(),
            subnets: subnets.clone(),
            offer: graph
                .require(EndpointService { name: service.clone(), subnets: subnets.clone() }),
        });
        let through = wanted && name == "bedrock-runtime";
        let profiles = profiles.iter().filter(|_| through).map(|(_, profile)| profile.clone());
        let endpoint = Endpoint {
            name: format!("{}-{name}", config.tenant),
            service,
            place,
            security_groups: if wanted { groups.clone() } else { Vec::new() },
            policy,
            profiles: profiles.collect(),
            tags: config.tags.clone(),
        };
        endpoints.push(graph.add_if(wanted, endpoint));
    }
    endpoints
}
