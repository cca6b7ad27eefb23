"""Owns VPC endpoints: what AWS refuses of them, and that they take a while to come and to go."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from .. import policy
from ..call import Answer, Call
from ..cloud import backend
from ..failure import Failure
from ..kept import Kept, now, tag_list, tags
from .ec2_endpoint_service import find, zones_of
from .ec2_filter import matches, paged

# As AWS writes it, blanks and all.
OPEN_POLICY = (
    '{\n  "Statement": [\n    {\n      "Action": "*", \n      "Effect": "Allow", \n'
    '      "Principal": "*", \n      "Resource": "*"\n    }\n  ]\n}'
)
LOOKS = 1


@dataclass
class Endpoint:
    """An endpoint as DescribeVpcEndpoints shows it, but for its tags; `looks` are those until its state is final."""

    shown: dict[str, Any]
    request: dict[str, Any]
    looks: int

    @property
    def id(self) -> str:
        return str(self.shown["VpcEndpointId"])

    @property
    def alive(self) -> bool:
        return self.shown["State"] != "deleting"


ENDPOINTS: Kept[dict[str, Endpoint]] = Kept(dict)
# By account: for how many looks an endpoint is pending, and then deleting.
PENDING: dict[str, int] = {}


def pending(body: dict[str, Any]) -> dict[str, Any]:
    PENDING[body["account"]] = int(body["looks"])
    return {}


def of(account: str, region: str) -> dict[str, Endpoint]:
    """By id, all that AWS would still show."""
    kept = ENDPOINTS(account, region)
    for endpoint in [one for one in kept.values() if one.looks <= 0]:
        if endpoint.alive:
            endpoint.shown["State"] = "available"
        else:
            del kept[endpoint.id]
            backend("ec2", account, region).tags.pop(endpoint.id, None)
    return kept


def _here(call: Call) -> dict[str, Endpoint]:
    return of(call.account, call.region)


def tags_of(account: str, region: str, endpoint: Endpoint) -> dict[str, str]:
    return dict(backend("ec2", account, region).tags.get(endpoint.id, {}))


def invalid(message: str) -> Failure:
    return Failure("InvalidParameter", message)


def create_vpc_endpoint(call: Call) -> Answer:
    wanted = call.members
    token = wanted.get("ClientToken")
    alive = [one for one in _here(call).values() if one.alive]
    before = next((one for one in alive if token and one.request.get("ClientToken") == token), None)
    if before:
        if before.request != wanted:
            raise Failure(
                "IdempotentParameterMismatch",
                "The client token you have provided is associated with a resource for which this was not the request.",
            )
        return _made(call, before)
    kind = wanted.get("VpcEndpointType") or "Gateway"
    vpc = _vpc(call, wanted["VpcId"])
    service = find(call, wanted.get("ServiceName", ""), kind)
    shown: dict[str, Any] = {
        "VpcEndpointId": f"vpce-{uuid.uuid4().hex[:17]}",
        "VpcEndpointType": kind,
        "VpcId": vpc.id,
        "ServiceName": service["ServiceName"],
        "State": "pending",
        "PolicyDocument": _policy(wanted.get("PolicyDocument")),
        "RouteTableIds": wanted.get("RouteTableIds") or [],
        "SubnetIds": [],
        "Groups": [],
        "NetworkInterfaceIds": [],
        "DnsEntries": [],
        "PrivateDnsEnabled": False,
        "RequesterManaged": False,
        "CreationTimestamp": now(),
        "OwnerId": call.account,
    }
    if kind == "Interface":
        shown |= {"IpAddressType": "ipv4", "DnsOptions": {"DnsRecordIpType": "ipv4"}}
        _add_subnets(call, shown, wanted.get("SubnetIds") or [])
        groups = wanted.get("SecurityGroupIds") or [_default_group(call, vpc.id)]
        shown["Groups"] = [_group(call, vpc.id, id) for id in groups]
        _private_dns(call, shown, service, wanted.get("PrivateDnsEnabled", True))
    endpoint = Endpoint(shown, wanted, PENDING.get(call.account, LOOKS))
    ENDPOINTS(call.account, call.region)[endpoint.id] = endpoint
    given = [one for spec in wanted.get("TagSpecifications") or [] for one in spec.get("Tags") or []]
    if given:
        backend("ec2", call.account, call.region).create_tags([endpoint.id], tags(given))
    return _made(call, endpoint)


def _made(call: Call, endpoint: Endpoint) -> Answer:
    token = endpoint.request.get("ClientToken")
    return Answer.of(call, {"VpcEndpoint": _whole(call, endpoint)} | ({"ClientToken": token} if token else {}))


def _whole(call: Call, endpoint: Endpoint) -> dict[str, Any]:
    return endpoint.shown | {"Tags": tag_list(tags_of(call.account, call.region, endpoint))}


def _vpc(call: Call, id: str) -> Any:
    vpc = backend("ec2", call.account, call.region).vpcs.get(id)
    if vpc is None:
        raise Failure("InvalidVpcId.NotFound", f"The Vpc ID '{id}' does not exist")
    return vpc


def _policy(document: str | None) -> str:
    if not document:
        return OPEN_POLICY
    try:
        policy.require(document, "Principal", "Action", "Resource")
    except policy.Malformed as error:
        words = "The Policy Document is not valid. Syntax error at position (1,1)"
        raise Failure("InvalidPolicyDocument", words) from error
    return document


def _subnet(call: Call, vpc: str, id: str) -> Any:
    zones = backend("ec2", call.account, call.region).subnets.values()
    subnet = next((zone[id] for zone in zones if id in zone), None)
    if subnet is None:
        raise Failure("InvalidSubnetId.NotFound", f"The subnet ID '{id}' does not exist")
    if subnet.vpc_id != vpc:
        raise invalid(f"The subnet {id} does not belong to the VPC {vpc}.")
    return subnet


def _add_subnets(call: Call, shown: dict[str, Any], ids: list[str]) -> None:
    """One a zone, and only in zones where the service is; each brings a network interface."""
    zones = {_subnet(call, shown["VpcId"], id).availability_zone: id for id in shown["SubnetIds"]}
    for id in ids:
        if id in shown["SubnetIds"]:
            continue
        zone = _subnet(call, shown["VpcId"], id).availability_zone
        if zone in zones:
            words = f"Found another VPC endpoint subnet in the availability zone of {zones[zone]}"
            raise Failure("DuplicateSubnetsInSameZone", words)
        if zone not in zones_of(call, shown["ServiceName"]):
            raise invalid(
                f"The VPC endpoint service {shown['ServiceName']} does not support the availability zone of the "
                f"subnet: {id}."
            )
        zones[zone] = id
        shown["SubnetIds"] = [*shown["SubnetIds"], id]
        shown["NetworkInterfaceIds"] = [*shown["NetworkInterfaceIds"], f"eni-{uuid.uuid4().hex[:17]}"]


def _groups(call: Call, vpc: str) -> dict[str, Any]:
    return backend("ec2", call.account, call.region).groups.get(vpc, {})  # type: ignore[no-any-return]


def _default_group(call: Call, vpc: str) -> str:
    return next(group.id for group in _groups(call, vpc).values() if group.name == "default")


def _group(call: Call, vpc: str, id: str) -> dict[str, str]:
    group = _groups(call, vpc).get(id)
    if group is None:
        everywhere = backend("ec2", call.account, call.region).groups.values()
        if any(id in groups for groups in everywhere):
            raise invalid(f"The security group {id} does not belong to the VPC {vpc}.")
        raise Failure("InvalidGroup.NotFound", f"The security group '{id}' does not exist")
    return {"GroupId": group.id, "GroupName": group.name}


def _private_dns(call: Call, shown: dict[str, Any], service: dict[str, Any], on: bool) -> None:
    if on:
        vpc = _vpc(call, shown["VpcId"])
        if not all(str(flag).lower() == "true" for flag in (vpc.enable_dns_support, vpc.enable_dns_hostnames)):
            raise invalid(
                "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to "
                f"true for {vpc.id}"
            )
        for other in _here(call).values():
            same = all(other.shown[key] == shown[key] for key in ("VpcId", "ServiceName"))
            if same and other.id != shown["VpcEndpointId"] and other.shown["PrivateDnsEnabled"]:
                raise invalid(
                    "private-dns-enabled cannot be set because there is already a conflicting DNS domain for "
                    f"{service['PrivateDnsName']} in the VPC {vpc.id}"
                )
    own = f"{shown['VpcEndpointId']}-x.{service['BaseEndpointDnsNames'][0]}"
    names = [own, service["PrivateDnsName"]] if on else [own]
    shown["DnsEntries"] = [{"DnsName": name, "HostedZoneId": "Z7HUB22UULQXV"} for name in names]
    shown["PrivateDnsEnabled"] = on


def _absent(id: str) -> Failure:
    if not id.startswith("vpce-"):
        return Failure("InvalidVpcEndpointId.Malformed", f"The Vpc Endpoint Id '{id}' is malformed")
    return Failure("InvalidVpcEndpointId.NotFound", f"The Vpc Endpoint Id '{id}' does not exist")


def modify_vpc_endpoint(call: Call) -> Answer:
    """All or nothing: a copy is changed, and put in place once nothing was refused."""
    wanted = call.members
    endpoint = _here(call).get(wanted["VpcEndpointId"])
    if endpoint is None or not endpoint.alive:
        raise _absent(wanted["VpcEndpointId"])
    shown = dict(endpoint.shown)
    if wanted.get("ResetPolicy"):
        shown["PolicyDocument"] = OPEN_POLICY
    if wanted.get("PolicyDocument"):
        shown["PolicyDocument"] = _policy(wanted["PolicyDocument"])
    _remove_subnets(shown, wanted.get("RemoveSubnetIds") or [])
    _add_subnets(call, shown, wanted.get("AddSubnetIds") or [])
    _change_groups(call, shown, wanted.get("AddSecurityGroupIds") or [], wanted.get("RemoveSecurityGroupIds") or [])
    for add, tables in ((True, wanted.get("AddRouteTableIds")), (False, wanted.get("RemoveRouteTableIds"))):
        kept = [id for id in shown["RouteTableIds"] if id not in (tables or [])]
        shown["RouteTableIds"] = kept + (tables or [] if add else [])
    if "PrivateDnsEnabled" in wanted:
        service = find(call, shown["ServiceName"], shown["VpcEndpointType"])
        _private_dns(call, shown, service, wanted["PrivateDnsEnabled"])
    endpoint.shown = shown
    return Answer.of(call, {"Return": True})


def _remove_subnets(shown: dict[str, Any], ids: list[str]) -> None:
    for id in ids:
        if id not in shown["SubnetIds"]:
            raise Failure("InvalidSubnetId.NotFound", f"The subnet ID '{id}' does not exist")
        place = shown["SubnetIds"].index(id)
        for member in ("SubnetIds", "NetworkInterfaceIds"):
            shown[member] = [*shown[member][:place], *shown[member][place + 1 :]]


def _change_groups(call: Call, shown: dict[str, Any], more: list[str], less: list[str]) -> None:
    here = [group["GroupId"] for group in shown["Groups"]]
    added = [_group(call, shown["VpcId"], id) for id in more if id not in here]
    for id in less:
        if id not in here:
            raise Failure("InvalidGroup.NotFound", f"The security group '{id}' does not exist")
    left = [group for group in shown["Groups"] if group["GroupId"] not in less] + added
    if less and not left:
        raise invalid(f"The VPC endpoint {shown['VpcEndpointId']} must have at least one security group.")
    shown["Groups"] = left


def delete_vpc_endpoints(call: Call) -> Answer:
    """Succeeds whatever it finds; which were not there, it lists."""
    failed = []
    for id in call.members["VpcEndpointIds"]:
        endpoint = _here(call).get(id)
        if endpoint is None:
            code = "InvalidVpcEndpoint.NotFound" if id.startswith("vpce-") else "InvalidVpcEndpointId.Malformed"
            failed.append({"ResourceId": id, "Error": {"Code": code, "Message": _absent(id).message}})
        elif endpoint.alive:
            endpoint.shown["State"] = "deleting"
            endpoint.looks = PENDING.get(call.account, LOOKS)
    return Answer.of(call, {"Unsuccessful": failed})


def describe_vpc_endpoints(call: Call) -> Answer:
    """Each look at an endpoint brings it nearer to its final state."""
    kept, wanted = _here(call), call.members.get("VpcEndpointIds") or []
    for id in wanted:
        if id not in kept:
            raise _absent(id)
    found = [one for one in kept.values() if (not wanted or one.id in wanted) and _matches(call, one)]
    looked_at, following = paged(call, found)
    shown = [_whole(call, endpoint) for endpoint in looked_at]
    for endpoint in looked_at:
        endpoint.looks -= 1
    return Answer.of(call, {"VpcEndpoints": shown} | following)


def _matches(call: Call, endpoint: Endpoint) -> bool:
    shown = endpoint.shown
    values = {
        "service-name": [shown["ServiceName"]],
        "service-region": [call.region],
        "vpc-id": [shown["VpcId"]],
        "vpc-endpoint-id": [endpoint.id],
        "vpc-endpoint-state": [shown["State"]],
        "vpc-endpoint-type": [shown["VpcEndpointType"]],
        "ip-address-type": [shown.get("IpAddressType", "ipv4")],
    }
    return matches(call, values, tags_of(call.account, call.region, endpoint))


def create_tags(call: Call) -> None:
    for id in call.members.get("Resources") or []:
        if id.startswith("vpce-") and not id.startswith("vpce-svc-") and id not in _here(call):
            raise _absent(id)


REFUSE = {"CreateTags": create_tags}
INSTEAD = {
    "CreateVpcEndpoint": create_vpc_endpoint,
    "ModifyVpcEndpoint": modify_vpc_endpoint,
    "DeleteVpcEndpoints": delete_vpc_endpoints,
    "DescribeVpcEndpoints": describe_vpc_endpoints,
}
