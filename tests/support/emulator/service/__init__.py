"""Owns what the layer adds to moto, one module or a few for each service.

A module may have four tables, each by the operation's name without its service:
`REFUSE` (raise a Failure before moto sees the call), `INSTEAD` (answer in moto's place),
`AFTER` (correct moto's answer, or finish its work) and `AFTER_FAILURE` (correct its error).
A function `before_any` of the first module does what `REFUSE` does, for every call of the service.
"""

from __future__ import annotations

import functools
from typing import Any

from . import (
    bedrock,
    bedrock_model,
    bedrock_profile,
    budgets,
    budgets_notification,
    cloudwatch,
    cloudwatch_dashboard,
    ec2,
    ec2_endpoint,
    ec2_endpoint_service,
    iam,
    iam_oidc,
    kms,
    logs,
    s3,
    sns,
    sns_subscription,
    sts,
    tagging,
)

MODULES: dict[str, tuple[Any, ...]] = {
    "bedrock": (bedrock, bedrock_model, bedrock_profile),
    "budgets": (budgets, budgets_notification),
    "cloudwatch": (cloudwatch, cloudwatch_dashboard),
    "ec2": (ec2, ec2_endpoint, ec2_endpoint_service),
    "iam": (iam, iam_oidc),
    "kms": (kms,),
    "logs": (logs,),
    "resourcegroupstaggingapi": (tagging,),
    "s3": (s3,),
    "sns": (sns, sns_subscription),
    "sts": (sts,),
}
BY_NAME: dict[str, Any] = {name: modules[0] for name, modules in MODULES.items()}


@functools.cache
def table(service: str, name: str) -> dict[str, Any]:
    """The tables of that name of all modules of the service, put together."""
    return {key: value for module in MODULES.get(service, ()) for key, value in getattr(module, name, {}).items()}
