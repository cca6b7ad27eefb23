"""Owns reading a REST call: the members in its path, query, headers and body, with nothing left over."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ..call import Call
from . import document, leaf, markup
from .invalid import Invalid

# Of the wire or of the SDK, bound to no member.
ORDINARY_HEADERS = re.compile(
    r"x-amz-(date|content-sha256|security-token|user-agent|decoded-content-length|trailer|sdk-checksum-algorithm"
    r"|checksum-(crc32|crc32c|crc64nvme|sha1|sha256|mode|type|algorithm))|x-amzn-(trace-id|query-mode)"
)
ORDINARY_QUERY = re.compile(r"x-id|X-Amz-(Algorithm|Credential|Date|Expires|SignedHeaders|Signature|Security-Token)")


@dataclass(frozen=True)
class Bindings:
    """Where the members of an operation's input travel, by their names on the wire."""

    labels: dict[str, tuple[str, Any]]
    query: dict[str, tuple[str, Any]]
    query_map: tuple[str, Any] | None
    headers: dict[str, tuple[str, Any]]
    header_maps: dict[str, tuple[str, Any]]
    in_body: bool
    payload: tuple[str, Any] | None
    static_query: frozenset[str]


@functools.cache
def bindings(operation: Any) -> Bindings:
    shape = operation.input_shape
    members = shape.members if shape else {}
    by: dict[str, dict[str, tuple[str, Any]]] = {"uri": {}, "querystring": {}, "header": {}, "headers": {}, "": {}}
    query_map = None
    for name, member in members.items():
        location = member.serialization.get("location", "")
        wire = member.serialization.get("name", name)
        if location == "querystring" and member.type_name == "map":
            query_map = (name, member)
        else:
            wire = wire.lower() if location in ("header", "headers") else wire
            by[location][wire] = (name, member)
    payload = shape.serialization.get("payload") if shape else None
    uri_query = urlsplit("http://x" + operation.http["requestUri"]).query
    return Bindings(
        labels=by["uri"],
        query=by["querystring"],
        query_map=query_map,
        headers=by["header"],
        header_maps=by["headers"],
        in_body=bool(by[""]) and payload is None,
        payload=(payload, members[payload]) if payload else None,
        static_query=frozenset(name for name, _ in parse_qsl(uri_query, keep_blank_values=True)),
    )


def read(call: Call, operation: Any) -> dict[str, Any]:
    bound = bindings(operation)
    value: dict[str, Any] = {}
    for name, text in call.labels.items():
        member, shape = bound.labels[name]
        value[member] = leaf.of_text(shape, text, member)
    _query(call, bound, value)
    _headers(call, bound, value)
    _body(call, operation, bound, value)
    return value


def nothing_left_over(call: Call, query_may_have_members: bool) -> None:
    """The headers, and mostly the query, of a call whose members are all in the body."""
    for name in call.headers:
        if name.startswith("x-amz") and name != "x-amz-target" and not ORDINARY_HEADERS.fullmatch(name):
            raise Invalid(name, "the operation takes no such header")
    if call.query and not query_may_have_members:
        raise Invalid(next(iter(call.query)), "the operation takes no query")


def _query(call: Call, bound: Bindings, value: dict[str, Any]) -> None:
    for name, text in parse_qsl(urlsplit("http://x" + call.target).query, keep_blank_values=True):
        if name in bound.query:
            member, shape = bound.query[name]
            if shape.type_name == "list":
                value.setdefault(member, []).append(leaf.of_text(shape.member, text, member))
            elif member in value:
                raise Invalid(member, "is given twice")
            else:
                value[member] = leaf.of_text(shape, text, member)
        elif bound.query_map and name not in bound.static_query:
            value.setdefault(bound.query_map[0], {})[name] = text
        elif name not in bound.static_query and not ORDINARY_QUERY.fullmatch(name):
            raise Invalid(name, "the operation takes no such query parameter")


def _headers(call: Call, bound: Bindings, value: dict[str, Any]) -> None:
    for name, text in call.headers.items():
        if name in bound.headers:
            member, shape = bound.headers[name]
            if shape.type_name == "list":
                parts = [part.strip() for part in text.split(",")]
                value[member] = [leaf.of_text(shape.member, part, member, "rfc822") for part in parts]
            elif member not in value:
                value[member] = leaf.of_text(shape, text, member, "rfc822")
        elif name.startswith("x-amz") and not (ORDINARY_HEADERS.fullmatch(name) or _of_a_map(name, text, bound, value)):
            raise Invalid(name, "the operation takes no such header")


def _of_a_map(name: str, text: str, bound: Bindings, value: dict[str, Any]) -> bool:
    for prefix, (member, _shape) in bound.header_maps.items():
        if name.startswith(prefix):
            value.setdefault(member, {})[name.removeprefix(prefix)] = text
            return True
    return False


def _body(call: Call, operation: Any, bound: Bindings, value: dict[str, Any]) -> None:
    is_xml = operation.service_model.metadata["protocol"] == "rest-xml"
    if bound.payload:
        member, shape = bound.payload
        # A stream of events is nothing to read ahead.
        if not call.body or shape.serialization.get("eventstream"):
            return
        if shape.type_name == "structure":
            value[member] = _document(call, shape, is_xml)
        else:
            value[member] = call.body if shape.type_name == "blob" else call.body.decode()
    elif bound.in_body:
        if call.body:
            value |= _document(call, operation.input_shape, is_xml)
    elif call.body.strip() not in (b"", b"{}"):
        raise Invalid("", f"the operation takes no body: {call.body[:80]!r}")


def _document(call: Call, shape: Any, is_xml: bool) -> dict[str, Any]:
    if is_xml:
        return markup.read(call.body, shape)
    if not call.headers.get("content-type", "").startswith("application/json"):
        raise Invalid("", f"content-type {call.headers.get('content-type')!r} is not application/json")
    return document.structure(shape, document.parsed(call.body), "", leaf.of_json)
