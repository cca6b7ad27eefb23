"""Owns CloudWatch's alarms and their tags, kept as they were put; moto drops much of one and its Rust client.

moto still serves metrics. The Rust SDK reaches it over the bridge.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..call import Answer, Call
from ..failure import Failure
from ..kept import BadToken, Kept, now, page, tag_list, tags
from . import cloudwatch_dashboard as dashboard

PAGE = 100
ALARM, COMPOSITE = "MetricAlarm", "CompositeAlarm"
MISSING = ("breaching", "notBreaching", "ignore", "missing")
ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")


@dataclass
class Alarm:
    """An alarm as DescribeAlarms shows it, and what else belongs to it."""

    kind: str
    shown: dict[str, Any]
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return str(self.shown["AlarmName"])


ALARMS: Kept[dict[str, Alarm]] = Kept(dict)


def _alarms(call: Call) -> dict[str, Alarm]:
    return ALARMS(call.account, call.region)


def invalid(message: str) -> Failure:
    return Failure("ValidationError", message)


def put_metric_alarm(call: Call) -> Answer:
    wanted = dict(call.members)
    _metric(wanted)
    _numbers(wanted)
    if wanted.get("TreatMissingData", "missing") not in MISSING:
        raise invalid(
            f"Option {wanted['TreatMissingData']} is not supported. "
            f"Supported options for parameter TreatMissingData are {', '.join(MISSING)}."
        )
    wanted.setdefault("Dimensions", [])
    return _put(call, ALARM, wanted)


def _metric(wanted: dict[str, Any]) -> None:
    """An alarm watches one metric, or what the one returned of several makes of them."""
    metrics = wanted.get("Metrics")
    if not metrics:
        if wanted.get("EvaluationCriteria"):
            return
        if not wanted.get("MetricName") or not wanted.get("Namespace"):
            raise invalid("The parameters MetricName and Namespace are required, or Metrics.")
        if bool(wanted.get("Statistic")) == bool(wanted.get("ExtendedStatistic")):
            raise invalid("Exactly one of Statistic and ExtendedStatistic must be specified.")
        return
    if wanted.get("MetricName") or wanted.get("Statistic") or wanted.get("Period"):
        raise invalid("MetricName, Statistic and Period must not be specified together with Metrics.")
    wanted["Metrics"] = [_query(one) for one in metrics]
    if sum(one["ReturnData"] for one in wanted["Metrics"]) != 1:
        raise invalid("Exactly one element of the metrics list should return data.")


def _query(query: dict[str, Any]) -> dict[str, Any]:
    """With AWS's defaults, which it answers although nobody put them."""
    if bool(query.get("MetricStat")) == bool(query.get("Expression")):
        raise invalid("Each metric must have exactly one of MetricStat and Expression.")
    query = {**query, "ReturnData": query.get("ReturnData", True)}
    if stat := query.get("MetricStat"):
        query["MetricStat"] = {**stat, "Metric": {"Dimensions": [], **stat["Metric"]}}
    return query


def _numbers(wanted: dict[str, Any]) -> None:
    periods = [wanted.get("Period")] + [one.get("MetricStat", {}).get("Period") for one in wanted.get("Metrics", [])]
    for period in filter(None, periods):
        if period not in (10, 20, 30) and period % 60:
            raise invalid("Period must be 10, 20, 30 or a multiple of 60")
    evaluated = wanted.get("EvaluationPeriods") or 0
    if not evaluated and not wanted.get("EvaluationCriteria"):
        raise invalid("The parameter EvaluationPeriods is required.")
    if (wanted.get("DatapointsToAlarm") or 0) > evaluated:
        raise invalid("DatapointsToAlarm must be less than or equal to EvaluationPeriods.")
    longest = max(filter(None, periods), default=0)
    if longest * evaluated > (7 * 86400 if longest >= 3600 else 86400):
        raise invalid("Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400).")


def put_composite_alarm(call: Call) -> Answer:
    wanted = dict(call.members)
    if not wanted.get("AlarmRule"):
        raise invalid("AlarmRule must not be empty.")
    return _put(call, COMPOSITE, wanted)


def _put(call: Call, kind: str, wanted: dict[str, Any]) -> Answer:
    """Replaces all settings of an alarm, and neither its state nor its tags."""
    given = tags(wanted.pop("Tags", None))
    name = wanted["AlarmName"]
    for kind_of_action in ACTIONS:
        wanted.setdefault(kind_of_action, [])
        for arn in wanted[kind_of_action]:
            _action(call, arn)
    wanted.setdefault("ActionsEnabled", True)
    before = _alarms(call).get(name)
    if before and before.kind != kind:
        raise invalid(f"An alarm with the name {name} and of another type exists already.")
    wanted["AlarmArn"] = f"arn:{call.partition}:cloudwatch:{call.region}:{call.account}:alarm:{name}"
    wanted["AlarmConfigurationUpdatedTimestamp"] = now()
    state = {key: value for key, value in before.shown.items() if key.startswith("State")} if before else _first_state()
    _alarms(call)[name] = Alarm(kind, wanted | state, before.tags if before else given)
    return Answer.of(call)


