"""Owns the rights that EC2's calls need: on everything that a call touches, each with its own context."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .need import Asked, Context, Need, request_tags, resource_tags, tag_keys, tags_of

OF_REGION = (
    "DescribeAvailabilityZones", "DescribeDhcpOptions", "DescribeNetworkInterfaces", "DescribePrefixLists",
    "DescribeRegions", "DescribeRouteTables", "DescribeSecurityGroupRules", "DescribeSecurityGroups",
    "DescribeSubnets", "DescribeTags", "DescribeVpcEndpointServices", "DescribeVpcEndpoints", "DescribeVpcs",
)  # fmt: skip
TYPE_OF_PREFIX = {
    "vpc": "vpc", "subnet": "subnet", "sg": "security-group", "rtb": "route-table", "vpce": "vpc-endpoint",
    "sgr": "security-group-rule",
}  # fmt: skip
ID_KEY = {"vpc": "ec2:VpcID", "subnet": "ec2:SubnetID", "security-group": "ec2:SecurityGroupID"}


def _region(asked: Asked) -> Context:
    return {"ec2:Region": asked.region}


def _arn(asked: Asked, id: str) -> str:
    return asked.arn("ec2", f"{TYPE_OF_PREFIX.get(id.partition('-')[0], 'unknown')}/{id}")


def _tags_on(asked: Asked, id: str) -> Context:
    if id.startswith("vpce-"):
        listed = _endpoint(asked, id).get("Tags")
    else:
        listed = asked.ask("ec2.DescribeTags", Filters=[{"Name": "resource-id", "Values": [id]}]).get("Tags")
    return resource_tags(tags_of(listed), "ec2")


def _endpoint(asked: Asked, id: str) -> dict[str, Any]:
    found = asked.ask("ec2.DescribeVpcEndpoints", VpcEndpointIds=[id]).get("VpcEndpoints")
    return dict(found[0]) if found else {}


def _existing(asked: Asked, action: str, id: str) -> Need:
    kind = TYPE_OF_PREFIX.get(id.partition("-")[0], "")
    context = _region(asked) | _tags_on(asked, id)
    if kind in ID_KEY:
        context[ID_KEY[kind]] = id
    return Need(f"ec2:{action}", _arn(asked, id), context)


def _given_tags(asked: Asked, kind: str) -> dict[str, str]:
    specifications = asked.get("TagSpecifications") or []
    return {
        key: value
        for one in specifications
        if one.get("ResourceType") == kind
        for key, value in tags_of(one.get("Tags")).items()
    }


def _tagging(asked: Asked, kind: str) -> list[Need]:
    """Tags at creation are a right of their own."""
    tags = request_tags(_given_tags(asked, kind))
    if not tags:
        return []
    context = _region(asked) | tags | {"ec2:CreateAction": asked.call.action}
    return [Need("ec2:CreateTags", asked.arn("ec2", f"{kind}/*"), context)]


def of_region(asked: Asked) -> list[Need]:
    return [Need(f"ec2:{asked.call.action}", context=_region(asked))]


def of_vpc(asked: Asked) -> list[Need]:
    return [_existing(asked, asked.call.action, asked.get("VpcId", ""))]


def create_endpoint(asked: Asked) -> list[Need]:
    service = asked.get("ServiceName", "")
    context = _region(asked) | request_tags(_given_tags(asked, "vpc-endpoint"))
    context |= {
        "ec2:VpceServiceName": service,
        "ec2:VpceServiceOwner": "amazon" if service.startswith(("com.amazonaws.", "aws.", "cn.com.amazonaws.")) else "",
        "ec2:VpceServiceRegion": asked.get("ServiceRegion", asked.region),
        "ec2:VpceMultiRegion": "false",
    }
    network, subnets, groups = asked.get("VpcId", ""), asked.get("SubnetIds", []), asked.get("SecurityGroupIds", [])
    touched = [network, *subnets, *groups, *asked.get("RouteTableIds", [])]
    needs = [_existing(asked, "CreateVpcEndpoint", id) for id in touched]
    needs.append(Need("ec2:CreateVpcEndpoint", asked.arn("ec2", "vpc-endpoint/*"), context))
    needs += _tagging(asked, "vpc-endpoint")
    reads = ["DescribeVpcs", *["DescribeSubnets"] * bool(subnets), *["DescribeSecurityGroups"] * bool(groups)]
    needs += [Need(f"ec2:{action}", context=_region(asked)) for action in reads]
    if asked.get("PrivateDnsEnabled"):
        zone = f"arn:{asked.call.partition}:route53:::hostedzone/*"
        vpcs = f"VPCId={network},VPCRegion={asked.region}"
        needs.append(Need("route53:AssociateVPCWithHostedZone", zone, {"route53:VPCs": vpcs}))
    return needs


def modify_endpoint(asked: Asked) -> list[Need]:
    id = asked.get("VpcEndpointId", "")
    touched = [
        other
        for member in ("AddSubnetIds", "RemoveSubnetIds", "AddSecurityGroupIds", "RemoveSecurityGroupIds")
        + ("AddRouteTableIds", "RemoveRouteTableIds")
        for other in asked.get(member, [])
    ]
    return [_existing(asked, "ModifyVpcEndpoint", one) for one in [id, *touched]]


def delete_endpoints(asked: Asked) -> list[Need]:
    needs = [_existing(asked, "DeleteVpcEndpoints", id) for id in asked.get("VpcEndpointIds", [])]
    for need, id in zip(needs, asked.get("VpcEndpointIds", []), strict=True):
        service = _endpoint(asked, id).get("ServiceName")
        if service:
            need.context |= {"ec2:VpceServiceName": service, "ec2:VpceServiceRegion": asked.region}
    return needs


def of_tags(asked: Asked) -> list[Need]:
    tags = tags_of(asked.get("Tags"))
    given = request_tags(tags) if asked.call.action == "CreateTags" else tag_keys(list(tags))
    needs = [_existing(asked, asked.call.action, id) for id in asked.get("Resources", [])]
    for need in needs:
        need.context |= given
        if asked.call.action == "DeleteTags":
            # Which things they are is not told of what only loses tags.
            need.context = {key: value for key, value in need.context.items() if key not in ID_KEY.values()}
    return needs


def create_group(asked: Asked) -> list[Need]:
    context = _region(asked) | request_tags(_given_tags(asked, "security-group"))
    needs = [Need("ec2:CreateSecurityGroup", asked.arn("ec2", "security-group/*"), context)]
    if "VpcId" in asked.members:
        needs.append(_existing(asked, "CreateSecurityGroup", asked.get("VpcId")))
    return needs + _tagging(asked, "security-group")


def of_group(asked: Asked) -> list[Need]:
    need = _existing(asked, asked.call.action, asked.get("GroupId", "sg-"))
    return [need, *_tagging(asked, "security-group-rule")]


NEEDS: dict[str, Callable[[Asked], list[Need]]] = {
    **dict.fromkeys(OF_REGION, of_region),
    **dict.fromkeys(("DescribeVpcAttribute", "GetSecurityGroupsForVpc"), of_vpc),
    **dict.fromkeys(("CreateTags", "DeleteTags"), of_tags),
    **dict.fromkeys(
        ("AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress", "RevokeSecurityGroupIngress")
        + ("RevokeSecurityGroupEgress", "DeleteSecurityGroup"),
        of_group,
    ),
    "CreateVpcEndpoint": create_endpoint,
    "ModifyVpcEndpoint": modify_endpoint,
    "DeleteVpcEndpoints": delete_endpoints,
    "CreateSecurityGroup": create_group,
}
