"""Owns the check of the rights that the calls of Logs, S3, EC2, Bedrock, SNS, CloudWatch and Budgets need."""

from __future__ import annotations

from typing import Any

from .bound import GIVEN, OWNED, Bound
from .case import GROUP, REGION, TAGS, allow


class Logs(Bound):
    """Rights of CloudWatch Logs."""

    def test_a_group_is_asked_for_with_its_streams_and_its_tags_without(self) -> None:
        arn = self.arn("logs", f"log-group:{GROUP}")
        logs = self.bound("logs", allow(["logs:CreateLogGroup", "logs:PutRetentionPolicy"], arn))
        refused = {"code": "AccessDeniedException", "logGroupName": GROUP}
        self.denied("logs:CreateLogGroup", f"{arn}:log-stream: ", logs.create_log_group, **refused)
        self.bind(allow(["logs:CreateLogGroup", "logs:PutRetentionPolicy"], f"{arn}:*"))
        words = self.refused("AccessDeniedException", logs.create_log_group, logGroupName=GROUP, tags={"owner": "x"})
        self.assertIn('An additional permission "logs:TagResource" is required', words)
        logs.create_log_group(logGroupName=GROUP)
        logs.put_retention_policy(logGroupName=GROUP, retentionInDays=30)
        self.denied("logs:DescribeLogGroups", "* ", logs.describe_log_groups, "AccessDeniedException")
        tag = {"resourceArn": arn, "tags": {"owner": "groundwork"}}
        self.bind(allow("logs:TagResource", f"{arn}:*"))
        self.denied("logs:TagResource", f"{arn} ", logs.tag_resource, "AccessDeniedException", **tag)
        self.bind(allow("logs:TagResource", arn, **GIVEN), allow("logs:DeleteLogGroup", f"{arn}:*", **OWNED))
        self.denied("logs:DeleteLogGroup", "", logs.delete_log_group, **refused)
        logs.tag_resource(**tag)
        logs.delete_log_group(logGroupName=GROUP)


class S3(Bound):
    """Rights of S3."""

    def test_some_actions_have_other_names_than_the_operations(self) -> None:
        name = f"named-{self.account}"
        arn = f"arn:aws:s3:::{name}"
        self.client("s3").create_bucket(Bucket=name)
        s3 = self.bound("s3", allow(["s3:GetEncryptionConfiguration", "s3:ListBucketVersions", "s3:ListBucket"], arn))
        s3.get_bucket_encryption(Bucket=name)
        s3.list_object_versions(Bucket=name)
        s3.head_bucket(Bucket=name)
        self.denied("s3:GetLifecycleConfiguration", arn, s3.get_bucket_lifecycle_configuration, Bucket=name)
        self.denied("s3:PutEncryptionConfiguration", arn, s3.delete_bucket_encryption, Bucket=name)
        self.denied("s3:ListAllMyBuckets", "* ", s3.list_buckets)

    def test_a_bucket_with_tags_and_an_owner_takes_more_rights(self) -> None:
        name = f"tagged-{self.account}"
        arn = f"arn:aws:s3:::{name}"
        make = {"Bucket": name, "CreateBucketConfiguration": {"Tags": TAGS}, "ObjectOwnership": "BucketOwnerEnforced"}
        create, tag = allow("s3:CreateBucket", arn, **GIVEN), allow("s3:TagResource", arn, **GIVEN)
        s3 = self.bound("s3", create)
        self.denied("s3:CreateBucket", arn, s3.create_bucket, Bucket=name)
        self.denied("s3:TagResource", arn, s3.create_bucket, **make)
        self.bind(create, tag)
        self.denied("s3:PutBucketOwnershipControls", arn, s3.create_bucket, **make)
        self.bind(create, tag, allow("s3:PutBucketOwnershipControls", arn))
        s3.create_bucket(**make)
        self.bind(allow("s3:DeleteBucket", arn, **OWNED))
        self.denied("s3:DeleteBucket", arn, s3.delete_bucket, Bucket=name)

    def test_objects_that_may_not_be_deleted_are_told_one_by_one(self) -> None:
        name = f"objects-{self.account}"
        admin = self.client("s3")
        admin.create_bucket(Bucket=name)
        for key in ("a/1", "b/1"):
            admin.put_object(Bucket=name, Key=key, Body=b"x")
        s3 = self.bound("s3", allow("s3:DeleteObject", f"arn:aws:s3:::{name}/a/*"))
        both = {"Objects": [{"Key": "a/1"}, {"Key": "b/1"}]}
        said = s3.delete_objects(Bucket=name, Delete=both)
        self.assertEqual([one["Key"] for one in said["Deleted"]], ["a/1"])
        self.assertEqual([(one["Key"], one["Code"]) for one in said["Errors"]], [("b/1", "AccessDenied")])
        version = {"Objects": [{"Key": "a/1", "VersionId": "null"}]}
        self.assertEqual(len(s3.delete_objects(Bucket=name, Delete=version)["Errors"]), 1)
        self.bind(allow("s3:DeleteObjectVersion", f"arn:aws:s3:::{name}/*"))
        self.assertNotIn("Errors", s3.delete_objects(Bucket=name, Delete=version))