def _action(call: Call, arn: str) -> None:
    parts = arn.split(":")
    if len(parts) < 6 or parts[0] != "arn":
        raise invalid(f"Invalid arn syntax: {arn}")
    if parts[2] == "sns" and parts[3] != call.region:
        raise invalid(f"Invalid region {parts[3]} specified. Only {call.region} is supported.")


def _first_state() -> dict[str, Any]:
    return {
        "StateValue": "INSUFFICIENT_DATA",
        "StateReason": "Unchecked: Initial alarm creation",
        "StateUpdatedTimestamp": now(),
        "StateTransitionedTimestamp": now(),
    }


def describe_alarms(call: Call) -> Answer:
    wanted = call.members
    names, prefix = wanted.get("AlarmNames"), wanted.get("AlarmNamePrefix")
    if names and prefix:
        raise invalid("AlarmNamePrefix cannot be specified together with AlarmNames.")
    kinds = wanted.get("AlarmTypes") or [ALARM]
    found = [
        alarm
        for name, alarm in sorted(_alarms(call).items())
        if alarm.kind in kinds
        and (not names or name in names)
        and name.startswith(prefix or "")
        and wanted.get("StateValue") in (None, alarm.shown["StateValue"])
        and _acts(alarm, wanted.get("ActionPrefix"))
    ]
    try:
        shown, following = page(found, wanted.get("MaxRecords") or PAGE, wanted.get("NextToken"))
    except BadToken as error:
        raise Failure("InvalidNextToken", "The next token specified is invalid.") from error
    members: dict[str, Any] = {
        "MetricAlarms": [alarm.shown for alarm in shown if alarm.kind == ALARM],
        "CompositeAlarms": [alarm.shown for alarm in shown if alarm.kind == COMPOSITE],
    }
    return Answer.of(call, members | ({"NextToken": following} if following else {}))


def _acts(alarm: Alarm, prefix: str | None) -> bool:
    return prefix is None or any(arn.startswith(prefix) for kind in ACTIONS for arn in alarm.shown[kind])


def delete_alarms(call: Call) -> Answer:
    """AWS passes over names that it does not know."""
    kept, names = _alarms(call), set(call.members.get("AlarmNames", []))
    rules = [alarm.shown["AlarmRule"] for alarm in kept.values() if alarm.kind == COMPOSITE and alarm.name not in names]
    needed = [name for name in sorted(names & kept.keys()) if any(f'"{name}"' in rule for rule in rules)]
    if needed:
        raise invalid(f"Cannot delete {','.join(needed)} as there are composite alarm(s) depending on it.")
    for name in names:
        kept.pop(name, None)
    return Answer.of(call)


def set_alarm_state(call: Call) -> Answer:
    alarm = _alarms(call).get(call.members["AlarmName"])
    if alarm is None:
        raise Failure("ResourceNotFound", f"Unknown alarm {call.members['AlarmName']}", 404)
    given = {key: call.members[key] for key in ("StateReason", "StateReasonData", "StateValue") if key in call.members}
    alarm.shown |= given | {"StateUpdatedTimestamp": now(), "StateTransitionedTimestamp": now()}
    return Answer.of(call)


def _enable(call: Call) -> Answer:
    for name in call.members.get("AlarmNames", []):
        if alarm := _alarms(call).get(name):
            alarm.shown["ActionsEnabled"] = call.action == "EnableAlarmActions"
    return Answer.of(call)


def _tags(call: Call) -> dict[str, str]:
    """The tags of the alarm or dashboard that the call names."""
    arn = call.members.get("ResourceARN", "")
    if not arn.startswith(f"arn:{call.partition}:cloudwatch:"):
        raise Failure("InvalidParameterValue", f"Invalid ARN: {arn}")
    owners: list[Any] = [*_alarms(call).values(), *dashboard.of(call).values()]
    for owner in owners:
        shown = owner.shown
        if arn in (shown.get("AlarmArn"), shown.get("DashboardArn")):
            return owner.tags  # type: ignore[no-any-return]
    raise Failure("ResourceNotFoundException", "Unknown", 404)


def tag_resource(call: Call) -> Answer:
    _tags(call).update(tags(call.members.get("Tags")))
    return Answer.of(call)


def untag_resource(call: Call) -> Answer:
    kept = _tags(call)
    for key in call.members.get("TagKeys", []):
        kept.pop(key, None)
    return Answer.of(call)


INSTEAD = {
    "PutMetricAlarm": put_metric_alarm,
    "PutCompositeAlarm": put_composite_alarm,
    "DescribeAlarms": describe_alarms,
    "DeleteAlarms": delete_alarms,
    "SetAlarmState": set_alarm_state,
    "EnableAlarmActions": _enable,
    "DisableAlarmActions": _enable,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "ListTagsForResource": lambda call: Answer.of(call, {"Tags": tag_list(_tags(call))}),
}
