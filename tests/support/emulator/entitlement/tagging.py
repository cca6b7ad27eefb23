"""Owns the rights that the tagging API's calls need: they are about everything."""

from __future__ import annotations

from collections.abc import Callable

from .need import Asked, Need


def of_account(asked: Asked) -> list[Need]:
    return [Need(f"tag:{asked.call.action}")]


# What writes tags through here needs each service's own right as well, and is left out.
NEEDS: dict[str, Callable[[Asked], list[Need]]] = dict.fromkeys(
    ("GetResources", "GetTagKeys", "GetTagValues"), of_account
)
