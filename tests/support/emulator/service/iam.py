"""Owns what AWS's IAM refuses and moto takes: bad trust, absent principals, absent boundaries, odd names."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from moto.iam.models import iam_backends

from .. import policy
from ..call import Answer, Call
from ..failure import Failure

ROLE_NAME = re.compile(r"[\w+=,.@-]{1,64}")
BOUNDARY = re.compile(r"arn:(aws[a-z-]*):iam::(\d{12}|aws):policy/.+")


def trust(document: str) -> None:
    try:
        policy.require(document, "Principal", "Action")
        for statement in policy.statements(document):
            if "Resource" in statement or "NotResource" in statement:
                raise policy.Malformed("Has prohibited field Resource")
            if not all(str(action).startswith("sts:") for action in policy.many(statement.get("Action"))):
                raise policy.Malformed("AssumeRole policy may only specify STS AssumeRole actions.")
        absent = policy.absent_principal(document)
        if absent:
            raise policy.Malformed(f'Invalid principal in policy: "{absent[0].upper()}":"{absent[1]}"')
    except policy.Malformed as error:
        raise Failure("MalformedPolicyDocument", str(error)) from error


def boundary(arn: str | None) -> None:
    """A boundary must be a policy that exists; AWS's own are taken on trust, as moto does not load them."""
    if arn is None:
        return
    named = BOUNDARY.fullmatch(arn)
    if not named:
        raise Failure("ValidationError", f"Invalid ARN: {arn}")
    partition, account = named.groups()
    if account != "aws" and arn not in iam_backends[account][partition].managed_policies:
        raise Failure("NoSuchEntity", f"Scope ARN: {arn} does not exist or is not attachable.", 404)


def session_duration(call: Call) -> None:
    seconds = call.params.get("MaxSessionDuration")
    if seconds is not None and not 3600 <= int(seconds) <= 43200:
        raise Failure(
            "ValidationError",
            f"1 validation error detected: Value '{seconds}' at 'maxSessionDuration' failed to satisfy constraint: "
            "Member must have value between 3600 and 43200",
        )


def update_role(call: Call) -> None:
    """Leaves the description alone where the call has none; moto would drop it."""
    session_duration(call)
    if "Description" not in call.params:
        roles = iam_backends[call.account][call.partition].roles.values()
        role = next((role for role in roles if role.name == call.params.get("RoleName")), None)
        if role is not None and role.description:
            call.body += b"&" + urlencode({"Description": role.description}).encode()


def create_role(call: Call) -> None:
    name = call.params.get("RoleName", "")
    if not ROLE_NAME.fullmatch(name):
        raise Failure(
            "ValidationError",
            f"1 validation error detected: Value '{name}' at 'roleName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [\\w+=,.@-]+ and have length between 1 and 64",
        )
    session_duration(call)
    trust(call.params.get("AssumeRolePolicyDocument", ""))
    boundary(call.params.get("PermissionsBoundary"))


def put_role_policy(call: Call) -> None:
    document = call.params.get("PolicyDocument", "")
    try:
        policy.require(document, "Action", "Resource")
        if any("Principal" in statement for statement in policy.statements(document)):
            raise policy.Malformed("Policy document should not specify a principal.")
    except policy.Malformed as error:
        raise Failure("MalformedPolicyDocument", str(error)) from error


def remember_id(call: Call) -> None:
    roles = iam_backends[call.account][call.partition].roles.values()
    named = (role for role in roles if role.name == call.params.get("RoleName"))
    call.params["gone"] = next(((role.arn, role.id) for role in named), None)


def orphan_trust(call: Call, answer: Answer) -> Answer:
    """Where the deleted role was trusted, its id stands from now on, and a new role of that name is another one."""
    arn, id = call.params["gone"]
    for account in list(iam_backends.values()):
        for iam in list(account.values()):
            for role in iam.roles.values():
                document = role.assume_role_policy_document
                role.assume_role_policy_document = document.replace(f'"{arn}"', f'"{id}"')
    return answer


REFUSE = {
    "CreateRole": create_role,
    "UpdateRole": update_role,
    "UpdateAssumeRolePolicy": lambda call: trust(call.params.get("PolicyDocument", "")),
    "PutRolePermissionsBoundary": lambda call: boundary(call.params.get("PermissionsBoundary")),
    "PutRolePolicy": put_role_policy,
    "DeleteRole": remember_id,
    "CreatePolicy": put_role_policy,
    "CreatePolicyVersion": put_role_policy,
}
AFTER = {"DeleteRole": orphan_trust}
