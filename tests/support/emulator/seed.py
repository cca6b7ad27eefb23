"""Owns what a test finds in an account before its run: a network or a key with the ids that a file names, objects.

AWS makes up such ids; a configuration copied from a guide has them already, so moto's are replaced.
"""

from __future__ import annotations

from typing import Any

from .cloud import backend
from .service import ec2_endpoint_service

DEFAULT_SUBNETS = 2
DEFAULT_GROUPS = 1
NETWORK = "10.20.0.0/16"


def vpc(body: dict[str, Any]) -> dict[str, Any]:
    """A VPC with a subnet in each of the first zones of the region or in the `zones` given, and security groups.

    It is one that endpoints work in, unless `dns` or `https` are off.
    """
    region = body["region"]
    ec2 = backend("ec2", body["account"], region)
    network = ec2.create_vpc(NETWORK)
    network.enable_dns_support = network.enable_dns_hostnames = "true" if body.get("dns", True) else "false"
    zones = body.get("zones") or ec2_endpoint_service.zones(region)
    ids = body.get("subnet_ids") or [None] * (len(body.get("zones") or []) or DEFAULT_SUBNETS)
    subnets = [_subnet(ec2, network.id, region, number, zones, id) for number, id in enumerate(ids)]
    groups = [
        _security_group(ec2, network.id, number, id)
        for number, id in enumerate(body.get("security_group_ids") or [None] * DEFAULT_GROUPS)
    ]
    if body.get("https", True):
        for id in groups:
            ec2.authorize_security_group_ingress(id, "tcp", "443", "443", [{"CidrIp": NETWORK}], vpc_id=network.id)
    return {"vpc_id": network.id, "subnet_ids": subnets, "security_group_ids": groups}


def _subnet(ec2: Any, vpc_id: str, region: str, number: int, zones: list[str], id: str | None) -> str:
    zone = zones[number % len(zones)]
    zone = zone if zone.startswith(region) else region + zone
    subnet = ec2.create_subnet(vpc_id, f"10.20.{number}.0/24", availability_zone=zone)
    if id is None:
        return str(subnet.id)
    in_zone = ec2.subnets[zone]
    del in_zone[subnet.id]
    subnet.id = subnet.subnet_id = id
    in_zone[id] = subnet
    return id


def _security_group(ec2: Any, vpc_id: str, number: int, id: str | None) -> str:
    group = ec2.create_security_group(f"endpoints-{number}", "made for a test", vpc_id=vpc_id)
    if id is None:
        return str(group.id)
    in_vpc = ec2.groups[vpc_id]
    del in_vpc[group.id]
    group.arn = group.arn.replace(group.id, id)
    group.id = group.group_id = id
    in_vpc[id] = group
    return id


def key(body: dict[str, Any]) -> dict[str, Any]:
    """A key with that id. Its policy is taken as it is: seeding is not a call, so nothing is checked."""
    kms = backend("kms", body["account"], body["region"])
    made = kms.create_key(body.get("policy"), "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", body.get("description", ""), None)
    del kms.keys[made.id]
    made.arn = made.arn.replace(made.id, body["key_id"])
    made.id = body["key_id"]
    kms.keys[made.id] = made
    return {"key_id": made.id, "arn": made.arn}


def objects(body: dict[str, Any]) -> dict[str, Any]:
    """`count` objects in a bucket, each in `versions` versions where the bucket keeps them."""
    s3 = backend("s3", body["account"], body["region"])
    total = body.get("count", 1)
    for number in range(total):
        for _ in range(body.get("versions", 1)):
            s3.put_object(body["bucket"], f"{body.get('prefix', '')}{number:06d}", b"x")
    return {"objects": total}
