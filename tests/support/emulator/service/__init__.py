"""Owns what the layer adds to moto, one module a service.

A module may have three tables, each by the operation's name without its service:
`REFUSE` (raise a Failure before moto sees the call), `INSTEAD` (answer in moto's place) and
`AFTER` (correct moto's answer or finish its work). `s3` has `BEFORE_ANY`, too: what holds for every call.
"""

from __future__ import annotations

from typing import Any

from . import bedrock, iam, kms, logs, s3, sts

BY_NAME: dict[str, Any] = {"bedrock": bedrock, "iam": iam, "kms": kms, "logs": logs, "s3": s3, "sts": sts}


def table(service: str, name: str) -> dict[str, Any]:
    return getattr(BY_NAME.get(service), name, {})
