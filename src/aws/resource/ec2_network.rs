//! The subnets and security groups that the company names: looked up, never changed.

use crate::{
    aws::{Aws, error::AwsResult as _},
    error::{Error, Kind, Result},
    reconcile::{Context, Given, Ref, ResourceId},
};

pub struct Subnet {
    pub id: String,
}

#[derive(Clone, Debug)]
pub struct SubnetOutput {
    pub vpc_id: String,
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
        let vpc_id = subnets.first().and_then(|subnet| subnet.vpc_id());
        let vpc_id = vpc_id.map(ToOwned::to_owned).ok_or_else(|| {
            let region = &context.cloud.region;
            let id = &self.id;
            let message =
                format!("InvalidSubnetID.NotFound: there is no subnet `{id}` in {region}");
            Error::new(Kind::Config, message)
                .hint("put your own into `bedrock.vpc_config.subnet_ids`: aws ec2 describe-subnets")
                .hint("or leave `bedrock.vpc_config` out")
        })?;
        Ok(SubnetOutput { vpc_id })
    }
}

pub struct SecurityGroup {
    pub id: String,
    /// The subnets whose VPC it must be of.
    pub subnets: Vec<Ref<SubnetOutput>>,
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
            let SubnetOutput { vpc_id } = context.get(subnet)?;
            if group.vpc_id() != Some(vpc_id.as_str()) {
                let other = group.vpc_id().unwrap_or("no VPC");
                let subnet = subnet.id().name;
                let message =
                    format!("`{id}` is of {other}, but the subnet `{subnet}` is of {vpc_id}");
                return Err(Error::new(Kind::Config, message)
                    .hint("subnets and security groups of `bedrock.vpc_config` share one VPC"));
            }
        }
        Ok(())
    }
}
