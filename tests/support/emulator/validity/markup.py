"""Owns reading the XML in the body of a REST call."""

from __future__ import annotations

import functools
import xml.etree.ElementTree as ElementTree
from typing import Any

from . import leaf
from .invalid import Invalid

Element = ElementTree.Element


def read(body: bytes, shape: Any) -> dict[str, Any]:
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError as error:
        raise Invalid("", f"the body is not XML: {error}") from None
    wanted = shape.serialization.get("name", shape.name)
    if _local(root.tag) != wanted:
        raise Invalid("", f"the root element is {_local(root.tag)}, not {wanted}")
    return _structure(shape, root, "")


def _local(name: str) -> str:
    return name.rpartition("}")[2]


@functools.cache
def _fields(shape: Any) -> dict[tuple[str, bool], tuple[str, Any]]:
    """Each member by its name on the wire, without prefix, and whether it is an attribute."""
    return {
        (
            str(member.serialization.get("name", name)).rpartition(":")[2],
            bool(member.serialization.get("xmlAttribute")),
        ): (name, member)
        for name, member in shape.members.items()
        if "location" not in member.serialization
    }


def _structure(shape: Any, element: Element, path: str) -> dict[str, Any]:
    fields = _fields(shape)
    value: dict[str, Any] = {}
    if (element.text or "").strip():
        raise Invalid(path, f"holds text {(element.text or '').strip()[:40]!r} and is a structure")
    for name, text in element.attrib.items():
        if (_local(name), True) not in fields:
            raise Invalid(path, f"{shape.name} has no attribute {_local(name)}")
        member, member_shape = fields[_local(name), True]
        value[member] = leaf.of_text(member_shape, text, f"{path}.{member}")
    for child in element:
        name = _local(child.tag)
        below = f"{path}.{name}" if path else name
        if (name, False) not in fields:
            raise Invalid(below, f"{shape.name} has no such member")
        member, member_shape = fields[name, False]
        if member_shape.type_name == "list" and member_shape.serialization.get("flattened"):
            value.setdefault(member, []).append(_read(member_shape.member, child, below))
        elif member in value:
            raise Invalid(below, "is given twice")
        else:
            value[member] = _read(member_shape, child, below)
    return value


def _read(shape: Any, element: Element, path: str) -> Any:
    kind = shape.type_name
    if kind == "structure":
        return _structure(shape, element, path)
    if kind == "list":
        return _list(shape, element, path)
    if kind == "map":
        return _map(shape, element, path)
    if len(element):
        raise Invalid(path, f"has elements within it and is a {kind}")
    return leaf.of_text(shape, element.text or "", path)


def _list(shape: Any, element: Element, path: str) -> list[Any]:
    wanted = shape.member.serialization.get("name", "member")
    for child in element:
        if _local(child.tag) != wanted:
            raise Invalid(f"{path}.{_local(child.tag)}", f"a member of this list is named {wanted}")
    return [_read(shape.member, child, f"{path}[{n}]") for n, child in enumerate(element, 1)]


def _map(shape: Any, element: Element, path: str) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for entry in element:
        parts = {_local(part.tag): part for part in entry}
        key = parts.get(shape.key.serialization.get("name", "key"))
        below = parts.get(shape.value.serialization.get("name", "value"))
        if key is None or below is None or len(parts) != 2:
            raise Invalid(path, "an entry has a key and a value")
        value[key.text or ""] = _read(shape.value, below, f"{path}[{key.text!r}]")
    return value
