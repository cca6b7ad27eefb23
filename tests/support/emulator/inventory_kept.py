"""Owns the part of the inventory that is read from the layer's own data; looking at it changes nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from moto.utilities.utils import get_partition

from .service import bedrock_profile, budgets, cloudwatch, cloudwatch_dashboard, ec2_endpoint, sns


def view(account: str, region: str) -> dict[str, Any]:
    partition = get_partition(region)
    return {
        "vpc_endpoints": _endpoints(account, region),
        "inference_profiles": [_profile(kept) for kept in bedrock_profile.PROFILES(account, region).values()],
        "topics": [_topic(topic) for topic in sns.TOPICS(account, region).values()],
        "alarms": [
            {"name": alarm.name, "tags": dict(alarm.tags), "settings": _plain(alarm.shown)}
            for alarm in cloudwatch.ALARMS(account, region).values()
        ],
        "dashboards": [
            {"name": name, "body": kept.shown["DashboardBody"], "tags": dict(kept.tags)}
            for name, kept in cloudwatch_dashboard.DASHBOARDS(account, partition).items()
        ],
        "budgets": [_budget(name, kept) for name, kept in budgets.BUDGETS(account, partition).items()],
    }


def _plain(value: Any) -> Any:
    """The same for JSON, which has no times."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, datetime) else value


def _endpoints(account: str, region: str) -> list[dict[str, Any]]:
    return [
        {
            "id": endpoint.id,
            "service": endpoint.shown["ServiceName"],
            "vpc": endpoint.shown["VpcId"],
            "state": endpoint.shown["State"],
            "subnets": endpoint.shown["SubnetIds"],
            "security_groups": [group["GroupId"] for group in endpoint.shown["Groups"]],
            "private_dns": endpoint.shown["PrivateDnsEnabled"],
            "policy": endpoint.shown["PolicyDocument"],
            "tags": ec2_endpoint.tags_of(account, region, endpoint),
        }
        for endpoint in ec2_endpoint.of(account, region).values()
    ]


def _profile(kept: bedrock_profile.Profile) -> dict[str, Any]:
    return {
        "id": kept.shown["inferenceProfileId"],
        "arn": kept.shown["inferenceProfileArn"],
        "name": kept.shown["inferenceProfileName"],
        "description": kept.shown.get("description"),
        "models": [model["modelArn"] for model in kept.shown["models"]],
        "token": kept.token,
        "tags": dict(kept.tags),
    }


def _topic(topic: sns.Topic) -> dict[str, Any]:
    return {
        "name": topic.name,
        "arn": topic.arn,
        "attributes": dict(topic.attributes),
        "tags": dict(topic.tags),
        "subscriptions": [
            {"arn": one.arn, "protocol": one.protocol, "endpoint": one.endpoint, "pending": one.pending}
            for one in topic.subscriptions.values()
        ],
    }


def _budget(name: str, kept: budgets.Budget) -> dict[str, Any]:
    return {
        "name": name,
        "tags": dict(kept.tags),
        "settings": _plain(kept.shown),
        "notifications": [{**one.shown, "subscribers": list(one.subscribers)} for one in kept.notifications],
    }
