"""Owns the rights that SNS's calls need: on the topic, and on nothing in particular for a subscription."""

from __future__ import annotations

from collections.abc import Callable

from .need import Asked, Context, Need, request_tags, resource_tags, tag_keys, tags_of

OF_TOPIC = (
    "AddPermission", "ConfirmSubscription", "DeleteTopic", "GetTopicAttributes", "ListSubscriptionsByTopic", "Publish",
    "RemovePermission", "SetTopicAttributes",
)  # fmt: skip
OF_TAGS = ("ListTagsForResource", "TagResource", "UntagResource")
OF_ACCOUNT = (
    "GetSubscriptionAttributes", "ListSubscriptions", "ListTopics", "SetSubscriptionAttributes", "Unsubscribe",
)  # fmt: skip


def create_topic(asked: Asked) -> list[Need]:
    arn = asked.arn("sns", asked.get("Name", ""))
    tags = request_tags(tags_of(asked.get("Tags")))
    needs = [Need("sns:CreateTopic", arn, tags)]
    return [*needs, Need("sns:TagResource", arn, tags)] if tags else needs


def _tags_on(asked: Asked, arn: str) -> Context:
    return resource_tags(tags_of(asked.ask("sns.ListTagsForResource", ResourceArn=arn).get("Tags")))


def of_topic(asked: Asked) -> list[Need]:
    arn = asked.get("TopicArn", "")
    return [Need(f"sns:{asked.call.action}", arn, _tags_on(asked, arn))]


def subscribe(asked: Asked) -> list[Need]:
    [need] = of_topic(asked)
    need.context["sns:Protocol"] = asked.get("Protocol", "")
    if "Endpoint" in asked.members:
        need.context["sns:Endpoint"] = asked.get("Endpoint")
    return [need]


def of_tags(asked: Asked) -> list[Need]:
    arn = asked.get("ResourceArn", "")
    given = request_tags(tags_of(asked.get("Tags"))) | tag_keys(asked.get("TagKeys", []))
    return [Need(f"sns:{asked.call.action}", arn, _tags_on(asked, arn) | given)]


def of_account(asked: Asked) -> list[Need]:
    return [Need(f"sns:{asked.call.action}")]


NEEDS: dict[str, Callable[[Asked], list[Need]]] = {
    **dict.fromkeys(OF_TOPIC, of_topic),
    **dict.fromkeys(OF_TAGS, of_tags),
    **dict.fromkeys(OF_ACCOUNT, of_account),
    "CreateTopic": create_topic,
    "Subscribe": subscribe,
}
