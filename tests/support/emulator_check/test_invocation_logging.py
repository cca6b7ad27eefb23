"""Owns the check of the layer's longest refusal: Bedrock's look at role, group and bucket."""

from __future__ import annotations

from typing import Any

from .case import GROUP, REGION, EmulatorCase, allow, document


class InvocationLogging(EmulatorCase):
    """Bedrock's check of role, group and bucket."""

    def setUp(self) -> None:
        super().setUp()
        self.role = f"arn:aws:iam::{self.account}:role/logging"
        self.bedrock, self.iam = self.client("bedrock"), self.client("iam")
        self.settings = {"cloudWatchConfig": {"logGroupName": GROUP, "roleArn": self.role}}
        self.source = {
            "StringEquals": {"aws:SourceAccount": self.account},
            "ArnLike": {"aws:SourceArn": f"arn:aws:bedrock:{REGION}:{self.account}:*"},
        }

    def put(self, **more: Any) -> None:
        self.bedrock.put_model_invocation_logging_configuration(loggingConfig=self.settings | more)

    def make_role(self) -> None:
        trust = document(allow("sts:AssumeRole", principal={"Service": "bedrock.amazonaws.com"}, **self.source))
        self.iam.create_role(RoleName="logging", AssumeRolePolicyDocument=trust)
        streams = f"arn:aws:logs:{REGION}:{self.account}:log-group:{GROUP}:log-stream:aws/bedrock/modelinvocations"
        lets = document(allow(["logs:CreateLogStream", "logs:PutLogEvents"], streams))
        self.iam.put_role_policy(RoleName="logging", PolicyName="write", PolicyDocument=lets)

    def test_it_takes_a_role_and_a_group_that_can_work(self) -> None:
        words = self.refused("ValidationException", self.put)
        self.assertIn(f"Failed to validate permissions for log group: {GROUP}, with role: {self.role}.", words)
        self.make_role()
        self.refused("ValidationException", self.put)
        self.client("logs").create_log_group(logGroupName=GROUP)
        self.put(textDataDeliveryEnabled=True)
        kept = self.bedrock.get_model_invocation_logging_configuration()["loggingConfig"]
        self.assertEqual(kept, self.settings | {"textDataDeliveryEnabled": True})
        self.bedrock.delete_model_invocation_logging_configuration()
        self.assertNotIn("loggingConfig", self.bedrock.get_model_invocation_logging_configuration())

    def test_it_refuses_a_role_that_trusts_somebody_else_or_may_not_write(self) -> None:
        self.client("logs").create_log_group(logGroupName=GROUP)
        self.make_role()
        self.iam.update_assume_role_policy(RoleName="logging", PolicyDocument=self.trust)
        self.refused("ValidationException", self.put)
        self.iam.delete_role_policy(RoleName="logging", PolicyName="write")
        self.iam.delete_role(RoleName="logging")
        self.make_role()
        self.put()
        self.iam.delete_role_policy(RoleName="logging", PolicyName="write")
        self.refused("ValidationException", self.put)

    def test_it_takes_only_a_bucket_that_lets_bedrock_write(self) -> None:
        name = f"logging-{self.account}"
        s3 = self.client("s3")
        self.settings = {"s3Config": {"bucketName": name, "keyPrefix": "logs"}}
        self.refused("ValidationException", self.put)
        s3.create_bucket(Bucket=name)
        self.refused("ValidationException", self.put)
        keys = f"arn:aws:s3:::{name}/logs/AWSLogs/{self.account}/BedrockModelInvocationLogs/*"
        lets = allow("s3:PutObject", keys, {"Service": "bedrock.amazonaws.com"}, **self.source)
        plain = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [f"arn:aws:s3:::{name}/*"]}
        plain["Condition"] = {"Bool": {"aws:SecureTransport": "false"}}  # type: ignore[assignment]
        s3.put_bucket_policy(Bucket=name, Policy=document(lets, plain))
        self.put()
        key = self.client("kms").create_key()["KeyMetadata"]["Arn"]
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
        s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
        self.refused("ValidationException", self.put)
