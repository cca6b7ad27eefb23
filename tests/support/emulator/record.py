"""Owns the record of an account's calls, and what can be told from it: how many, and how long their chain is."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from .call import Call

STARTED = time.monotonic()


def now_ms() -> float:
    return (time.monotonic() - STARTED) * 1000


@dataclass
class Entry:
    """One call; `end_ms` and `status` stay None while it is under way, `status` also where nothing was answered."""

    n: int
    service: str
    operation: str
    region: str
    writes: bool
    start_ms: float
    end_ms: float | None = None
    status: int | None = None
    fault: str | None = None

    @classmethod
    def begin(cls, n: int, call: Call) -> Entry:
        return cls(n, call.service, call.operation, call.region, call.writes, now_ms())

    def end(self, status: int | None) -> None:
        self.end_ms = now_ms()
        self.status = status


def chain(entries: list[Entry]) -> list[Entry]:
    """The longest sequence of calls in which each began after the one before had ended.

    Asking who the caller is belongs to no run's work, so STS is left out. Taking whatever ends
    earliest is optimal: a longer sequence would have to end a call earlier than the earliest.
    """
    taken: list[Entry] = []
    ended = [entry for entry in entries if entry.end_ms is not None and entry.service != "sts"]
    for entry in sorted(ended, key=lambda entry: entry.end_ms or 0):
        if not taken or entry.start_ms > (taken[-1].end_ms or 0):
            taken.append(entry)
    return taken


def summary(entries: list[Entry]) -> dict[str, Any]:
    longest = chain(entries)
    return {
        "calls": len(entries),
        "writes": sum(entry.writes for entry in entries),
        "chain": len(longest),
        "chain_operations": [entry.operation for entry in longest],
    }
