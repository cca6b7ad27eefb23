"""Owns the check of what moto lacks, and of the views and seeds of the control endpoints."""

from __future__ import annotations

from .case import ACCOUNTS, GROUP, REGION, TAGS, EmulatorCase


class Addition(EmulatorCase):
    """What moto lacks, or answers otherwise than AWS."""

    def test_the_access_key_selects_the_account_in_every_service(self) -> None:
        self.assertEqual(self.client("sts").get_caller_identity()["Account"], self.account)
        self.assertEqual(self.client("sts").get_caller_identity()["Arn"], f"arn:aws:iam::{self.account}:user/moto")
        self.client("kms", region="eu-west-1").create_key(Tags=[{"TagKey": "a", "TagValue": "b"}])
        self.assertEqual(len(self.ask("inventory", region="eu-west-1")["keys"]), 1)
        self.assertEqual(self.ask("inventory", account=next(ACCOUNTS), region="eu-west-1")["keys"], [])

    def test_an_assumed_role_acts_in_the_account_of_the_role(self) -> None:
        other = next(ACCOUNTS)
        self.client("iam", account=other).create_role(RoleName="r", AssumeRolePolicyDocument=self.trust)
        role = f"arn:aws:iam::{other}:role/r"
        given = self.client("sts").assume_role(RoleArn=role, RoleSessionName="check")["Credentials"]
        as_role = self.client("sts", account=given["AccessKeyId"]).get_caller_identity()
        self.assertEqual(as_role["Arn"], f"arn:aws:sts::{other}:assumed-role/r/check")
        self.assertEqual(len(self.client("iam", account=given["AccessKeyId"]).list_roles()["Roles"]), 1)

    def test_a_log_groups_key_can_be_changed_and_taken_away(self) -> None:
        logs, key = self.client("logs"), self.logs_key()
        logs.create_log_group(logGroupName=GROUP)
        arn = f"arn:aws:logs:{REGION}:{self.account}:log-group:{GROUP}"
        logs.associate_kms_key(resourceIdentifier=arn, kmsKeyId=key)
        self.assertEqual(logs.describe_log_groups()["logGroups"][0]["kmsKeyId"], key)
        logs.disassociate_kms_key(logGroupName=GROUP)
        self.assertNotIn("kmsKeyId", logs.describe_log_groups()["logGroups"][0])
        self.refused("ResourceNotFoundException", logs.disassociate_kms_key, logGroupName="/none")

    def test_a_bucket_has_its_tags_and_defaults_from_the_start(self) -> None:
        s3, name = self.client("s3"), f"fresh-{self.account}"
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"Tags": TAGS})
        s3.create_bucket(Bucket=name)
        self.assertEqual(s3.get_bucket_tagging(Bucket=name)["TagSet"], TAGS)
        rule = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"][0]
        self.assertEqual(rule["ApplyServerSideEncryptionByDefault"], {"SSEAlgorithm": "AES256"})
        blocked = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
        self.assertEqual(set(blocked.values()), {True})
        west = self.client("s3", region="us-west-2")
        place = {"LocationConstraint": "us-west-2", "Tags": TAGS}
        west.create_bucket(Bucket=name + "-west", CreateBucketConfiguration=place)
        self.assertEqual(west.get_bucket_tagging(Bucket=name + "-west")["TagSet"], TAGS)

    def test_a_bucket_does_not_inherit_the_tags_of_a_deleted_one(self) -> None:
        s3, name = self.client("s3"), f"again-{self.account}"
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"Tags": TAGS})
        s3.delete_bucket(Bucket=name)
        s3.create_bucket(Bucket=name)
        self.refused("NoSuchTagSet", s3.get_bucket_tagging, Bucket=name)

    def test_a_bucket_can_be_made_without_defaults(self) -> None:
        self.tell("bucket_defaults", on=False)
        s3, name = self.client("s3"), f"bare-{self.account}"
        s3.create_bucket(Bucket=name)
        self.refused("NoSuchPublicAccessBlockConfiguration", s3.get_public_access_block, Bucket=name)

    def test_lists_of_keys_come_in_pages(self) -> None:
        kms = self.client("kms")
        made = {kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(3)}
        first = kms.list_keys(Limit=2)
        second = kms.list_keys(Limit=2, Marker=first["NextMarker"])
        self.assertEqual((first["Truncated"], second["Truncated"]), (True, False))
        self.assertEqual({key["KeyId"] for key in first["Keys"] + second["Keys"]}, made)

    def test_a_bucket_can_be_filled_with_more_than_one_page(self) -> None:
        s3, name = self.client("s3"), f"full-{self.account}"
        s3.create_bucket(Bucket=name)
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        self.tell("objects", bucket=name, count=501, versions=2)
        first = s3.list_object_versions(Bucket=name)
        self.assertEqual((first["IsTruncated"], len(first["Versions"])), (True, 1000))
        more = {"KeyMarker": first["NextKeyMarker"], "VersionIdMarker": first["NextVersionIdMarker"]}
        self.assertEqual(len(s3.list_object_versions(Bucket=name, **more)["Versions"]), 2)
        self.assertEqual(self.ask("inventory")["buckets"][0]["objects"], 1002)
        too_many = [{"Key": str(number)} for number in range(1001)]
        self.refused("MalformedXML", s3.delete_objects, Bucket=name, Delete={"Objects": too_many})

    def test_a_network_and_a_key_have_the_ids_that_were_asked_for(self) -> None:
        subnets, groups = ["subnet-12345678", "subnet-87654321"], ["sg-abcdef12"]
        self.tell("vpc", subnet_ids=subnets, security_group_ids=groups)
        ec2 = self.client("ec2")
        found = ec2.describe_subnets(SubnetIds=subnets)["Subnets"]
        self.assertEqual(len({subnet["AvailabilityZone"] for subnet in found}), 2)
        self.assertEqual(ec2.describe_security_groups(GroupIds=groups)["SecurityGroups"][0]["GroupId"], groups[0])
        self.tell("key", key_id="12345678-1234-1234-1234-123456789012")
        self.client("kms").describe_key(KeyId="12345678-1234-1234-1234-123456789012")

    def test_the_inventory_shows_what_there_is(self) -> None:
        kms = self.client("kms")
        key = kms.create_key(Tags=[{"TagKey": "a", "TagValue": "b"}])["KeyMetadata"]["KeyId"]
        kms.create_alias(AliasName="alias/mine", TargetKeyId=key)
        kms.describe_key(KeyId="alias/aws/s3")
        self.client("logs").create_log_group(logGroupName=GROUP, tags={"a": "b"})
        shown = self.ask("inventory")
        keys = [(one["id"], one["tags"], one["aliases"]) for one in shown["keys"]]
        self.assertEqual(keys, [(key, {"a": "b"}, ["alias/mine"])])
        self.assertEqual(shown["aliases"], [{"name": "alias/mine", "key": key}])
        self.assertEqual(shown["log_groups"], [{"name": GROUP, "retention": None, "kms_key": None, "tags": {"a": "b"}}])
        self.assertIsNone(shown["invocation_logging"])
