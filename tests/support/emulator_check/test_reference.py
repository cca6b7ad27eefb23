"""Owns the check of the emulator's rights against AWS's reference, and of finding what is vain in a policy."""

from __future__ import annotations

import unittest
from typing import Any

from emulator import protocol, service
from emulator.call import Answer, Call
from emulator.cloud import LOCK, backend
from emulator.entitlement import NEEDS, astray
from emulator.entitlement.need import Asked
from emulator.failure import Failure

from .case import REGION, EmulatorCase, allow, document

ACCOUNT = "100000099999"
KEY = "alias/for-reference"
ALARM = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:a"
BUDGET = f"arn:aws:budgets::{ACCOUNT}:budget/b"
PROFILE = f"arn:aws:bedrock:{REGION}:{ACCOUNT}:application-inference-profile/abc"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:t"
# What a member is given; the others get what their type asks for.
VALUES: dict[str, Any] = {
    "VpcId": "vpc-1", "VpcEndpointId": "vpce-1", "GroupId": "sg-1", "SubnetIds": ["subnet-1"],
    "SecurityGroupIds": ["sg-1"], "RouteTableIds": ["rtb-1"], "VpcEndpointIds": ["vpce-1"], "Resources": ["vpce-1"],
    "AddSubnetIds": ["subnet-2"], "RemoveSubnetIds": ["subnet-3"], "AddSecurityGroupIds": ["sg-2"],
    "RemoveSecurityGroupIds": ["sg-3"], "AddRouteTableIds": ["rtb-2"], "RemoveRouteTableIds": ["rtb-3"],
    "KeyId": KEY, "TargetKeyId": KEY, "AliasName": KEY, "Path": "/a/", "Url": "https://id.example.com/x",
    "OpenIDConnectProviderArn": f"arn:aws:iam::{ACCOUNT}:oidc-provider/id.example.com/x",
    "PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/a/p", "PolicySourceArn": f"arn:aws:iam::{ACCOUNT}:role/a/r",
    "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/a/r", "roleArn": f"arn:aws:iam::{ACCOUNT}:role/a/r",
    "TopicArn": TOPIC, "ResourceArn": TOPIC, "resourceARN": PROFILE, "inferenceProfileIdentifier": PROFILE,
    "resourceArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/g", "modelIdentifier": "anthropic.claude-x",
    "copyFrom": f"arn:aws:bedrock:{REGION}::foundation-model/anthropic.claude-x", "modelId": "eu.anthropic.claude-x",
    "resourceIdentifier": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/g", "Policy": document(allow("kms:*", "*")),
    "BypassPolicyLockoutSafetyCheck": False, "LocationConstraint": "eu-west-1", "AlarmTypes": ["MetricAlarm"],
    "BillingViewArn": f"arn:aws:billing::{ACCOUNT}:billingview/custom-1", "ACL": "public-read",
}  # fmt: skip


def sample(shape: Any, name: str = "", within: tuple[str, ...] = ()) -> Any:
    """A value for every member, also for those that nobody must give."""
    if name in VALUES:
        return VALUES[name]
    if name == "ResourceARN":
        return BUDGET if "budgets" in within else ALARM
    if shape.type_name == "structure":
        if shape.name in within:
            return {}
        return {member: sample(below, member, (*within, shape.name)) for member, below in shape.members.items()}
    if shape.type_name == "list":
        return [sample(shape.member, "", within)]
    if shape.type_name == "map":
        return {"k": "v"}
    values = {"boolean": True, "integer": 1, "long": 1, "float": 1.0, "double": 1.0}
    return values.get(shape.type_name, "vpc-endpoint" if shape.name == "ResourceType" else "x")


class Rights(unittest.TestCase):
    """The rights that the emulator looks for, against what AWS says that there is."""

    @classmethod
    def setUpClass(cls) -> None:
        with LOCK:
            kms = backend("kms", ACCOUNT, REGION)
            kms.create_alias(kms.create_key(None, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "", None).id, KEY)

    def needs(self, of_service: str, operation: str) -> list[Any]:
        model = protocol.model(of_service)
        scope = f"Credential={ACCOUNT}/20260101/{REGION}/{model.signing_name}/aws4_request"
        call = Call("POST", "/", {"authorization": scope}, b"")
        call.__dict__["_routed"] = (of_service, operation, {})
        shape = model.operation_model(operation).input_shape

        def nothing(_call: Call) -> Answer:
            raise Failure("ResourceNotFoundException", "nothing is there")

        with LOCK:
            return NEEDS[of_service][operation](Asked(call, sample(shape, "", (of_service,)) if shape else {}, nothing))

    def test_every_right_is_one_of_the_reference_on_its_kinds_of_resource_in_its_context(self) -> None:
        for of_service, operations in NEEDS.items():
            for operation in operations:
                with self.subTest(f"{of_service}.{operation}"):
                    needs = self.needs(of_service, operation)
                    self.assertTrue(needs or operation == "GetCallerIdentity")
                    self.assertEqual([one for need in needs for one in astray(need)], [])

    def test_what_the_layer_serves_itself_has_its_rights(self) -> None:
        for of_service in NEEDS:
            for table in ("INSTEAD", "REFUSE", "AFTER"):
                for operation in service.table(of_service, table):
                    self.assertIn(operation, NEEDS[of_service], f"{of_service}.{operation}")


