"""Owns the check that requests are held against AWS's models: good ones pass, and each kind of bad one is told."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from datetime import UTC, datetime
from typing import Any

from .case import GROUP, REGION, TAGS, EmulatorCase

FORM = "application/x-www-form-urlencoded; charset=utf-8"
CBOR_MAP_WITH_A_NUMBER = bytes([0xA1, 0x69]) + b"AlarmName" + bytes([0x01])


class Validity(EmulatorCase):
    """Requests and AWS's models."""

    def send(
        self,
        service: str,
        body: bytes | str = b"",
        path: str = "/",
        method: str = "POST",
        account: str | None = None,
        **headers: str,
    ) -> tuple[int, str]:
        """A request as no SDK would make it."""
        signed = f"AWS4-HMAC-SHA256 Credential={account or self.account}/20260101/{REGION}/{service}/aws4_request, x"
        request = urllib.request.Request(
            self.url + path,
            data=(body.encode() if isinstance(body, str) else body) or None,
            method=method,
            headers={"authorization": signed} | {name.replace("_", "-"): value for name, value in headers.items()},
        )
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, str(error.headers) + error.read().decode("latin-1")

    def wrong(self, expected: str, *arguments: Any, **named: Any) -> None:
        """Refused with that reason, and counted among the invalid."""
        status, body = self.send(*arguments, **named)
        self.assertEqual(status, 400, body)
        self.assertIn("EmulatorInvalidRequest", body)
        told = [one["why"] for one in self.ask("validity")["invalid"] if one["account"] == self.account]
        self.assertTrue(told and expected in told[-1], (expected, told[-1:]))

    def form(self, **members: str) -> str:
        return "&".join(f"{name.replace('_', '.')}={value}" for name, value in members.items())

    def test_good_calls_of_each_protocol_pass(self) -> None:
        self.client("sts").get_caller_identity()
        iam = self.client("iam")
        tags = [*TAGS, {"Key": "ünïcode", "Value": ""}]
        iam.create_role(RoleName="r", AssumeRolePolicyDocument=self.trust, Tags=tags, Path="/a/b/")
        iam.list_roles(PathPrefix="/a/")
        kms = self.client("kms")
        kms.list_resource_tags(KeyId=kms.create_key(Tags=[{"TagKey": "a", "TagValue": ""}])["KeyMetadata"]["KeyId"])
        logs = self.client("logs")
        logs.create_log_group(logGroupName=GROUP, tags={"a": "b"})
        logs.put_retention_policy(logGroupName=GROUP, retentionInDays=30)
        s3, name = self.client("s3"), f"valid-{self.account}"
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"Tags": TAGS}, ObjectOwnership="BucketOwnerEnforced")
        rule: Any = {"ID": "x", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 9}}
        s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": [rule]})
        s3.put_object(Bucket=name, Key="a b/ü", Body=b"x", Metadata={"m": "n"}, ContentType="text/plain")
        s3.list_objects_v2(Bucket=name, Prefix="a b", MaxKeys=2)
        self.client("ec2").describe_vpcs(Filters=[{"Name": "isDefault", "Values": ["true", "false"]}])
        self.client("bedrock").get_model_invocation_logging_configuration()
        watch = self.client("cloudwatch")
        watch.put_metric_data(
            Namespace="n", MetricData=[{"MetricName": "m", "Value": 1, "Timestamp": datetime.now(UTC)}]
        )
        topic = self.client("sns").create_topic(Name="t", Attributes={"DisplayName": "d"}, Tags=TAGS)["TopicArn"]
        self.client("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint="a@example.com")
        self.client("budgets", region="us-east-1").describe_budgets(AccountId=self.account)
        self.client("resourcegroupstaggingapi").get_resources(TagFilters=[{"Key": "owner", "Values": ["groundwork"]}])
        view = self.ask("validity")
        self.assertEqual([one for one in view["invalid"] if one["account"] == self.account], [])
        self.assertGreaterEqual(view["operations"]["iam.CreateRole"], 1)
        self.assertGreaterEqual(view["requests"], 20)
        self.assertEqual(view["patterns_skipped"], [])

    def test_an_operation_that_aws_does_not_have_is_refused(self) -> None:
        self.wrong("has no operation", "iam", "Action=MakeRole&Version=2010-05-08", content_type=FORM)
        typed = {"content_type": "application/x-amz-json-1.1"}
        self.wrong("has no operation", "kms", "{}", x_amz_target="TrentService.MakeKey", **typed)
        self.wrong("has no operation", "bedrock", b"", "/models", method="GET")
        self.wrong("'2010-05-09' is not", "iam", "Action=ListRoles&Version=2010-05-09", content_type=FORM)

    def test_a_form_with_a_wrong_member_is_refused(self) -> None:
        start = "Action=ListRoles&Version=2010-05-08&"
        for expected, rest in (
            ("Prefix: ListRolesRequest has no such member", "Prefix=/a/"),
            ("MaxItems: 'many' is no integer", "MaxItems=many"),
            ("MaxItems: a value of 1001 is outside 1..1000", "MaxItems=1001"),
            ("PathPrefix: 'a/' does not match", "PathPrefix=a/"),
            ("MaxItems: is given twice", "MaxItems=1&MaxItems=2"),
            ("MaxItems: is a structure", "MaxItems.member.1=1"),
        ):
            self.wrong(expected, "iam", start + rest, content_type=FORM)
        start = "Action=TagRole&Version=2010-05-08&"
        for expected, rest in (
            ("RoleName: is required", "Tags.member.1.Key=a&Tags.member.1.Value=b"),
            ("Tags[1].Value: is required", "RoleName=r&Tags.member.1.Key=a"),
            ("Tags.member.1.Name: Tag has no such member", "RoleName=r&Tags.member.1.Name=a"),
            ("Tags: its members are named Tags.member.1", "RoleName=r&Tags.1.Key=a"),
            ("Tags.member: members are numbered", "RoleName=r&Tags.member.2.Key=a&Tags.member.2.Value=b"),
            ("Tags[1].Key: 'a!' does not match", "RoleName=r&Tags.member.1.Key=a!&Tags.member.1.Value=b"),
        ):
            self.wrong(expected, "iam", start + rest, content_type=FORM)
        start = "Action=DescribeVpcs&Version=2016-11-15&"
        self.wrong("Filter.1.Values", "ec2", start + "Filter.1.Name=a&Filter.1.Values.1=b", content_type=FORM)
        self.wrong("DryRun: 'yes' is no boolean", "ec2", start + "DryRun=yes", content_type=FORM)

    def json(self, expected: str, service: str, target: str, **members: Any) -> None:
        self.wrong(
            expected, service, json.dumps(members), x_amz_target=target, content_type="application/x-amz-json-1.1"
        )

    def test_json_with_a_wrong_member_is_refused(self) -> None:
        put, create = "Logs_20140328.PutRetentionPolicy", "TrentService.CreateKey"
        self.json("logGroupname: PutRetentionPolicyRequest has no such member", "logs", put, logGroupname="g")
        self.json("retentionInDays: is required", "logs", put, logGroupName="g")
        self.json("logGroupName: is required", "logs", put, logGroupName=None, retentionInDays=1)
        self.json("a JSON str is no integer", "logs", put, logGroupName="g", retentionInDays="1")
        self.json("a JSON bool is no integer", "logs", put, logGroupName="g", retentionInDays=True)
        self.json("logGroupName: 'a b' does not match", "logs", put, logGroupName="a b", retentionInDays=1)
        self.json("logGroupName: a length of 513", "logs", put, logGroupName="g" * 513, retentionInDays=1)
        self.json("KeySpec: 'AES' is none of", "kms", create, KeySpec="AES")
        self.json("Tags[1].TagValue: is required", "kms", create, Tags=[{"TagKey": "a"}])
        self.json("a dict is no list", "kms", create, Tags={})
        self.wrong("content-type", "kms", "{}", x_amz_target=create, content_type="application/json")
        self.wrong(
            "x-amz-target", "kms", "{}", x_amz_target="Trent.CreateKey", content_type="application/x-amz-json-1.1"
        )
        typed = {"x_amz_target": create, "content_type": "application/x-amz-json-1.1"}
        self.wrong("is not JSON", "kms", "{", **typed)
        self.wrong("a: the operation takes no query", "kms", "{}", path="/?a=b", **typed)
        self.wrong("x-amz-odd: the operation takes no such header", "kms", "{}", x_amz_odd="b", **typed)

    def test_a_rest_call_with_a_wrong_member_is_refused(self) -> None:
        path, typed = "/logging/modelinvocations", {"method": "PUT", "content_type": "application/json"}
        self.wrong("loggingConfig: is required", "bedrock", "{}", path, **typed)
        self.wrong("logging: PutModelInvocation", "bedrock", '{"logging": {}}', path, **typed)
        odd = '{"loggingConfig": {"s3Config": {"bucketName": "ab"}}}'
        self.wrong("loggingConfig.s3Config.bucketName: ", "bedrock", odd, path, **typed)
        self.wrong("takes no body", "bedrock", '{"a": 1}', path, method="GET", content_type="application/json")
        self.wrong("maxResults: a value of 0", "bedrock", b"", "/inference-profiles?maxResults=0", method="GET")
        self.wrong("odd: the operation takes no such query", "bedrock", b"", path + "?odd=1", method="GET")

    def test_xml_with_a_wrong_member_is_refused(self) -> None:
        path = f"/xml-{self.account}"
        put = {"method": "PUT", "path": path + "?versioning"}
        right = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
        self.wrong("'On' is none of", "s3", right.replace("Enabled", "On"), **put)
        self.wrong(
            "the root element is Versioning,", "s3", right.replace("VersioningConfiguration", "Versioning"), **put
        )
        self.wrong("State: VersioningConfiguration has no", "s3", right.replace("Status", "State"), **put)
        self.wrong("is not XML", "s3", right[:-3], **put)
        self.wrong("is required", "s3", b"", **put)
        self.wrong("x-amz-odd: the operation takes no", "s3", right, x_amz_odd="1", **put)
        self.wrong("odd: the operation takes no", "s3", b"", method="GET", path=path + "?versioning&odd=1")
        both = right.replace("</Status>", "</Status><Status>Enabled</Status>")
        self.wrong("Status: is given twice", "s3", both, **put)
        tagging = "<Tagging><TagSet><Tags><Key>a</Key><Value>b</Value></Tags></TagSet></Tagging>"
        self.wrong("a member of this list is named Tag", "s3", tagging, method="PUT", path=path + "?tagging")

    def test_cbor_with_a_wrong_member_is_refused(self) -> None:
        service = "/service/GraniteServiceVersion20100801/operation/"
        typed = {"smithy_protocol": "rpc-v2-cbor", "content_type": "application/cbor"}
        path = service + "DescribeAlarms"
        self.wrong("AlarmName: DescribeAlarmsInput has no", "monitoring", CBOR_MAP_WITH_A_NUMBER, path, **typed)
        path = service + "DescribeAlarmHistory"
        self.wrong("AlarmName: a JSON int is no string", "monitoring", CBOR_MAP_WITH_A_NUMBER, path, **typed)
        self.wrong("is not CBOR", "monitoring", b"\xa1", path, **typed)

    def test_a_call_that_nobody_signed_is_refused(self) -> None:
        with self.assertRaises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(self.url + "/bucket")
        with caught.exception as error:
            self.assertIn("is not signed", error.read().decode())