class Network(Bound):
    """Rights of EC2."""

    def test_an_endpoint_takes_rights_on_all_that_it_touches(self) -> None:
        made = self.tell("vpc")
        service = f"com.amazonaws.{REGION}.bedrock-runtime"
        tags = [{"ResourceType": "vpc-endpoint", "Tags": TAGS}]
        make = {
            "VpcId": made["vpc_id"], "ServiceName": service, "VpcEndpointType": "Interface",
            "SubnetIds": made["subnet_ids"], "SecurityGroupIds": made["security_group_ids"],
            "PrivateDnsEnabled": False, "TagSpecifications": tags,
        }  # fmt: skip
        vpc, endpoints = self.arn("ec2", f"vpc/{made['vpc_id']}"), self.arn("ec2", "vpc-endpoint/*")
        touched = allow("ec2:CreateVpcEndpoint", [vpc, self.arn("ec2", "subnet/*")])
        groups = allow("ec2:CreateVpcEndpoint", self.arn("ec2", "security-group/*"))
        named = {"StringEquals": {"ec2:VpceServiceName": service} | GIVEN["StringEquals"]}
        new = allow("ec2:CreateVpcEndpoint", endpoints, **named)
        by = {"ec2:CreateAction": "CreateVpcEndpoint"}
        tagging = allow("ec2:CreateTags", endpoints, StringEquals=by | GIVEN["StringEquals"])
        reads = allow("ec2:Describe*", "*")
        ec2 = self.bound("ec2", touched)
        group = self.arn("ec2", f"security-group/{made['security_group_ids'][0]}")
        refused = {"code": "UnauthorizedOperation", "call": ec2.create_vpc_endpoint}
        self.denied("ec2:CreateVpcEndpoint", group, **refused, **make)
        self.bind(touched, groups)
        self.denied("ec2:CreateVpcEndpoint", endpoints, **refused, **make)
        self.bind(touched, groups, new)
        self.denied("ec2:CreateTags", endpoints, **refused, **make)
        self.bind(touched, groups, new, tagging)
        self.denied("ec2:DescribeVpcs", "*", **refused, **make)
        self.bind(touched, groups, new, tagging, reads)
        private = make | {"PrivateDnsEnabled": True}
        self.denied("route53:AssociateVPCWithHostedZone", "arn:aws:route53:::hostedzone/*", **refused, **private)
        id = ec2.create_vpc_endpoint(**make)["VpcEndpoint"]["VpcEndpointId"]
        self.assertEqual(self.used()["S4"], {"ec2:CreateTags": 1})
        self.bind(allow("ec2:DeleteVpcEndpoints", endpoints, **OWNED), allow("ec2:ModifyVpcEndpoint", endpoints))
        more = {"VpcEndpointId": id, "RemoveSubnetIds": made["subnet_ids"][:1], "code": "UnauthorizedOperation"}
        subnet = self.arn("ec2", f"subnet/{made['subnet_ids'][0]}")
        self.denied("ec2:ModifyVpcEndpoint", subnet, ec2.modify_vpc_endpoint, **more)
        ec2.delete_vpc_endpoints(VpcEndpointIds=[id])

    def test_what_describes_one_network_can_be_narrowed(self) -> None:
        vpc = self.tell("vpc")["vpc_id"]
        ec2 = self.bound("ec2", allow("ec2:DescribeVpcAttribute", self.arn("ec2", f"vpc/{vpc}")))
        ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsSupport")
        self.denied("ec2:DescribeVpcs", "*", ec2.describe_vpcs, "UnauthorizedOperation")


class Bedrock(Bound):
    """Rights of Bedrock."""

    def test_a_role_must_be_passed_to_bedrock(self) -> None:
        role = f"arn:aws:iam::{self.account}:role/logging/r"
        config = {"cloudWatchConfig": {"logGroupName": GROUP, "roleArn": role}}
        put = allow("bedrock:PutModelInvocationLoggingConfiguration", "*")
        bedrock = self.bound("bedrock", put, allow("iam:PassRole", role, StringEquals={"iam:PassedToService": "x"}))
        call = bedrock.put_model_invocation_logging_configuration
        self.denied("iam:PassRole", role, call, "AccessDeniedException", loggingConfig=config)
        self.bind(put, allow("iam:PassRole", role, StringEquals={"iam:PassedToService": "bedrock.amazonaws.com"}))
        # Let through, so that the setting itself is looked at.
        self.refused("ValidationException", call, loggingConfig=config)
        self.denied(
            "bedrock:GetModelInvocationLoggingConfiguration", "*",
            bedrock.get_model_invocation_logging_configuration, "AccessDeniedException",
        )  # fmt: skip


