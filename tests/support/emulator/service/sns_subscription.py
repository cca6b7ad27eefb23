"""Owns SNS's subscriptions: an endpoint that a person or a server has to confirm stays pending until then."""

from __future__ import annotations

import re
import uuid
from typing import Any

from ..call import Answer, Call
from ..failure import Failure
from .sns import TOPICS, Subscription, Topic, find_topic, invalid, listing, topics, well_formed

PENDING_AT_FIRST = {"email", "email-json", "http", "https"}
ENDPOINTS = {
    "email": (r"[^@\s]+@[^@\s]+", "Email address"),
    "email-json": (r"[^@\s]+@[^@\s]+", "Email address"),
    "http": (r"http://\S+", "Endpoint must match the specified protocol"),
    "https": (r"https://\S+", "Endpoint must match the specified protocol"),
    "sqs": (r"arn:[a-z-]+:sqs:[^:]+:\d{12}:\S+", "SQS endpoint ARN"),
    "lambda": (r"arn:[a-z-]+:lambda:[^:]+:\d{12}:function:\S+", "Lambda endpoint ARN"),
    "firehose": (r"arn:[a-z-]+:firehose:[^:]+:\d{12}:deliverystream/\S+", "Firehose endpoint ARN"),
    "application": (r"arn:[a-z-]+:sns:[^:]+:\d{12}:endpoint/\S+", "Application endpoint arn invalid"),
    "sms": (r"\+?[\d./-]{5,20}", "Invalid SMS endpoint"),
}
ATTRIBUTES = {
    "DeliveryPolicy", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy", "ReplayPolicy",
    "SubscriptionRoleArn",
}  # fmt: skip


def subscribe(call: Call) -> Answer:
    """The same endpoint again is the same subscription."""
    topic, wanted = find_topic(call), call.members
    protocol, endpoint = wanted.get("Protocol", ""), wanted.get("Endpoint") or ""
    if protocol not in ENDPOINTS:
        raise invalid(f"Amazon SNS does not support this protocol string: {protocol}")
    pattern, words = ENDPOINTS[protocol]
    if not re.fullmatch(pattern, endpoint):
        raise invalid(words)
    attributes = wanted.get("Attributes") or {}
    if unknown := sorted(attributes.keys() - ATTRIBUTES):
        raise invalid(f"Attributes Reason: Unknown attribute {unknown[0]}")
    subscription = _same(topic, protocol, endpoint)
    if subscription is None:
        subscription = _new(call, topic, protocol, endpoint, attributes)
    elif any(subscription.attributes.get(key) != value for key, value in attributes.items()):
        raise invalid("Attributes Reason: Subscription already exists with different attributes")
    hidden = subscription.pending and not wanted.get("ReturnSubscriptionArn")
    return Answer.of(call, {"SubscriptionArn": "pending confirmation" if hidden else subscription.arn})


def _same(topic: Topic, protocol: str, endpoint: str) -> Subscription | None:
    kept = topic.subscriptions.values()
    return next((one for one in kept if (one.protocol, one.endpoint) == (protocol, endpoint)), None)


def _new(call: Call, topic: Topic, protocol: str, endpoint: str, attributes: dict[str, str]) -> Subscription:
    subscription = Subscription(
        arn=f"{topic.arn}:{uuid.uuid4()}",
        topic=topic.arn,
        protocol=protocol,
        endpoint=endpoint,
        owner=call.account,
        pending=protocol in PENDING_AT_FIRST,
        token=uuid.uuid4().hex * 4,
        attributes=dict(attributes),
    )
    topic.subscriptions[subscription.arn] = subscription
    return subscription


def confirm_subscription(call: Call) -> Answer:
    kept = find_topic(call).subscriptions.values()
    subscription = next((one for one in kept if one.token == call.members.get("Token")), None)
    if subscription is None:
        raise invalid("Token")
    subscription.pending = False
    return Answer.of(call, {"SubscriptionArn": subscription.arn})


def confirm(body: dict[str, Any]) -> dict[str, Any]:
    """Does what the person behind an endpoint does with the message that AWS sends; for every topic that waits."""
    confirmed = [
        subscription
        for topic in TOPICS(body["account"], body["region"]).values()
        for subscription in topic.subscriptions.values()
        if subscription.pending and subscription.endpoint == body["endpoint"]
    ]
    for subscription in confirmed:
        subscription.pending = False
    return {"confirmed": [subscription.arn for subscription in confirmed]}


def _find(call: Call) -> Subscription | None:
    arn = well_formed(call.members.get("SubscriptionArn", ""), "SubscriptionArn")
    topic = topics(call).get(arn.rpartition(":")[0])
    return topic.subscriptions.get(arn) if topic else None


def unsubscribe(call: Call) -> Answer:
    """An absent one is gone already; one that is pending stays until AWS forgets it."""
    subscription = _find(call)
    if subscription:
        if subscription.pending:
            raise invalid("SubscriptionArn Reason: The subscription is pending confirmation")
        topic = topics(call)[subscription.topic]
        del topic.subscriptions[subscription.arn]
        topic.deleted_subscriptions += 1
    return Answer.of(call)


def _found(call: Call) -> Subscription:
    subscription = _find(call)
    if subscription is None:
        raise Failure("NotFound", "Subscription does not exist", 404)
    return subscription


def get_subscription_attributes(call: Call) -> Answer:
    one = _found(call)
    shown = one.listed | {
        "SubscriptionArn": one.arn,
        "ConfirmationWasAuthenticated": str(not one.pending).lower(),
        "PendingConfirmation": str(one.pending).lower(),
        "SubscriptionPrincipal": f"arn:{call.partition}:iam::{call.account}:user/moto",
        "RawMessageDelivery": "false",
    }
    return Answer.of(call, {"Attributes": shown | one.attributes})


def set_subscription_attributes(call: Call) -> Answer:
    one, name = _found(call), call.members.get("AttributeName", "")
    if name not in ATTRIBUTES:
        raise invalid("AttributeName")
    one.attributes[name] = call.members.get("AttributeValue") or ""
    return Answer.of(call)


def _all(call: Call) -> list[dict[str, str]]:
    return [one.listed for topic in topics(call).values() for one in topic.subscriptions.values()]


INSTEAD = {
    "Subscribe": subscribe,
    "ConfirmSubscription": confirm_subscription,
    "Unsubscribe": unsubscribe,
    "GetSubscriptionAttributes": get_subscription_attributes,
    "SetSubscriptionAttributes": set_subscription_attributes,
    "ListSubscriptions": listing("Subscriptions", _all),
    "ListSubscriptionsByTopic": listing(
        "Subscriptions", lambda call: [one.listed for one in find_topic(call).subscriptions.values()]
    ),
}
