"""Owns reading a form: the Query protocol and EC2's variant of it, where nested members have dotted names."""

from __future__ import annotations

import functools
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ..call import Call
from . import leaf
from .invalid import Invalid

ABOUT_THE_CALL = {"Action", "Version"}
# A signed link carries its signature in the query.
SIGNATURE = "X-Amz-"


def read(call: Call, operation: Any) -> dict[str, Any]:
    pairs = parse_qsl(urlsplit("http://x" + call.target).query, keep_blank_values=True)
    if call.body:
        if "x-www-form-urlencoded" not in call.headers.get("content-type", ""):
            raise Invalid("", f"content-type {call.headers.get('content-type')!r} is no form's")
        pairs += parse_qsl(call.body.decode(), keep_blank_values=True, strict_parsing=True)
    tree = _tree(pairs)
    version = operation.service_model.metadata["apiVersion"]
    if tree.get("Version") != version:
        raise Invalid("Version", f"{tree.get('Version')!r} is not {version}")
    members = {name: node for name, node in tree.items() if name not in ABOUT_THE_CALL}
    members = {name: node for name, node in members.items() if not name.startswith(SIGNATURE)}
    if operation.input_shape is None:
        if members:
            raise Invalid(next(iter(members)), f"{operation.name} takes no members")
        return {}
    wire = "ec2" if operation.service_model.metadata["protocol"] == "ec2" else "query"
    return _structure(operation.input_shape, members, "", wire)


def _tree(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name, value in pairs:
        node = tree
        *above, last = name.split(".")
        for part in above:
            node = node.setdefault(part, {})
            if not isinstance(node, dict):
                raise Invalid(name, "is given both as a value and as a structure")
        if last in node:
            raise Invalid(name, "is given twice")
        node[last] = value
    return tree


@functools.cache
def _fields(shape: Any, wire: str) -> dict[str, tuple[str, Any]]:
    """Each member by its name on the wire."""
    return {_wire_name(name, member, wire): (name, member) for name, member in shape.members.items()}


def _wire_name(name: str, member: Any, wire: str) -> str:
    given = member.serialization
    if wire == "ec2":
        if "queryName" in given:
            return str(given["queryName"])
        name = given.get("name", name)
        return name[0].upper() + name[1:]
    # A flat list goes by its members' name, if they have one.
    if member.type_name == "list" and given.get("flattened") and "name" in member.member.serialization:
        return str(member.member.serialization["name"])
    return str(given.get("name", name))


def _read(shape: Any, node: Any, path: str, wire: str) -> Any:
    kind = shape.type_name
    if kind == "structure":
        return _structure(shape, node, path, wire)
    if kind == "list":
        return _list(shape, node, path, wire)
    if kind == "map":
        return _map(shape, node, path, wire)
    if not isinstance(node, str):
        raise Invalid(path, f"is a structure, not a {kind}: has {', '.join(node)}")
    return leaf.of_text(shape, node, path)


def _structure(shape: Any, node: Any, path: str, wire: str) -> dict[str, Any]:
    if not isinstance(node, dict):
        raise Invalid(path, "is a value, not a structure")
    fields = _fields(shape, wire)
    value: dict[str, Any] = {}
    for name, below in node.items():
        if name not in fields:
            raise Invalid(f"{path}.{name}" if path else name, f"{shape.name} has no such member")
        member, member_shape = fields[name]
        value[member] = _read(member_shape, below, f"{path}.{name}" if path else name, wire)
    return value


def _list(shape: Any, node: Any, path: str, wire: str) -> list[Any]:
    if node == "":
        return []
    if wire == "query" and not shape.serialization.get("flattened"):
        node, path = _only(node, shape.member.serialization.get("name", "member"), path)
    return [_read(shape.member, one, f"{path}.{n}", wire) for n, one in enumerate(_numbered(node, path), 1)]


def _map(shape: Any, node: Any, path: str, wire: str) -> dict[str, Any]:
    if node == "":
        return {}
    if not shape.serialization.get("flattened"):
        node, path = _only(node, "entry", path)
    key_name = shape.key.serialization.get("name", "key")
    value_name = shape.value.serialization.get("name", "value")
    value: dict[str, Any] = {}
    for n, entry in enumerate(_numbered(node, path), 1):
        if not isinstance(entry, dict) or set(entry) != {key_name, value_name}:
            raise Invalid(f"{path}.{n}", f"an entry has {key_name} and {value_name}")
        value[entry[key_name]] = _read(shape.value, entry[value_name], f"{path}.{n}.{value_name}", wire)
    return value


def _only(node: Any, name: str, path: str) -> tuple[Any, str]:
    if not isinstance(node, dict) or set(node) != {name}:
        raise Invalid(path, f"its members are named {path}.{name}.1 and so on")
    return node[name], f"{path}.{name}"


def _numbered(node: Any, path: str) -> list[Any]:
    if not isinstance(node, dict) or set(node) != {str(n) for n in range(1, len(node) + 1)}:
        raise Invalid(path, "members are numbered from 1 on")
    return [node[str(n)] for n in range(1, len(node) + 1)]
