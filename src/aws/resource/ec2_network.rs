//! The network that the company names: its subnets, security groups and VPC, and what AWS offers
//! there. Looked up and checked, never changed: everything that would make an endpoint fail, or
//! worse, be made and not work, is told before anything is.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{
    AttributeBooleanValue, IpPermission, ServiceDetail, ServiceType, VpcAttributeName,
};

use crate::{
    aws::{
        Aws,
        error::AwsResult as _,
        right::{Entitled, Right, Site},
    },
    error::{Error, Kind, Result},
    reconcile::{Context, Given, Ref, ResourceId},
};

pub struct Subnet {
    pub id: String,
}

#[derive(Clone, Debug)]
pub struct SubnetOutput {
    pub vpc_id: String,
    /// `us-east-1a`.
    pub zone: String,
}

impl Entitled for Subnet {
    fn rights(&self, _: &Site) -> Vec<Right> {
        vec![Right::look_up(&["ec2:DescribeSubnets"])]
    }
}

impl Given for Subnet {
    type Cloud = Aws;
    type Output = SubnetOutput;
    const KIND: &'static str = "aws.ec2.subnet";

    fn name(&self) -> &str {
        &self.id
    }

    async fn find(&self, context: &Context<'_, Aws>) -> Result<SubnetOutput> {
        let found = context.cloud.ec2.describe_subnets().subnet_ids(&self.id).send().await;
        let found = found.absent_if(&["InvalidSubnetID.NotFound"], "ec2:DescribeSubnets")?;
        let subnets = found.and_then(|found| found.subnets).unwrap_or_default();
        let subnet = subnets.first().ok_or_else(|| {
            let region = &context.cloud.region;
            let id = &self.id;
            let message =
                format!("InvalidSubnetID.NotFound: there is no subnet `{id}` in {region}");
            Error::new(Kind::Config, message)
                .hint("put your own into `bedrock.vpc_config.subnet_ids`: aws ec2 describe-subnets")
                .hint("or leave `bedrock.vpc_config` out")
        })?;
        Ok(SubnetOutput {
            vpc_id: subnet.vpc_id().unwrap_or_default().to_owned(),
            zone: subnet.availability_zone().unwrap_or_default().to_owned(),
        })
    }
}

pub struct SecurityGroup {
    pub id: String,
    /// The subnets whose VPC it must be of.
    pub subnets: Vec<Ref<SubnetOutput>>,
}

impl Entitled for SecurityGroup {
    fn rights(&self, _: &Site) -> Vec<Right> {
        vec![Right::look_up(&["ec2:DescribeSecurityGroups"])]
    }
}

impl Given for SecurityGroup {
    type Cloud = Aws;
    type Output = ();
    const KIND: &'static str = "aws.ec2.security_group";

    fn name(&self) -> &str {
        &self.id
    }

    fn needs(&self) -> Vec<ResourceId> {
        self.subnets.iter().map(Ref::id).collect()
    }

    async fn find(&self, context: &Context<'_, Aws>) -> Result<()> {
        let id = &self.id;
        let found = context.cloud.ec2.describe_security_groups().group_ids(id).send().await;
        let found = found.absent_if(&["InvalidGroup.NotFound"], "ec2:DescribeSecurityGroups")?;
        let groups = found.and_then(|found| found.security_groups).unwrap_or_default();
        let Some(group) = groups.first() else {
            let region = &context.cloud.region;
            let message =
                format!("InvalidGroup.NotFound: there is no security group `{id}` in {region}");
            return Err(Error::new(Kind::Config, message)
                .hint(
                    "put your own into `bedrock.vpc_config.security_group_ids`: \
                     aws ec2 describe-security-groups",
                )
                .hint("or leave `bedrock.vpc_config` out"));
        };
        for subnet in &self.subnets {
            let SubnetOutput { vpc_id, .. } = context.get(subnet)?;
            if group.vpc_id() != Some(vpc_id.as_str()) {
                let other = group.vpc_id().unwrap_or("no VPC");
                let subnet = subnet.id().name;
                let message =
                    format!("`{id}` is of {other}, but the subnet `{subnet}` is of {vpc_id}");
                return Err(Error::new(Kind::Config, message)
                    .hint("subnets and security groups of `bedrock.vpc_config` share one VPC"));
            }
        }
        if !group.ip_permissions().iter().any(lets_https_in) {
            let region = &context.cloud.region;
            let message =
                format!("`{id}` does not let HTTPS in, so nobody could reach an endpoint");
            return Err(Error::new(Kind::Config, message)
                .hint(format!(
                    "let port 443 in from where the developers are: aws ec2 \
                     authorize-security-group-ingress --region {region} --group-id {id} \
                     --protocol tcp --port 443 --cidr CIDR"
                ))
                .hint("or name another in `bedrock.vpc_config.security_group_ids`"));
        }
        Ok(())
    }
}

