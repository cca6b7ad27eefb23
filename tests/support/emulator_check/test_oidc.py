"""Owns the check of IAM's OpenID Connect providers, of trust in them, and of the list of roles."""

from __future__ import annotations

from .case import TAGS, EmulatorCase, allow, document

URL = "https://login.example.com/tenant/v2.0"


class Oidc(EmulatorCase):
    """Providers and who trusts them."""

    def setUp(self) -> None:
        super().setUp()
        self.iam = self.client("iam")
        self.arn = f"arn:aws:iam::{self.account}:oidc-provider/login.example.com/tenant/v2.0"

    def create(self, url: str = URL, **more: object) -> str:
        return self.iam.create_open_id_connect_provider(Url=url, **more)["OpenIDConnectProviderArn"]

    def shown(self) -> dict[str, object]:
        return self.iam.get_open_id_connect_provider(OpenIDConnectProviderArn=self.arn)

    def test_a_provider_is_shown_without_its_scheme_and_with_a_thumbprint(self) -> None:
        self.assertEqual(self.create(ClientIDList=["one"], Tags=TAGS), self.arn)
        shown = self.shown()
        self.assertEqual((shown["Url"], shown["ClientIDList"]), (URL.removeprefix("https://"), ["one"]))
        self.assertEqual((shown["Tags"], len(shown["ThumbprintList"])), (TAGS, 1))  # type: ignore[arg-type]
        listed = self.iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
        self.assertEqual(listed, [{"Arn": self.arn}])

    def test_a_provider_is_made_once_and_over_https(self) -> None:
        self.create()
        words = self.refused("EntityAlreadyExists", self.create)
        self.assertEqual(words, f"Provider with url {URL} already exists.")
        for bad in ("http://login.example.com", "login.example.com"):
            self.refused("ValidationError", self.create, url=bad)
        self.refused("InvalidInput", self.create, url="https://login.example.com?x=y")

    def test_client_ids_can_be_added_and_removed_again_and_again(self) -> None:
        self.create(ClientIDList=["one"])
        for _ in range(2):
            self.iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=self.arn, ClientID="two")
        self.assertEqual(self.shown()["ClientIDList"], ["one", "two"])
        for _ in range(2):
            self.iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=self.arn, ClientID="one")
        self.assertEqual(self.shown()["ClientIDList"], ["two"])

    def test_thumbprints_and_tags_can_be_changed(self) -> None:
        self.create(ThumbprintList=["a" * 40], Tags=TAGS)
        named = {"OpenIDConnectProviderArn": self.arn}
        self.assertEqual(self.shown()["ThumbprintList"], ["a" * 40])
        self.iam.update_open_id_connect_provider_thumbprint(**named, ThumbprintList=["b" * 40])
        self.assertEqual(self.shown()["ThumbprintList"], ["b" * 40])
        self.iam.tag_open_id_connect_provider(**named, Tags=[{"Key": "a", "Value": "b"}])
        self.iam.untag_open_id_connect_provider(**named, TagKeys=["owner"])
        self.assertEqual(self.iam.list_open_id_connect_provider_tags(**named)["Tags"], [{"Key": "a", "Value": "b"}])

    def test_a_deleted_provider_is_gone_and_deleting_it_again_is_no_error(self) -> None:
        self.create()
        for _ in range(2):
            self.iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=self.arn)
        words = self.refused("NoSuchEntity", self.shown)
        self.assertEqual(words, f"OpenIDConnect Provider not found for arn {self.arn}")
        call = self.iam.add_client_id_to_open_id_connect_provider
        self.refused("NoSuchEntity", call, OpenIDConnectProviderArn=self.arn, ClientID="x")

    def test_a_trusted_provider_need_not_exist_but_must_look_like_one(self) -> None:
        def trust(federated: str) -> str:
            return document(allow("sts:AssumeRoleWithWebIdentity", principal={"Federated": federated}))

        self.iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust(self.arn))
        self.iam.create_role(RoleName="g", AssumeRolePolicyDocument=trust("accounts.google.com"))
        for bad in (self.root, URL):
            arguments = {"RoleName": "x", "AssumeRolePolicyDocument": trust(bad)}
            words = self.refused("MalformedPolicyDocument", self.iam.create_role, **arguments)
            self.assertEqual(words, "Federated principals must be valid domain names or SAML metadata ARNs")

    def test_roles_are_listed_in_pages_with_a_description_and_without_tags(self) -> None:
        for number in range(101):
            more = {"Description": "first", "Tags": TAGS} if number == 0 else {}
            self.iam.create_role(RoleName=f"r{number:03}", AssumeRolePolicyDocument=self.trust, Path="/p/", **more)
        first = self.iam.list_roles()
        self.assertEqual((len(first["Roles"]), first["IsTruncated"]), (100, True))
        role = first["Roles"][0]
        self.assertEqual((role["RoleName"], role["Description"], role.get("Tags")), ("r000", "first", None))
        self.assertEqual(role["AssumeRolePolicyDocument"]["Statement"][0]["Action"], "sts:AssumeRole")
        self.assertNotIn("Description", first["Roles"][1])
        last = self.iam.list_roles(Marker=first["Marker"])
        self.assertEqual((len(last["Roles"]), last["IsTruncated"]), (1, False))
        self.assertEqual(self.iam.list_roles(PathPrefix="/other/")["Roles"], [])
        self.assertEqual(self.iam.list_role_tags(RoleName="r000")["Tags"], TAGS)
