"""Owns the check of CloudWatch, in CBOR as the Rust SDK speaks it, and in JSON."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from .case import REGION, TAGS, EmulatorCase

PLAIN = {
    "MetricName": "InputTokenCount",
    "Namespace": "AWS/Bedrock",
    "Statistic": "Sum",
    "Period": 300,
    "EvaluationPeriods": 1,
    "Threshold": 5.0,
    "ComparisonOperator": "GreaterThanThreshold",
}
TOKENS = {"Namespace": "AWS/Bedrock", "MetricName": "InputTokenCount"}
MATHS = {
    "EvaluationPeriods": 2,
    "DatapointsToAlarm": 1,
    "Threshold": 12.5,
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "TreatMissingData": "notBreaching",
    "Metrics": [
        {"Id": "cost", "Expression": "SUM(METRICS()) * 0.003", "Label": "USD"},
        {
            "Id": "m1",
            "MetricStat": {
                "Metric": TOKENS | {"Dimensions": [{"Name": "ModelId", "Value": "x"}]},
                "Period": 3600,
                "Stat": "Sum",
            },
            "ReturnData": False,
        },
    ],
}


class InCbor(EmulatorCase):
    """Alarms and dashboards."""

    def setUp(self) -> None:
        super().setUp()
        self.cloudwatch = self.make()

    def make(self, **more: Any) -> Any:
        return self.cbor_client("cloudwatch", **more)

    def arn(self, name: str) -> str:
        return f"arn:aws:cloudwatch:{REGION}:{self.account}:alarm:{name}"

    def shown(self, **query: Any) -> list[dict[str, Any]]:
        return self.cloudwatch.describe_alarms(**query)["MetricAlarms"]

    def test_an_alarm_is_read_back_as_it_was_put_and_with_the_defaults(self) -> None:
        self.cloudwatch.put_metric_alarm(AlarmName="a", **PLAIN)
        alarm = self.shown()[0]
        self.assertEqual({key: alarm[key] for key in PLAIN}, PLAIN)
        self.assertEqual(alarm["AlarmArn"], self.arn("a"))
        self.assertEqual((alarm["ActionsEnabled"], alarm["StateValue"]), (True, "INSUFFICIENT_DATA"))
        lists = ("AlarmActions", "OKActions", "InsufficientDataActions", "Dimensions")
        self.assertEqual([alarm[key] for key in lists], [[], [], [], []])
        self.assertNotIn("TreatMissingData", alarm)
        self.assertEqual(alarm["StateUpdatedTimestamp"].tzinfo.utcoffset(None).total_seconds(), 0)

    def test_an_alarm_on_maths_is_read_back_as_it_was_put(self) -> None:
        self.cloudwatch.put_metric_alarm(AlarmName="a", **MATHS)
        alarm = self.shown()[0]
        first, second = MATHS["Metrics"]  # type: ignore[misc]
        self.assertEqual(
            {key: alarm[key] for key in MATHS}, MATHS | {"Metrics": [{**first, "ReturnData": True}, second]}
        )
        self.assertNotIn("Period", alarm)

    def test_a_second_put_replaces_all_but_state_and_tags(self) -> None:
        self.cloudwatch.put_metric_alarm(AlarmName="a", AlarmDescription="old", Tags=TAGS, **PLAIN)
        self.cloudwatch.set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="test")
        self.cloudwatch.put_metric_alarm(AlarmName="a", Tags=[{"Key": "b", "Value": "c"}], **(PLAIN | {"Threshold": 7}))
        alarm = self.shown()[0]
        self.assertEqual((alarm["Threshold"], alarm["StateValue"]), (7.0, "ALARM"))
        self.assertNotIn("AlarmDescription", alarm)
        self.assertEqual(self.cloudwatch.list_tags_for_resource(ResourceARN=self.arn("a"))["Tags"], TAGS)

    def test_tags_can_be_changed_and_die_with_their_alarm(self) -> None:
        self.cloudwatch.put_metric_alarm(AlarmName="a", Tags=TAGS, **PLAIN)
        self.cloudwatch.tag_resource(ResourceARN=self.arn("a"), Tags=[{"Key": "b", "Value": ""}])
        self.cloudwatch.untag_resource(ResourceARN=self.arn("a"), TagKeys=["owner", "none"])
        kept = self.cloudwatch.list_tags_for_resource(ResourceARN=self.arn("a"))["Tags"]
        self.assertEqual(kept, [{"Key": "b", "Value": ""}])
        self.cloudwatch.delete_alarms(AlarmNames=["a", "never was"])
        for call in (self.cloudwatch.list_tags_for_resource, self.cloudwatch.untag_resource):
            more = {"TagKeys": ["b"]} if call == self.cloudwatch.untag_resource else {}
            self.refused("ResourceNotFoundException", call, ResourceARN=self.arn("a"), **more)
        self.cloudwatch.put_metric_alarm(AlarmName="a", **PLAIN)
        self.assertEqual(self.cloudwatch.list_tags_for_resource(ResourceARN=self.arn("a"))["Tags"], [])

    def test_alarms_come_in_pages_of_a_hundred_and_by_name_or_prefix(self) -> None:
        for number in range(101):
            self.cloudwatch.put_metric_alarm(AlarmName=f"a{number:03}", **PLAIN)
        first = self.cloudwatch.describe_alarms()
        self.assertEqual(len(first["MetricAlarms"]), 100)
        last = self.cloudwatch.describe_alarms(NextToken=first["NextToken"])
        self.assertEqual([one["AlarmName"] for one in last["MetricAlarms"]], ["a100"])
        self.assertNotIn("NextToken", last)
        self.assertEqual(len(self.shown(AlarmNamePrefix="a00")), 10)
        self.assertEqual(len(self.shown(AlarmNames=["a001", "none"])), 1)
        self.assertEqual(len(self.shown(StateValue="OK")), 0)
        self.refused("InvalidNextToken", self.cloudwatch.describe_alarms, NextToken="bad")

    def test_an_alarm_that_cannot_work_is_refused(self) -> None:
        elsewhere = f"arn:aws:sns:eu-west-1:{self.account}:t"
        two = [{"Id": "a", "Expression": "1"}, {"Id": "b", "Expression": "2"}]
        bad: list[dict[str, Any]] = [
            PLAIN | {"Period": 45},
            PLAIN | {"AlarmActions": ["no arn"]},
            PLAIN | {"AlarmActions": [elsewhere]},
            PLAIN | {"TreatMissingData": "never"},
            PLAIN | {"ExtendedStatistic": "p90"},
            PLAIN | {"Period": 86400, "EvaluationPeriods": 8},
            MATHS | {"Metrics": two},
            MATHS | {"MetricName": "x"},
        ]
        for settings in bad:
            with self.subTest(settings):
                self.refused("ValidationError", self.cloudwatch.put_metric_alarm, AlarmName="a", **settings)
        self.assertEqual(self.shown(), [])

    def test_an_alarm_that_another_needs_cannot_be_deleted(self) -> None:
        self.cloudwatch.put_metric_alarm(AlarmName="a", **PLAIN)
        self.cloudwatch.put_composite_alarm(AlarmName="both", AlarmRule='ALARM("a")')
        self.assertEqual([one["AlarmName"] for one in self.shown()], ["a"])
        composite = self.cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
        self.assertEqual(composite[0]["AlarmRule"], 'ALARM("a")')
        self.refused("ValidationError", self.cloudwatch.delete_alarms, AlarmNames=["a"])
        self.cloudwatch.delete_alarms(AlarmNames=["a", "both"])

    def test_a_dashboard_is_one_for_all_regions(self) -> None:
        body = json.dumps({"widgets": [{"type": "text", "properties": {"markdown": "ü"}}]})
        self.cloudwatch.put_dashboard(DashboardName="d", DashboardBody=body, Tags=TAGS)
        self.cloudwatch.put_dashboard(DashboardName="d", DashboardBody=body, Tags=[{"Key": "b", "Value": "c"}])
        west = self.make(region="us-west-2")
        shown = west.get_dashboard(DashboardName="d")
        arn = f"arn:aws:cloudwatch::{self.account}:dashboard/d"
        self.assertEqual((shown["DashboardArn"], shown["DashboardBody"]), (arn, body))
        self.assertEqual(west.list_dashboards()["DashboardEntries"][0]["Size"], len(body.encode()))
        self.assertEqual(west.list_dashboards(DashboardNamePrefix="x")["DashboardEntries"], [])
        self.assertEqual(west.list_tags_for_resource(ResourceARN=arn)["Tags"], TAGS)
        west.delete_dashboards(DashboardNames=["d"])
        words = self.refused("ResourceNotFound", west.delete_dashboards, DashboardNames=["d"])
        self.assertEqual(words, "The specified dashboard does not exist. [d]")
        self.refused("ResourceNotFound", west.get_dashboard, DashboardName="d")
        self.refused("ResourceNotFoundException", west.list_tags_for_resource, ResourceARN=arn)

    def test_a_dashboard_that_is_no_dashboard_is_refused(self) -> None:
        for body in ("no json", "[]", "{}", '{"widgets": [{"type": "none", "properties": {}}]}'):
            arguments = {"DashboardName": "d", "DashboardBody": body}
            self.refused("InvalidParameterInput", self.cloudwatch.put_dashboard, **arguments)

    def test_errors_and_the_record_are_as_with_any_service(self) -> None:
        for kind, code in (("internal", "InternalFailure"), ("throttle", "Throttling"), ("error", "AccessDenied")):
            self.tell("reset")
            self.tell("fault", kind=kind, nth=1, code="AccessDenied", message="no & <no>", status=403)
            words = self.refused(code, self.cloudwatch.describe_alarms)
            self.assertEqual(words == "no & <no>", kind == "error")
        self.cloudwatch.put_metric_alarm(AlarmName="a", **PLAIN)
        told = [(one["operation"], one["writes"], one["status"]) for one in self.ask("calls")]
        self.assertEqual(told, [("cloudwatch.DescribeAlarms", False, 403), ("cloudwatch.PutMetricAlarm", True, 200)])

    def test_what_only_moto_has_is_served_by_moto(self) -> None:
        self.cloudwatch.put_metric_data(Namespace="n", MetricData=[{"MetricName": "m", "Value": 1.5}])
        listed = self.cloudwatch.list_metrics()["Metrics"]
        self.assertEqual([(one["Namespace"], one["MetricName"]) for one in listed], [("n", "m")])
        words = self.refused("EmulatorLacksThis", self.cloudwatch.put_anomaly_detector, MetricName="m")
        self.assertIn("cloudwatch.PutAnomalyDetector", words)


class AsRustWrites(EmulatorCase):
    """What botocore's CBOR never has."""

    def test_a_map_without_a_stated_length_is_understood(self) -> None:
        self.client("cloudwatch").put_dashboard(DashboardName="d", DashboardBody='{"widgets": []}')
        scope = f"Credential={self.account}/20260101/{REGION}/monitoring/aws4_request"
        request = urllib.request.Request(
            f"{self.url}/service/GraniteServiceVersion20100801/operation/GetDashboard",
            b"\xbf\x6dDashboardName\x61d\xff",
            {
                "authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0",
                "content-type": "application/cbor",
                "smithy-protocol": "rpc-v2-cbor",
            },
        )
        with urllib.request.urlopen(request) as answer:
            self.assertEqual(answer.headers["smithy-protocol"], "rpc-v2-cbor")
            self.assertIn(b"DashboardArn", answer.read())


class InJson(InCbor):
    """The same for other SDKs."""

    def make(self, **more: Any) -> Any:
        return self.client("cloudwatch", **more)
