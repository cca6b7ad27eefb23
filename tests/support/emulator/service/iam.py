"""Owns what AWS's IAM refuses and moto takes: bad trust, absent principals, absent boundaries, odd names."""

from __future__ import annotations

import re
from datetime import UTC
from typing import Any
from urllib.parse import quote, urlencode

from moto.iam.models import iam_backends

from .. import policy
from ..call import Answer, Call
from ..failure import Failure
from ..kept import BadToken, page

ROLE_NAME = re.compile(r"[\w+=,.@-]{1,64}")
FEDERATED = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:(oidc|saml)-provider/\S+|[a-z0-9-]+(\.[a-z0-9-]+)+")
PAGE = 100
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
        # Only the form: whether the provider exists is asked when somebody assumes the role.
        if not all(FEDERATED.fullmatch(value) for kind, value in policy.principals(document) if kind == "Federated"):
            raise policy.Malformed("Federated principals must be valid domain names or SAML metadata ARNs")
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


def list_roles(call: Call) -> Answer:
    """A list shows less of a role than GetRole does: no tags, no boundary, no last use."""
    prefix = call.members.get("PathPrefix") or "/"
    roles = iam_backends[call.account][call.partition].roles.values()
    found = sorted((role for role in roles if role.path.startswith(prefix)), key=lambda role: role.name)
    try:
        shown, following = page(found, call.members.get("MaxItems") or PAGE, call.members.get("Marker"))
    except BadToken as error:
        raise Failure("ValidationError", "Invalid Marker.") from error
    members = {"Roles": [_listed(role) for role in shown], "IsTruncated": following is not None}
    return Answer.of(call, members | ({"Marker": following} if following else {}))


def _listed(role: Any) -> dict[str, Any]:
    listed = {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.id,
        "Arn": role.arn,
        "CreateDate": role.create_date.replace(tzinfo=UTC),
        "AssumeRolePolicyDocument": quote(role.assume_role_policy_document, safe=""),
        "MaxSessionDuration": role.max_session_duration or 3600,
    }
    return listed | ({"Description": role.description} if role.description else {})


INSTEAD = {"ListRoles": list_roles}
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
