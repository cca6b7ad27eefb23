"""Owns the check of the Resource Groups Tagging API, over what the other services keep."""

from __future__ import annotations

from typing import Any

from .case import GROUP, REGION, TAGS, EmulatorCase
from .test_cloudwatch import PLAIN

OURS = [{"Key": "owner", "Values": ["groundwork"]}]


class Tagging(EmulatorCase):
    """GetResources."""

    def arns(self, region: str = REGION, **query: Any) -> list[str]:
        found = self.client("resourcegroupstaggingapi", region=region).get_resources(**query)
        return [one["ResourceARN"] for one in found["ResourceTagMappingList"]]

    def make(self) -> list[str]:
        """One of each kind, and where the API would list it."""
        key = self.client("kms").create_key(Tags=[{"TagKey": "owner", "TagValue": "groundwork"}])["KeyMetadata"]["Arn"]
        self.client("logs").create_log_group(logGroupName=GROUP, tags={"owner": "groundwork"})
        bucket = f"tagged-{self.account}"
        self.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"Tags": TAGS})
        topic = self.client("sns").create_topic(Name="t", Tags=TAGS)["TopicArn"]
        self.client("cloudwatch").put_metric_alarm(AlarmName="a", Tags=TAGS, **PLAIN)
        source = f"arn:aws:bedrock:{REGION}:{self.account}:inference-profile/us.anthropic.claude-opus-5-5"
        profile = self.client("bedrock").create_inference_profile(
            inferenceProfileName="p", modelSource={"copyFrom": source}, tags=[{"key": "owner", "value": "groundwork"}]
        )["inferenceProfileArn"]
        network, service = self.tell("vpc"), f"com.amazonaws.{REGION}.sts"
        endpoint = self.client("ec2").create_vpc_endpoint(
            VpcEndpointType="Interface",
            VpcId=network["vpc_id"],
            ServiceName=service,
            TagSpecifications=[{"ResourceType": "vpc-endpoint", "Tags": TAGS}],
        )["VpcEndpoint"]["VpcEndpointId"]
        iam = self.client("iam")
        iam.create_role(RoleName="r", AssumeRolePolicyDocument=self.trust, Tags=TAGS)
        provider = iam.create_open_id_connect_provider(Url="https://x.example.com", Tags=TAGS)
        here = f"{REGION}:{self.account}"
        return [
            key,
            f"arn:aws:logs:{here}:log-group:{GROUP}",
            f"arn:aws:s3:::{bucket}",
            f"arn:aws:ec2:{here}:vpc-endpoint/{endpoint}",
            topic,
            f"arn:aws:cloudwatch:{here}:alarm:a",
            profile,
            provider["OpenIDConnectProviderArn"],
        ]

    def test_it_finds_everything_with_a_tag_but_roles(self) -> None:
        made = self.make()
        self.client("kms").create_key()
        self.assertEqual(self.arns(TagFilters=OURS), made)
        self.assertEqual(self.arns(), made)
        self.assertEqual(self.arns(region="us-west-2"), [])
        self.assertEqual(self.arns(TagFilters=[{"Key": "owner", "Values": ["other", "groundwork"]}]), made)
        self.assertEqual(self.arns(TagFilters=[{"Key": "owner"}]), made)
        self.assertEqual(self.arns(TagFilters=[*OURS, {"Key": "team"}]), [])
        types = ["kms:key", "bedrock:application-inference-profile", "sns"]
        self.assertEqual(self.arns(ResourceTypeFilters=types), [made[0], made[4], made[6]])
        self.assertEqual(self.arns(ResourceARNList=[*made[:2], "arn:aws:sns:us-east-1:1:none"]), made[:2])

    def test_it_gives_a_hundred_a_page_and_speaks_cbor(self) -> None:
        cloudwatch = self.client("cloudwatch")
        for number in range(101):
            cloudwatch.put_metric_alarm(AlarmName=f"a{number}", Tags=TAGS, **PLAIN)
        for api in (self.client("resourcegroupstaggingapi"), self.cbor_client("resourcegroupstaggingapi")):
            first = api.get_resources(TagFilters=OURS)
            last = api.get_resources(TagFilters=OURS, PaginationToken=first["PaginationToken"])
            self.assertEqual(len(first["ResourceTagMappingList"]), 100)
            self.assertEqual(last["ResourceTagMappingList"][0]["Tags"], TAGS)
            self.assertEqual((len(last["ResourceTagMappingList"]), last["PaginationToken"]), (1, ""))
            self.refused("InvalidParameterException", api.get_resources, PaginationToken="bad")
            self.refused("InvalidParameterException", api.get_resources, ResourcesPerPage=101)

    def test_what_is_deleted_is_not_found_and_a_key_only_once_it_is_gone(self) -> None:
        self.make()
        key = self.arns(ResourceTypeFilters=["kms"])[0]
        self.client("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
        self.client("sns").delete_topic(TopicArn=self.arns(ResourceTypeFilters=["sns"])[0])
        self.assertEqual(self.arns(ResourceTypeFilters=["sns", "kms"]), [key])
