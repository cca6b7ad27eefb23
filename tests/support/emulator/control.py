"""Owns the control endpoints, `/_groundwork/...`: what a test asks of the emulator itself, JSON in and out."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from . import entitlement, inventory, record, seed
from .account import Accounts
from .call import Answer, Call
from .cloud import LOCK
from .entitlement import lint
from .fault import Fault
from .policy import Malformed
from .service import bedrock_model, ec2_endpoint, ec2_endpoint_service, sns_subscription

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


def bind(accounts: Accounts, body: dict[str, Any]) -> Any:
    """Binds callers with the session token `name` to the document; without one they are nobody again."""
    with LOCK:
        accounts[body["account"]].entitlement.bind(body["name"], body["document"])
    return {}


def entitled(accounts: Accounts, body: dict[str, Any]) -> Any:
    asked = [accounts[body["account"]]] if "account" in body else accounts.all()
    with LOCK:
        return entitlement.view([account.entitlement for account in asked])


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
    ("POST", "confirm"): of_moto(sns_subscription.confirm),
    ("POST", "models"): of_moto(bedrock_model.models),
    ("POST", "endpoint_zones"): of_moto(ec2_endpoint_service.narrow),
    ("POST", "endpoint_pending"): of_moto(ec2_endpoint.pending),
    ("POST", "policy"): bind,
    ("GET", "entitlement"): entitled,
    ("POST", "lint"): lambda _accounts, body: {"problems": lint.problems(body["document"])},
    ("GET", "validity"): lambda accounts, _body: accounts.validity.view(),
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
    except (TypeError, ValueError, Malformed) as error:
        return Answer.of_json({"error": str(error)}, 400)
    except Exception as error:
        # Whoever asked should see what moto made of it, rather than a connection that closes.
        return Answer.of_json({"error": repr(error)}, 500)
