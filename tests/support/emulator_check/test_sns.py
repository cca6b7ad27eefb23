"""Owns the check of SNS: topics that are made once, and subscriptions that somebody has to confirm."""

from __future__ import annotations

from typing import Any

from .case import REGION, TAGS, EmulatorCase, allow, document

NAME = "spend-alerts"


class Notification(EmulatorCase):
    """Topics and subscriptions."""

    def setUp(self) -> None:
        super().setUp()
        self.sns = self.client("sns")
        self.arn = f"arn:aws:sns:{REGION}:{self.account}:{NAME}"

    def subscribe(self, protocol: str, endpoint: str, **more: Any) -> str:
        return self.sns.subscribe(TopicArn=self.arn, Protocol=protocol, Endpoint=endpoint, **more)["SubscriptionArn"]

    def listed(self) -> list[tuple[str, str]]:
        found = self.sns.list_subscriptions_by_topic(TopicArn=self.arn)["Subscriptions"]
        return [(one["Endpoint"], one["SubscriptionArn"]) for one in found]

    def attributes(self) -> dict[str, str]:
        return self.sns.get_topic_attributes(TopicArn=self.arn)["Attributes"]

    def test_a_topic_can_be_made_again_only_as_it_is(self) -> None:
        again = {"Name": NAME, "Attributes": {"DisplayName": "Spend"}, "Tags": TAGS}
        self.assertEqual(self.sns.create_topic(**again)["TopicArn"], self.arn)
        for same in (again, {"Name": NAME}, {"Name": NAME, "Tags": TAGS}):
            self.assertEqual(self.sns.create_topic(**same)["TopicArn"], self.arn)
        other = {"DisplayName": "Other"}
        words = self.refused("InvalidParameter", self.sns.create_topic, Name=NAME, Attributes=other)
        self.assertEqual(words, "Invalid parameter: Attributes Reason: Topic already exists with different attributes")
        more = [*TAGS, {"Key": "b", "Value": "c"}]
        words = self.refused("InvalidParameter", self.sns.create_topic, Name=NAME, Tags=more)
        self.assertEqual(words, "Invalid parameter: Tags Reason: Topic already exists with different tags")
        self.assertEqual(self.sns.list_topics()["Topics"], [{"TopicArn": self.arn}])
        self.refused("InvalidParameter", self.sns.create_topic, Name="no good")

    def test_attributes_are_read_back(self) -> None:
        self.sns.create_topic(Name=NAME, Attributes={"KmsMasterKeyId": "alias/mine"})
        self.assertEqual((self.attributes()["KmsMasterKeyId"], self.attributes()["DisplayName"]), ("alias/mine", ""))
        self.assertIn("__default_policy_ID", self.attributes()["Policy"])
        lets = allow("sns:Publish", self.arn, {"Service": "cloudwatch.amazonaws.com"})
        self.set("Policy", document(lets))
        self.assertEqual(self.attributes()["Policy"], document(lets))
        self.set("KmsMasterKeyId", "")
        self.assertNotIn("KmsMasterKeyId", self.attributes())
        self.refused("InvalidParameter", self.set, name="Colour", value="red")

    def set(self, name: str, value: str) -> None:
        self.sns.set_topic_attributes(TopicArn=self.arn, AttributeName=name, AttributeValue=value)

    def test_a_policy_that_is_malformed_is_refused(self) -> None:
        self.sns.create_topic(Name=NAME)
        bad = {
            "no json": "Invalid parameter: Policy Error: null",
            document(allow("sns:Publish", self.arn)): "Invalid parameter: Policy Error: null",
            document(allow("sns:*", self.arn, {"AWS": self.root})): (
                "Invalid parameter: Policy statement action out of service scope!"
            ),
            document(allow("sns:Publish", self.arn, {"AWS": self.root.replace("root", "role/none")})): (
                "Invalid parameter: Policy Error: PrincipalNotFound"
            ),
        }
        for policy, words in bad.items():
            self.assertEqual(self.refused("InvalidParameter", self.set, name="Policy", value=policy), words)

    def test_an_address_stays_pending_until_somebody_confirms_it(self) -> None:
        self.sns.create_topic(Name=NAME)
        self.assertEqual(self.subscribe("email", "a@example.com"), "pending confirmation")
        self.assertEqual(self.listed(), [("a@example.com", "PendingConfirmation")])
        arn = self.subscribe("email", "a@example.com", ReturnSubscriptionArn=True)
        self.assertTrue(arn.startswith(self.arn + ":"))
        self.assertEqual(len(self.listed()), 1)
        words = self.refused("InvalidParameter", self.sns.unsubscribe, SubscriptionArn="PendingConfirmation")
        self.assertEqual(
            words, "Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements, not 1"
        )
        shown = self.sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
        self.assertEqual(shown["PendingConfirmation"], "true")
        self.assertEqual(self.tell("confirm", endpoint="a@example.com"), {"confirmed": [arn]})
        self.assertEqual(self.listed(), [("a@example.com", arn)])
        self.assertEqual(self.subscribe("email", "a@example.com"), arn)
        counts = [self.attributes()["Subscriptions" + state] for state in ("Pending", "Confirmed")]
        self.assertEqual(counts, ["0", "1"])
        for _ in range(2):
            self.sns.unsubscribe(SubscriptionArn=arn)
        self.assertEqual(self.listed(), [])
        self.refused("NotFound", self.sns.get_subscription_attributes, SubscriptionArn=arn)

    def test_an_endpoint_must_fit_its_protocol(self) -> None:
        self.sns.create_topic(Name=NAME)
        bad = [("slack", "#ops"), ("email", "nobody"), ("https", "http://x"), ("sqs", "queue")]
        for protocol, endpoint in bad:
            words = self.refused("InvalidParameter", self.subscribe, protocol=protocol, endpoint=endpoint)
            slack = "Invalid parameter: Amazon SNS does not support this protocol string: slack"
            self.assertEqual(words == slack, protocol == "slack")
        self.assertEqual(self.subscribe("https", "https://example.com/hook"), "pending confirmation")
        queue = f"arn:aws:sqs:{REGION}:{self.account}:q"
        self.assertTrue(self.subscribe("sqs", queue).startswith(self.arn))

    def test_subscriptions_come_in_pages(self) -> None:
        self.sns.create_topic(Name=NAME)
        for number in range(101):
            self.subscribe("email", f"a{number}@example.com")
        first = self.sns.list_subscriptions_by_topic(TopicArn=self.arn)
        last = self.sns.list_subscriptions_by_topic(TopicArn=self.arn, NextToken=first["NextToken"])
        self.assertEqual((len(first["Subscriptions"]), len(last["Subscriptions"])), (100, 1))
        self.assertEqual(len(self.sns.list_subscriptions()["Subscriptions"]), 100)

    def test_a_topic_takes_its_subscriptions_and_tags_with_it(self) -> None:
        self.sns.create_topic(Name=NAME, Tags=TAGS)
        self.subscribe("email", "a@example.com")
        for _ in range(2):
            self.sns.delete_topic(TopicArn=self.arn)
        self.assertEqual(self.sns.list_subscriptions()["Subscriptions"], [])
        self.refused("NotFound", self.attributes)
        self.refused("NotFound", self.listed)
        self.refused("NotFound", self.subscribe, protocol="email", endpoint="a@example.com")
        self.refused("NotFound", self.sns.publish, TopicArn=self.arn, Message="x")
        self.refused("ResourceNotFound", self.sns.list_tags_for_resource, ResourceArn=self.arn)
        self.sns.create_topic(Name=NAME)
        self.assertEqual(self.sns.list_tags_for_resource(ResourceArn=self.arn)["Tags"], [])

    def test_tags_can_be_changed(self) -> None:
        self.sns.create_topic(Name=NAME, Tags=TAGS)
        self.sns.tag_resource(ResourceArn=self.arn, Tags=[{"Key": "a", "Value": "b"}])
        self.sns.untag_resource(ResourceArn=self.arn, TagKeys=["owner"])
        self.assertEqual(self.sns.list_tags_for_resource(ResourceArn=self.arn)["Tags"], [{"Key": "a", "Value": "b"}])
