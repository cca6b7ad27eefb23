"""Owns Bedrock's check of an invocation-logging setting: role, group and bucket must be able to work.

AWS answers the same words whatever is wrong, so nothing here tells a missing group from a missing right.
"""

from __future__ import annotations

import json
from typing import Any

from moto.iam.models import iam_backends
from moto.s3.models import s3_backends

from .. import policy
from ..call import Answer, Call
from ..cloud import backend
from ..failure import Failure
from .kms import usable_key

PRINCIPAL = "bedrock.amazonaws.com"
STREAM = "log-stream:aws/bedrock/modelinvocations"


def _context(call: Call) -> dict[str, str]:
    return {
        "aws:SourceAccount": call.account,
        "aws:SourceArn": f"arn:{call.partition}:bedrock:{call.region}:{call.account}:model-invocation-logging",
        "aws:SecureTransport": "true",
        "aws:PrincipalIsAWSService": "true",
    }


def _wish(call: Call, action: str, resource: str = "*") -> policy.Request:
    return policy.Request(action, resource, service=PRINCIPAL, context=_context(call))


def put_logging(call: Call) -> None:
    config = call.params.get("loggingConfig") or {}
    cloud_watch = config.get("cloudWatchConfig")
    if cloud_watch:
        group, role = cloud_watch.get("logGroupName", ""), cloud_watch.get("roleArn", "")
        if not _can_log(call, group, role):
            raise Failure(
                "ValidationException",
                f"Failed to validate permissions for log group: {group}, with role: {role}. "
                "Verify the IAM role permissions are correct.",
            )
    for target in (config.get("s3Config"), (cloud_watch or {}).get("largeDataDeliveryS3Config")):
        if target and not _can_deliver(call, target.get("bucketName", ""), target.get("keyPrefix") or ""):
            raise Failure(
                "ValidationException",
                f"Failed to validate permissions for S3 bucket: {target.get('bucketName')}. "
                "Verify the bucket exists in this region and its policy is correct.",
            )


def _can_log(call: Call, group: str, role_arn: str) -> bool:
    if group not in backend("logs", call.account, call.region).groups:
        return False
    roles = iam_backends[call.account][call.partition].roles.values()
    role = next((role for role in roles if role.arn == role_arn), None)
    if role is None or not policy.allows(role.assume_role_policy_document, _wish(call, "sts:AssumeRole")):
        return False
    resource = f"arn:{call.partition}:logs:{call.region}:{call.account}:log-group:{group}:{STREAM}"
    documents = [*role.policies.values(), *_attached(role)]
    return all(
        any(policy.allows(document, policy.Request(action, resource)) for document in documents)
        for action in ("logs:CreateLogStream", "logs:PutLogEvents")
    )


def _attached(role: Any) -> list[str]:
    return [
        version.document
        for attached in role.managed_policies.values()
        for version in attached.versions
        if version.version_id == attached.default_version_id
    ]


def _can_deliver(call: Call, name: str, prefix: str) -> bool:
    bucket = s3_backends[call.account][call.partition].buckets.get(name)
    if bucket is None or bucket.region_name != call.region or not bucket.policy:
        return False
    tail = f"AWSLogs/{call.account}/BedrockModelInvocationLogs/{call.region}/x.json.gz"
    # Whether a prefix that ends in a slash gets a second one is AWS's affair: either will do.
    keys = {f"{prefix}/{tail}", f"{prefix.rstrip('/')}/{tail}"} if prefix else {tail}
    document = bucket.policy.decode() if isinstance(bucket.policy, bytes) else bucket.policy
    bucket_arn = f"arn:{call.partition}:s3:::{name}"
    if not any(policy.allows(document, _wish(call, "s3:PutObject", f"{bucket_arn}/{key}")) for key in keys):
        return False
    return _can_encrypt(call, bucket)


def _can_encrypt(call: Call, bucket: Any) -> bool:
    rule = (bucket.encryption or {}).get("Rule", {}).get("ApplyServerSideEncryptionByDefault", {})
    key = rule.get("KMSMasterKeyID")
    if rule.get("SSEAlgorithm") != "aws:kms" or not key:
        return True
    arn = key if key.startswith("arn:") else f"arn:{call.partition}:kms:{call.region}:{call.account}:key/{key}"
    wish = _wish(call, "kms:GenerateDataKey")
    wish.context["kms:ViaService"] = f"s3.{call.region}.amazonaws.com"
    return usable_key(arn, wish)


def absent_is_left_out(call: Call, answer: Answer) -> Answer:
    # moto says null before and {} after the setting was there; AWS leaves the member out.
    if not answer.json.get("loggingConfig"):
        answer.body = json.dumps({}).encode()
    return answer


REFUSE = {"PutModelInvocationLoggingConfiguration": put_logging}
AFTER = {"GetModelInvocationLoggingConfiguration": absent_is_left_out}
