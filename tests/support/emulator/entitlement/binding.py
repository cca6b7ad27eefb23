"""Owns a policy that a caller is bound to: what it says of a need, and how often each of its statements was used."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

from .. import policy
from .need import Need

IMPLICIT = "because no identity-based policy allows the {action} action"
EXPLICIT = "with an explicit deny in an identity-based policy"
OF_RESOURCE = "because no resource-based policy allows the {action} action"
EXPLICIT_OF_RESOURCE = "with an explicit deny in a resource-based policy"


@dataclass
class Verdict:
    """Allowed by these statements (none where the resource's own policy allows it), or else why not."""

    sids: list[str]
    why: str | None = None


class Binding:
    """The caller is a session of the role `name` of the account."""

    def __init__(self, name: str, account: str, document: dict[str, Any]) -> None:
        self.name = name
        self.account = account
        self.statements = policy.statements(json.dumps(document))
        self.used: dict[str, Counter[str]] = defaultdict(Counter)

    def role(self, partition: str) -> str:
        return f"arn:{partition}:iam::{self.account}:role/{self.name}"

    def session(self, partition: str) -> str:
        return f"arn:{partition}:sts::{self.account}:assumed-role/{self.name}/test"

    def matching(self, need: Need, context: dict[str, Any]) -> list[tuple[str, str]]:
        """The statements that apply, as their effect and name."""
        wish = policy.Request(need.action, need.resource, context=context)
        return [
            (statement["Effect"], statement.get("Sid") or f"#{number}")
            for number, statement in enumerate(self.statements, 1)
            if policy.applies(statement, wish)
        ]

    def verdict(self, need: Need, context: dict[str, Any], partition: str) -> Verdict:
        matching = self.matching(need, context)
        sids = [sid for effect, sid in matching if effect == "Allow"]
        if any(effect == "Deny" for effect, _ in matching):
            return Verdict([], EXPLICIT)
        if need.key_policy is not None:
            return self._with_key_policy(need, context, sids, partition)
        return Verdict(sids, None if sids else IMPLICIT.format(action=need.action))

    def _with_key_policy(self, need: Need, context: dict[str, Any], sids: list[str], partition: str) -> Verdict:
        """A key's policy lets the caller in itself, or leaves it to the account's own policies, or keeps it out."""
        document = need.key_policy or ""
        wish = policy.Request(need.action, need.resource, account=self.account, context=context)
        of_account = policy.effect(document, wish)
        wish.principals = (self.role(partition), self.session(partition))
        of_caller = policy.effect(document, wish)
        if "Deny" in (of_account, of_caller):
            return Verdict([], EXPLICIT_OF_RESOURCE)
        if of_caller == "Allow":
            return Verdict(sids)
        if of_account != "Allow":
            return Verdict([], OF_RESOURCE.format(action=need.action))
        return Verdict(sids, None if sids else IMPLICIT.format(action=need.action))

    def count(self, action: str, verdict: Verdict) -> None:
        for sid in verdict.sids:
            self.used[sid][action] += 1
