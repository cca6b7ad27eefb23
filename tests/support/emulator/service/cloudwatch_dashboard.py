"""Owns CloudWatch's dashboards: an account has them once, for all of its regions."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from ..call import Answer, Call
from ..failure import Failure
from ..kept import BadToken, Kept, now, page, tags

NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
PAGE = 1000
WIDGETS = ("alarm", "custom", "explorer", "log", "metric", "text")


@dataclass
class Dashboard:
    """A dashboard as GetDashboard shows it, and what else belongs to it."""

    shown: dict[str, Any]
    modified: Any
    tags: dict[str, str]

    @property
    def entry(self) -> dict[str, Any]:
        body = self.shown["DashboardBody"]
        listed = {key: self.shown[key] for key in ("DashboardName", "DashboardArn")}
        return listed | {"LastModified": self.modified, "Size": len(body.encode())}


DASHBOARDS: Kept[dict[str, Dashboard]] = Kept(dict)


def of(call: Call) -> dict[str, Dashboard]:
    return DASHBOARDS(call.account, call.partition)


def put_dashboard(call: Call) -> Answer:
    """Tags only hang on a new one: with an existing one AWS passes over them."""
    name, body = call.members.get("DashboardName", ""), call.members.get("DashboardBody", "")
    if not NAME.fullmatch(name):
        raise Failure("InvalidParameterInput", f"The value {name} for field DashboardName contains invalid characters.")
    wrong = _wrong(body)
    if wrong:
        words = f"The dashboard body is invalid, there are {len(wrong)} validation errors: {json.dumps(wrong)}"
        raise Failure("InvalidParameterInput", words, more={"dashboardValidationMessages": wrong})
    arn = f"arn:{call.partition}:cloudwatch::{call.account}:dashboard/{name}"
    shown = {"DashboardName": name, "DashboardArn": arn, "DashboardBody": body}
    before = of(call).get(name)
    of(call)[name] = Dashboard(shown, now(), before.tags if before else tags(call.members.get("Tags")))
    return Answer.of(call, {"DashboardValidationMessages": []})


def _wrong(body: str) -> list[dict[str, str]]:
    try:
        parsed = json.loads(body)
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        raise Failure("InvalidParameterInput", "The field DashboardBody must be a valid JSON object")
    widgets = parsed.get("widgets")
    if not isinstance(widgets, list):
        return [{"DataPath": "", "Message": "Should have required property 'widgets'"}]
    return [wrong for number, widget in enumerate(widgets) for wrong in _wrong_widget(f"/widgets/{number}", widget)]


def _wrong_widget(path: str, widget: Any) -> list[dict[str, str]]:
    if not isinstance(widget, dict):
        return [{"DataPath": path, "Message": "Should be object"}]
    if widget.get("type") not in WIDGETS:
        return [{"DataPath": f"{path}/type", "Message": f"Should be one of {', '.join(WIDGETS)}"}]
    if not isinstance(widget.get("properties"), dict):
        return [{"DataPath": path, "Message": "Should have required property 'properties'"}]
    return []


def get_dashboard(call: Call) -> Answer:
    name = call.members.get("DashboardName")
    if name not in of(call):
        raise Failure("ResourceNotFound", f"Dashboard {name} does not exist", 404)
    return Answer.of(call, of(call)[name].shown)


def list_dashboards(call: Call) -> Answer:
    prefix = call.members.get("DashboardNamePrefix") or ""
    found = [kept.entry for name, kept in sorted(of(call).items()) if name.startswith(prefix)]
    try:
        shown, following = page(found, PAGE, call.members.get("NextToken"))
    except BadToken as error:
        raise Failure("InvalidParameterValue", "The next token specified is invalid.") from error
    return Answer.of(call, {"DashboardEntries": shown} | ({"NextToken": following} if following else {}))


def delete_dashboards(call: Call) -> Answer:
    """Deletes those that are there, and says which are not."""
    names = call.members.get("DashboardNames") or []
    absent = [name for name in names if of(call).pop(name, None) is None]
    if absent:
        raise Failure("ResourceNotFound", f"The specified dashboard does not exist. [{', '.join(absent)}]", 404)
    return Answer.of(call)


INSTEAD = {
    "PutDashboard": put_dashboard,
    "GetDashboard": get_dashboard,
    "ListDashboards": list_dashboards,
    "DeleteDashboards": delete_dashboards,
}