/// Whether a rule lets anybody in at port 443; who that is, is the company's business.
fn lets_https_in(rule: &IpPermission) -> bool {
    let protocol = rule.ip_protocol().unwrap_or_default();
    let ports = rule.from_port().unwrap_or(0)..=rule.to_port().unwrap_or(65_535);
    let someone = !rule.ip_ranges().is_empty()
        || !rule.ipv6_ranges().is_empty()
        || !rule.prefix_list_ids().is_empty()
        || !rule.user_id_group_pairs().is_empty();
    someone && (protocol == "-1" || (protocol == "tcp" && ports.contains(&443)))
}

/// What the subnets have in common: one VPC, that resolves names privately, and distinct zones.
pub struct Network {
    pub tenant: String,
    pub subnets: Vec<Ref<SubnetOutput>>,
}

#[derive(Clone, Debug)]
pub struct NetworkOutput {
    pub vpc_id: String,
}

impl Network {
    /// The VPC of all subnets, whose zones differ.
    fn vpc(&self, context: &Context<'_, Aws>) -> Result<String> {
        let mut vpc: Option<(String, String)> = None;
        let mut zones: BTreeMap<String, String> = BTreeMap::new();
        for subnet in &self.subnets {
            let SubnetOutput { vpc_id, zone } = context.get(subnet)?;
            let id = subnet.id().name.to_string();
            let (first, other) = vpc.get_or_insert_with(|| (id.clone(), vpc_id.clone()));
            if *other != vpc_id {
                let message = format!("`{first}` is of {other}, but `{id}` is of {vpc_id}");
                return Err(Error::new(Kind::Config, message)
                    .hint("name subnets of one VPC in `bedrock.vpc_config.subnet_ids`"));
            }
            if let Some(first) = zones.insert(zone.clone(), id.clone()) {
                let message = format!("`{first}` and `{id}` both lie in the zone {zone}");
                return Err(Error::new(Kind::Config, message)
                    .hint("an endpoint takes one subnet of a zone: leave one of them out"));
            }
        }
        vpc.map(|(_, vpc_id)| vpc_id)
            .ok_or_else(|| Error::new(Kind::Internal, "a network without subnets"))
    }
}

impl Entitled for Network {
    fn rights(&self, site: &Site) -> Vec<Right> {
        // Which VPC it is, the subnets say only when they are looked at.
        let vpcs = [site.arn("ec2", "vpc/*")];
        vec![Right::plan("NetworkRead", &["ec2:DescribeVpcAttribute"]).on(vpcs)]
    }
}

impl Given for Network {
    type Cloud = Aws;
    type Output = NetworkOutput;
    const KIND: &'static str = "aws.ec2.network";

    fn name(&self) -> &str {
        &self.tenant
    }

    fn needs(&self) -> Vec<ResourceId> {
        self.subnets.iter().map(Ref::id).collect()
    }

