"""Owns the rights that IAM's calls need: on the role's ARN with its path, with the boundary as context."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from ..cloud import backend
from .need import Asked, Context, Need, request_tags, resource_tags, tag_keys, tags_of

# These look at the boundary of the role that there is.
BOUND_BY_ROLE = (
    "AttachRolePolicy", "DeleteRole", "DeleteRolePermissionsBoundary", "DeleteRolePolicy", "DetachRolePolicy",
    "GetRole", "PutRolePolicy", "UpdateAssumeRolePolicy", "UpdateRole", "UpdateRoleDescription",
)  # fmt: skip
OF_ROLE = (
    "GetRolePolicy", "ListAttachedRolePolicies", "ListInstanceProfilesForRole", "ListRolePolicies", "ListRoleTags",
    "TagRole", "UntagRole", "PutRolePermissionsBoundary", *BOUND_BY_ROLE,
)  # fmt: skip
OF_PROVIDER = (
    "AddClientIDToOpenIDConnectProvider", "DeleteOpenIDConnectProvider", "GetOpenIDConnectProvider",
    "ListOpenIDConnectProviderTags", "RemoveClientIDFromOpenIDConnectProvider", "TagOpenIDConnectProvider",
    "UntagOpenIDConnectProvider", "UpdateOpenIDConnectProviderThumbprint",
)  # fmt: skip
OF_POLICY = (
    "CreatePolicyVersion", "DeletePolicy", "DeletePolicyVersion", "GetPolicy", "GetPolicyVersion",
    "ListEntitiesForPolicy", "ListPolicyTags", "ListPolicyVersions", "SetDefaultPolicyVersion", "TagPolicy",
    "UntagPolicy",
)  # fmt: skip
OF_ACCOUNT = ("GetAccountSummary", "ListAccountAliases", "ListOpenIDConnectProviders", "ListPolicies", "ListRoles")


def find_role(asked: Asked) -> Any:
    roles = backend("iam", asked.account, asked.region).roles.values()
    return next((role for role in roles if role.name == asked.get("RoleName")), None)


def of_role(asked: Asked) -> list[Need]:
    action, role = asked.call.action, find_role(asked)
    context = _tags_given(asked)
    if "PolicyArn" in asked.members:
        context["iam:PolicyARN"] = asked.get("PolicyArn")
    if "PermissionsBoundary" in asked.members:
        context["iam:PermissionsBoundary"] = asked.get("PermissionsBoundary")
    if role is None:
        # The path is the role's, so without a role there is none; AWS then names it by its name alone.
        name = asked.get("RoleName")
        return [Need(f"iam:{action}", asked.arn("iam", f"role/{name}", ""), context, named=f"role {name}")]
    context |= resource_tags(tags_of(role.tags), "iam")
    if role.permissions_boundary_arn and action in BOUND_BY_ROLE:
        context["iam:PermissionsBoundary"] = role.permissions_boundary_arn
    return [Need(f"iam:{action}", role.arn, context)]


def _tags_given(asked: Asked) -> Context:
    return request_tags(tags_of(asked.get("Tags"))) | tag_keys(asked.get("TagKeys", []))


def create_role(asked: Asked) -> list[Need]:
    path = asked.get("Path", "/")
    arn = asked.arn("iam", f"role{path}{asked.get('RoleName')}", "")
    tags = _tags_given(asked)
    context = dict(tags)
    if "PermissionsBoundary" in asked.members:
        context["iam:PermissionsBoundary"] = asked.get("PermissionsBoundary")
    needs = [Need("iam:CreateRole", arn, context)]
    return [*needs, Need("iam:TagRole", arn, tags)] if tags else needs


def create_provider(asked: Asked) -> list[Need]:
    url = urlsplit(asked.get("Url", ""))
    arn = asked.arn("iam", f"oidc-provider/{url.netloc}{url.path}", "")
    tags = _tags_given(asked)
    needs = [Need("iam:CreateOpenIDConnectProvider", arn, tags)]
    return [*needs, Need("iam:TagOpenIDConnectProvider", arn, tags)] if tags else needs


def of_provider(asked: Asked) -> list[Need]:
    arn = asked.get("OpenIDConnectProviderArn")
    listed = asked.ask("iam.ListOpenIDConnectProviderTags", OpenIDConnectProviderArn=arn).get("Tags")
    return [Need(f"iam:{asked.call.action}", arn, _tags_given(asked) | resource_tags(tags_of(listed)))]


def create_policy(asked: Asked) -> list[Need]:
    arn = asked.arn("iam", f"policy{asked.get('Path', '/')}{asked.get('PolicyName')}", "")
    tags = _tags_given(asked)
    needs = [Need("iam:CreatePolicy", arn, tags)]
    return [*needs, Need("iam:TagPolicy", arn, tags)] if tags else needs


def of_policy(asked: Asked) -> list[Need]:
    return [Need(f"iam:{asked.call.action}", asked.get("PolicyArn"), _tags_given(asked))]


def of_account(asked: Asked) -> list[Need]:
    return [Need(f"iam:{asked.call.action}")]


def simulate(asked: Asked) -> list[Need]:
    return [Need("iam:SimulatePrincipalPolicy", asked.get("PolicySourceArn"))]


NEEDS: dict[str, Callable[[Asked], list[Need]]] = {
    **dict.fromkeys(OF_ROLE, of_role),
    **dict.fromkeys(OF_PROVIDER, of_provider),
    **dict.fromkeys(OF_POLICY, of_policy),
    **dict.fromkeys(OF_ACCOUNT, of_account),
    "CreateRole": create_role,
    "CreateOpenIDConnectProvider": create_provider,
    "CreatePolicy": create_policy,
    "SimulatePrincipalPolicy": simulate,
}
