"""Owns the control endpoints, `/_groundwork/...`: what a test asks of the emulator itself, JSON in and out."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from . import inventory, record, seed
from .account import Accounts
from .call import Answer, Call
from .cloud import LOCK
from .fault import Fault

PREFIX = "/_groundwork/"
HELD_SECONDS = 60


def is_mine(path: str) -> bool:
    return path.startswith(PREFIX)


def fault(accounts: Accounts, body: dict[str, Any]) -> Any:
    accounts[body["account"]].add_fault(Fault.from_json(body))
    return {}


def held(accounts: Accounts, body: dict[str, Any]) -> Any:
    operation = accounts[body["account"]].wait_held(HELD_SECONDS)
    return {"held": operation is not None, "operation": operation}


def release(accounts: Accounts, body: dict[str, Any]) -> Any:
    return {"released": accounts[body["account"]].release()}


def calls(accounts: Accounts, body: dict[str, Any]) -> Any:
    return [asdict(entry) for entry in accounts[body["account"]].entries()]


def summary(accounts: Accounts, body: dict[str, Any]) -> Any:
    return record.summary(accounts[body["account"]].entries())


def reset(accounts: Accounts, body: dict[str, Any]) -> Any:
    accounts[body["account"]].reset()
    return {}


def delay(accounts: Accounts, body: dict[str, Any]) -> Any:
    accounts[body["account"]].delay_ms = float(body["milliseconds"])
    return {}


def bucket_defaults(accounts: Accounts, body: dict[str, Any]) -> Any:
    accounts[body["account"]].bucket_defaults = bool(body["on"])
    return {}


def of_moto(view: Callable[[dict[str, Any]], Any]) -> Callable[[Accounts, dict[str, Any]], Any]:
    """Something that reads or writes moto's data rather than the layer's."""

    def locked(_accounts: Accounts, body: dict[str, Any]) -> Any:
        with LOCK:
            return view(body)

    return locked


ENDPOINTS: dict[tuple[str, str], Callable[[Accounts, dict[str, Any]], Any]] = {
    ("POST", "fault"): fault,
    ("GET", "held"): held,
    ("POST", "release"): release,
    ("GET", "calls"): calls,
    ("GET", "summary"): summary,
    ("POST", "reset"): reset,
    ("POST", "delay"): delay,
    ("POST", "bucket_defaults"): bucket_defaults,
    ("GET", "inventory"): of_moto(inventory.view),
    ("POST", "vpc"): of_moto(seed.vpc),
    ("POST", "key"): of_moto(seed.key),
    ("POST", "objects"): of_moto(seed.objects),
    ("GET", "ready"): lambda _accounts, _body: {"ready": True},
}


def serve(accounts: Accounts, call: Call) -> Answer:
    endpoint = ENDPOINTS.get((call.method, call.path.removeprefix(PREFIX)))
    if endpoint is None:
        known = sorted(f"{method} {PREFIX}{name}" for method, name in ENDPOINTS)
        return Answer.of_json({"error": f"no {call.method} {call.path}", "known": known}, 404)
    try:
        body = {**call.query, **(json.loads(call.body) if call.body else {})}
        return Answer.of_json(endpoint(accounts, body))
    except KeyError as error:
        return Answer.of_json({"error": f"missing or unknown: {error}"}, 400)
    except (TypeError, ValueError) as error:
        return Answer.of_json({"error": str(error)}, 400)