    async fn find(&self, context: &Context<'_, Aws>) -> Result<NetworkOutput> {
        let vpc_id = self.vpc(context)?;
        let (ec2, region) = (&context.cloud.ec2, &context.cloud.region);
        let ask = |attribute| ec2.describe_vpc_attribute().vpc_id(&vpc_id).attribute(attribute);
        let (support, names) = tokio::join!(
            ask(VpcAttributeName::EnableDnsSupport).send(),
            ask(VpcAttributeName::EnableDnsHostnames).send(),
        );
        let support = support.calling("ec2:DescribeVpcAttribute")?;
        let names = names.calling("ec2:DescribeVpcAttribute")?;
        let on = |it: Option<&AttributeBooleanValue>| {
            it.and_then(AttributeBooleanValue::value) == Some(true)
        };
        let switches = [
            (on(support.enable_dns_support()), "DNS support", "--enable-dns-support"),
            (on(names.enable_dns_hostnames()), "DNS host names", "--enable-dns-hostnames"),
        ];
        let mut off = switches.iter().filter(|(on, ..)| !on).peekable();
        if off.peek().is_none() {
            return Ok(NetworkOutput { vpc_id });
        }
        let (names, flags): (Vec<_>, Vec<_>) = off.map(|(_, name, flag)| (*name, *flag)).unzip();
        let message = format!(
            "{} is off in {vpc_id}, so Bedrock's name would not lead to the endpoint",
            names.join(" and ")
        );
        let error = Error::new(Kind::Config, message);
        Err(flags.into_iter().fold(error, |error, flag| {
            error.hint(format!(
                "switch it on: aws ec2 modify-vpc-attribute --region {region} --vpc-id {vpc_id} {flag}"
            ))
        }))
    }
}

/// A service that AWS offers through interface endpoints, in the zones of all subnets.
pub struct EndpointService {
    /// `com.amazonaws.us-east-1.bedrock-runtime`.
    pub name: String,
    pub subnets: Vec<Ref<SubnetOutput>>,
}

impl Entitled for EndpointService {
    fn rights(&self, _: &Site) -> Vec<Right> {
        vec![Right::look_up(&["ec2:DescribeVpcEndpointServices"])]
    }
}

impl Given for EndpointService {
    type Cloud = Aws;
    type Output = ();
    const KIND: &'static str = "aws.ec2.endpoint_service";

    fn name(&self) -> &str {
        &self.name
    }

    fn needs(&self) -> Vec<ResourceId> {
        self.subnets.iter().map(Ref::id).collect()
    }

    async fn find(&self, context: &Context<'_, Aws>) -> Result<()> {
        let subnets: Result<Vec<_>> =
            self.subnets.iter().map(|it| Ok((it.id().name, context.get(it)?.zone))).collect();
        let subnets = subnets?;
        let (name, region) = (&self.name, &context.cloud.region);
        let call = context.cloud.ec2.describe_vpc_endpoint_services().service_names(name).send();
        let found =
            call.await.absent_if(&["InvalidServiceName"], "ec2:DescribeVpcEndpointServices");
        let details = found?.and_then(|found| found.service_details).unwrap_or_default();
        let interface = |it: &&ServiceDetail| {
            let kinds = it.service_type().iter().filter_map(|kind| kind.service_type());
            kinds.into_iter().any(|kind| *kind == ServiceType::Interface)
        };
        let Some(service) = details.iter().find(interface) else {
            let message = format!("InvalidServiceName: AWS offers no endpoint for it in {region}");
            return Err(Error::new(Kind::Config, message)
                .hint("take another region, or leave `bedrock.vpc_config` out"));
        };
        let zones = service.availability_zones();
        match subnets.iter().find(|(_, zone)| !zones.contains(zone)) {
            None => Ok(()),
            Some((subnet, zone)) => {
                let message = format!("it is not offered in {zone}, the zone of `{subnet}`");
                Err(Error::new(Kind::Config, message).hint(format!(
                    "name subnets in {} in `bedrock.vpc_config.subnet_ids`",
                    zones.join(", ")
                )))
            }
        }
    }
}
