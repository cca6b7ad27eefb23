"""Owns the rights that CloudWatch Logs' calls need: mostly on the group's ARN as far as to its streams.

AWS checks `log-group:NAME:log-stream:`, so that a policy's `log-group:NAME` never matches and `log-group:NAME:*`
does. The calls about tags are the exception: they look at the plain ARN.
"""

from __future__ import annotations

from collections.abc import Callable

from ..cloud import backend
from ..failure import Failure
from .need import Asked, Context, Need, request_tags, resource_tags, tag_keys

OF_GROUP = (
    "AssociateKmsKey", "DeleteLogGroup", "DeleteMetricFilter", "DeleteRetentionPolicy", "DescribeLogStreams",
    "DescribeMetricFilters", "DisassociateKmsKey", "PutMetricFilter", "PutRetentionPolicy",
    "PutLogGroupDeletionProtection", "PutDataProtectionPolicy", "GetDataProtectionPolicy",
    "DeleteDataProtectionPolicy",
)  # fmt: skip
OF_TAGS = ("TagResource", "UntagResource", "ListTagsForResource")
OF_ACCOUNT = ("DescribeLogGroups", "DescribeResourcePolicies", "PutResourcePolicy", "DeleteResourcePolicy")


def _name(asked: Asked) -> str:
    for member in ("logGroupName", "resourceIdentifier", "resourceArn", "logGroupIdentifier"):
        if member in asked.members:
            given = str(asked.get(member))
            return given.partition(":log-group:")[2].removesuffix(":*") if given.startswith("arn:") else given
    return "*"


def _plain(asked: Asked) -> str:
    return asked.arn("logs", f"log-group:{_name(asked)}")


def _streams(asked: Asked) -> str:
    return _plain(asked) + ":log-stream:"


def _tags_on_it(asked: Asked) -> Context:
    kept = backend("logs", asked.account, asked.region).tagger.get_tag_dict_for_resource(_plain(asked))
    return resource_tags(kept)


def create_log_group(asked: Asked) -> list[Need]:
    tags = request_tags(asked.get("tags") or {})
    needs = [Need("logs:CreateLogGroup", _streams(asked), tags)]
    if tags:
        words = Failure(
            "AccessDeniedException",
            f"User with accountId: {asked.account} is not authorized to perform CreateLogGroup with Tags. "
            'An additional permission "logs:TagResource" is required.',
        )
        # Which of the two ARNs AWS takes here is not known, so a policy must be right for either.
        needs += [Need("logs:TagResource", arn, tags, words=words) for arn in (_plain(asked), _streams(asked))]
    return needs


def of_group(asked: Asked) -> list[Need]:
    return [Need(f"logs:{asked.call.action}", _streams(asked), _tags_on_it(asked))]


def of_tags(asked: Asked) -> list[Need]:
    context = _tags_on_it(asked) | request_tags(asked.get("tags") or {}) | tag_keys(asked.get("tagKeys", []))
    return [Need(f"logs:{asked.call.action}", _plain(asked), context)]


def of_account(asked: Asked) -> list[Need]:
    return [Need(f"logs:{asked.call.action}")]


NEEDS: dict[str, Callable[[Asked], list[Need]]] = {
    **dict.fromkeys(OF_GROUP, of_group),
    **dict.fromkeys(OF_TAGS, of_tags),
    **dict.fromkeys(OF_ACCOUNT, of_account),
    "CreateLogGroup": create_log_group,
}
