//! A private endpoint of a service in the company's VPC.
//!
//! AWS assigns its id; it is known by its tags and its service. Within a VPC the private name of a
//! service can lead to one endpoint only: one that is there and is not ours is told and left alone.
//! Making one takes minutes, and so does removing it; a run that was cut off meanwhile is gone on
//! with.

use std::collections::BTreeSet;

use aws_sdk_ec2::{
    operation::modify_vpc_endpoint::builders::ModifyVpcEndpointFluentBuilder,
    types::{
        DnsEntry, Filter, ResourceType, SecurityGroupIdentifier, Tag, TagSpecification,
        VpcEndpoint, VpcEndpointType,
    },
};
use serde::Serialize;
use serde_json::Value;

use super::{
    InferenceProfileOutput, NetworkOutput, SecurityGroupOutput, SubnetOutput,
    iam_role_policy::with_profiles,
};
use crate::{
    aws::{Aws, Tags, error::AwsResult as _, mark::missing, policy},
    error::{Error, Kind, Result},
    reconcile::{Context, Deletion, Known, Observed, Owner, Ref, Resource, ResourceId},
};

/// With the default pace about ten minutes.
const SETTLE_TRIES: u32 = 80;
const AVAILABLE: &str = "available";
const GONE: [&str; 2] = ["InvalidVpcEndpointId.NotFound", "InvalidVpcEndpoint.NotFound"];

pub struct Endpoint {
    pub name: String,
    /// `com.amazonaws.us-east-1.bedrock-runtime`.
    pub service: String,
    /// `None` where the endpoint is not wanted.
    pub place: Option<EndpointPlace>,
    pub security_groups: Vec<Ref<SecurityGroupOutput>>,
    /// May hold promises of `profiles`.
    pub policy: Value,
    pub profiles: Vec<Ref<InferenceProfileOutput>>,
    pub tags: Tags,
}

/// Where an endpoint is.
pub struct EndpointPlace {
    pub network: Ref<NetworkOutput>,
    pub subnets: Vec<Ref<SubnetOutput>>,
    /// That it is offered there.
    pub offer: Ref<()>,
}

#[derive(Serialize)]
pub struct State {
    status: String,
    vpc_id: Known<String>,
    subnet_ids: BTreeSet<String>,
    security_group_ids: BTreeSet<String>,
    private_dns: bool,
    policy: Value,
    tags: Tags,
}

#[derive(Clone, Debug)]
pub struct EndpointOutput {
    pub id: String,
}

impl Endpoint {
    /// All endpoints of the service in the region that are not on their way out, whoever's they are.
    async fn of_service(&self, context: &Context<'_, Aws>) -> Result<Vec<VpcEndpoint>> {
        let filter = Filter::builder().name("service-name").values(&self.service).build();
        let call = context.cloud.ec2.describe_vpc_endpoints().filters(filter);
        let mut pages = call.into_paginator().items().send();
        let mut all = Vec::new();
        while let Some(endpoint) = pages.next().await {
            all.push(endpoint.calling("ec2:DescribeVpcEndpoints")?);
        }
        Ok(all)
    }

    /// Ours, or the one whose private name is in the way in the VPC.
    fn pick(aws: &Aws, all: Vec<VpcEndpoint>, vpc_id: Option<&str>) -> Option<VpcEndpoint> {
        let alive: Vec<_> = all.into_iter().filter(|it| !leaving(it)).collect();
        let ours = alive.iter().position(|it| aws.mark.owner(&tags_of(it)) == Owner::Us);
        let in_the_way = || {
            alive.iter().position(|it| {
                vpc_id.is_some() && it.vpc_id() == vpc_id && it.private_dns_enabled() == Some(true)
            })
        };
        let at = ours.or_else(in_the_way)?;
        alive.into_iter().nth(at)
    }

    fn vpc_id(&self, context: &Context<'_, Aws>) -> Result<Option<String>> {
        let place = self.place.as_ref();
        place.map(|place| Ok(context.get(&place.network)?.vpc_id)).transpose()
    }

    fn observed(aws: &Aws, endpoint: &VpcEndpoint) -> Observed<Self> {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let tags = tags_of(endpoint);
        let groups = endpoint.groups().iter().filter_map(SecurityGroupIdentifier::group_id);
        let owner = match aws.mark.owner(&tags) {
            Owner::Other(_) => {
                let id = text(endpoint.vpc_endpoint_id());
                let name = endpoint.dns_entries().first().and_then(DnsEntry::dns_name);
                let name = name.map(|name| format!(", {name}")).unwrap_or_default();
                Owner::Other(format!("somebody else: {id}{name}, to which the VPC's name leads"))
            }
            ours => ours,
        };
        Observed {
            owner,
            state: State {
                status: status(endpoint),
                vpc_id: Known::Now(text(endpoint.vpc_id())),
                subnet_ids: endpoint.subnet_ids().iter().cloned().collect(),
                security_group_ids: groups.map(ToOwned::to_owned).collect(),
                private_dns: endpoint.private_dns_enabled() == Some(true),
                policy: policy::parse(endpoint.policy_document().unwrap_or_default()),
                tags,
            },
            output: EndpointOutput { id: text(endpoint.vpc_endpoint_id()) },
        }
    }

