//! What an endpoint's calls need. EC2 asks for the right to make one on all that it joins: the
//! endpoint itself, the VPC, the subnets and the security groups.

use serde_json::json;

use super::Endpoint;
use crate::{
    aws::right::{Entitled, Right, Site},
    reconcile::Ref,
};

impl Entitled for Endpoint {
    fn rights(&self, site: &Site) -> Vec<Right> {
        let endpoints = [site.arn("ec2", "vpc-endpoint/*")];
        let mut all = vec![
            Right::look_up(&["ec2:DescribeVpcEndpoints"]),
            // One whose VPC is another is replaced.
            Right::remove("EndpointDelete", &["ec2:DeleteVpcEndpoints"])
                .on(endpoints.clone())
                .when(site.owned()),
        ];
        let Some(place) = &self.place else { return all };
        let of_service = json!({"StringEquals": {"ec2:VpceServiceName": self.service}});
        let of_making = json!({"StringEquals": {"ec2:CreateAction": "CreateVpcEndpoint"}});
        let subnets = place.subnets.iter().map(Ref::id).map(|id| format!("subnet/{}", id.name));
        let groups = self.security_groups.iter().map(Ref::id);
        let groups = groups.map(|id| format!("security-group/{}", id.name));
        let joined = ["vpc/*".to_owned()].into_iter().chain(subnets).chain(groups);
        let joined = joined.map(|name| site.arn("ec2", &name));
        // Those that it leaves are in no configuration any more.
        let changed = [site.arn("ec2", "security-group/*"), site.arn("ec2", "subnet/*")];
        all.extend([
            Right::apply("EndpointMake", &["ec2:CreateVpcEndpoint"])
                .on(endpoints.clone())
                .when(site.given())
                .when(of_service),
            Right::apply("EndpointMakeTag", &["ec2:CreateTags"])
                .on(endpoints.clone())
                .when(site.given())
                .when(of_making),
            Right::apply("EndpointJoin", &["ec2:CreateVpcEndpoint"]).on(joined),
            // To give the endpoint the service's name in the VPC; the zone is AWS's own.
            Right::apply("EndpointName", &["route53:AssociateVPCWithHostedZone"])
                .on([site.worldwide_arn("route53", "hostedzone/*")]),
            Right::apply("LookUp", &["ec2:DescribeVpcs"]),
            Right::apply("EndpointChange", &["ec2:CreateTags", "ec2:ModifyVpcEndpoint"])
                .on(endpoints)
                .when(site.owned()),
            Right::apply("EndpointMove", &["ec2:ModifyVpcEndpoint"]).on(changed),
        ]);
        all
    }
}
