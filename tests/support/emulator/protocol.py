"""Owns the members of a call's input and output: read and written in the protocol in which the call came.

AWS's own service models say how each protocol writes them, so that what the layer serves itself is
written once, with plain dictionaries in and out, and an SDK can read it whichever protocol it speaks.
"""

from __future__ import annotations

import functools
import uuid
from typing import TYPE_CHECKING, Any

from botocore.exceptions import UnknownServiceError
from botocore.model import OperationNotFoundError
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from botocore.utils import parse_timestamp
from moto.core.errors import ErrorLookupFactory, ErrorShape
from moto.core.model import OperationModel, ServiceModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.serialize import SerializationContext, get_serializer_class
from moto.core.utils import get_service_model

if TYPE_CHECKING:
    from .call import Call

CBOR = "smithy-rpc-v2-cbor"
CBOR_HEADER = "rpc-v2-cbor"
_CBOR_PARSER = create_parser(CBOR)
_CBOR_SERIALIZER = create_serializer(CBOR, include_validation=False)
_ERRORS = ErrorLookupFactory()


@functools.cache
def model(service: str) -> ServiceModel:
    return get_service_model(service)


def operation(call: Call) -> OperationModel:
    return model(call.service).operation_model(call.action)


def spoken(service: str, headers: dict[str, str]) -> str:
    """The protocol of a request to that service; some services speak several."""
    if headers.get("smithy-protocol") == CBOR_HEADER:
        return CBOR
    try:
        return determine_request_protocol(model(service), headers.get("content-type", ""))
    except (UnknownServiceError, NotImplementedError):
        return "rest-json"


def read(call: Call) -> dict[str, Any]:
    """The input's members, each of its modelled type."""
    if call.protocol == CBOR:
        return from_cbor(call.body) if call.body else {}
    request = Request(call.environ())
    # With its zone: moto's own parser drops it.
    return PROTOCOL_PARSERS[call.protocol](operation(call), timestamp_parser=parse_timestamp).parse(
        {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": request.data or call.body,
            "url_path": request.path,
            "url_params": call.labels,
        }
    )


def write(call: Call, members: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of an answer that succeeds with these members."""
    request_id = str(uuid.uuid4())
    headers = {"x-amzn-requestid": request_id}
    if call.protocol == CBOR:
        shape = operation(call).output_shape
        body = to_cbor(members, shape) if shape else b""
        return 200, headers | cbor_headers(bool(shape)), body
    serializer = get_serializer_class(call.service, call.protocol)
    answer = serializer(operation(call), SerializationContext(request_id)).serialize(members)
    written = answer["body"]
    headers |= {name.lower(): value for name, value in answer["headers"].items()}
    return answer["status_code"], headers, written.encode() if isinstance(written, str) else written


def cbor_headers(has_body: bool = True) -> dict[str, str]:
    return {"smithy-protocol": CBOR_HEADER} | ({"content-type": "application/cbor"} if has_body else {})


def from_cbor(body: bytes) -> Any:
    return _CBOR_PARSER.parse_data_item(_CBOR_PARSER.get_peekable_stream_from_bytes(body))


def to_cbor(value: Any, shape: Any) -> bytes:
    """CBOR distinguishes types that Python does not (an integer that is a double), hence the shape."""
    body = bytearray()
    _CBOR_SERIALIZER._serialize_data_item(body, value, shape)
    return bytes(body)


def plain_cbor(value: Any) -> bytes:
    """For an error, whose members no shape describes completely: texts, lists and maps only."""
    if isinstance(value, str):
        body = bytearray()
        _CBOR_SERIALIZER._serialize_type_string(body, value, None, None)
        return bytes(body)
    if isinstance(value, dict):
        parts = [part for pair in value.items() for part in pair]
        return _head(5, len(value)) + b"".join(plain_cbor(part) for part in parts)
    return _head(4, len(value)) + b"".join(plain_cbor(part) for part in value)


def _head(major_type: int, length: int) -> bytes:
    """Of at most 23 members; an error has fewer."""
    return bytes([major_type << 5 | length])


def error_shape(call: Call, code: str) -> ErrorShape | None:
    """The model's shape of an error: its name may differ from the code that a Query client sees."""
    lookup = _ERRORS.for_service(model(call.service))
    try:
        own = [shape.name for shape in operation(call).error_shapes if shape.error_code == code]
    except OperationNotFoundError:
        own = []
    return lookup.from_code(own[0] if own else code)