    /// Waits until nothing of the service is on its way out of the VPC, where it still has the name.
    async fn wait_for_room(&self, context: &Context<'_, Aws>, vpc_id: &str) -> Result<()> {
        for attempt in 0..SETTLE_TRIES {
            let all = self.of_service(context).await?;
            if !all.iter().any(|it| leaving(it) && it.vpc_id() == Some(vpc_id)) {
                return Ok(());
            }
            context.pause("an endpoint that is being deleted to be gone", attempt).await?;
        }
        Err(Error::new(Kind::Cloud, "an endpoint of this service is still being deleted")
            .hint("running again is safe and goes on from here"))
    }

    async fn wait_until_available(&self, context: &Context<'_, Aws>, id: &str) -> Result<()> {
        for attempt in 0..SETTLE_TRIES {
            let call = context.cloud.ec2.describe_vpc_endpoints().vpc_endpoint_ids(id).send();
            let found = call.await.absent_if(&GONE, "ec2:DescribeVpcEndpoints")?;
            let endpoint = found.as_ref().and_then(|found| found.vpc_endpoints().first());
            match endpoint.map(status).as_deref() {
                Some(AVAILABLE) => return Ok(()),
                // A new one is not seen at once.
                None | Some("pending") => {}
                Some(other) => {
                    let message = format!("the endpoint {id} is {other}");
                    let region = &context.cloud.region;
                    return Err(Error::new(Kind::Cloud, message).hint(format!(
                        "see why: aws ec2 describe-vpc-endpoints --region {region} \
                         --vpc-endpoint-ids {id}; to have it made anew, delete it"
                    )));
                }
            }
            context.pause("the endpoint to be available", attempt).await?;
        }
        Err(Error::new(Kind::Cloud, format!("the endpoint {id} is not available yet"))
            .hint("running again is safe and goes on from here"))
    }

    async fn make(&self, context: &Context<'_, Aws>, want: &State) -> Result<String> {
        let tags = TagSpecification::builder()
            .resource_type(ResourceType::VpcEndpoint)
            .set_tags(Some(ec2_tags(&want.tags)))
            .build();
        let call = context.cloud.ec2.create_vpc_endpoint();
        let call = call
            .vpc_endpoint_type(VpcEndpointType::Interface)
            .vpc_id(want.vpc_id.now()?)
            .service_name(&self.service)
            .set_subnet_ids(Some(want.subnet_ids.iter().cloned().collect()))
            .set_security_group_ids(Some(want.security_group_ids.iter().cloned().collect()))
            .private_dns_enabled(true)
            .policy_document(want.policy.to_string())
            .tag_specifications(tags);
        let made = call.send().await;
        // The name is taken since we looked: by another run, or by our own call whose answer was
        // lost and which was repeated.
        if made.has_code(&["InvalidParameter"]) {
            let all = self.of_service(context).await?;
            if Self::pick(context.cloud, all, Some(want.vpc_id.now()?)).is_some() {
                let taken = made.calling("ec2:CreateVpcEndpoint").err();
                let message = taken.map_or_else(String::new, |error| error.to_string());
                return Err(Error::new(Kind::Exists, message));
            }
        }
        let made = made.calling("ec2:CreateVpcEndpoint")?;
        let id = made.vpc_endpoint().and_then(|it| it.vpc_endpoint_id()).map(ToOwned::to_owned);
        id.ok_or_else(|| Error::new(Kind::Cloud, "ec2:CreateVpcEndpoint gave no id"))
    }
}

