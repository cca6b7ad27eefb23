"""Owns the check of budgets, their notifications and subscribers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from .case import REGION, TAGS, EmulatorCase

LIMIT = {"Amount": "100", "Unit": "USD"}
SETTINGS = {"BudgetName": "claude", "BudgetLimit": LIMIT, "TimeUnit": "MONTHLY", "BudgetType": "COST"}
AT_80 = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80.0}
MAIL = {"SubscriptionType": "EMAIL", "Address": "a@example.com"}


class Budgets(EmulatorCase):
    """One budget and what hangs on it."""

    def setUp(self) -> None:
        super().setUp()
        self.budgets = self.client("budgets")
        self.named = {"AccountId": self.account, "BudgetName": "claude"}
        self.topic = {"SubscriptionType": "SNS", "Address": f"arn:aws:sns:{REGION}:{self.account}:t"}

    def create(self, **more: Any) -> None:
        settings = SETTINGS | more.pop("settings", {})
        self.budgets.create_budget(AccountId=self.account, Budget=settings, **more)

    def shown(self, **more: Any) -> dict[str, Any]:
        return self.budgets.describe_budget(**self.named, **more)["Budget"]

    def notifications(self) -> list[dict[str, Any]]:
        return self.budgets.describe_notifications_for_budget(**self.named)["Notifications"]

    def subscribers(self, notification: dict[str, Any] = AT_80) -> list[dict[str, str]]:
        call = self.budgets.describe_subscribers_for_notification
        return call(**self.named, Notification=notification)["Subscribers"]

    def test_a_budget_is_read_back_with_the_defaults(self) -> None:
        filters = {"Service": ["Amazon Bedrock"], "TagKeyValue": ["user:team$a"]}
        self.create(settings={"CostFilters": filters})
        shown = self.shown()
        self.assertEqual((shown["CostFilters"], shown["BudgetLimit"]["Amount"]), (filters, "100.0"))
        self.assertTrue(shown["CostTypes"]["IncludeTax"])
        start = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        self.assertEqual(shown["TimePeriod"], {"Start": start, "End": datetime(2087, 6, 15, tzinfo=UTC)})
        west = self.client("budgets", region="eu-west-1")
        self.assertEqual(west.describe_budgets(AccountId=self.account)["Budgets"][0]["BudgetName"], "claude")

    def test_a_filter_expression_is_shown_to_whom_it_asks(self) -> None:
        expression = {"Dimensions": {"Key": "SERVICE", "Values": ["Amazon Bedrock"]}}
        self.create(settings={"FilterExpression": expression, "Metrics": ["UnblendedCost"]})
        self.assertNotIn("FilterExpression", self.shown())
        self.assertEqual(self.shown(ShowFilterExpression=True)["FilterExpression"], expression)
        both = {"NewBudget": SETTINGS | {"FilterExpression": expression, "CostFilters": {"Service": ["x"]}}}
        self.refused("InvalidParameterException", self.budgets.update_budget, AccountId=self.account, **both)

    def test_a_budget_is_made_once_and_needs_a_limit(self) -> None:
        self.create()
        words = self.refused("DuplicateRecordException", self.create)
        self.assertEqual(words, "Error creating budget: claude - the budget already exists.")
        bare = {"BudgetName": "bare", "TimeUnit": "MONTHLY", "BudgetType": "COST"}
        self.refused("InvalidParameterException", self.budgets.create_budget, AccountId=self.account, Budget=bare)
        other = {"AccountId": "999999999999", "BudgetName": "claude"}
        self.refused("AccessDeniedException", self.budgets.describe_budget, **other)

    def test_an_update_replaces_the_settings_and_leaves_the_rest(self) -> None:
        listed = [{"Notification": AT_80, "Subscribers": [MAIL]}]
        self.create(
            NotificationsWithSubscribers=listed, ResourceTags=TAGS, settings={"CostFilters": {"Service": ["x"]}}
        )
        new = SETTINGS | {"BudgetLimit": {"Amount": "250.5", "Unit": "USD"}}
        self.budgets.update_budget(AccountId=self.account, NewBudget=new)
        self.assertEqual((self.shown()["BudgetLimit"]["Amount"], self.shown()["CostFilters"]), ("250.5", {}))
        self.assertEqual(len(self.notifications()), 1)
        arn = f"arn:aws:budgets::{self.account}:budget/claude"
        self.assertEqual(self.budgets.list_tags_for_resource(ResourceARN=arn)["ResourceTags"], TAGS)
        absent = {"NewBudget": new | {"BudgetName": "none"}}
        self.refused("NotFoundException", self.budgets.update_budget, AccountId=self.account, **absent)

    def test_a_deleted_budget_is_gone_with_all_it_had(self) -> None:
        self.create(NotificationsWithSubscribers=[{"Notification": AT_80, "Subscribers": [MAIL]}], ResourceTags=TAGS)
        self.budgets.delete_budget(**self.named)
        words = self.refused("NotFoundException", self.shown)
        self.assertEqual(words, "Unable to get budget: claude - the budget doesn't exist.")
        self.refused("NotFoundException", self.budgets.delete_budget, **self.named)
        self.refused("NotFoundException", self.notifications)
        self.create()
        self.assertEqual(self.notifications(), [])

    def test_notifications_are_told_apart_by_all_but_their_state(self) -> None:
        self.create()
        add = self.budgets.create_notification
        add(**self.named, Notification=AT_80, Subscribers=[MAIL, self.topic])
        whole = AT_80 | {"ThresholdType": "PERCENTAGE", "NotificationState": "OK"}
        self.assertEqual(self.notifications(), [whole])
        again = {"Notification": whole | {"NotificationState": "ALARM"}, "Subscribers": [MAIL]}
        self.refused("DuplicateRecordException", add, **self.named, **again)
        at_90 = AT_80 | {"Threshold": 90.0}
        self.budgets.update_notification(**self.named, OldNotification=whole, NewNotification=at_90)
        self.assertEqual(self.notifications()[0]["Threshold"], 90.0)
        self.assertEqual(len(self.subscribers(at_90)), 2)
        self.refused("NotFoundException", self.budgets.delete_notification, **self.named, Notification=AT_80)
        self.budgets.delete_notification(**self.named, Notification=at_90)
        self.assertEqual(self.notifications(), [])

    def test_subscribers_can_be_added_changed_and_taken_away(self) -> None:
        self.create(NotificationsWithSubscribers=[{"Notification": AT_80, "Subscribers": [MAIL]}])
        what = self.named | {"Notification": AT_80}
        self.budgets.create_subscriber(**what, Subscriber=self.topic)
        self.refused("DuplicateRecordException", self.budgets.create_subscriber, **what, Subscriber=MAIL)
        second = self.topic | {"Address": self.topic["Address"] + "2"}
        self.refused("CreationLimitExceededException", self.budgets.create_subscriber, **what, Subscriber=second)
        other = MAIL | {"Address": "b@example.com"}
        self.budgets.update_subscriber(**what, OldSubscriber=MAIL, NewSubscriber=other)
        self.assertEqual(self.subscribers(), [self.topic, other])
        self.refused("NotFoundException", self.budgets.delete_subscriber, **what, Subscriber=MAIL)
        self.budgets.delete_subscriber(**what, Subscriber=other)
        self.refused("InvalidParameterException", self.budgets.delete_subscriber, **what, Subscriber=self.topic)

    def test_tags_can_be_changed(self) -> None:
        self.create(ResourceTags=TAGS)
        arn = f"arn:aws:budgets::{self.account}:budget/claude"
        self.budgets.tag_resource(ResourceARN=arn, ResourceTags=[{"Key": "a", "Value": "b"}])
        self.budgets.untag_resource(ResourceARN=arn, ResourceTagKeys=["owner"])
        kept = self.budgets.list_tags_for_resource(ResourceARN=arn)["ResourceTags"]
        self.assertEqual(kept, [{"Key": "a", "Value": "b"}])
        self.refused("NotFoundException", self.budgets.list_tags_for_resource, ResourceARN=arn + "x")

    def test_errors_come_in_the_words_of_the_service(self) -> None:
        self.tell("fault", kind="throttle", operation="budgets.DescribeBudgets")
        self.refused("ThrottlingException", self.budgets.describe_budgets, AccountId=self.account)
