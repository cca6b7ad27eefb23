"""Owns what the layer knows of an account besides moto's data: its record, faults, rights, delay and held call.

Everything here is per account, so that many tests can share one emulator at the same time.
"""

from __future__ import annotations

import threading
from collections import Counter

from .call import Call
from .entitlement import Entitlement
from .fault import Fault
from .record import Entry
from .validity import Validity


class Account:
    """One account's side of the layer; safe to use from many threads."""

    def __init__(self, id: str) -> None:
        self.id = id
        self.bucket_defaults = True
        self.delay_ms = 0.0
        self.entitlement = Entitlement(id)
        self._changed = threading.Condition()
        self._entries: list[Entry] = []
        self._operations: Counter[str] = Counter()
        self._faults: list[Fault] = []
        self._held: list[str] = []
        # Counts up: a held call waits for the number to pass the one it saw.
        self._releases = 0

    def begin(self, call: Call) -> tuple[Entry, Fault | None]:
        """Counts and records the call, and says which fault hits it."""
        with self._changed:
            entry = Entry.begin(len(self._entries) + 1, call)
            self._entries.append(entry)
            self._operations[call.operation] += 1
            nth_of_operation = self._operations[call.operation]
            for fault in self._faults:
                if fault.hits(entry.n, nth_of_operation, call):
                    entry.fault = fault.kind
                    return entry, fault
            return entry, None

    def entries(self) -> list[Entry]:
        with self._changed:
            return list(self._entries)

    def add_fault(self, fault: Fault) -> None:
        with self._changed:
            self._faults.append(fault)

    def hold(self, operation: str) -> None:
        """Blocks the call's thread until the account is released or reset."""
        with self._changed:
            seen = self._releases
            self._held.append(operation)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._releases > seen)

    def wait_held(self, seconds: float) -> str | None:
        """The operation that is held, as soon as one is."""
        with self._changed:
            self._changed.wait_for(lambda: bool(self._held), seconds)
            return self._held[-1] if self._held else None

    def release(self) -> int:
        with self._changed:
            return self._release()

    def _release(self) -> int:
        released = len(self._held)
        self._held.clear()
        self._releases += 1
        self._changed.notify_all()
        return released

    def reset(self) -> None:
        """Forgets record, counters and faults; a call that is held goes on. moto's data stays."""
        with self._changed:
            self._entries.clear()
            self._operations.clear()
            self._faults.clear()
            self._release()


class Accounts:
    """All accounts, each made when it is first named."""

    def __init__(self) -> None:
        self.validity = Validity()
        self._lock = threading.Lock()
        self._accounts: dict[str, Account] = {}

    def all(self) -> list[Account]:
        with self._lock:
            return list(self._accounts.values())

    def __getitem__(self, id: str) -> Account:
        with self._lock:
            if id not in self._accounts:
                self._accounts[id] = Account(id)
            return self._accounts[id]
