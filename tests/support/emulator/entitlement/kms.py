"""Owns the rights that KMS's calls need: on the key, whatever names it; on alias and key for an alias."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..cloud import backend
from ..failure import Failure
from ..service.kms import find_key
from .need import Asked, Context, Need, request_tags, resource_tags, tag_keys, tags_of

OF_KEY = (
    "CancelKeyDeletion", "DescribeKey", "DisableKey", "DisableKeyRotation", "EnableKey", "EnableKeyRotation",
    "GetKeyPolicy", "GetKeyRotationStatus", "ListKeyPolicies", "ListResourceTags", "ScheduleKeyDeletion",
    "TagResource", "UntagResource", "UpdateKeyDescription", "ListGrants",
    "Encrypt", "Decrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext",
)  # fmt: skip
# These take an alias in the place of a key.
BY_ALIAS = {"DescribeKey", "Encrypt", "Decrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext"}
LOCKED_OUT = Failure(
    "MalformedPolicyDocumentException",
    "The new key policy will not allow you to update the key policy in the future.",
)


def create_key(asked: Asked) -> list[Need]:
    tags = request_tags(tags_of(asked.get("Tags"), "TagKey", "TagValue"))
    about = _of_request(asked)
    needs = [Need("kms:CreateKey", context=about | tags | _bypass(asked))]
    # Of the new key nothing is known yet: neither its id, nor that the tags will be on it.
    new = asked.arn("kms", "key/*")
    caller: Context = {"kms:CallerAccount": asked.account}
    if tags:
        needs.append(Need("kms:TagResource", new, tags | caller, named=""))
    if "Policy" in asked.members and not asked.get("BypassPolicyLockoutSafetyCheck"):
        needs.append(Need("kms:PutKeyPolicy", new, about, key_policy=asked.get("Policy"), words=LOCKED_OUT))
    return needs


def _of_request(asked: Asked) -> Context:
    return {
        "kms:CallerAccount": asked.account,
        "kms:KeySpec": asked.get("KeySpec", "SYMMETRIC_DEFAULT"),
        "kms:KeyUsage": asked.get("KeyUsage", "ENCRYPT_DECRYPT"),
        "kms:KeyOrigin": asked.get("Origin", "AWS_KMS"),
        "kms:MultiRegion": str(asked.get("MultiRegion", False)).lower(),
    }


def _bypass(asked: Asked) -> Context:
    return {"kms:BypassPolicyLockoutSafetyCheck": str(asked.get("BypassPolicyLockoutSafetyCheck", False)).lower()}


def key_context(asked: Asked, key: Any) -> Context:
    kms = backend("kms", asked.account, asked.region)
    context: Context = {
        "kms:CallerAccount": asked.account,
        "kms:KeySpec": key.key_spec,
        "kms:KeyUsage": key.key_usage,
        "kms:KeyOrigin": key.origin,
        "kms:MultiRegion": str(bool(key.multi_region)).lower(),
    }
    if key.aliases:
        context["kms:ResourceAliases"] = list(key.aliases)
    return context | resource_tags(kms.tagger.get_tag_dict_for_resource(key.id))


def of_key(asked: Asked) -> list[Need]:
    """Of a key that is not there nobody has rights: it is not found, as for everybody else."""
    given = str(asked.get("KeyId", ""))
    key = find_key(asked.account, asked.region, given)
    if key is None:
        return []
    context = key_context(asked, key)
    alias = given.rpartition(":")[2]
    if alias.startswith("alias/") and asked.call.action in BY_ALIAS:
        context["kms:RequestAlias"] = alias
    if "PendingWindowInDays" in asked.members:
        context["kms:ScheduleKeyDeletionPendingWindowInDays"] = str(asked.get("PendingWindowInDays"))
    if "RotationPeriodInDays" in asked.members:
        context["kms:RotationPeriodInDays"] = str(asked.get("RotationPeriodInDays"))
    context |= request_tags(tags_of(asked.get("Tags"), "TagKey", "TagValue")) | tag_keys(asked.get("TagKeys", []))
    return [Need(f"kms:{asked.call.action}", key.arn, context, key_policy=key.policy)]


def put_key_policy(asked: Asked) -> list[Need]:
    key = find_key(asked.account, asked.region, asked.get("KeyId"))
    if key is None:
        return []
    context = key_context(asked, key)
    needs = [Need("kms:PutKeyPolicy", key.arn, context | _bypass(asked), key_policy=key.policy)]
    if asked.get("BypassPolicyLockoutSafetyCheck"):
        return needs
    return [*needs, Need("kms:PutKeyPolicy", key.arn, context, key_policy=asked.get("Policy"), words=LOCKED_OUT)]


def of_alias(asked: Asked) -> list[Need]:
    action, name = f"kms:{asked.call.action}", str(asked.get("AliasName", ""))
    needs = [Need(action, asked.arn("kms", name), {"kms:CallerAccount": asked.account})]
    before = find_key(asked.account, asked.region, name) if asked.call.action != "CreateAlias" else None
    named = asked.get("TargetKeyId")
    after = find_key(asked.account, asked.region, named) if named else None
    keys = {key.arn: key for key in (before, after) if key is not None}
    return needs + [Need(action, key.arn, key_context(asked, key), key_policy=key.policy) for key in keys.values()]


def of_account(asked: Asked) -> list[Need]:
    return [Need(f"kms:{asked.call.action}")]


NEEDS: dict[str, Callable[[Asked], list[Need]]] = {
    **dict.fromkeys(OF_KEY, of_key),
    **dict.fromkeys(("CreateAlias", "DeleteAlias", "UpdateAlias"), of_alias),
    **dict.fromkeys(("ListKeys", "ListAliases"), of_account),
    "CreateKey": create_key,
    "PutKeyPolicy": put_key_policy,
}
