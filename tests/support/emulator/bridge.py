"""Owns the translation of CBOR calls for moto, which does not speak it: into an older protocol and back.

The Rust SDK speaks nothing else to CloudWatch.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from . import protocol
from .call import Answer, Call
from .failure import Failure

OLDER = ("query", "json")


def serve(call: Call, moto: Callable[[Call], Answer]) -> Answer:
    """moto's answer to the same call in an older protocol of the service."""
    spoken = protocol.model(call.service).metadata["protocols"]
    older = next(one for one in OLDER if one in spoken)
    answer = moto(_translated(call, older))
    operation = protocol.operation(call)
    raw = {"status_code": answer.status, "headers": answer.headers, "body": answer.body}
    said = create_parser(older).parse(raw, operation.output_shape)
    said.pop("ResponseMetadata", None)
    if answer.status >= 300:
        error = said["Error"]
        raise Failure(error["Code"], error["Message"], answer.status)
    return Answer.of(call, said)


def _translated(call: Call, older: str) -> Call:
    wanted = create_serializer(older, include_validation=False).serialize_to_request(
        call.members, protocol.operation(call)
    )
    body = wanted["body"]
    kept = {name: value for name, value in call.headers.items() if name in ("host", "authorization")}
    headers = kept | {name.lower(): value for name, value in wanted["headers"].items()}
    encoded = urlencode(body).encode() if isinstance(body, dict) else body
    return Call("POST", "/", headers, encoded)
