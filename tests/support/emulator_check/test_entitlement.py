"""Owns the check that a bound caller may do what its policy allows and nothing else, and can ask what that is."""

from __future__ import annotations

from typing import Any
from urllib.error import HTTPError

from .bound import EVERYTHING, NAME, Bound
from .case import REGION, SESSION, allow


class Caller(Bound):
    """Who is bound, and by what."""

    def test_without_a_token_the_caller_is_the_administrator(self) -> None:
        self.client("iam").list_roles()
        self.assertEqual(self.ask("entitlement")["calls"], 0)

    def test_a_token_that_nobody_registered_is_refused(self) -> None:
        self.refused("InvalidClientTokenId", self.bound("iam").list_roles)
        iam = self.bound("iam", EVERYTHING)
        iam.list_roles()
        self.tell("policy", name=NAME, document=None)
        self.refused("InvalidClientTokenId", iam.list_roles)
        self.assertEqual(self.used(), {"S1": {"iam:ListRoles": 1}})

    def test_a_session_that_moto_gave_out_stays_free(self) -> None:
        self.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=self.trust)
        role = f"arn:aws:iam::{self.account}:role/r"
        given = self.client("sts").assume_role(RoleArn=role, RoleSessionName="check")["Credentials"]
        iam = SESSION.create_client(
            "iam",
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
        )
        self.addCleanup(iam.close)
        self.assertEqual(len(iam.list_roles()["Roles"]), 1)

    def test_a_bound_caller_is_a_session_of_a_role_and_needs_no_right_to_know_it(self) -> None:
        said = self.bound("sts", allow("s3:ListAllMyBuckets", "*")).get_caller_identity()
        self.assertEqual(said["Arn"], f"arn:aws:sts::{self.account}:assumed-role/{NAME}/test")
        self.assertEqual(said["Account"], self.account)

    def test_a_statement_that_denies_wins(self) -> None:
        iam = self.bound("iam", EVERYTHING, {"Effect": "Deny", "Action": "iam:List*", "Resource": "*"})
        words = self.refused("AccessDenied", iam.list_roles)
        self.assertTrue(words.endswith("with an explicit deny in an identity-based policy"), words)

    def test_all_statements_that_allow_a_call_are_counted_in_each_account_and_in_all(self) -> None:
        iam = self.bound("iam", EVERYTHING, allow("iam:*", "*"), allow("s3:*", "*"))
        iam.list_roles()
        iam.list_roles()
        self.assertEqual(self.used(), {"S1": {"iam:ListRoles": 2}, "S2": {"iam:ListRoles": 2}})
        with_all = self.ask("entitlement", account=self.account)
        self.assertEqual((with_all["calls"], with_all["denied"]), (2, 0))

    def test_an_operation_whose_rights_are_not_known_is_refused(self) -> None:
        self.refused("EmulatorLacksEntitlement", self.bound("iam", EVERYTHING).list_users)

    def test_a_policy_that_is_none_is_not_taken(self) -> None:
        with self.assertRaises(HTTPError) as caught:
            self.tell("policy", name=NAME, document={"Statement": "no"})
        with caught.exception as error:
            self.assertIn("Syntax errors in policy", error.read().decode())


class Simulation(Bound):
    """SimulatePrincipalPolicy."""

    def simulate(self, iam: Any, role: str, actions: list[str], *arns: str, **context: str) -> list[str]:
        entries = [
            {"ContextKeyName": key.replace("_", ":"), "ContextKeyValues": [value], "ContextKeyType": "string"}
            for key, value in context.items()
        ]
        arguments = {"ResourceArns": list(arns)} if arns else {}
        said = iam.simulate_principal_policy(
            PolicySourceArn=role, ActionNames=actions, ContextEntries=entries, **arguments
        )
        return [result["EvalDecision"] for result in said["EvaluationResults"]]

    def test_a_bound_caller_can_ask_what_it_may_do_if_it_may_ask(self) -> None:
        role = f"arn:aws:iam::{self.account}:role/{NAME}"
        may_ask = allow("iam:SimulatePrincipalPolicy", role)
        passing = allow("iam:PassRole", "*", StringEquals={"iam:PassedToService": "bedrock.amazonaws.com"})
        bucket = "arn:aws:s3:::a-bucket"
        never = {"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"}
        iam = self.bound("iam", may_ask, passing, allow("s3:*", bucket), never)
        asked = ["s3:CreateBucket", "s3:DeleteBucket", "kms:CreateKey"]
        self.assertEqual(self.simulate(iam, role, asked, bucket), ["allowed", "explicitDeny", "implicitDeny"])
        self.assertEqual(self.simulate(iam, role, ["s3:CreateBucket"]), ["implicitDeny"])
        self.assertEqual(self.simulate(iam, role, ["iam:PassRole"]), ["implicitDeny"])
        with_service = {"iam_PassedToService": "bedrock.amazonaws.com"}
        self.assertEqual(self.simulate(iam, role, ["iam:PassRole"], **with_service), ["allowed"])
        said = iam.simulate_principal_policy(PolicySourceArn=role, ActionNames=["iam:PassRole"])
        self.assertEqual(said["EvaluationResults"][0]["MissingContextValues"], ["iam:PassedToService"])
        self.refused("InvalidInput", self.simulate, iam=iam, role=role, actions=["s3:Nothing"])
        other = role + "-other"
        self.denied(
            "iam:SimulatePrincipalPolicy", other, iam.simulate_principal_policy,
            PolicySourceArn=other, ActionNames=["s3:*"],
        )  # fmt: skip
        # The administrator can ask about it, too, and is itself let do everything.
        self.assertEqual(self.simulate(self.client("iam"), role, ["kms:CreateKey"]), ["implicitDeny"])
        user = f"arn:aws:iam::{self.account}:user/moto"
        self.assertEqual(self.simulate(self.client("iam"), user, ["kms:CreateKey"]), ["allowed"])
        self.refused("NoSuchEntity", self.simulate, iam=self.client("iam"), role=other, actions=["kms:CreateKey"])
        session = f"arn:aws:sts::{self.account}:assumed-role/{NAME}/test"
        self.refused("InvalidInput", self.simulate, iam=self.client("iam"), role=session, actions=["kms:CreateKey"])
