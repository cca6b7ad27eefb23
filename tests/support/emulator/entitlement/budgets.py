"""Owns the rights that Budgets' calls need: there are few actions, and a budget has no region."""

from __future__ import annotations

from collections.abc import Callable

from .need import Asked, Need, request_tags, resource_tags, tag_keys, tags_of

CHANGES = (
    "CreateNotification", "CreateSubscriber", "DeleteBudget", "DeleteNotification", "DeleteSubscriber",
    "UpdateBudget", "UpdateNotification", "UpdateSubscriber",
)  # fmt: skip
VIEWS = (
    "DescribeBudget", "DescribeBudgetPerformanceHistory", "DescribeNotificationsForBudget",
    "DescribeSubscribersForNotification",
)  # fmt: skip
VIEWS_ALL = ("DescribeBudgets", "DescribeBudgetNotificationsForAccount")


def _arn(asked: Asked, name: str) -> str:
    return asked.arn("budgets", f"budget/{name}", "")


def _name(asked: Asked) -> str:
    budget = asked.get("Budget") or asked.get("NewBudget") or {}
    return str(asked.get("BudgetName") or budget.get("BudgetName", ""))


def _modify(asked: Asked) -> list[Need]:
    # What tags such a call could look at, the reference does not say; it has them as the budget's.
    arn = _arn(asked, _name(asked))
    return [Need("budgets:ModifyBudget", arn, _tags_on(asked, arn))]


def _tags_on(asked: Asked, arn: str) -> dict[str, str | list[str]]:
    return resource_tags(tags_of(asked.ask("budgets.ListTagsForResource", ResourceARN=arn).get("ResourceTags")))


def create(asked: Asked) -> list[Need]:
    arn = _arn(asked, _name(asked))
    tags = request_tags(tags_of(asked.get("ResourceTags")))
    needs = [Need("budgets:ModifyBudget", arn, tags)]
    view = (asked.get("Budget") or {}).get("BillingViewArn")
    if view:
        needs.append(Need("billing:GetBillingViewData", view))
    return [*needs, Need("budgets:TagResource", arn, tags)] if tags else needs


def view(asked: Asked) -> list[Need]:
    arn = _arn(asked, _name(asked))
    return [Need("budgets:ViewBudget", arn, _tags_on(asked, arn))]


def view_all(asked: Asked) -> list[Need]:
    return [Need("budgets:ViewBudget", _arn(asked, "*"))]


def of_tags(asked: Asked) -> list[Need]:
    arn = asked.get("ResourceARN", "")
    given = request_tags(tags_of(asked.get("ResourceTags"))) | tag_keys(asked.get("ResourceTagKeys", []))
    return [Need(f"budgets:{asked.call.action}", arn, _tags_on(asked, arn) | given)]


NEEDS: dict[str, Callable[[Asked], list[Need]]] = {
    **dict.fromkeys(CHANGES, _modify),
    **dict.fromkeys(VIEWS, view),
    **dict.fromkeys(VIEWS_ALL, view_all),
    **dict.fromkeys(("ListTagsForResource", "TagResource", "UntagResource"), of_tags),
    "CreateBudget": create,
}
