"""Owns the order of a call's life: recorded, delayed, checked, refused or served, corrected, and answered or not.

A fault that takes effect is decided before the call and acts after it. The delay and a hold are outside
of moto's lock, so that other calls go on meanwhile.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from . import service
from .account import Account, Accounts
from .call import Answer, Call
from .cloud import LOCK, Moto
from .failure import Failure
from .fault import TAKES_EFFECT, Fault
from .record import Entry
from .validity.invalid import Invalid

LOG = logging.getLogger("emulator")


class Dropped(Exception):
    """No answer is sent: the connection is closed, or reset if `abruptly`."""

    def __init__(self, abruptly: bool = False) -> None:
        super().__init__()
        self.abruptly = abruptly


class Cloud:
    """All accounts behind one wire."""

    def __init__(self) -> None:
        self.accounts = Accounts()
        self._moto = Moto()

    def serve(self, call: Call) -> Answer:
        account = self.accounts[call.account]
        entry, fault = account.begin(call)
        try:
            if account.delay_ms:
                time.sleep(account.delay_ms / 1000)
            members = self.accounts.validity.read(call)
            if fault is None:
                answer = self._effect(account, call, members)
            elif fault.kind in TAKES_EFFECT:
                self._effect(account, call, members)
                if fault.kind == "hold":
                    account.hold(call.operation)
                raise Dropped()
            else:
                answer = self._injected(fault, call)
        except Dropped:
            entry.end(None)
            raise
        except Invalid as invalid:
            # Refused before any fault: a request that AWS would not understand is what the test should hear of.
            answer = Failure("EmulatorInvalidRequest", str(invalid)).answer(call)
        self._last_touch(call, answer, entry)
        return answer

    def _injected(self, fault: Fault, call: Call) -> Answer:
        if fault.kind == "reset":
            raise Dropped(abruptly=True)
        if fault.kind == "internal":
            return Failure.internal(call).answer(call)
        if fault.kind == "throttle":
            return Failure.throttle(call).answer(call)
        return Failure(fault.code, fault.message, fault.status).answer(call)

    def _effect(self, account: Account, call: Call, members: dict[str, Any]) -> Answer:
        with LOCK:
            try:
                return account.entitlement.serve(call, members, lambda one: self._served(account, one))
            except Failure as failure:
                return failure.answer(call)
            except Exception as error:
                LOG.exception("%s broke the emulator", call.operation)
                return Failure("EmulatorBroken", repr(error)).answer(call)

    def _served(self, account: Account, call: Call) -> Answer:
        before_any = getattr(service.BY_NAME.get(call.service), "before_any", None)
        if before_any:
            before_any(call)
        refuse = service.table(call.service, "REFUSE").get(call.action)
        if refuse:
            refuse(call)
        instead = service.table(call.service, "INSTEAD").get(call.action)
        if instead:
            return instead(call)
        answer = self._moto.serve(call)
        if call.operation == "s3.CreateBucket":
            return service.s3.created(call, answer, account.bucket_defaults)
        after = service.table(call.service, "AFTER" if answer.status < 300 else "AFTER_FAILURE").get(call.action)
        return after(call, answer) if after else answer

    def _last_touch(self, call: Call, answer: Answer, entry: Entry) -> None:
        entry.end(answer.status)
        if call.method == "HEAD":
            answer.body = b""
