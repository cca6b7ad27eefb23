"""Owns the check of what AWS refuses and moto takes."""

from __future__ import annotations

from .case import ACCOUNTS, GROUP, REGION, EmulatorCase, allow, document


class Refusal(EmulatorCase):
    """What AWS refuses and moto takes."""

    def test_a_role_cannot_trust_a_role_that_is_absent(self) -> None:
        iam = self.client("iam")
        trust = self.trust.replace(":root", ":role/nobody")
        words = self.refused("MalformedPolicyDocument", iam.create_role, RoleName="r", AssumeRolePolicyDocument=trust)
        self.assertEqual(words, f'Invalid principal in policy: "AWS":"arn:aws:iam::{self.account}:role/nobody"')
        iam.create_role(RoleName="nobody", AssumeRolePolicyDocument=self.trust)
        iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust)
        iam.delete_role(RoleName="nobody")
        kept = iam.get_role(RoleName="r")["Role"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["AWS"]
        self.assertTrue(kept.startswith("AROA"), kept)

    def test_a_role_policy_needs_an_action_and_a_resource(self) -> None:
        iam = self.client("iam")
        iam.create_role(RoleName="r", AssumeRolePolicyDocument=self.trust)
        for bad in ("no json", document(allow("s3:*")), document({"Effect": "Allow", "Resource": "*"})):
            arguments = {"RoleName": "r", "PolicyName": "p", "PolicyDocument": bad}
            self.refused("MalformedPolicyDocument", iam.put_role_policy, **arguments)
        self.refused("MalformedPolicyDocument", iam.create_role, RoleName="x", AssumeRolePolicyDocument="no json")

    def test_a_role_with_a_policy_cannot_be_deleted(self) -> None:
        iam = self.client("iam")
        iam.create_role(RoleName="r", AssumeRolePolicyDocument=self.trust)
        iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=document(allow("s3:*", "*")))
        self.refused("DeleteConflict", iam.delete_role, RoleName="r")

    def test_a_key_policy_cannot_lock_its_account_out(self) -> None:
        kms = self.client("kms")
        bad = document(allow("kms:*", "*", {"Service": "logs.us-east-1.amazonaws.com"}))
        self.refused("MalformedPolicyDocumentException", kms.create_key, Policy=bad)
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        arguments = {"KeyId": key, "PolicyName": "default", "Policy": bad}
        self.refused("MalformedPolicyDocumentException", kms.put_key_policy, **arguments)

    def test_a_key_that_is_disabled_or_awaits_deletion_cannot_be_changed(self) -> None:
        kms = self.client("kms")
        key = kms.create_key()["KeyMetadata"]["Arn"]
        kms.disable_key(KeyId=key)
        self.refused("DisabledException", kms.enable_key_rotation, KeyId=key)
        self.refused("ValidationException", kms.schedule_key_deletion, KeyId=key, PendingWindowInDays=6)
        said = kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
        self.assertEqual((said["KeyId"], said["KeyState"]), (key, "PendingDeletion"))
        for call in (kms.enable_key, kms.enable_key_rotation, kms.schedule_key_deletion):
            self.refused("KMSInvalidStateException", call, KeyId=key)

    def test_a_log_group_takes_only_a_key_that_lets_logs_use_it(self) -> None:
        logs, kms = self.client("logs"), self.client("kms")
        closed = kms.create_key()["KeyMetadata"]["Arn"]
        absent = f"arn:aws:kms:{REGION}:{self.account}:key/12345678-1234-1234-1234-123456789012"
        good = self.logs_key()
        for bad in ("alias/x", absent, closed, good.rpartition("/")[2]):
            self.refused("InvalidParameterException", logs.create_log_group, logGroupName=GROUP, kmsKeyId=bad)
        # The policy names one group only.
        self.refused("InvalidParameterException", logs.create_log_group, logGroupName="/other", kmsKeyId=good)
        logs.create_log_group(logGroupName=GROUP)
        kms.disable_key(KeyId=good)
        self.refused("InvalidParameterException", logs.associate_kms_key, logGroupName=GROUP, kmsKeyId=good)

    def test_a_retention_must_be_one_that_there_is(self) -> None:
        logs = self.client("logs")
        logs.create_log_group(logGroupName=GROUP)
        self.refused("InvalidParameterException", logs.put_retention_policy, logGroupName=GROUP, retentionInDays=31)
        logs.put_retention_policy(logGroupName=GROUP, retentionInDays=30)

    def test_a_bucket_policy_must_be_json_with_a_principal_and_its_own_bucket(self) -> None:
        s3 = self.client("s3")
        name = f"policy-{self.account}"
        s3.create_bucket(Bucket=name)
        elsewhere = document(allow("s3:*", "arn:aws:s3:::elsewhere/*", {"AWS": self.root}))
        for bad in ("no json", document(allow("s3:*", f"arn:aws:s3:::{name}/*")), elsewhere):
            self.refused("MalformedPolicy", s3.put_bucket_policy, Bucket=name, Policy=bad)
        public = document(allow("s3:GetObject", f"arn:aws:s3:::{name}/*", "*"))
        self.refused("AccessDenied", s3.put_bucket_policy, Bucket=name, Policy=public)

    def test_a_bucket_is_its_owners_alone(self) -> None:
        name = f"mine-{self.account}"
        self.client("s3").create_bucket(Bucket=name)
        other = self.client("s3", account=next(ACCOUNTS))
        self.refused("BucketAlreadyExists", other.create_bucket, Bucket=name)
        self.refused("AccessDenied", other.get_bucket_tagging, Bucket=name)
        self.refused("403", other.head_bucket, Bucket=name)
        mine = self.client("s3")
        self.refused("AccessDenied", mine.get_bucket_policy, Bucket=name, ExpectedBucketOwner="999999999999")

    def test_a_bucket_with_versions_cannot_be_deleted(self) -> None:
        s3 = self.client("s3")
        name = f"versions-{self.account}"
        s3.create_bucket(Bucket=name)
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        s3.put_object(Bucket=name, Key="a/b", Body=b"1")
        s3.delete_object(Bucket=name, Key="a/b")
        self.refused("BucketNotEmpty", s3.delete_bucket, Bucket=name)
        first = s3.list_object_versions(Bucket=name, MaxKeys=1)
        self.assertTrue(first["IsTruncated"])
        listed = s3.list_object_versions(Bucket=name)
        objects = [{"Key": v["Key"], "VersionId": v["VersionId"]} for v in listed["Versions"] + listed["DeleteMarkers"]]
        s3.delete_objects(Bucket=name, Delete={"Objects": objects})
        s3.delete_bucket(Bucket=name)
