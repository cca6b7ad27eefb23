"""Owns what AWS's models demand of a value beyond its type: required members, lengths, ranges, patterns, enums."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import pattern
from .exemption import EXEMPT
from .invalid import Invalid
from .leaf import INTEGERS, NUMBERS


def check(shape: Any, value: Any, path: str) -> None:
    _OF_TYPE.get(shape.type_name, _nothing)(shape, value, path)


def _nothing(shape: Any, value: Any, path: str) -> None:
    """Of booleans and timestamps nothing is demanded."""


def _structure(shape: Any, value: dict[str, Any], path: str) -> None:
    if getattr(shape, "is_document_type", False):
        return
    members = shape.members
    for name in shape.required_members:
        if name not in value and (shape.name, name) not in EXEMPT:
            raise Invalid(_join(path, name), "is required")
    if shape.metadata.get("union") and len(value) != 1:
        raise Invalid(path, f"exactly one of {', '.join(members)} must be set")
    for name, one in value.items():
        check(members[name], one, f"{path}.{name}" if path else name)


def _list(shape: Any, value: list[Any], path: str) -> None:
    _within(shape, len(value), path, "a list of")
    for number, one in enumerate(value, 1):
        check(shape.member, one, f"{path}[{number}]")


def _map(shape: Any, value: dict[str, Any], path: str) -> None:
    _within(shape, len(value), path, "a map of")
    for key, one in value.items():
        check(shape.key, key, f"{path} key {key!r}")
        check(shape.value, one, f"{path}[{key!r}]")


def _string(shape: Any, value: str, path: str) -> None:
    metadata = shape.metadata
    _within(shape, len(value), path, "a length of")
    if "enum" in metadata and value not in metadata["enum"] and (shape.name, "enum") not in EXEMPT:
        raise Invalid(path, f"{value!r} is none of {', '.join(metadata['enum'][:30])}")
    if "pattern" in metadata and (shape.name, "pattern") not in EXEMPT:
        expression = pattern.compiled(metadata["pattern"])
        if expression and not expression.fullmatch(value):
            raise Invalid(path, f"{value[:200]!r} does not match {metadata['pattern']}")


def _blob(shape: Any, value: bytes, path: str) -> None:
    _within(shape, len(value), path, "bytes:")


def _number(shape: Any, value: float, path: str) -> None:
    _within(shape, value, path, "a value of")


def _within(shape: Any, amount: float, path: str, what: str) -> None:
    metadata = shape.metadata
    low, high = metadata.get("min"), metadata.get("max")
    if low is None and high is None or (shape.name, "length") in EXEMPT:
        return
    if (low is not None and amount < low) or (high is not None and amount > high):
        bounds = f"{'' if low is None else low}..{'' if high is None else high}"
        raise Invalid(path, f"{what} {amount} is outside {bounds}")


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


_OF_TYPE: dict[str, Callable[[Any, Any, str], None]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "blob": _blob,
    **dict.fromkeys(INTEGERS | NUMBERS, _number),
}
