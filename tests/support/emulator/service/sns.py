"""Owns SNS's topics: made again only as they are, with their attributes, policy and tags.

moto confirms every subscription and takes every topic; here a person has still to click.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .. import policy
from ..call import Answer, Call
from ..failure import Failure
from ..kept import BadToken, Kept, page, tag_list, tags

NAME = re.compile(r"[A-Za-z0-9_-]{1,256}|[A-Za-z0-9_-]{1,251}\.fifo")
PAGE = 100
SETTABLE = {
    "DeliveryPolicy", "DisplayName", "FifoTopic", "Policy", "KmsMasterKeyId", "SignatureVersion", "TracingConfig",
    "ContentBasedDeduplication", "ArchivePolicy", "FifoThroughputScope", "MaximumMessageSize", "DataProtectionPolicy",
}  # fmt: skip
FEEDBACK = re.compile(
    r"(HTTP|Firehose|Lambda|Application|SQS)(SuccessFeedback(RoleArn|SampleRate)|FailureFeedbackRoleArn)"
)
# No wildcard: what a topic's policy may speak of is in this list, or AWS refuses the policy.
ACTIONS = {
    "sns:" + name.lower()
    for name in (
        "AddPermission", "DeleteTopic", "GetDataProtectionPolicy", "GetTopicAttributes", "ListSubscriptionsByTopic",
        "ListTagsForResource", "Publish", "PutDataProtectionPolicy", "Receive", "RemovePermission",
        "SetTopicAttributes", "Subscribe",
    )
}  # fmt: skip
OWNERS_ACTIONS = (
    "GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission", "DeleteTopic", "Subscribe",
    "ListSubscriptionsByTopic", "Publish",
)  # fmt: skip


@dataclass
class Subscription:
    """One endpoint of a topic."""

    arn: str
    topic: str
    protocol: str
    endpoint: str
    owner: str
    pending: bool
    token: str
    attributes: dict[str, str]

    @property
    def listed(self) -> dict[str, str]:
        return {
            "SubscriptionArn": "PendingConfirmation" if self.pending else self.arn,
            "Owner": self.owner,
            "Protocol": self.protocol,
            "Endpoint": self.endpoint,
            "TopicArn": self.topic,
        }


@dataclass
class Topic:
    """A topic with what hangs on it; of its attributes only those that somebody set."""

    arn: str
    attributes: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    deleted_subscriptions: int = 0

    @property
    def name(self) -> str:
        return self.arn.rpartition(":")[2]


TOPICS: Kept[dict[str, Topic]] = Kept(dict)


def invalid(words: str) -> Failure:
    return Failure("InvalidParameter", f"Invalid parameter: {words}")


def topics(call: Call) -> dict[str, Topic]:
    """By ARN."""
    return TOPICS(call.account, call.region)


def well_formed(arn: str, member: str) -> str:
    parts = arn.split(":")
    if len(parts) < 6:
        raise invalid(f"{member} Reason: An ARN must have at least 6 elements, not {len(parts)}")
    return arn


def find_topic(call: Call, member: str = "TopicArn") -> Topic:
    arn = well_formed(call.members.get(member, ""), member)
    if arn.split(":")[3] != call.region:
        raise invalid(member)
    topic = topics(call).get(arn)
    if topic is None:
        raise Failure("NotFound", "Topic does not exist", 404)
    return topic


def create_topic(call: Call) -> Answer:
    """The same again gives the one that is there; with other attributes or tags it is an error.

    Less is the same: what a topic has besides does not count.
    """
    name = call.members.get("Name", "")
    if not NAME.fullmatch(name):
        raise invalid("Topic Name")
    arn = f"arn:{call.partition}:sns:{call.region}:{call.account}:{name}"
    attributes, given = call.members.get("Attributes") or {}, tags(call.members.get("Tags"))
    before = topics(call).get(arn)
    if before is None:
        for key, value in attributes.items():
            _attribute(key, value)
        topics(call)[arn] = Topic(arn, dict(attributes), given)
    elif any(_shown(call, before).get(key) != value for key, value in attributes.items()):
        raise invalid("Attributes Reason: Topic already exists with different attributes")
    elif any(before.tags.get(key) != value for key, value in given.items()):
        raise invalid("Tags Reason: Topic already exists with different tags")
    return Answer.of(call, {"TopicArn": arn})


def _attribute(name: str, value: str) -> None:
    if name not in SETTABLE and not FEEDBACK.fullmatch(name):
        raise invalid("AttributeName")
    if name == "Policy" and value:
        _policy(value)
    if name == "DisplayName" and len(value) > 100:
        raise invalid("Attributes Reason: DisplayName must be at most 100 characters")
    if name in ("DeliveryPolicy", "ArchivePolicy") and value:
        try:
            json.loads(value)
        except ValueError as error:
            raise invalid(f"{name}: failed to parse JSON.") from error


def _policy(document: str) -> None:
    try:
        policy.require(document, "Principal", "Action", "Resource")
        absent = policy.absent_principal(document)
        found = policy.statements(document)
    except policy.Malformed as error:
        raise invalid("Policy Error: null") from error
    if absent:
        raise invalid("Policy Error: PrincipalNotFound")
    for statement in found:
        if any(str(action).lower() not in ACTIONS for action in policy.many(statement.get("Action"))):
            raise invalid("Policy statement action out of service scope!")


def _default_policy(topic: Topic, account: str) -> str:
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{action}" for action in OWNERS_ACTIONS],
        "Resource": topic.arn,
        "Condition": {"StringEquals": {"AWS:SourceOwner": account}},
    }
    return json.dumps({"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]})


def _shown(call: Call, topic: Topic) -> dict[str, str]:
    pending = sum(one.pending for one in topic.subscriptions.values())
    return {
        "TopicArn": topic.arn,
        "Owner": call.account,
        "DisplayName": "",
        "Policy": _default_policy(topic, call.account),
        "SubscriptionsPending": str(pending),
        "SubscriptionsConfirmed": str(len(topic.subscriptions) - pending),
        "SubscriptionsDeleted": str(topic.deleted_subscriptions),
        # An empty value is the default.
        **{key: value for key, value in topic.attributes.items() if value},
    }


def get_topic_attributes(call: Call) -> Answer:
    return Answer.of(call, {"Attributes": _shown(call, find_topic(call))})


def set_topic_attributes(call: Call) -> Answer:
    topic, name = find_topic(call), call.members.get("AttributeName", "")
    value = call.members.get("AttributeValue") or ""
    _attribute(name, value)
    topic.attributes[name] = value
    return Answer.of(call)


def delete_topic(call: Call) -> Answer:
    """With all its subscriptions; an absent one is deleted already."""
    topics(call).pop(well_formed(call.members.get("TopicArn", ""), "TopicArn"), None)
    return Answer.of(call)


def listing(member: str, of: Callable[[Call], list[Any]]) -> Callable[[Call], Answer]:
    def listed(call: Call) -> Answer:
        try:
            shown, following = page(of(call), PAGE, call.members.get("NextToken"))
        except BadToken as error:
            raise invalid("NextToken") from error
        return Answer.of(call, {member: shown} | ({"NextToken": following} if following else {}))

    return listed


def publish(call: Call) -> Answer:
    """To nobody."""
    find_topic(call, "TopicArn" if call.members.get("TopicArn") else "TargetArn")
    return Answer.of(call, {"MessageId": str(uuid.uuid4())})


def _tags(call: Call) -> dict[str, str]:
    topic = topics(call).get(well_formed(call.members.get("ResourceArn", ""), "ResourceArn"))
    if topic is None:
        raise Failure("ResourceNotFound", "Resource does not exist", 404)
    return topic.tags


def tag_resource(call: Call) -> Answer:
    kept, given = _tags(call), tags(call.members.get("Tags"))
    if len(kept | given) > 50:
        raise Failure("TagLimitExceeded", "Could not complete request: tag quota of per resource exceeded")
    kept.update(given)
    return Answer.of(call)


def untag_resource(call: Call) -> Answer:
    kept = _tags(call)
    for key in call.members.get("TagKeys", []):
        kept.pop(key, None)
    return Answer.of(call)


INSTEAD = {
    "CreateTopic": create_topic,
    "DeleteTopic": delete_topic,
    "GetTopicAttributes": get_topic_attributes,
    "SetTopicAttributes": set_topic_attributes,
    "ListTopics": listing("Topics", lambda call: [{"TopicArn": arn} for arn in sorted(topics(call))]),
    "Publish": publish,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "ListTagsForResource": lambda call: Answer.of(call, {"Tags": tag_list(_tags(call))}),
}
