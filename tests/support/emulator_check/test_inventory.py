"""Owns the check of the inventory of what the layer itself keeps, and of calls with a session token."""

from __future__ import annotations

import json
import re
from pathlib import Path

from .case import REGION, TAGS, EmulatorCase, allow, document
from .test_budgets import AT_80, MAIL, SETTINGS
from .test_cloudwatch import PLAIN

LISTS = (
    "oidc_providers", "vpc_endpoints", "inference_profiles", "topics", "alarms", "dashboards", "budgets", "roles",
)  # fmt: skip


class Fresh(EmulatorCase):
    """The inventory of an emulator that served nothing yet."""

    def test_all_lists_are_there_and_empty_without_loading_ec2(self) -> None:
        shown = self.ask("inventory")
        self.assertEqual([shown[name] for name in LISTS], [[] for _ in LISTS])
        status = Path(f"/proc/{self.process.pid}/status")
        if status.exists():
            # moto's EC2 takes a second to load, and 100 MiB.
            [resident] = re.findall(r"VmRSS:\s+(\d+) kB", status.read_text())
            self.assertLess(int(resident), 140_000)


class Inventory(EmulatorCase):
    """What exists."""

    def test_it_shows_what_the_layer_keeps(self) -> None:
        iam, sns = self.client("iam"), self.client("sns")
        iam.create_role(RoleName="r", AssumeRolePolicyDocument=self.trust, Description="for a test")
        iam.create_open_id_connect_provider(Url="https://x.example.com", ClientIDList=["c"], Tags=TAGS)
        topic = sns.create_topic(Name="t", Tags=TAGS)["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="a@example.com")
        cloudwatch = self.client("cloudwatch")
        cloudwatch.put_metric_alarm(AlarmName="a", Tags=TAGS, **PLAIN)
        cloudwatch.put_dashboard(DashboardName="d", DashboardBody='{"widgets": []}')
        given = [{"Notification": AT_80, "Subscribers": [MAIL]}]
        self.client("budgets").create_budget(
            AccountId=self.account, Budget=SETTINGS, NotificationsWithSubscribers=given
        )
        source = f"arn:aws:bedrock:{REGION}:{self.account}:inference-profile/us.anthropic.claude-opus-5-5"
        self.client("bedrock").create_inference_profile(inferenceProfileName="p", modelSource={"copyFrom": source})
        shown = self.ask("inventory")
        self.assertEqual(shown["roles"][0]["description"], "for a test")
        self.assertEqual(
            (shown["oidc_providers"][0]["client_ids"], shown["oidc_providers"][0]["tags"]),
            (["c"], {"owner": "groundwork"}),
        )
        self.assertEqual((shown["topics"][0]["name"], shown["topics"][0]["subscriptions"][0]["pending"]), ("t", True))
        self.assertEqual((shown["alarms"][0]["name"], shown["alarms"][0]["settings"]["Period"]), ("a", 300))
        self.assertEqual(shown["dashboards"], [{"name": "d", "body": '{"widgets": []}', "tags": {}}])
        budget = shown["budgets"][0]
        self.assertEqual((budget["name"], budget["notifications"][0]["subscribers"]), ("claude", [MAIL]))
        self.assertEqual(
            (shown["inference_profiles"][0]["name"], len(shown["inference_profiles"][0]["models"])), ("p", 3)
        )

    def test_it_shows_endpoints_without_counting_as_a_look(self) -> None:
        network, service = self.tell("vpc"), f"com.amazonaws.{REGION}.sts"
        arguments = {"VpcEndpointType": "Interface", "VpcId": network["vpc_id"], "ServiceName": service}
        ec2 = self.client("ec2")
        id = ec2.create_vpc_endpoint(SubnetIds=network["subnet_ids"], **arguments)["VpcEndpoint"]["VpcEndpointId"]
        states = [self.ask("inventory")["vpc_endpoints"][0]["state"] for _ in range(3)]
        self.assertEqual(states, ["pending"] * 3)
        ec2.describe_vpc_endpoints()
        shown = self.ask("inventory")["vpc_endpoints"][0]
        self.assertEqual((shown["id"], shown["state"], shown["subnets"]), (id, "available", network["subnet_ids"]))
        ec2.delete_vpc_endpoints(VpcEndpointIds=[id])
        ec2.describe_vpc_endpoints()
        self.assertEqual(self.ask("inventory")["vpc_endpoints"], [])


class Session(EmulatorCase):
    """Temporary credentials that may do everything."""

    def test_a_session_token_makes_no_difference(self) -> None:
        self.tell("policy", name="all", document=json.loads(document(allow("*", "*"))))
        calls = {
            "iam": "list_roles",
            "kms": "list_keys",
            "logs": "describe_log_groups",
            "s3": "list_buckets",
            "ec2": "describe_vpcs",
            "sns": "list_topics",
            "cloudwatch": "describe_alarms",
            "bedrock": "list_inference_profiles",
            "resourcegroupstaggingapi": "get_resources",
        }
        for service, name in calls.items():
            with self.subTest(service):
                plain, session = (getattr(self.client(service, token=token), name)() for token in (None, "all"))
                for answer in (plain, session):
                    answer.pop("ResponseMetadata")
                self.assertEqual(plain, session)
        self.assertEqual({call["status"] for call in self.ask("calls")}, {200})
