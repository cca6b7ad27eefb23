"""Owns AWS's budgets and their tags: an account has them once, for all regions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ..call import Answer, Call
from ..failure import Failure
from ..kept import BadToken, Kept, now, page, tag_list, tags

PAGE = 100
END = datetime(2087, 6, 15, tzinfo=UTC)
NO_SPEND = {"ActualSpend": {"Amount": "0", "Unit": "USD"}, "ForecastedSpend": {"Amount": "0", "Unit": "USD"}}
COSTS = {
    "IncludeCredit": True,
    "IncludeDiscount": True,
    "IncludeOtherSubscription": True,
    "IncludeRecurring": True,
    "IncludeRefund": True,
    "IncludeSubscription": True,
    "IncludeSupport": True,
    "IncludeTax": True,
    "IncludeUpfront": True,
    "UseAmortized": False,
    "UseBlended": False,
}


@dataclass
class Notification:
    """When a budget tells somebody, and whom."""

    shown: dict[str, Any]
    subscribers: list[dict[str, str]]


@dataclass
class Budget:
    """A budget as DescribeBudget shows it, and what else belongs to it."""

    shown: dict[str, Any]
    notifications: list[Notification] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)


BUDGETS: Kept[dict[str, Budget]] = Kept(dict)


def invalid(message: str) -> Failure:
    return Failure("InvalidParameterException", message)


def of(call: Call) -> dict[str, Budget]:
    """By name; the account in the call must be the caller's own."""
    if call.members.get("AccountId", call.account) != call.account:
        raise Failure("AccessDeniedException", f"{call.account} is not authorized to perform this on another account")
    return BUDGETS(call.account, call.partition)


def find(call: Call, doing: str) -> Budget:
    name = call.members["BudgetName"]
    if name not in of(call):
        raise Failure("NotFoundException", f"Unable to {doing}: {name} - the budget doesn't exist.")
    return of(call)[name]


def settings(wanted: dict[str, Any]) -> dict[str, Any]:
    """The settings with AWS's defaults, which it answers although nobody put them."""
    limits = [key for key in ("BudgetLimit", "PlannedBudgetLimits", "AutoAdjustData") if wanted.get(key)]
    if not limits and wanted["BudgetType"] in ("COST", "USAGE"):
        raise invalid(
            "Unable to create/update budget - please provide one of the followings: Budget Limit/ Planned Budget "
            "Limit/ Auto Adjust Data"
        )
    new = [key for key in ("FilterExpression", "Metrics") if wanted.get(key)]
    if new and (wanted.get("CostFilters") or wanted.get("CostTypes")):
        raise invalid("Either FilterExpression and Metrics or CostFilters and CostTypes can be specified, not both.")
    period = {"Start": _start(wanted["TimeUnit"]), "End": END} | (wanted.get("TimePeriod") or {})
    if period["Start"] >= period["End"]:
        raise invalid("The start date must come before the end date.")
    shown = {"CalculatedSpend": NO_SPEND, **wanted, "TimePeriod": period, "LastUpdatedTime": now()}
    if wanted.get("BudgetLimit"):
        shown["BudgetLimit"] = {**wanted["BudgetLimit"], "Amount": _decimal(wanted["BudgetLimit"]["Amount"])}
    if not new:
        shown.setdefault("CostFilters", {})
        if wanted["BudgetType"] == "COST":
            shown["CostTypes"] = COSTS | (wanted.get("CostTypes") or {})
    return shown


def _decimal(amount: str) -> str:
    # AWS answers 100.0 where 100 was put.
    return amount if "." in amount else f"{amount}.0"


def _start(unit: str) -> datetime:
    """Of the day, month, quarter or year that is under way."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if unit == "ANNUALLY":
        return today.replace(month=1, day=1)
    if unit == "QUARTERLY":
        return today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1)
    return today.replace(day=1) if unit == "MONTHLY" else today


def update_budget(call: Call) -> Answer:
    """Replaces all settings; notifications, tags and what was spent stay."""
    wanted = call.members["NewBudget"]
    name = wanted["BudgetName"]
    if name not in of(call):
        raise Failure("NotFoundException", f"Unable to update budget: {name} - the budget doesn't exist.")
    of(call)[name].shown = settings(wanted)
    return Answer.of(call)


def _shown(call: Call, budget: Budget) -> dict[str, Any]:
    """The filter expression is shown only to whom it asks."""
    hidden = () if call.members.get("ShowFilterExpression") else ("FilterExpression",)
    return {key: value for key, value in budget.shown.items() if key not in hidden}


def describe_budget(call: Call) -> Answer:
    return Answer.of(call, {"Budget": _shown(call, find(call, "get budget"))})


def paged(call: Call, member: str, items: list[Any]) -> Answer:
    try:
        shown, following = page(items, call.members.get("MaxResults") or PAGE, call.members.get("NextToken"))
    except BadToken as error:
        raise Failure("InvalidNextTokenException", "The pagination token is invalid.") from error
    return Answer.of(call, {member: shown} | ({"NextToken": following} if following else {}))


def describe_budgets(call: Call) -> Answer:
    return paged(call, "Budgets", [_shown(call, budget) for budget in of(call).values()])


def delete_budget(call: Call) -> Answer:
    find(call, "delete budget")
    del of(call)[call.members["BudgetName"]]
    return Answer.of(call)


def _tags(call: Call) -> dict[str, str]:
    arn = call.members["ResourceARN"]
    prefix, _, name = arn.partition(":budget/")
    if prefix != f"arn:{call.partition}:budgets::{call.account}" or name not in of(call):
        raise Failure("NotFoundException", f"We can't locate the resource {arn}.")
    return of(call)[name].tags


def tag_resource(call: Call) -> Answer:
    kept, given = _tags(call), tags(call.members.get("ResourceTags"))
    if len(kept | given) > 50:
        raise Failure("ServiceQuotaExceededException", "A budget can have at most 50 tags.")
    kept.update(given)
    return Answer.of(call)


def untag_resource(call: Call) -> Answer:
    kept = _tags(call)
    for key in call.members.get("ResourceTagKeys") or []:
        kept.pop(key, None)
    return Answer.of(call)


INSTEAD = {
    "UpdateBudget": update_budget,
    "DescribeBudget": describe_budget,
    "DescribeBudgets": describe_budgets,
    "DeleteBudget": delete_budget,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "ListTagsForResource": lambda call: Answer.of(call, {"ResourceTags": tag_list(_tags(call))}),
}