class Lint(EmulatorCase):
    """What is vain in a policy."""

    def problems(self, *statements: dict[str, Any]) -> list[str]:
        written = {"Version": "2012-10-17", "Statement": list(statements)}
        return list(self.tell("lint", document=written)["problems"])

    def vain(self, expected: str, action: Any, resource: Any, **condition: Any) -> None:
        [problem] = self.problems(allow(action, resource, **condition))
        self.assertIn(expected, problem)

    def sound(self, action: Any, resource: Any, **condition: Any) -> None:
        self.assertEqual(self.problems(allow(action, resource, **condition)), [])

    def test_an_action_must_be_one_that_there_is(self) -> None:
        self.vain("#1: there is no action iam:MakeRole", "iam:MakeRole", "*")
        self.vain("there is no action kms:Alias*", ["kms:Alias*", "kms:List*"], "*")
        self.sound(["iam:CreateRole", "kms:List*", "S3:createbucket", "*"], "*")
        self.assertEqual(self.tell("lint", document={"Statement": 1})["problems"], ["Syntax errors in policy."])

    def test_a_resource_must_be_of_a_kind_that_the_action_takes(self) -> None:
        role = "arn:aws:iam::123456789012:role/a/b"
        self.sound("iam:CreateRole", role)
        self.sound(["s3:PutObject", "s3:ListBucket"], ["arn:aws:s3:::b", "arn:aws:s3:::b/*"])
        self.sound("kms:DescribeKey", "arn:aws:kms:*:123456789012:key/*")
        self.sound("ec2:CreateVpcEndpoint", ["arn:aws:ec2:*:*:vpc/*", "arn:aws:ec2:*:*:vpc-endpoint/*"])
        self.sound("cloudwatch:PutDashboard", "arn:aws:cloudwatch::123456789012:dashboard/x")
        self.vain(
            "kms:CreateKey takes only the resource *", ["kms:CreateKey", "kms:EnableKey"], "arn:aws:kms:*:*:key/*"
        )
        self.vain("is no resource of any", "iam:CreateRole", [role, "arn:aws:iam::123456789012:user/x"])
        self.vain("kms:EnableKey is never asked", ["kms:EnableKey", "kms:CreateAlias"], "arn:aws:kms:*:*:alias/x")
        self.vain("s3:ListBucket is never asked", ["s3:ListBucket", "s3:GetObject"], "arn:aws:s3:::b/*")

    def test_a_groups_arn_must_reach_to_its_streams_but_for_tags(self) -> None:
        arn = "arn:aws:logs:us-east-1:123456789012:log-group:/a/b"
        self.sound("logs:PutRetentionPolicy", arn + ":*")
        self.sound("logs:TagResource", arn)
        both = ["logs:PutRetentionPolicy", "logs:ListTagsForResource"]
        self.sound(both, [arn, arn + ":*"])
        self.vain("logs:PutRetentionPolicy is never asked", both, arn)
        self.vain("logs:ListTagsForResource is never asked", both, arn + ":*")

    def test_a_condition_key_must_be_known_to_every_action(self) -> None:
        tagged = {"StringEquals": {"aws:ResourceTag/owner": "groundwork"}}
        keys, aliases = "arn:aws:kms:*:*:key/*", "arn:aws:kms:*:*:alias/*"
        self.sound(["kms:EnableKey", "kms:CreateAlias"], keys, **tagged)
        self.sound("kms:CreateAlias", "*", **tagged)
        self.sound("s3:CreateBucket", "*", StringEquals={"aws:RequestedRegion": "eu-west-1"})
        self.vain("kms:CreateAlias does not know the condition key", "kms:CreateAlias", [keys, aliases], **tagged)
        self.vain("kms:ListKeys does not know", ["kms:ListKeys", "kms:EnableKey"], "*", **tagged)
        self.vain("there is no condition key kms:Tag", "kms:EnableKey", "*", StringEquals={"kms:Tag": "x"})
        self.vain("kms:CreateKey: a key that is being created", "kms:CreateKey", "*", **tagged)
        self.vain("tags of a bucket count only", "s3:DeleteBucket", "*", **tagged)
        if_exists = {"StringEqualsIfExists": tagged["StringEquals"]}
        self.sound(["kms:ListKeys", "kms:EnableKey"], "*", **if_exists)

    def test_an_operator_must_be_one_that_there_is_and_fit_the_key(self) -> None:
        self.vain("there is no condition operator", "kms:CreateKey", "*", StringIs={"aws:RequestTag/a": "b"})
        self.vain("needs ForAllValues:", "kms:CreateKey", "*", StringEquals={"aws:TagKeys": "b"})
        of_set = {"ForAnyValue:StringEquals": {"aws:RequestTag/a": "b"}}
        self.vain("must not speak of a set", "kms:CreateKey", "*", **of_set)
        self.sound("kms:CreateKey", "*", **{"ForAllValues:StringEquals": {"aws:TagKeys": ["b"]}})
