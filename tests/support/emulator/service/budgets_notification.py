"""Owns the notifications of budgets and their subscribers: what they are told apart by, and how many there may be.

A budget can be made with them, so making one is here, too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..call import Answer, Call
from ..failure import Failure
from ..kept import tags
from .budgets import Budget, Notification, find, invalid, of, paged, settings

MOST_NOTIFICATIONS = 10
MOST_ADDRESSES = {"SNS": 1, "EMAIL": 10}


def _whole(wanted: dict[str, Any]) -> dict[str, Any]:
    return {"ThresholdType": "PERCENTAGE", **wanted, "NotificationState": "OK"}


def _identity(wanted: dict[str, Any]) -> dict[str, Any]:
    # The state is what became of it.
    return {key: value for key, value in _whole(wanted).items() if key != "NotificationState"}


def _same(budget: Budget, wanted: dict[str, Any]) -> Notification | None:
    return next((one for one in budget.notifications if _identity(one.shown) == _identity(wanted)), None)


def notification(budget: Budget, wanted: dict[str, Any], subscribers: list[dict[str, str]]) -> None:
    """Adds one to the budget, or says why not."""
    _possible(budget, wanted)
    if len(budget.notifications) >= MOST_NOTIFICATIONS:
        raise Failure("CreationLimitExceededException", "Unable to create notification - notification limit exceeded.")
    made = Notification(_whole(wanted), [])
    for subscriber in subscribers:
        _subscribe(made, subscriber)
    if not made.subscribers:
        raise invalid("A notification must have at least one subscriber.")
    budget.notifications.append(made)


def _possible(budget: Budget, wanted: dict[str, Any]) -> None:
    if _same(budget, wanted):
        raise Failure("DuplicateRecordException", "Error creating notification - the notification already exists.")
    if wanted["NotificationType"] == "FORECASTED" and budget.shown["TimeUnit"] == "DAILY":
        raise invalid("A DAILY budget does not support FORECASTED notifications.")
    if not 0 < wanted["Threshold"] <= 1_000_000_000:
        raise invalid("The notification threshold is out of range.")


def _subscribe(to: Notification, wanted: dict[str, str]) -> None:
    kind, address = wanted["SubscriptionType"], wanted["Address"]
    if wanted in to.subscribers:
        raise Failure("DuplicateRecordException", "Error creating subscriber - the subscriber already exists.")
    if (kind == "SNS") != address.startswith("arn:") or (kind == "EMAIL" and "@" not in address):
        raise invalid(f"The address {address} is not valid for a subscriber of type {kind}.")
    if sum(one["SubscriptionType"] == kind for one in to.subscribers) >= MOST_ADDRESSES[kind]:
        raise Failure("CreationLimitExceededException", "Unable to create subscriber - subscriber limit exceeded.")
    to.subscribers.append(dict(wanted))


def create_budget(call: Call) -> Answer:
    wanted = call.members
    name = wanted["Budget"]["BudgetName"]
    if name in of(call):
        raise Failure("DuplicateRecordException", f"Error creating budget: {name} - the budget already exists.")
    budget = Budget(settings(wanted["Budget"]), tags=tags(wanted.get("ResourceTags")))
    for given in wanted.get("NotificationsWithSubscribers") or []:
        notification(budget, given["Notification"], given["Subscribers"])
    of(call)[name] = budget
    return Answer.of(call)


def _find(call: Call, member: str = "Notification", doing: str = "get notification") -> tuple[Budget, Notification]:
    budget = find(call, doing)
    found = _same(budget, call.members[member])
    if found is None:
        raise Failure("NotFoundException", f"Unable to {doing} - the notification doesn't exist.")
    return budget, found


def create_notification(call: Call) -> Answer:
    budget = find(call, "create notification")
    notification(budget, call.members["Notification"], call.members["Subscribers"])
    return Answer.of(call)


def update_notification(call: Call) -> Answer:
    budget, found = _find(call, "OldNotification", "update notification")
    if _same(budget, call.members["NewNotification"]) is not found:
        _possible(budget, call.members["NewNotification"])
    found.shown = _whole(call.members["NewNotification"])
    return Answer.of(call)


def delete_notification(call: Call) -> Answer:
    budget, found = _find(call, doing="delete notification")
    budget.notifications.remove(found)
    return Answer.of(call)


def describe_notifications(call: Call) -> Answer:
    budget = find(call, "get notifications")
    return paged(call, "Notifications", [one.shown for one in budget.notifications])


def create_subscriber(call: Call) -> Answer:
    _subscribe(_find(call, doing="create subscriber")[1], call.members["Subscriber"])
    return Answer.of(call)


def _subscriber(call: Call, member: str, doing: str) -> Notification:
    found = _find(call, doing=doing)[1]
    if call.members[member] not in found.subscribers:
        raise Failure("NotFoundException", f"Unable to {doing} - the subscriber doesn't exist.")
    return found


def update_subscriber(call: Call) -> Answer:
    """A failure leaves the old one in its place."""
    found = _subscriber(call, "OldSubscriber", "update subscriber")
    before = list(found.subscribers)
    found.subscribers.remove(call.members["OldSubscriber"])
    try:
        _subscribe(found, call.members["NewSubscriber"])
    except Failure:
        found.subscribers = before
        raise
    return Answer.of(call)


def delete_subscriber(call: Call) -> Answer:
    found = _subscriber(call, "Subscriber", "delete subscriber")
    if len(found.subscribers) == 1:
        raise invalid("Unable to delete subscriber - a notification must have at least one subscriber.")
    found.subscribers.remove(call.members["Subscriber"])
    return Answer.of(call)


def describe_subscribers(call: Call) -> Answer:
    return paged(call, "Subscribers", _find(call, doing="get subscribers")[1].subscribers)


INSTEAD: dict[str, Callable[[Call], Answer]] = {
    "CreateBudget": create_budget,
    "CreateNotification": create_notification,
    "UpdateNotification": update_notification,
    "DeleteNotification": delete_notification,
    "DescribeNotificationsForBudget": describe_notifications,
    "CreateSubscriber": create_subscriber,
    "UpdateSubscriber": update_subscriber,
    "DeleteSubscriber": delete_subscriber,
    "DescribeSubscribersForNotification": describe_subscribers,
}
