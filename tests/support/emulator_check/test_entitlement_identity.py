"""Owns the check of the rights that IAM's and KMS's calls need."""

from __future__ import annotations

from typing import Any

from .bound import EVERYTHING, GIVEN, NAME, OWNED, Bound
from .case import TAGS, allow, document


class Iam(Bound):
    """Rights of IAM."""

    def test_a_role_has_its_path_in_its_arn_and_an_absent_role_has_none(self) -> None:
        mine = f"arn:aws:iam::{self.account}:role/mine/*"
        iam = self.bound("iam", allow(["iam:CreateRole", "iam:GetRole", "iam:PutRolePolicy"], mine))
        make: dict[str, Any] = {"RoleName": "r", "AssumeRolePolicyDocument": self.trust}
        self.denied("iam:GetRole", "role r ", iam.get_role, RoleName="r")
        self.denied("iam:CreateRole", f"arn:aws:iam::{self.account}:role/r ", iam.create_role, **make)
        iam.create_role(Path="/mine/", **make)
        iam.get_role(RoleName="r")
        arguments = {"RoleName": "r", "PolicyName": "p", "PolicyDocument": document(allow("s3:*", "*"))}
        iam.put_role_policy(**arguments)
        self.denied("iam:DeleteRole", f"arn:aws:iam::{self.account}:role/mine/r", iam.delete_role, RoleName="r")

    def test_tags_at_creation_are_a_right_of_their_own(self) -> None:
        role = f"arn:aws:iam::{self.account}:role/r"
        make: dict[str, Any] = {"RoleName": "r", "AssumeRolePolicyDocument": self.trust, "Tags": TAGS}
        iam = self.bound("iam", allow("iam:CreateRole", role))
        self.denied("iam:TagRole", role, iam.create_role, **make)
        self.bind(allow("iam:CreateRole", role), allow("iam:TagRole", role, **GIVEN))
        self.denied("iam:TagRole", role, iam.create_role, **(make | {"Tags": [{"Key": "owner", "Value": "x"}]}))
        iam.create_role(**make)
        self.bind(allow("iam:TagRole", role, **OWNED))
        iam.tag_role(RoleName="r", Tags=[{"Key": "more", "Value": "x"}])
        self.bind(allow("iam:TagRole", role, **{"ForAllValues:StringEquals": {"aws:TagKeys": ["more"]}}))
        iam.tag_role(RoleName="r", Tags=[{"Key": "more", "Value": "y"}])
        self.denied("iam:TagRole", role, iam.tag_role, RoleName="r", Tags=[{"Key": "b", "Value": "y"}])

    def test_the_boundary_is_in_the_context(self) -> None:
        made = self.client("iam").create_policy(PolicyName="b", PolicyDocument=document(allow("s3:*", "*")))
        boundary = made["Policy"]["Arn"]
        within = {"StringEquals": {"iam:PermissionsBoundary": boundary}}
        iam = self.bound("iam", allow(["iam:CreateRole", "iam:PutRolePolicy"], "*", **within))
        make: dict[str, Any] = {"RoleName": "r", "AssumeRolePolicyDocument": self.trust}
        put = {"RoleName": "r", "PolicyName": "p", "PolicyDocument": document(allow("s3:*", "*"))}
        self.denied("iam:CreateRole", "", iam.create_role, **make)
        iam.create_role(PermissionsBoundary=boundary, **make)
        iam.put_role_policy(**put)
        self.client("iam").delete_role_permissions_boundary(RoleName="r")
        self.denied("iam:PutRolePolicy", "", iam.put_role_policy, **put)

    def test_an_identity_provider_goes_by_its_url(self) -> None:
        arn = f"arn:aws:iam::{self.account}:oidc-provider/id.example.com/tenant"
        every = ["iam:CreateOpenIDConnectProvider", "iam:GetOpenIDConnectProvider", "iam:TagOpenIDConnectProvider"]
        iam = self.bound("iam", allow(every, arn))
        thumb = ["a" * 40]
        iam.create_open_id_connect_provider(Url="https://id.example.com/tenant", ThumbprintList=thumb, Tags=TAGS)
        iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
        self.denied("iam:ListOpenIDConnectProviders", "* ", iam.list_open_id_connect_providers)
        self.denied(
            "iam:DeleteOpenIDConnectProvider", arn, iam.delete_open_id_connect_provider, OpenIDConnectProviderArn=arn
        )


