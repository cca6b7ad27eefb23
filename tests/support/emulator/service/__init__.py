"""Owns what the layer adds to moto, one module a service.

A module may have four tables, each by the operation's name without its service:
`REFUSE` (raise a Failure before moto sees the call), `INSTEAD` (answer in moto's place),
`AFTER` (correct moto's answer, or finish its work) and `AFTER_FAILURE` (correct its error).
A function `before_any` does what `REFUSE` does, for every call of the service.
"""

from __future__ import annotations

from typing import Any

from . import bedrock, ec2, iam, kms, logs, s3, sts

BY_NAME: dict[str, Any] = {
    "bedrock": bedrock,
    "ec2": ec2,
    "iam": iam,
    "kms": kms,
    "logs": logs,
    "s3": s3,
    "sts": sts,
}


def table(service: str, name: str) -> dict[str, Any]:
    return getattr(BY_NAME.get(service), name, {})
