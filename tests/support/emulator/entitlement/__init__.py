"""Owns what a caller may do: a session bound to a policy is let do that and no more, as IAM would have it.

A call without a session token is the administrator's. For any other, the modules here say, service by service,
which rights AWS looks for: `NEEDS` has, for each operation, the actions on resources in a context that it takes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from .. import policy
from ..call import Answer, Call
from ..failure import Failure
from . import bedrock, budgets, cloudwatch, ec2, iam, kms, logs, reference, s3, simulation, sns, sts, tagging
from .batch import delete_objects
from .binding import Binding
from .need import Asked, Context, Need
from .overlap import can_meet
from .refusal import refusal

NEEDS: dict[str, dict[str, Callable[[Asked], list[Need]]]] = {
    "bedrock": bedrock.NEEDS,
    "bedrock-runtime": bedrock.RUNTIME_NEEDS,
    "budgets": budgets.NEEDS,
    "cloudwatch": cloudwatch.NEEDS,
    "ec2": ec2.NEEDS,
    "iam": iam.NEEDS,
    "kms": kms.NEEDS,
    "logs": logs.NEEDS,
    "resourcegroupstaggingapi": tagging.NEEDS,
    "s3": s3.NEEDS,
    "sns": sns.NEEDS,
    "sts": sts.NEEDS,
}
MOST_TOLD = 1000


class Entitlement:
    """The bound callers of one account; hold LOCK while using it."""

    def __init__(self, account: str) -> None:
        self.account = account
        self.bindings: dict[str, Binding] = {}
        # A policy that was taken away was used all the same.
        self._gone: list[Binding] = []
        self.calls = 0
        self.denied: list[dict[str, str]] = []
        self.astray: set[str] = set()
        self._known: set[tuple[str, str, frozenset[str]]] = set()

    def bind(self, name: str, document: dict[str, Any] | None) -> None:
        before = self.bindings.pop(name, None)
        if before:
            self._gone.append(before)
        if document is not None:
            self.bindings[name] = Binding(name, self.account, document)
            policy.BOUND_ROLES.update(self.bindings[name].role(one) for one in ("aws", "aws-cn", "aws-us-gov"))

    def serve(self, call: Call, members: dict[str, Any], serve: Callable[[Call], Answer]) -> Answer:
        """Serves the call if its caller may make it; else the refusal is raised."""
        asked = Asked(call, members, serve)
        caller = self._caller(call)
        if caller is None:
            return self._answer(asked, None)
        self.calls += 1
        if call.operation == "s3.DeleteObjects":
            return delete_objects(asked, self._needs(asked), lambda need: self._refused(asked, caller, [need]))
        failure = self._refused(asked, caller, self._needs(asked))
        if failure:
            raise failure
        return self._answer(asked, caller)

    def _caller(self, call: Call) -> Binding | None:
        token = call.headers.get("x-amz-security-token") or call.query.get("X-Amz-Security-Token")
        # A key that moto gave out has a token of moto's; that session is as free as moto leaves it.
        if token is None or (call.scope and not re.fullmatch(r"\d{12}", call.scope[0])):
            return None
        if token not in self.bindings:
            message = "The security token included in the request is invalid"
            raise Failure("InvalidClientTokenId", message, 403)
        return self.bindings[token]

    def _needs(self, asked: Asked) -> list[Need]:
        of_operation = NEEDS.get(asked.call.service, {}).get(asked.call.action)
        if of_operation is None:
            self._deny(asked.call, "?", "?", "?")
            message = f"the emulator does not know which rights {asked.call.operation} needs"
            raise Failure("EmulatorLacksEntitlement", message)
        needs = of_operation(asked)
        for need in needs:
            kind = (need.action, asked.call.operation, frozenset(need.context))
            if kind not in self._known:
                self._known.add(kind)
                self.astray |= set(astray(need))
        return needs

    def _refused(self, asked: Asked, caller: Binding, needs: list[Need]) -> Failure | None:
        """The refusal of the first need that is not allowed; the use of all is counted where all are."""
        partition = asked.call.partition
        used = []
        for need in needs:
            verdict = caller.verdict(need, self._context(asked, caller) | need.context, partition)
            if verdict.why is not None:
                self._deny(asked.call, caller.name, need.action, need.resource)
                return refusal(asked.call, caller.session(partition), need, verdict.why)
            used.append((need.action, verdict))
        for action, verdict in used:
            caller.count(action, verdict)
        return None

    def _context(self, asked: Asked, caller: Binding) -> Context:
        return {
            "aws:PrincipalAccount": self.account,
            "aws:PrincipalArn": caller.role(asked.call.partition),
            "aws:PrincipalType": "AssumedRole",
            "aws:RequestedRegion": asked.region,
            "aws:ResourceAccount": self.account,
            "aws:SecureTransport": "true",
            "aws:ViaAWSService": "false",
        }

    def _deny(self, call: Call, name: str, action: str, resource: str) -> None:
        told = {"account": self.account, "policy": name, "operation": call.operation}
        self.denied.append(told | {"action": action, "resource": resource})

    def _answer(self, asked: Asked, caller: Binding | None) -> Answer:
        if asked.call.operation == "iam.SimulatePrincipalPolicy":
            return simulation.answer(asked, self.bindings)
        if caller and asked.call.operation == "sts.GetCallerIdentity":
            session = {"UserId": "AROAEMULATED:test", "Account": self.account}
            return Answer.of(asked.call, session | {"Arn": caller.session(asked.call.partition)})
        return asked.serve(asked.call)

    def used(self) -> dict[str, dict[str, Counter[str]]]:
        """By policy, statement and action."""
        total: dict[str, dict[str, Counter[str]]] = {}
        for binding in (*self._gone, *self.bindings.values()):
            of_name = total.setdefault(binding.name, {})
            for sid, counted in binding.used.items():
                of_name[sid] = of_name.get(sid, Counter()) + counted
        return total


def astray(need: Need) -> list[str]:
    """Where a need is not as AWS's reference has it: an error in one of the modules here."""
    action = reference.actions().get(need.action.lower())
    if action is None:
        return [f"there is no action {need.action}"]
    told = [f"{need.action} does not know {key}" for key in sorted(need.context) if not action.supports(key)]
    if need.resource == "*" or any(can_meet(need.resource, kind.arn) for kind in action.kinds):
        return told
    return [*told, f"{need.action} has no resource such as {need.resource}"]


def view(entitlements: list[Entitlement]) -> dict[str, Any]:
    """What all of them saw together."""
    used: dict[str, dict[str, Counter[str]]] = {}
    for one in entitlements:
        for name, sids in one.used().items():
            of_name = used.setdefault(name, {})
            for sid, counted in sids.items():
                of_name[sid] = of_name.get(sid, Counter()) + counted
    denied = [told for one in entitlements for told in one.denied]
    return {
        "calls": sum(one.calls for one in entitlements),
        "denied": len(denied),
        "used": used,
        "refusals": denied[-MOST_TOLD:],
        "astray": sorted(set().union(*(one.astray for one in entitlements))),
    }
