//! What an account offers to whom begins there: models and networks. Looks only.

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use aws_sdk_bedrock::types::InferenceProfileType;
use aws_sdk_ec2::types::Tag;

use super::error::AwsResult as _;
use crate::error::Result;

/// What there is to choose from. Each look can be refused on its own.
#[derive(Debug)]
pub struct Offer {
    /// Inference profiles for Anthropic's models, by id.
    pub models: Result<Vec<Named>>,
    pub networks: Result<Vec<Network>>,
}

/// Something with an id and, perhaps, a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub id: String,
    pub name: String,
}

/// A VPC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    pub vpc: Named,
    pub addresses: String,
    pub subnets: Vec<Subnet>,
    pub groups: Vec<Named>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subnet {
    pub subnet: Named,
    pub zone: String,
    pub addresses: String,
}

/// Looks for models and networks at the same time.
pub async fn look_around(sdk: &SdkConfig) -> Offer {
    let bedrock = aws_sdk_bedrock::Client::new(sdk);
    let ec2 = aws_sdk_ec2::Client::new(sdk);
    let (models, networks) = futures::join!(models(&bedrock), networks(&ec2));
    Offer { models, networks }
}

async fn models(bedrock: &aws_sdk_bedrock::Client) -> Result<Vec<Named>> {
    let looks = bedrock.list_inference_profiles().type_equals(InferenceProfileType::SystemDefined);
    let mut pages = looks.into_paginator().send();
    let mut models = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.calling("bedrock:ListInferenceProfiles")?;
        for profile in page.inference_profile_summaries.unwrap_or_default() {
            let id = profile.inference_profile_id;
            if id.contains(".anthropic.") {
                models.push(Named { id, name: profile.inference_profile_name });
            }
        }
    }
    Ok(models)
}

async fn networks(ec2: &aws_sdk_ec2::Client) -> Result<Vec<Network>> {
    let (vpcs, subnets, groups) = futures::join!(vpcs(ec2), subnets(ec2), groups(ec2));
    let (mut subnets, mut groups) = (subnets?, groups?);
    let mut networks = vpcs?;
    for network in &mut networks {
        network.subnets = subnets.remove(&network.vpc.id).unwrap_or_default();
        network.subnets.sort_by(|a, b| a.zone.cmp(&b.zone));
        network.groups = groups.remove(&network.vpc.id).unwrap_or_default();
    }
    Ok(networks)
}

async fn vpcs(ec2: &aws_sdk_ec2::Client) -> Result<Vec<Network>> {
    let mut pages = ec2.describe_vpcs().into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        for vpc in page.calling("ec2:DescribeVpcs")?.vpcs.unwrap_or_default() {
            let name = name(vpc.tags());
            found.push(Network {
                vpc: Named { id: vpc.vpc_id.unwrap_or_default(), name },
                addresses: vpc.cidr_block.unwrap_or_default(),
                subnets: Vec::new(),
                groups: Vec::new(),
            });
        }
    }
    Ok(found)
}

/// By VPC.
async fn subnets(ec2: &aws_sdk_ec2::Client) -> Result<BTreeMap<String, Vec<Subnet>>> {
    let mut pages = ec2.describe_subnets().into_paginator().send();
    let mut found: BTreeMap<String, Vec<Subnet>> = BTreeMap::new();
    while let Some(page) = pages.next().await {
        for subnet in page.calling("ec2:DescribeSubnets")?.subnets.unwrap_or_default() {
            let name = name(subnet.tags());
            found.entry(subnet.vpc_id.unwrap_or_default()).or_default().push(Subnet {
                subnet: Named { id: subnet.subnet_id.unwrap_or_default(), name },
                zone: subnet.availability_zone.unwrap_or_default(),
                addresses: subnet.cidr_block.unwrap_or_default(),
            });
        }
    }
    Ok(found)
}

/// By VPC.
async fn groups(ec2: &aws_sdk_ec2::Client) -> Result<BTreeMap<String, Vec<Named>>> {
    let mut pages = ec2.describe_security_groups().into_paginator().send();
    let mut found: BTreeMap<String, Vec<Named>> = BTreeMap::new();
    while let Some(page) = pages.next().await {
        let page = page.calling("ec2:DescribeSecurityGroups")?;
        for group in page.security_groups.unwrap_or_default() {
            let own = name(group.tags());
            let name = if own.is_empty() { group.group_name.unwrap_or_default() } else { own };
            let named = Named { id: group.group_id.unwrap_or_default(), name };
            found.entry(group.vpc_id.unwrap_or_default()).or_default().push(named);
        }
    }
    Ok(found)
}

/// What the tag `Name` says.
fn name(tags: &[Tag]) -> String {
    let tag = tags.iter().find(|tag| tag.key() == Some("Name"));
    tag.and_then(Tag::value).unwrap_or_default().to_owned()
}