class Kms(Bound):
    """Rights of KMS."""

    def test_a_key_is_created_and_tagged_by_two_rights(self) -> None:
        kms = self.bound("kms", allow("kms:CreateKey", self.arn("kms", "key/*")))
        tags = [{"TagKey": "owner", "TagValue": "groundwork"}]
        refused = {"code": "AccessDeniedException", "call": kms.create_key}
        self.denied("kms:CreateKey", "* ", **refused)
        self.bind(allow("kms:CreateKey", "*", **GIVEN))
        self.denied("kms:CreateKey", "* ", **refused)
        self.denied("kms:TagResource", "", Tags=tags, **refused)
        self.bind(allow("kms:CreateKey", "*", **GIVEN), allow("kms:TagResource", self.arn("kms", "key/*"), **OWNED))
        self.denied("kms:TagResource", "", Tags=tags, **refused)
        self.bind(allow("kms:CreateKey", "*", **GIVEN), allow("kms:TagResource", self.arn("kms", "key/*"), **GIVEN))
        kms.create_key(Tags=tags)

    def test_the_caller_must_be_able_to_change_the_new_keys_policy(self) -> None:
        kms = self.bound("kms", allow("kms:CreateKey", "*"), allow("kms:PutKeyPolicy", "*", **OWNED))
        words = self.refused("MalformedPolicyDocumentException", kms.create_key, Policy=self.key_policy())
        self.assertIn("will not allow you to update the key policy", words)
        kms.create_key()
        caller = {"AWS": f"arn:aws:iam::{self.account}:role/{NAME}"}
        kms.create_key(Policy=self.key_policy(allow("kms:PutKeyPolicy", "*", caller)))
        self.bind(allow("kms:CreateKey", "*"), allow("kms:PutKeyPolicy", self.arn("kms", "key/*")))
        kms.create_key(Policy=self.key_policy())

    def test_a_key_is_known_by_its_tags_and_aliases_however_it_is_named(self) -> None:
        admin = self.client("kms")
        key = admin.create_key(Tags=[{"TagKey": "owner", "TagValue": "groundwork"}])["KeyMetadata"]["Arn"]
        admin.create_alias(AliasName="alias/mine", TargetKeyId=key)
        other = admin.create_key()["KeyMetadata"]["Arn"]
        kms = self.bound("kms", allow("kms:DescribeKey", "*", **OWNED))
        for name in (key, key.rpartition("/")[2], "alias/mine"):
            kms.describe_key(KeyId=name)
        refused = {"code": "AccessDeniedException", "call": kms.describe_key}
        self.denied("kms:DescribeKey", other, KeyId=other, **refused)
        self.refused("NotFoundException", kms.describe_key, KeyId="alias/absent")
        self.bind(allow("kms:DescribeKey", self.arn("kms", "alias/mine")))
        self.denied("kms:DescribeKey", key, KeyId="alias/mine", **refused)
        self.bind(allow("kms:DescribeKey", "*", StringEquals={"kms:RequestAlias": "alias/mine"}))
        kms.describe_key(KeyId="alias/mine")
        self.denied("kms:DescribeKey", key, KeyId=key, **refused)
        by_alias = {"ForAnyValue:StringLike": {"kms:ResourceAliases": "alias/m*"}}
        self.bind(allow("kms:DescribeKey", "*", **by_alias))
        kms.describe_key(KeyId=key)
        self.denied("kms:DescribeKey", other, KeyId=other, **refused)

    def test_an_alias_needs_the_right_on_itself_and_on_its_key(self) -> None:
        key = self.client("kms").create_key(Tags=[{"TagKey": "owner", "TagValue": "groundwork"}])["KeyMetadata"]["Arn"]
        kms, alias = self.bound("kms"), self.arn("kms", "alias/mine")
        on_alias, on_key = allow("kms:CreateAlias", alias), allow("kms:CreateAlias", self.arn("kms", "key/*"), **OWNED)
        make = {"AliasName": "alias/mine", "TargetKeyId": key, "code": "AccessDeniedException"}
        self.bind(on_key)
        self.denied("kms:CreateAlias", alias, kms.create_alias, **make)
        self.bind(on_alias)
        self.denied("kms:CreateAlias", key, kms.create_alias, **make)
        self.bind(on_alias, on_key)
        kms.create_alias(AliasName="alias/mine", TargetKeyId=key)
        self.denied("kms:DeleteAlias", alias, kms.delete_alias, "AccessDeniedException", AliasName="alias/mine")

    def test_a_keys_own_policy_has_a_say(self) -> None:
        closed = document(allow("kms:*Policy", "*", {"AWS": self.root}))
        key = self.client("kms").create_key(Policy=closed)["KeyMetadata"]["Arn"]
        kms = self.bound("kms", EVERYTHING)
        kms.get_key_policy(KeyId=key, PolicyName="default")
        words = self.refused("AccessDeniedException", kms.describe_key, KeyId=key)
        self.assertIn("because no resource-based policy allows the kms:DescribeKey action", words)

    def test_conditions_can_look_at_numbers_and_flags(self) -> None:
        key = self.client("kms").create_key()["KeyMetadata"]["KeyId"]
        weeks = {"NumericGreaterThanEquals": {"kms:ScheduleKeyDeletionPendingWindowInDays": "14"}}
        kms = self.bound("kms", allow("kms:ScheduleKeyDeletion", "*", Bool={"kms:MultiRegion": False}, **weeks))
        schedule = {"KeyId": key, "PendingWindowInDays": 7, "code": "AccessDeniedException"}
        self.denied("kms:ScheduleKeyDeletion", "", kms.schedule_key_deletion, **schedule)
        kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=14)
