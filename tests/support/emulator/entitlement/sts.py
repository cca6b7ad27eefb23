"""Owns the rights that STS's calls need."""

from __future__ import annotations

from .need import Asked, Need


def assume_role(asked: Asked) -> list[Need]:
    context = {"sts:RoleSessionName": asked.get("RoleSessionName", "")}
    return [Need("sts:AssumeRole", asked.get("RoleArn", "*"), context)]


NEEDS = {
    # Nobody can be kept from asking who they are.
    "GetCallerIdentity": lambda _asked: [],
    "AssumeRole": assume_role,
}
