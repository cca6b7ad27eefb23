"""Owns finding what is vain in a policy: unknown actions, resources and keys that an action does not know."""

from __future__ import annotations

import json
from typing import Any

from .. import condition, policy
from . import reference
from .overlap import can_meet
from .reference import Action, Kind


def problems(document: str | dict[str, Any]) -> list[str]:
    text = document if isinstance(document, str) else json.dumps(document)
    try:
        found = policy.statements(text)
    except policy.Malformed as error:
        return [str(error)]
    told: list[str] = []
    for number, statement in enumerate(found, 1):
        name = statement.get("Sid") or f"#{number}"
        told += [f"{name}: {problem}" for problem in _of_statement(statement)]
    return told


def _of_statement(statement: dict[str, Any]) -> list[str]:
    if "NotAction" in statement or "NotResource" in statement:
        return []
    told, actions = _actions(policy.many(statement.get("Action")))
    resources = [str(resource) for resource in policy.many(statement.get("Resource"))]
    told += _resources(actions, resources)
    for operator, keys in statement.get("Condition", {}).items():
        for key in keys:
            told += _key(operator, key, actions, resources)
    return told


def _actions(patterns: list[Any]) -> tuple[list[str], list[Action]]:
    told: list[str] = []
    found: dict[str, Action] = {}
    for pattern in patterns:
        if pattern == "*":
            continue
        matched = list(reference.matching(str(pattern)))
        if not matched:
            told.append(f"there is no action {pattern}")
        found |= {action.name: action for action in matched}
    return told, list(found.values())


def _kinds(action: Action, resources: list[str]) -> list[Kind]:
    return [kind for kind in action.kinds if any(can_meet(resource, kind.arn) for resource in resources)]


def _resources(actions: list[Action], resources: list[str]) -> list[str]:
    if not actions or "*" in resources:
        return []
    told = [
        f"{action.name} takes only the resource *"
        if not action.kinds
        else f"{action.name} is never asked for any of these resources, only for {_arns(action)}"
        for action in actions
        if not _kinds(action, resources)
    ]
    return told + [
        f"{resource} is no resource of any of these actions"
        for resource in resources
        if not any(can_meet(resource, kind.arn) for action in actions for kind in action.kinds)
    ]


def _arns(action: Action) -> str:
    return ", ".join(kind.arn for kind in action.kinds)


def _key(operator: str, key: str, actions: list[Action], resources: list[str]) -> list[str]:
    many = reference.is_multivalued(key)
    if many is None:
        return [f"there is no condition key {key}"]
    told = _operator(operator, key, many)
    lacking = [action for action in actions if not action.supports(key)]
    if condition.parts(operator)[2] and len(lacking) < len(actions):
        # Whoever writes IfExists knows that some do not have it.
        return told
    told += [f"{action.name} does not know the condition key {key}" for action in lacking]
    for action in actions:
        why = action.why_vain(key)
        if why:
            told.append(f"{key} is vain for {action.name}: {why}")
        elif action not in lacking and "*" not in resources:
            told += [
                f"{action.name} does not know the condition key {key} for a {kind.name}"
                for kind in _kinds(action, resources)
                if not action.supports(key, kind)
            ]
    return told


def _operator(operator: str, key: str, many: bool) -> list[str]:
    of_set = condition.parts(operator)[0]
    if not condition.known(operator):
        return [f"there is no condition operator {operator}"]
    if operator == "Null":
        return []
    if many and not of_set:
        return [f"{key} has a list of values, so {operator} needs ForAllValues: or ForAnyValue: before it"]
    if of_set and not many:
        return [f"{key} has one value, so {operator} must not speak of a set"]
    return []
