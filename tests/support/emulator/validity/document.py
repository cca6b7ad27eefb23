"""Owns reading a document: the JSON or CBOR of a request, as a whole or in the body of a REST call."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any

from .. import protocol
from ..call import Call
from . import leaf
from .invalid import Invalid

Leaf = Callable[[Any, Any, str], Any]


def read_json(call: Call, operation: Any) -> dict[str, Any]:
    """JSON 1.0 or 1.1: the header names the operation, and the body has all members."""
    metadata = operation.service_model.metadata
    wanted = f"application/x-amz-json-{metadata['jsonVersion']}"
    if call.headers.get("content-type") != wanted:
        raise Invalid("", f"content-type {call.headers.get('content-type')!r} is not {wanted}")
    target = f"{metadata['targetPrefix']}.{operation.name}"
    if call.headers.get("x-amz-target") != target:
        raise Invalid("", f"x-amz-target {call.headers.get('x-amz-target')!r} is not {target}")
    return whole(operation.input_shape, parsed(call.body), leaf.of_json)


def read_cbor(call: Call, operation: Any) -> dict[str, Any]:
    path = f"/service/{operation.service_model.metadata['targetPrefix']}/operation/{operation.name}"
    if call.path != path:
        raise Invalid("", f"the path {call.path} is not {path}")
    if call.body and call.headers.get("content-type") != "application/cbor":
        raise Invalid("", f"content-type {call.headers.get('content-type')!r} is not application/cbor")
    try:
        value = protocol.from_cbor(call.body) if call.body else {}
    except Exception as error:
        raise Invalid("", f"the body is not CBOR: {error}") from None
    return whole(operation.input_shape, value, leaf.of_cbor)


def parsed(body: bytes) -> Any:
    if not body:
        return {}
    try:
        return json.loads(body)
    except ValueError as error:
        raise Invalid("", f"the body is not JSON: {error}") from None


def whole(shape: Any, value: Any, of_leaf: Leaf) -> dict[str, Any]:
    if shape is None:
        if value:
            raise Invalid(str(next(iter(value))), "the operation takes no members")
        return {}
    return structure(shape, value, "", of_leaf)


@functools.cache
def fields(shape: Any) -> dict[str, tuple[str, Any]]:
    """Each member that travels in the body, by its name on the wire."""
    return {
        member.serialization.get("name", name): (name, member)
        for name, member in shape.members.items()
        if "location" not in member.serialization
    }


def structure(shape: Any, value: Any, path: str, of_leaf: Leaf) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Invalid(path, f"a {type(value).__name__} is no structure")
    known = fields(shape)
    read_value: dict[str, Any] = {}
    for name, below in value.items():
        if name not in known:
            raise Invalid(f"{path}.{name}" if path else str(name), f"{shape.name} has no such member")
        # For AWS a member that is null is a member that is not there.
        if below is not None:
            member, member_shape = known[name]
            read_value[member] = read(member_shape, below, f"{path}.{name}" if path else name, of_leaf)
    return read_value


def read(shape: Any, value: Any, path: str, of_leaf: Leaf) -> Any:
    kind = shape.type_name
    if kind == "structure":
        return value if shape.is_document_type else structure(shape, value, path, of_leaf)
    if kind == "list":
        if not isinstance(value, list):
            raise Invalid(path, f"a {type(value).__name__} is no list")
        return [read(shape.member, one, f"{path}[{n}]", of_leaf) for n, one in enumerate(value, 1)]
    if kind == "map":
        if not isinstance(value, dict):
            raise Invalid(path, f"a {type(value).__name__} is no map")
        return {key: read(shape.value, one, f"{path}[{key!r}]", of_leaf) for key, one in value.items()}
    return of_leaf(shape, value, path)
