"""Owns what AWS's KMS does and moto does not: the lock-out check, and what a key's state forbids.

The states follow AWS's own table of key states: a disabled key can still get a policy, tags and an
alias, but no rotation; a key that awaits its deletion can get a policy and lose its aliases, no more.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from moto.kms import models
from moto.kms.utils import RESERVED_ALIASES, generate_private_key

from .. import policy
from ..call import Answer, Call
from ..cloud import backend
from ..failure import Failure

NOT_WHILE_PENDING = {
    "DisableKey", "EnableKey", "TagResource", "UntagResource", "UpdateKeyDescription", "ScheduleKeyDeletion",
    "EnableKeyRotation", "DisableKeyRotation", "CreateAlias", "UpdateAlias", "CreateGrant",
}  # fmt: skip
USES = {"Encrypt", "Decrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "ReEncrypt"}
NOT_WHILE_DISABLED = {"EnableKeyRotation", "DisableKeyRotation", "CreateGrant"} | USES
# These name a key by its id or ARN; moto takes only the id for some of them.
BY_ID = {"EnableKey", "DisableKey", "ScheduleKeyDeletion", "CancelKeyDeletion", "ListResourceTags", "TagResource"}


# moto makes an RSA key for every key, also for those that have none: 50 ms, with everybody else waiting.
models.generate_private_key = lambda spec: None if spec == "SYMMETRIC_DEFAULT" else generate_private_key(spec)


def find_key(account: str, region: str, id: str | None) -> Any | None:
    """moto's key by id, ARN or alias; None if there is none, or none that AWS would show to this account."""
    if not id or (id.startswith("arn:") and id.split(":")[3:5] != [region, account]):
        return None
    kms = backend("kms", account, region)
    name = kms.get_alias_name(id)
    if name.startswith("alias/"):
        return next((key for key in kms.keys.values() if name in key.aliases), None)
    return kms.keys.get(kms.get_key_id(id))


def usable_key(arn: str, wish: policy.Request) -> bool:
    """Whether it is a key's ARN and the key exists, is enabled and its policy lets the wish through."""
    parts = arn.split(":")
    if len(parts) != 6 or parts[2] != "kms" or not parts[5].startswith("key/"):
        return False
    key = find_key(parts[4], parts[3], arn)
    if key is None or key.key_state != "Enabled":
        return False
    wish.resource = arn
    return policy.allows(key.policy, wish)


def _key_policy(call: Call) -> None:
    document = call.params.get("Policy")
    if document is None:
        return
    try:
        policy.require(document, "Principal", "Action", "Resource")
        if policy.absent_principal(document):
            raise policy.Malformed("Policy contains a statement with one or more invalid principals.")
        if not call.params.get("BypassPolicyLockoutSafetyCheck"):
            _administrable(call, document)
    except policy.Malformed as error:
        raise Failure("MalformedPolicyDocumentException", str(error)) from error


def _administrable(call: Call, document: str) -> None:
    context = {"kms:CallerAccount": call.account, "aws:PrincipalAccount": call.account}
    wish = policy.Request("kms:PutKeyPolicy", account=call.account, context=context)
    if not policy.allows(document, wish):
        raise policy.Malformed("The new key policy will not allow you to update the key policy in the future.")


def _state(call: Call) -> None:
    # Of an alias, it is the key that it shall name from now on which counts.
    key = find_key(call.account, call.region, call.params.get("TargetKeyId") or call.params.get("KeyId"))
    if key is None:
        return
    if key.key_state == "PendingDeletion" and call.action in NOT_WHILE_PENDING | USES:
        raise Failure("KMSInvalidStateException", f"{key.arn} is pending deletion.")
    if key.key_state != "PendingDeletion" and call.action == "CancelKeyDeletion":
        raise Failure("KMSInvalidStateException", f"{key.arn} is not pending deletion.")
    if key.key_state == "Disabled" and call.action in NOT_WHILE_DISABLED:
        raise Failure("DisabledException", f"{key.arn} is disabled.")


def _window(call: Call) -> None:
    days = call.params.get("PendingWindowInDays", 30)
    if not 7 <= days <= 30:
        raise Failure(
            "ValidationException",
            f"1 validation error detected: Value '{days}' at 'pendingWindowInDays' failed to satisfy constraint: "
            "Member must have value between 7 and 30",
        )


def before_any(call: Call) -> None:
    if call.action == "CreateKey":
        # AWS's defaults; moto answers null for them.
        call.params.setdefault("KeyUsage", "ENCRYPT_DECRYPT")
        call.params.setdefault("MultiRegion", False)
        call.body = json.dumps(call.params).encode()
    if call.action == "ScheduleKeyDeletion":
        _window(call)
    _state(call)
    if call.action in BY_ID and str(call.params.get("KeyId", "")).startswith("arn:"):
        call.params["KeyId"] = call.params["KeyId"].partition(":key/")[2]
        call.body = json.dumps(call.params).encode()


def scheduled(call: Call, answer: Answer) -> Answer:
    key = find_key(call.account, call.region, call.params["KeyId"])
    said = answer.json | {
        "KeyId": key.arn,
        "KeyState": key.key_state,
        "PendingWindowInDays": call.params.get("PendingWindowInDays", 30),
    }
    return _json(answer, said)


def remember_period(call: Call, answer: Answer) -> Answer:
    key = find_key(call.account, call.region, call.params["KeyId"])
    key.rotation_period_days = call.params.get("RotationPeriodInDays", 365)
    return answer


def rotation_status(call: Call, answer: Answer) -> Answer:
    key = find_key(call.account, call.region, call.params["KeyId"])
    said = answer.json | {"KeyId": key.arn}
    if key.key_state == "PendingDeletion":
        said["KeyRotationEnabled"] = False
    if said["KeyRotationEnabled"]:
        said["RotationPeriodInDays"] = getattr(key, "rotation_period_days", 365)
    return _json(answer, said)


def page(member: str, identity: str, limit: int) -> Callable[[Call, Answer], Answer]:
    """Lists in pages as AWS does; moto always gives everything, which hides a forgotten second page."""

    def paged(call: Call, answer: Answer) -> Answer:
        said = answer.json
        everything = said[member]
        marker = call.params.get("Marker")
        begin = 1 + next((i for i, one in enumerate(everything) if one[identity] == marker), -1) if marker else 0
        end = begin + (call.params.get("Limit") or limit)
        said |= {member: everything[begin:end], "Truncated": end < len(everything)}
        said.pop("NextMarker", None)
        if said["Truncated"]:
            said["NextMarker"] = said[member][-1][identity]
        return _json(answer, said)

    return paged


def list_aliases(call: Call, answer: Answer) -> Answer:
    """AWS lists its own aliases, too, but without a key where this account never used it."""
    said = answer.json
    own = backend("kms", call.account, call.region).keys
    for alias in said["Aliases"]:
        if alias["AliasName"] in RESERVED_ALIASES and alias.get("TargetKeyId") not in own:
            alias.pop("TargetKeyId", None)
    return page("Aliases", "AliasName", 50)(call, _json(answer, said))


def _json(answer: Answer, value: dict[str, Any]) -> Answer:
    answer.body = json.dumps(value).encode()
    return answer


REFUSE = {"CreateKey": _key_policy, "PutKeyPolicy": _key_policy}
AFTER = {
    "EnableKeyRotation": remember_period,
    "GetKeyRotationStatus": rotation_status,
    "ScheduleKeyDeletion": scheduled,
    "ListAliases": list_aliases,
    "ListKeys": page("Keys", "KeyId", 100),
    "ListResourceTags": page("Tags", "TagKey", 50),
}
