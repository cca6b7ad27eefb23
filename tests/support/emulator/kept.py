"""Owns the data that moto does not keep, or not as AWS does: one object for each account and region."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

T = TypeVar("T")

# The place of what is global: an account has it once for each partition.
GLOBAL = "global"


class Kept(Generic[T]):
    """One `T` for each account and region, made when it is first asked for; hold LOCK while using it."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._places: dict[tuple[str, str], T] = {}

    def __call__(self, account: str, region: str) -> T:
        place = (account, region)
        if place not in self._places:
            self._places[place] = self._make()
        return self._places[place]

    def everywhere(self, account: str) -> Iterator[T]:
        return (kept for (owner, _), kept in self._places.items() if owner == account)


class BadToken(Exception):
    """A token of a next page that no answer gave."""


def page(items: Sequence[Any], limit: int, token: str | None) -> tuple[list[Any], str | None]:
    """A page of items and the token of the next, None with the last."""
    begin = _begin(token)
    end = begin + limit
    following = base64.b64encode(f"from:{end}".encode()).decode() if end < len(items) else None
    return list(items[begin:end]), following


def _begin(token: str | None) -> int:
    if not token:
        return 0
    try:
        return int(base64.b64decode(token, validate=True).decode().removeprefix("from:"))
    except (binascii.Error, ValueError) as error:
        raise BadToken(token) from error


def now() -> datetime:
    """AWS tells times to the millisecond."""
    time = datetime.now(UTC)
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


def tags(listed: list[dict[str, str]] | None, key: str = "Key", value: str = "Value") -> dict[str, str]:
    return {tag[key]: tag.get(value) or "" for tag in listed or []}


def tag_list(kept: dict[str, str], key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    return [{key: name, value: text} for name, text in kept.items()]
