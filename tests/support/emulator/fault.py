"""Owns faults: which call of an account one hits, and what is then done to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .call import Call

KINDS = {"lost", "hold", "internal", "throttle", "reset", "error"}

# These let the call take effect first: what is lost is only the answer.
TAKES_EFFECT = {"lost", "hold"}


@dataclass
class Fault:
    """Hits `times` calls, from the nth on: the account's nth, or the nth of the named operation."""

    kind: str
    nth: int | None = None
    operation: str | None = None
    times: int = 1
    code: str = "InternalFailure"
    message: str = "injected"
    status: int = 400

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> Fault:
        fields = {name: body[name] for name in cls.__dataclass_fields__ if body.get(name) is not None}
        fault = cls(**fields)
        if fault.kind not in KINDS:
            raise ValueError(f"no fault {fault.kind!r}: one of {', '.join(sorted(KINDS))}")
        return fault

    def hits(self, n: int, nth_of_operation: int, call: Call) -> bool:
        """Whether it hits this call; uses up one of its times if so."""
        if self.times < 1 or self.operation not in (None, call.operation):
            return False
        count = n if self.operation is None else nth_of_operation
        if self.nth is not None and count < self.nth:
            return False
        self.times -= 1
        return True
