"""Owns S3's DeleteObjects for somebody who may not delete all of them: the call succeeds, and tells which it left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

from ..call import Answer
from ..failure import Failure
from .need import Asked, Need

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
EMPTY = b'<?xml version="1.0" encoding="UTF-8"?>\n<DeleteResult></DeleteResult>'


def delete_objects(asked: Asked, needs: list[Need], refused: Callable[[Need], Failure | None]) -> Answer:
    objects = asked.members["Delete"]["Objects"]
    failures = [refused(need) for need in needs]
    if not any(failures):
        return asked.serve(asked.call)
    allowed = [failure is None for failure in failures]
    if any(allowed):
        asked.call.body = _only(asked.members["Delete"], allowed)
        answer = asked.serve(asked.call)
    else:
        answer = Answer(200, {"content-type": "application/xml"}, EMPTY)
    if answer.status == 200:
        errors = [_error(one, failure) for one, failure in zip(objects, failures, strict=True) if failure]
        answer.body = answer.body.replace(b"</DeleteResult>", "".join(errors).encode() + b"</DeleteResult>")
        answer.headers.pop("content-length", None)
    return answer


def _only(wanted: dict[str, Any], allowed: list[bool]) -> bytes:
    """The request for what may be deleted."""
    objects = [_named(one) for one, may in zip(wanted["Objects"], allowed, strict=True) if may]
    quiet = "<Quiet>true</Quiet>" if wanted.get("Quiet") else ""
    inner = "".join(f"<Object>{one}</Object>" for one in objects) + quiet
    return f'<Delete xmlns="{NAMESPACE}">{inner}</Delete>'.encode()


def _named(one: dict[str, str]) -> str:
    version = f"<VersionId>{escape(one['VersionId'])}</VersionId>" if "VersionId" in one else ""
    return f"<Key>{escape(one['Key'])}</Key>{version}"


def _error(one: dict[str, str], failure: Failure) -> str:
    return f"<Error>{_named(one)}<Code>{failure.code}</Code><Message>{escape(failure.message)}</Message></Error>"
