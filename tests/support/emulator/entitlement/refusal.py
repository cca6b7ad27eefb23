"""Owns how each service says that somebody may not do something."""

from __future__ import annotations

from ..call import Call
from ..failure import Failure
from .need import Need

CODES = {
    "budgets": ("AccessDeniedException", 400),
    "ec2": ("UnauthorizedOperation", 403),
    "kms": ("AccessDeniedException", 400),
    "logs": ("AccessDeniedException", 400),
    "bedrock": ("AccessDeniedException", 403),
    "bedrock-runtime": ("AccessDeniedException", 403),
    "resourcegroupstaggingapi": ("AccessDeniedException", 400),
    "sns": ("AuthorizationError", 403),
}
OTHERS = ("AccessDenied", 403)


def words(caller: str, need: Need, why: str, service: str) -> str:
    resource = need.resource if need.named is None else need.named
    if service == "s3":
        resource = f'"{resource}"'
    on = f" on resource: {resource}" if resource else ""
    said = f"User: {caller} is not authorized to perform: {need.action}{on} {why}"
    return f"You are not authorized to perform this operation. {said}" if service == "ec2" else said


def refusal(call: Call, caller: str, need: Need, why: str) -> Failure:
    if need.words:
        return need.words
    code, status = CODES.get(call.service, OTHERS)
    return Failure(code, words(caller, need, why, call.service), status)