impl Resource for Endpoint {
    type Cloud = Aws;
    type State = State;
    type Output = EndpointOutput;
    const KIND: &'static str = "aws.ec2.vpc_endpoint";
    const FIXED: &'static [&'static str] = &["vpc_id"];
    const REPLACED_FOR: &'static [&'static str] = &["vpc_id"];
    const RENAME: &'static str =
        "use it, and leave `bedrock.vpc_config` or the service in `additional_services` out";

    fn name(&self) -> &str {
        &self.name
    }

    fn needs(&self) -> Vec<ResourceId> {
        let mut all: Vec<_> = self.profiles.iter().map(Ref::id).collect();
        all.extend(self.security_groups.iter().map(Ref::id));
        if let Some(place) = &self.place {
            all.extend(place.subnets.iter().map(Ref::id));
            all.extend([place.network.id(), place.offer.id()]);
        }
        all
    }

    fn desired(&self, context: &Context<'_, Aws>) -> Result<State> {
        let names = |ids: Vec<ResourceId>| ids.iter().map(|id| id.name.to_string()).collect();
        let place = self.place.as_ref();
        let vpc_id = match place {
            Some(place) => context.known(&place.network, |network| network.vpc_id)?,
            None => Known::Now(String::new()),
        };
        let document = with_profiles(context, self.policy.clone(), &self.profiles)?;
        let mut tags = context.cloud.mark.with(&self.tags);
        tags.entry("Name".into()).or_insert_with(|| self.name.clone());
        Ok(State {
            status: AVAILABLE.into(),
            vpc_id,
            subnet_ids: names(
                place.iter().flat_map(|place| place.subnets.iter().map(Ref::id)).collect(),
            ),
            security_group_ids: names(self.security_groups.iter().map(Ref::id).collect()),
            private_dns: true,
            policy: policy::canonical(document),
            tags,
        })
    }

    async fn observe(&self, context: &Context<'_, Aws>) -> Result<Option<Observed<Self>>> {
        // First, so that without it no call is made in vain.
        let vpc_id = self.vpc_id(context)?;
        let all = self.of_service(context).await?;
        let found = Self::pick(context.cloud, all, vpc_id.as_deref());
        Ok(found.map(|endpoint| Self::observed(context.cloud, &endpoint)))
    }

    async fn create(&self, context: &Context<'_, Aws>, want: &State) -> Result<EndpointOutput> {
        self.wait_for_room(context, want.vpc_id.now()?).await?;
        let id = self.make(context, want).await?;
        self.wait_until_available(context, &id).await?;
        Ok(EndpointOutput { id })
    }

    async fn update(
        &self,
        context: &Context<'_, Aws>,
        want: &State,
        have: &Observed<Self>,
    ) -> Result<()> {
        let (ec2, id) = (&context.cloud.ec2, &have.output.id);
        let untagged = missing(&want.tags, &have.state.tags);
        if !untagged.is_empty() {
            let call = ec2.create_tags().resources(id).set_tags(Some(ec2_tags(&untagged)));
            call.send().await.calling("ec2:CreateTags")?;
        }
        if have.state.status != AVAILABLE {
            self.wait_until_available(context, id).await?;
        }
        let call = ec2.modify_vpc_endpoint().vpc_endpoint_id(id);
        if let Some(call) = modification(call, want, &have.state) {
            call.send().await.calling("ec2:ModifyVpcEndpoint")?;
            self.wait_until_available(context, id).await?;
        }
        Ok(())
    }

    async fn delete(&self, context: &Context<'_, Aws>, have: &Observed<Self>) -> Result<Deletion> {
        let call = context.cloud.ec2.delete_vpc_endpoints().vpc_endpoint_ids(&have.output.id);
        let deleted = call.send().await.absent_if(&GONE, "ec2:DeleteVpcEndpoints")?;
        // A refusal of one is not one of the call.
        let refused = deleted.and_then(|it| it.unsuccessful?.into_iter().next()?.error);
        match refused {
            Some(error) if !GONE.contains(&error.code().unwrap_or_default()) => {
                let code = error.code().unwrap_or_default();
                let message = error.message().unwrap_or_default();
                let kind = if code == "UnauthorizedOperation" { Kind::Denied } else { Kind::Cloud };
                Err(Error::new(kind, format!("ec2:DeleteVpcEndpoints: {code}: {message}")))
            }
            _ => Ok(Deletion::Scheduled("AWS takes some minutes for it".into())),
        }
    }
}

/// What of subnets, groups, name and policy has to change; `None` if nothing.
fn modification(
    call: ModifyVpcEndpointFluentBuilder,
    want: &State,
    have: &State,
) -> Option<ModifyVpcEndpointFluentBuilder> {
    let lacking = |these: &BTreeSet<String>, those: &BTreeSet<String>| {
        let ids: Vec<String> = these.difference(those).cloned().collect();
        (!ids.is_empty()).then_some(ids)
    };
    let policy = (want.policy != have.policy).then(|| want.policy.to_string());
    let private_dns = (want.private_dns != have.private_dns).then_some(want.private_dns);
    let changed = policy.is_some()
        || private_dns.is_some()
        || want.subnet_ids != have.subnet_ids
        || want.security_group_ids != have.security_group_ids;
    changed.then(|| {
        call.set_policy_document(policy)
            .set_private_dns_enabled(private_dns)
            .set_add_subnet_ids(lacking(&want.subnet_ids, &have.subnet_ids))
            .set_remove_subnet_ids(lacking(&have.subnet_ids, &want.subnet_ids))
            .set_add_security_group_ids(lacking(&want.security_group_ids, &have.security_group_ids))
            .set_remove_security_group_ids(lacking(
                &have.security_group_ids,
                &want.security_group_ids,
            ))
    })
}

/// AWS's documentation and its answers differ in the case of the first letter.
fn status(endpoint: &VpcEndpoint) -> String {
    endpoint.state().map(|state| state.as_str().to_lowercase()).unwrap_or_default()
}

fn leaving(endpoint: &VpcEndpoint) -> bool {
    matches!(status(endpoint).as_str(), "deleting" | "deleted")
}

fn tags_of(endpoint: &VpcEndpoint) -> Tags {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    endpoint.tags().iter().map(|tag| (text(tag.key()), text(tag.value()))).collect()
}

fn ec2_tags(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}
