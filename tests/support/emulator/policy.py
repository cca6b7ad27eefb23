"""Owns reading policy documents: whether one is well formed, and whether it lets somebody do something.

moto stores documents without looking into them. AWS looks, and the set-ups that our tests must catch are
those where a service is not let in by a key's, a bucket's or a role's document.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from moto.iam.models import iam_backends

from . import condition
from .condition import like

IAM_ARN = re.compile(r"arn:(aws[a-z-]*):iam::(\d{12}):(root|(?:role|user)/.+)$")
SESSION_ARN = re.compile(r"arn:aws[a-z-]*:sts::\d{12}:(assumed-role|federated-user)/.+$")
SERVICE = re.compile(r"[a-z0-9.-]+\.amazonaws\.com(\.cn)?$")

# Whom GetCallerIdentity names. moto's IAM has no such user, yet it must be able to be trusted.
CALLER = "user/moto"

# The roles whose sessions are bound to a policy: a policy may name them, too.
BOUND_ROLES: set[str] = set()


class Malformed(Exception):
    """What is wrong with a document, in AWS's words."""


@dataclass
class Request:
    """Somebody's wish to do something: a service's, or that of the account itself (its root)."""

    action: str
    resource: str = "*"
    service: str | None = None
    account: str | None = None
    context: dict[str, Any] = field(default_factory=dict)
    # Somebody of the account, whom a policy may name apart from the account itself.
    principals: tuple[str, ...] = ()


def many(value: Any) -> list[Any]:
    """A policy writes one thing and a list of one thing alike."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def statements(document: str) -> list[dict[str, Any]]:
    """The statements of a document that is JSON and an object."""
    try:
        parsed = json.loads(document)
    except (ValueError, TypeError):
        raise Malformed("This policy contains invalid Json") from None
    if not isinstance(parsed, dict):
        raise Malformed("Syntax errors in policy.")
    found = many(parsed.get("Statement"))
    if not found or not all(isinstance(statement, dict) for statement in found):
        raise Malformed("Syntax errors in policy.")
    for statement in found:
        if statement.get("Effect") not in ("Allow", "Deny"):
            raise Malformed("Missing required field Effect")
    return found


def require(document: str, *fields: str) -> None:
    """Each statement must have each field, itself or negated."""
    for statement in statements(document):
        for name in fields:
            if not statement.get(name) and not statement.get("Not" + name):
                raise Malformed(f"Missing required field {name}")


def principals(document: str) -> Iterator[tuple[str, str]]:
    """Each principal as kind and value: ("AWS", "arn:..."), ("Service", "logs.amazonaws.com")."""
    for statement in statements(document):
        for element in ("Principal", "NotPrincipal"):
            named = statement.get(element)
            if isinstance(named, str):
                yield "AWS", named
            elif isinstance(named, dict):
                for kind, values in named.items():
                    for value in many(values):
                        yield kind, value


def absent_principal(document: str) -> tuple[str, str] | None:
    """The first principal that AWS would not know."""
    for kind, value in principals(document):
        if kind == "AWS" and not _known(value):
            return kind, value
        if kind == "Service" and not SERVICE.match(value):
            return kind, value
        if kind not in ("AWS", "Service", "Federated", "CanonicalUser"):
            return kind, value
    return None


def _known(principal: str) -> bool:
    if principal == "*" or re.fullmatch(r"\d{12}", principal) or SESSION_ARN.match(principal):
        return True
    named = IAM_ARN.match(principal)
    if not named:
        return False
    partition, account, what = named.groups()
    if what in ("root", CALLER) or principal in BOUND_ROLES:
        return True
    # Every account is emulated, so an account that nobody used yet simply has no such role.
    iam = iam_backends[account][partition]
    existing = iam.roles if what.startswith("role/") else iam.users
    return any(principal == one.arn for one in existing.values())


def effect(document: str, request: Request) -> str | None:
    """"Deny" if one statement denies it, else "Allow" if one allows it, else None: nothing is said of it."""
    effects = {statement["Effect"] for statement in statements(document) if applies(statement, request)}
    return "Deny" if "Deny" in effects else effects.pop() if effects else None


def allows(document: str, request: Request) -> bool:
    return effect(document, request) == "Allow"


def applies(statement: dict[str, Any], request: Request) -> bool:
    return (
        _principal(statement, request)
        and _element(statement, "Action", request.action, ignore_case=True)
        and _element(statement, "Resource", request.resource)
        and all(
            condition.holds(operator, key, many(values), request.context)
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        )
    )


def _principal(statement: dict[str, Any], request: Request) -> bool:
    if "Principal" not in statement:
        # An identity's own policy names nobody; NotPrincipal names everybody else.
        return "NotPrincipal" not in statement or request.service is not None
    named = statement["Principal"]
    if named == "*":
        return True
    if request.service:
        return request.service in many(named.get("Service"))
    if request.principals:
        return any(value in ("*", *request.principals) for value in many(named.get("AWS")))
    own = {"*", request.account, f"arn:aws:iam::{request.account}:root"}
    return any(
        value in own or re.match(rf"arn:[a-z-]+:iam::{request.account}:(root|{CALLER})$", value)
        for value in many(named.get("AWS"))
    )


def _element(statement: dict[str, Any], name: str, wanted: str, ignore_case: bool = False) -> bool:
    if "Not" + name in statement:
        return not any(like(pattern, wanted, ignore_case) for pattern in many(statement["Not" + name]))
    if name not in statement:
        # A trust policy has no resource: it is the role's own.
        return name == "Resource"
    return any(like(pattern, wanted, ignore_case) for pattern in many(statement[name]))
