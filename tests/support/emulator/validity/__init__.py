"""Owns the check of every request against AWS's own models, which botocore has: whatever does not fit is refused.

moto reads what it knows and passes over the rest, so that a misspelt member, a value that AWS does not take,
or a member that is missing would go unnoticed. Each module here reads one protocol back into the members that
the operation's model has, and lets nothing be left over; `constraint` then looks at their values.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from botocore.exceptions import UnknownServiceError
from botocore.model import OperationNotFoundError

from .. import protocol
from ..call import Call
from . import constraint, document, form, pattern, rest
from .invalid import Invalid

REST = {"rest-json", "rest-xml"}
FORM = {"query", "ec2"}
READ: dict[str, Callable[[Call, Any], dict[str, Any]]] = {
    "query": form.read,
    "ec2": form.read,
    "json": document.read_json,
    "rest-json": rest.read,
    "rest-xml": rest.read,
    protocol.CBOR: document.read_cbor,
}
# Calls that need no signature: whoever makes them is only about to get a key.
UNSIGNED = {"AssumeRoleWithWebIdentity", "AssumeRoleWithSAML"}
MOST_TOLD = 1000


def members(call: Call) -> dict[str, Any]:
    """The members of the operation's input; raises Invalid for a request that AWS would not understand."""
    service, action, spoken = call.service, call.action, call.protocol
    if service == "unsigned":
        action = parse_qs(call.body.decode("latin-1")).get("Action", [""])[0]
        if action not in UNSIGNED:
            raise Invalid("", "is not signed")
        service, spoken = "sts", "query"
    try:
        operation = protocol.model(service).operation_model(action)
    except (UnknownServiceError, OperationNotFoundError):
        raise Invalid("", f"{service} has no operation {action}") from None
    metadata = operation.service_model.metadata
    if spoken not in metadata.get("protocols", [metadata["protocol"]]):
        spoken = metadata["protocol"]
    if spoken not in REST:
        rest.nothing_left_over(call, spoken in FORM)
    read = READ[spoken](call, operation)
    if operation.input_shape is not None:
        constraint.check(operation.input_shape, read, "")
    return read


class Validity:
    """What was asked of the emulator by anybody, and what was wrong with it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._operations: Counter[str] = Counter()
        self._invalid: list[dict[str, str]] = []

    def read(self, call: Call) -> dict[str, Any]:
        """The members that the request gives; counts it, and raises Invalid where it does not fit."""
        why = None
        try:
            return members(call)
        except (Invalid, UnicodeDecodeError, ValueError) as error:
            why = str(error)
            raise Invalid("", why) if not isinstance(error, Invalid) else error from None
        finally:
            self._count(call, why)

    def _count(self, call: Call, why: str | None) -> None:
        with self._lock:
            self._operations[call.operation] += 1
            if why is not None and len(self._invalid) < MOST_TOLD:
                self._invalid.append({"operation": call.operation, "why": why, "account": call.account})

    def view(self) -> dict[str, Any]:
        with self._lock:
            return {
                "requests": self._operations.total(),
                "operations": dict(sorted(self._operations.items())),
                "invalid": list(self._invalid),
                "patterns_skipped": sorted(pattern.SKIPPED),
            }
