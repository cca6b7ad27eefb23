"""Owns the Resource Groups Tagging API: what of an account and region has tags, of all services at once.

Roles are not in it, on AWS either; what is global is only in the partition's first region.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.kms.utils import RESERVED_ALIASES

from ..call import Answer, Call
from ..cloud import backend
from ..failure import Failure
from ..kept import BadToken, page, tag_list
from . import bedrock_profile, cloudwatch, ec2_endpoint, logs, sns

PAGE = 100
HOME = {"aws": "us-east-1", "aws-us-gov": "us-gov-west-1", "aws-cn": "cn-north-1"}

Found = Iterator[tuple[str, dict[str, str]]]


def _keys(call: Call) -> Found:
    """Also those that await their deletion: until then they exist."""
    kms = backend("kms", call.account, call.region)
    for key in kms.keys.values():
        if not any(name in RESERVED_ALIASES for name in key.aliases):
            yield key.arn, kms.tagger.get_tag_dict_for_resource(key.id)


def _log_groups(call: Call) -> Found:
    kept = backend("logs", call.account, call.region)
    for group in kept.groups.values():
        yield logs.group_arn(call, group.name), kept.tagger.get_tag_dict_for_resource(group.arn)


def _buckets(call: Call) -> Found:
    s3 = backend("s3", call.account, call.region)
    for bucket in s3.buckets.values():
        if bucket.region_name == call.region:
            yield bucket.arn, s3.tagger.get_tag_dict_for_resource(bucket.arn)


def _endpoints(call: Call) -> Found:
    for endpoint in ec2_endpoint.of(call.account, call.region).values():
        arn = f"arn:{call.partition}:ec2:{call.region}:{call.account}:vpc-endpoint/{endpoint.id}"
        yield arn, ec2_endpoint.tags_of(call.account, call.region, endpoint)


def _kept(call: Call) -> Found:
    """What the layer itself keeps."""
    for topic in sns.topics(call).values():
        yield topic.arn, topic.tags
    for alarm in cloudwatch.ALARMS(call.account, call.region).values():
        yield alarm.shown["AlarmArn"], alarm.tags
    for profile in bedrock_profile.of(call).values():
        yield profile.shown["inferenceProfileArn"], profile.tags


def _providers(call: Call) -> Found:
    if call.region == HOME[call.partition]:
        for provider in backend("iam", call.account, call.region).open_id_providers.values():
            yield provider.arn, {tag["Key"]: tag["Value"] for tag in provider.tag_list_type}


SOURCES = (_keys, _log_groups, _buckets, _endpoints, _kept, _providers)


def _type(arn: str) -> tuple[str, str]:
    """Service and type, as they stand in the ARN."""
    parts = arn.split(":")
    if parts[2] == "s3":
        return "s3", "bucket"
    if parts[2] == "sns":
        return "sns", "topic"
    return parts[2], parts[5].partition("/")[0]


def _wanted(arn: str, tags: dict[str, str], filters: list[dict[str, Any]], types: list[str]) -> bool:
    service, kind = _type(arn)
    right_type = not types or service in types or f"{service}:{kind}" in types
    return right_type and all(
        one["Key"] in tags and (not one.get("Values") or tags[one["Key"]] in one["Values"]) for one in filters
    )


def get_resources(call: Call) -> Answer:
    wanted = call.members
    filters, types = wanted.get("TagFilters") or [], wanted.get("ResourceTypeFilters") or []
    arns, size = wanted.get("ResourceARNList"), wanted.get("ResourcesPerPage") or PAGE
    if arns and (filters or types or wanted.get("PaginationToken") or wanted.get("ResourcesPerPage")):
        raise Failure("InvalidParameterException", "ResourceARNList cannot be combined with other parameters.")
    if not 1 <= size <= PAGE:
        raise Failure("InvalidParameterException", f"ResourcesPerPage must be between 1 and {PAGE}.")
    everything = [one for source in SOURCES for one in source(call)]
    found = [
        {"ResourceARN": arn, "Tags": tag_list(tags)}
        for arn, tags in everything
        if tags and (not arns or arn in arns) and _wanted(arn, tags, filters, types)
    ]
    try:
        shown, following = page(found, size, wanted.get("PaginationToken"))
    except BadToken as error:
        raise Failure("InvalidParameterException", "The PaginationToken is invalid.") from error
    # The last page says so with an empty token.
    return Answer.of(call, {"ResourceTagMappingList": shown, "PaginationToken": following or ""})


INSTEAD = {"GetResources": get_resources}
