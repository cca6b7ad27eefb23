"""Owns IAM's SimulatePrincipalPolicy, which moto lacks: what a role or user would be let do."""

from __future__ import annotations

from typing import Any

from .. import policy
from ..call import Answer
from ..failure import Failure
from .binding import Binding
from .need import Asked, Need
from .reference import actions


def answer(asked: Asked, bindings: dict[str, Binding]) -> Answer:
    source = str(asked.get("PolicySourceArn", ""))
    parts = source.split(":", 5)
    if len(parts) != 6 or parts[2] != "iam" or not parts[5].startswith(("role/", "user/", "group/")):
        raise Failure("InvalidInput", f"Invalid Entity Arn: {source} does not clearly define entity type and name.")
    binding = bindings.get(parts[5].rpartition("/")[2]) if parts[5].startswith("role/") else None
    if binding is None and parts[5] != policy.CALLER:
        raise Failure("NoSuchEntity", f"The {parts[5].partition('/')[0]} {source} cannot be found.", 404)
    context = {one["ContextKeyName"]: one.get("ContextKeyValues", []) for one in asked.get("ContextEntries", [])}
    results = [
        _result(binding, Need(action, resource), context)
        for action in asked.get("ActionNames", [])
        for resource in asked.get("ResourceArns") or ["*"]
    ]
    return Answer.of(asked.call, {"EvaluationResults": results, "IsTruncated": False})


def _result(binding: Binding | None, need: Need, context: dict[str, list[str]]) -> dict[str, Any]:
    if need.action.lower() not in actions():
        raise Failure("InvalidInput", f"Invalid Action Name: {need.action}")
    result: dict[str, Any] = {"EvalActionName": need.action, "EvalResourceName": need.resource}
    if binding is None:
        # The administrator.
        return result | {"EvalDecision": "allowed", "MatchedStatements": [], "MissingContextValues": []}
    matching = binding.matching(need, context)
    effects = {effect for effect, _ in matching}
    decision = "explicitDeny" if "Deny" in effects else "allowed" if effects else "implicitDeny"
    return result | {
        "EvalDecision": decision,
        "MatchedStatements": [{"SourcePolicyId": sid, "SourcePolicyType": "IAM Policy"} for _, sid in matching],
        "MissingContextValues": _missing(binding, need, context),
    }


def _missing(binding: Binding, need: Need, context: dict[str, list[str]]) -> list[str]:
    """The keys that statements about this action look at and nobody gave a value for."""
    given = {key.lower() for key in context}
    wish = policy.Request(need.action, need.resource)
    keys = {
        key
        for statement in binding.statements
        if policy.applies({**statement, "Condition": {}}, wish)
        for keys in statement.get("Condition", {}).values()
        for key in keys
    }
    return sorted(key for key in keys if key.lower() not in given)
