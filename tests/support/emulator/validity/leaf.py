"""Owns reading single values: from the text of a form, a header or XML, and from JSON or CBOR."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from .invalid import Invalid

INTEGER = re.compile(r"[+-]?\d{1,19}")
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|NaN|-?Infinity")
ISO8601 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
INTEGERS = {"integer", "long", "short", "byte"}
NUMBERS = {"float", "double", "bigdecimal"}


def of_text(shape: Any, text: str, path: str, timestamp: str = "iso8601") -> Any:
    kind = shape.type_name
    if kind in ("string", "char"):
        return text
    if kind in INTEGERS and INTEGER.fullmatch(text):
        return int(text)
    if kind in NUMBERS and NUMBER.fullmatch(text):
        return float(text)
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    if kind == "blob":
        return _base64(text, path)
    if kind == "timestamp":
        return _timestamp(text, shape.serialization.get("timestampFormat", timestamp), path)
    raise Invalid(path, f"{text[:80]!r} is no {kind}")


def of_json(shape: Any, value: Any, path: str) -> Any:
    kind = shape.type_name
    if kind in ("string", "char") and isinstance(value, str):
        return value
    if kind == "boolean" and isinstance(value, bool):
        return value
    if kind in INTEGERS and isinstance(value, int) and not isinstance(value, bool):
        return value
    if kind in NUMBERS and (_is_number(value) or value in ("NaN", "Infinity", "-Infinity")):
        return float(value)
    if kind == "blob" and isinstance(value, str):
        return _base64(value, path)
    if kind == "timestamp":
        if _is_number(value):
            return datetime.fromtimestamp(value)
        if isinstance(value, str) and shape.serialization.get("timestampFormat", "unixTimestamp") != "unixTimestamp":
            return _timestamp(value, shape.serialization["timestampFormat"], path)
    raise Invalid(path, f"a JSON {type(value).__name__} is no {kind}")


def of_cbor(shape: Any, value: Any, path: str) -> Any:
    kind = shape.type_name
    if kind == "blob" and isinstance(value, bytes):
        return value
    if kind == "timestamp" and isinstance(value, datetime):
        return value
    if kind in NUMBERS and isinstance(value, float):
        return value
    if kind in ("blob", "timestamp"):
        raise Invalid(path, f"a CBOR {type(value).__name__} is no {kind}")
    return of_json(shape, value, path)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _base64(text: str, path: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid(path, "is not base64") from None


def _timestamp(text: str, format: str, path: str) -> datetime:
    try:
        if format == "unixTimestamp":
            return datetime.fromtimestamp(float(text))
        if format == "rfc822":
            return parsedate_to_datetime(text)
        if ISO8601.fullmatch(text):
            return datetime.fromisoformat(text)
    except (ValueError, TypeError):
        pass
    raise Invalid(path, f"{text[:80]!r} is no timestamp as {format}")