class Others(Bound):
    """Rights of SNS, CloudWatch, Budgets and the tagging API."""

    def test_a_topic_is_tagged_by_a_right_of_its_own(self) -> None:
        arn = self.arn("sns", "alerts")
        sns = self.bound("sns", allow("sns:CreateTopic", arn))
        self.denied("sns:TagResource", arn, sns.create_topic, "AuthorizationError", Name="alerts", Tags=TAGS)
        self.bind(allow(["sns:CreateTopic", "sns:TagResource"], arn, **GIVEN))
        sns.create_topic(Name="alerts", Tags=TAGS)
        only_mail = {"StringEquals": {"sns:Protocol": "email"}}
        self.bind(allow("sns:Subscribe", arn, **only_mail), allow("sns:GetTopicAttributes", arn, **OWNED))
        sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="a@example.com")
        sns.get_topic_attributes(TopicArn=arn)
        subscribe = {"TopicArn": arn, "Protocol": "https", "Endpoint": "https://example.com"}
        self.denied("sns:Subscribe", arn, sns.subscribe, "AuthorizationError", **subscribe)

    def test_composite_alarms_and_all_alarms_take_wide_rights(self) -> None:
        alarms = self.arn("cloudwatch", "alarm:mine-*")
        watch = self.bound("cloudwatch", allow(["cloudwatch:PutMetricAlarm", "cloudwatch:DescribeAlarms"], alarms))
        alarm: dict[str, Any] = {
            "AlarmName": "mine-1", "MetricName": "m", "Namespace": "n", "Period": 60, "EvaluationPeriods": 1,
            "Threshold": 1.0, "ComparisonOperator": "GreaterThanThreshold", "Statistic": "Sum",
        }  # fmt: skip
        watch.put_metric_alarm(**alarm)
        self.denied(
            "cloudwatch:TagResource", "", watch.put_metric_alarm, Tags=TAGS, **(alarm | {"AlarmName": "mine-2"})
        )
        self.denied("cloudwatch:DescribeAlarms", self.arn("cloudwatch", "alarm:*"), watch.describe_alarms)
        self.bind(allow("cloudwatch:DescribeAlarms", self.arn("cloudwatch", "alarm:*")))
        watch.describe_alarms()
        both = {"AlarmTypes": ["CompositeAlarm", "MetricAlarm"]}
        self.denied("cloudwatch:DescribeAlarms", "* ", watch.describe_alarms, **both)
        self.bind(allow("cloudwatch:PutCompositeAlarm", alarms))
        composite = {"AlarmName": "mine-3", "AlarmRule": 'ALARM("mine-1")'}
        self.denied("cloudwatch:PutCompositeAlarm", "* ", watch.put_composite_alarm, **composite)

    def test_a_dashboard_has_no_region(self) -> None:
        arn = self.arn("cloudwatch", "dashboard/d", "")
        watch = self.bound("cloudwatch", allow("cloudwatch:GetDashboard", self.arn("cloudwatch", "dashboard/d")))
        self.denied("cloudwatch:GetDashboard", arn, watch.get_dashboard, DashboardName="d")

    def test_a_budget_is_modified_and_viewed(self) -> None:
        arn = self.arn("budgets", "budget/b", "")
        budgets = self.bound("budgets", allow("budgets:ModifyBudget", arn))
        budget = {"BudgetName": "b", "BudgetType": "COST", "TimeUnit": "MONTHLY"}
        make = {"AccountId": self.account, "Budget": budget | {"BudgetLimit": {"Amount": "1", "Unit": "USD"}}}
        refused = {"code": "AccessDeniedException"}
        tags = {"ResourceTags": TAGS}
        self.denied("budgets:TagResource", arn, budgets.create_budget, **refused, **make, **tags)
        budgets.create_budget(**make)
        named = {"AccountId": self.account, "BudgetName": "b"}
        self.denied("budgets:ViewBudget", arn, budgets.describe_budget, **refused, **named)
        everywhere = self.arn("budgets", "budget/*", "")
        self.denied("budgets:ViewBudget", everywhere, budgets.describe_budgets, AccountId=self.account, **refused)

    def test_what_is_tagged_is_told_of_everything_or_nothing(self) -> None:
        tagging = self.bound("resourcegroupstaggingapi", allow("tag:GetTagKeys", "*"))
        self.denied("tag:GetResources", "* ", tagging.get_resources, "AccessDeniedException")
