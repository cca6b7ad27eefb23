"""Owns what CloudWatch Logs does and moto does not: a group's key, the retentions that there are, tags that die."""

from __future__ import annotations

import re
from typing import Any

from .. import policy
from ..call import Answer, Call
from ..cloud import backend
from ..failure import Failure
from .kms import usable_key

RETENTIONS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
KEY_USES = ("kms:Encrypt", "kms:Decrypt", "kms:ReEncryptTo", "kms:GenerateDataKey", "kms:DescribeKey")
NAME = re.compile(r"[.\-_/#A-Za-z0-9]{1,512}")


def group_arn(call: Call, name: str) -> str:
    return f"arn:{call.partition}:logs:{call.region}:{call.account}:log-group:{name}"


def find_group(call: Call) -> Any:
    """The group that the call names, by name, by identifier or by ARN; absent is a failure."""
    named = call.params.get("logGroupName") or call.params.get("resourceIdentifier") or call.params.get("resourceArn")
    name = str(named).partition(":log-group:")[2] if str(named).startswith("arn:") else named
    groups = backend("logs", call.account, call.region).groups
    if name not in groups:
        raise Failure("ResourceNotFoundException", "The specified log group does not exist.")
    return groups[name]


def refuse_key(call: Call, group: str, key: str) -> None:
    arn = group_arn(call, group)
    suffix = "amazonaws.com.cn" if call.partition == "aws-cn" else "amazonaws.com"
    services = (f"logs.{call.region}.{suffix}", f"logs.{suffix}")
    context = {
        "kms:EncryptionContext:aws:logs:arn": arn,
        "aws:SourceArn": arn,
        "aws:SourceAccount": call.account,
    }
    in_region = key.split(":")[3:4] == [call.region]
    usable = in_region and any(
        all(usable_key(key, policy.Request(action, service=service, context=context)) for action in KEY_USES)
        for service in services
    )
    if not usable:
        raise Failure(
            "InvalidParameterException",
            f"The specified KMS key does not exist or is not allowed to be used with Arn '{arn}'",
        )


def create_log_group(call: Call) -> None:
    name = call.params.get("logGroupName", "")
    if not NAME.fullmatch(name):
        raise Failure(
            "InvalidParameterException",
            f"1 validation error detected: Value '{name}' at 'logGroupName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+",
        )
    if call.params.get("kmsKeyId"):
        refuse_key(call, name, call.params["kmsKeyId"])


def put_retention_policy(call: Call) -> None:
    days = call.params.get("retentionInDays")
    if days not in RETENTIONS:
        allowed = ", ".join(str(one) for one in RETENTIONS)
        raise Failure(
            "InvalidParameterException",
            f"1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{allowed}]",
        )


def tagged_group(call: Call) -> None:
    """Tags hang on the group's plain ARN; AWS refuses the one that ends in `:*`, moto keeps tags of its own there."""
    arn = str(call.params.get("resourceArn", ""))
    if arn.endswith(":*"):
        raise Failure("InvalidParameterException", "The ARN of a log group to tag must not end in :*")
    if ":log-group:" in arn:
        find_group(call)


def associate_key(call: Call) -> Answer:
    group = find_group(call)
    refuse_key(call, group.name, call.params.get("kmsKeyId", ""))
    group.kms_key_id = call.params["kmsKeyId"]
    return Answer(200, {"content-type": "application/x-amz-json-1.1"})


def disassociate_key(call: Call) -> Answer:
    find_group(call).kms_key_id = None
    return Answer(200, {"content-type": "application/x-amz-json-1.1"})


def forget_tags(call: Call, answer: Answer) -> Answer:
    # moto would give them to the next group of that name.
    arn = group_arn(call, call.params["logGroupName"])
    backend("logs", call.account, call.region).tagger.delete_all_tags_for_resource(arn)
    return answer


REFUSE = {
    "CreateLogGroup": create_log_group,
    "PutRetentionPolicy": put_retention_policy,
    "TagResource": tagged_group,
    "UntagResource": tagged_group,
    "ListTagsForResource": tagged_group,
}
INSTEAD = {"AssociateKmsKey": associate_key, "DisassociateKmsKey": disassociate_key}
AFTER = {"DeleteLogGroup": forget_tags}
