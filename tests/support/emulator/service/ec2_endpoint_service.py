"""Owns which services a VPC can have an endpoint for, and in which zones of the region."""

from __future__ import annotations

import uuid
from typing import Any

from ..call import Answer, Call
from ..failure import Failure
from ..kept import Kept
from .ec2_filter import matches, paged

SERVICES = (
    "bedrock", "bedrock-agent", "bedrock-agent-runtime", "bedrock-mantle", "bedrock-runtime", "ec2", "kms", "logs",
    "monitoring", "s3", "secretsmanager", "sns", "sqs", "ssm", "sts",
)  # fmt: skip
GATEWAYS = ("dynamodb", "s3")
# In the new domain of AWS, unlike all others.
NEW_DOMAIN = ("bedrock-mantle",)

# Zones by service, where a test said that not all of the region's have it.
NARROWED: Kept[dict[str, list[str]]] = Kept(dict)


def zones(region: str) -> list[str]:
    # moto's EC2 takes a second to load, so not before somebody asks.
    from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend

    return [zone.name for zone in RegionsAndZonesBackend.zones.get(region, [])]


def name_of(region: str, service: str) -> str:
    return service if service.startswith("com.amazonaws.") else f"com.amazonaws.{region}.{service}"


def narrow(body: dict[str, Any]) -> dict[str, Any]:
    """Says in which zones a service is; zones by their letter or their name."""
    region = body["region"]
    service = name_of(region, body["service"])
    if service.rpartition(".")[2] not in SERVICES:
        raise ValueError(f"no endpoint service {service}")
    found = [zone if zone.startswith(region) else region + zone for zone in body["zones"]]
    NARROWED(body["account"], region)[service] = found
    return {"service": service, "zones": found}


def zones_of(call: Call, service: str) -> list[str]:
    return NARROWED(call.account, call.region).get(service, zones(call.region))


def absent(service: str) -> Failure:
    return Failure("InvalidServiceName", f"The Vpc Endpoint Service '{service}' does not exist")


def find(call: Call, service: str, kind: str) -> dict[str, Any]:
    """The service of that name and kind of endpoint."""
    offered = [one for one in _all(call) if one["ServiceName"] == service]
    if not offered:
        raise absent(service)
    for one in offered:
        if one["ServiceType"] == [{"ServiceType": kind}]:
            return one
    raise Failure("InvalidParameter", f"The VPC endpoint service {service} does not support {kind} endpoints.")


def _all(call: Call) -> list[dict[str, Any]]:
    listed = [(service, "Interface") for service in SERVICES] + [(service, "Gateway") for service in GATEWAYS]
    return [_detail(call, service, kind) for service, kind in sorted(listed)]


def _detail(call: Call, service: str, kind: str) -> dict[str, Any]:
    name = name_of(call.region, service)
    detail = {
        "ServiceName": name,
        "ServiceId": f"vpce-svc-{uuid.uuid5(uuid.NAMESPACE_DNS, f'{kind}.{name}').hex[:17]}",
        "ServiceType": [{"ServiceType": kind}],
        "ServiceRegion": call.region,
        "AvailabilityZones": zones_of(call, name),
        "Owner": "amazon",
        "BaseEndpointDnsNames": [f"{service}.{call.region}.vpce.amazonaws.com"],
        "VpcEndpointPolicySupported": True,
        "AcceptanceRequired": False,
        "ManagesVpcEndpoints": False,
        "Tags": [],
        "SupportedIpAddressTypes": ["ipv4"],
    }
    if kind == "Interface":
        domain = "api.aws" if service in NEW_DOMAIN else "amazonaws.com"
        private = f"{service}.{call.region}.{domain}"
        detail |= {"PrivateDnsName": private, "PrivateDnsNames": [{"PrivateDnsName": private}]}
        detail["PrivateDnsNameVerificationState"] = "verified"
    return detail


def _values(detail: dict[str, Any]) -> dict[str, list[str]]:
    return {
        "service-name": [detail["ServiceName"]],
        "service-type": [one["ServiceType"] for one in detail["ServiceType"]],
        "service-region": [detail["ServiceRegion"]],
        "owner": [detail["Owner"]],
        "supported-ip-address-types": detail["SupportedIpAddressTypes"],
    }


def describe_vpc_endpoint_services(call: Call) -> Answer:
    wanted = call.members.get("ServiceNames") or []
    offered = _all(call)
    for name in wanted:
        if not any(one["ServiceName"] == name for one in offered):
            raise absent(name)
    found = [one for one in offered if (not wanted or one["ServiceName"] in wanted) and matches(call, _values(one), {})]
    shown, following = paged(call, found)
    names = sorted({one["ServiceName"] for one in shown})
    return Answer.of(call, {"ServiceNames": names, "ServiceDetails": shown} | following)


INSTEAD = {"DescribeVpcEndpointServices": describe_vpc_endpoint_services}
