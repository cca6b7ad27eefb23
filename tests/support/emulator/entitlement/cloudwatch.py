"""Owns the rights that CloudWatch's calls need: on the alarm, on the dashboard, which has no region, or on all."""

from __future__ import annotations

from collections.abc import Callable

from .need import Asked, Context, Need, request_tags, resource_tags, tag_keys, tags_of

OF_ALARMS = ("DeleteAlarms", "DisableAlarmActions", "EnableAlarmActions", "SetAlarmState")
OF_TAGS = ("ListTagsForResource", "TagResource", "UntagResource")
OF_ACCOUNT = (
    "DescribeAlarmsForMetric", "GetMetricData", "GetMetricStatistics", "ListDashboards", "ListMetrics",
)  # fmt: skip
ACTIONS = ("OKActions", "AlarmActions", "InsufficientDataActions")


def _alarm(asked: Asked, name: str) -> str:
    return asked.arn("cloudwatch", f"alarm:{name}")


def _dashboard(asked: Asked, name: str) -> str:
    return asked.arn("cloudwatch", f"dashboard/{name}", "")


def _tags_on(asked: Asked, arn: str) -> Context:
    return resource_tags(tags_of(asked.ask("cloudwatch.ListTagsForResource", ResourceARN=arn).get("Tags")))


def put_alarm(asked: Asked) -> list[Need]:
    arn = _alarm(asked, asked.get("AlarmName", ""))
    tags = request_tags(tags_of(asked.get("Tags")))
    context = tags | _tags_on(asked, arn)
    actions = [action for member in ACTIONS for action in asked.get(member, [])]
    if actions:
        context["cloudwatch:AlarmActions"] = actions
    # AWS wants the right to put composite alarms to be one to all of them.
    of_all = asked.call.action == "PutCompositeAlarm"
    needs = [Need(f"cloudwatch:{asked.call.action}", "*" if of_all else arn, context)]
    return [*needs, Need("cloudwatch:TagResource", arn, tags)] if tags else needs


def describe_alarms(asked: Asked) -> list[Need]:
    """Whoever may not see all of them is not shown any composite alarm, so asking for these needs all."""
    composite = "CompositeAlarm" in asked.get("AlarmTypes", [])
    return [Need(f"cloudwatch:{asked.call.action}", "*" if composite else _alarm(asked, "*"))]


def of_alarms(asked: Asked) -> list[Need]:
    names = asked.get("AlarmNames") or [asked.get("AlarmName", "")]
    arns = [_alarm(asked, name) for name in names]
    return [Need(f"cloudwatch:{asked.call.action}", arn, _tags_on(asked, arn)) for arn in arns]


def of_tags(asked: Asked) -> list[Need]:
    arn = asked.get("ResourceARN", "")
    given = request_tags(tags_of(asked.get("Tags"))) | tag_keys(asked.get("TagKeys", []))
    return [Need(f"cloudwatch:{asked.call.action}", arn, _tags_on(asked, arn) | given)]


def put_dashboard(asked: Asked) -> list[Need]:
    arn = _dashboard(asked, asked.get("DashboardName", ""))
    tags = request_tags(tags_of(asked.get("Tags")))
    needs = [Need("cloudwatch:PutDashboard", arn)]
    return [*needs, Need("cloudwatch:TagResource", arn, tags)] if tags else needs


def get_dashboard(asked: Asked) -> list[Need]:
    return [Need("cloudwatch:GetDashboard", _dashboard(asked, asked.get("DashboardName", "")))]


def delete_dashboards(asked: Asked) -> list[Need]:
    names = asked.get("DashboardNames", [])
    return [Need("cloudwatch:DeleteDashboards", _dashboard(asked, name)) for name in names]


def put_data(asked: Asked) -> list[Need]:
    return [Need("cloudwatch:PutMetricData", context={"cloudwatch:namespace": asked.get("Namespace", "")})]


def of_account(asked: Asked) -> list[Need]:
    return [Need(f"cloudwatch:{asked.call.action}")]


NEEDS: dict[str, Callable[[Asked], list[Need]]] = {
    **dict.fromkeys(OF_ALARMS, of_alarms),
    **dict.fromkeys(OF_TAGS, of_tags),
    **dict.fromkeys(OF_ACCOUNT, of_account),
    **dict.fromkeys(("DescribeAlarms", "DescribeAlarmHistory"), describe_alarms),
    **dict.fromkeys(("PutMetricAlarm", "PutCompositeAlarm"), put_alarm),
    "DeleteDashboards": delete_dashboards,
    "GetDashboard": get_dashboard,
    "PutDashboard": put_dashboard,
    "PutMetricData": put_data,
}
