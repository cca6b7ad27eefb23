"""Owns how each AWS service words an error: one code, message and status, in the protocol of the service.

A client tells errors apart by their code, and finds the code in a different place for each protocol, so
an injected or added error must look exactly like one that the service made.
"""

from __future__ import annotations

import json
import uuid
from typing import Any
from xml.sax.saxutils import escape

from . import protocol
from .call import Answer, Call

# What each service says when it breaks, and when it is asked too often.
INTERNAL = {
    "iam": ("ServiceFailure", 500),
    "kms": ("KMSInternalException", 500),
    "ec2": ("InternalError", 500),
    "s3": ("InternalError", 500),
    "budgets": ("InternalErrorException", 500),
    "resourcegroupstaggingapi": ("InternalServiceException", 500),
    "bedrock": ("InternalServerException", 500),
    "bedrock-runtime": ("InternalServerException", 500),
}
THROTTLE = {
    "ec2": ("RequestLimitExceeded", 503),
    "s3": ("SlowDown", 503),
    "kms": ("ThrottlingException", 400),
    "logs": ("ThrottlingException", 400),
    "budgets": ("ThrottlingException", 400),
    "resourcegroupstaggingapi": ("ThrottledException", 400),
    "bedrock": ("ThrottlingException", 429),
    "bedrock-runtime": ("ThrottlingException", 429),
}


class Failure(Exception):
    """A refusal: raised by the layer, answered in the service's own format."""

    def __init__(
        self,
        code: str,
        message: str,
        status: int = 400,
        headers: dict[str, str] | None = None,
        more: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        # Further members of the error, where a service speaks JSON or CBOR.
        self.more = more or {}
        self.message = message
        self.status = status
        self.headers = headers or {}

    @classmethod
    def internal(cls, call: Call) -> Failure:
        code, status = INTERNAL.get(call.service, ("InternalFailure", 500))
        return cls(code, "We encountered an internal error. Please try again.", status)

    @classmethod
    def throttle(cls, call: Call) -> Failure:
        code, status = THROTTLE.get(call.service, ("Throttling", 400))
        return cls(code, "Rate exceeded", status)

    def answer(self, call: Call) -> Answer:
        answer = self._in_protocol(call, str(uuid.uuid4()))
        answer.headers.update(self.headers)
        if call.method == "HEAD":
            answer.body = b""
        return answer

    def _in_protocol(self, call: Call, request_id: str) -> Answer:
        spoken = call.protocol
        if spoken == "rest-xml":
            return self._in_s3_xml(request_id)
        if spoken == "ec2":
            return self._in_ec2_xml()
        if spoken == "query":
            return self._in_query_xml(call, request_id)
        headers = {"x-amzn-requestid": request_id}
        if spoken == "rest-json":
            headers |= {"content-type": "application/json", "x-amzn-errortype": self.code}
            return Answer(self.status, headers, json.dumps({"message": self.message} | self.more).encode())
        # Named by its shape; a client of a service that once spoke Query finds the Query code in a header.
        shape = protocol.error_shape(call, self.code)
        body = {"__type": shape.name if shape else self.code, "message": self.message} | self.more
        if "awsQueryCompatible" in protocol.model(call.service).metadata:
            headers["x-amzn-query-error"] = f"{self.code};{self._fault}"
        if spoken == protocol.CBOR:
            return Answer(self.status, headers | protocol.cbor_headers(), protocol.plain_cbor(body))
        headers["content-type"] = f"application/x-amz-json-{protocol.model(call.service).metadata['jsonVersion']}"
        return Answer(self.status, headers, json.dumps(body).encode())

    @property
    def _fault(self) -> str:
        return "Sender" if self.status < 500 else "Receiver"

    def _in_s3_xml(self, request_id: str) -> Answer:
        body = (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{escape(self.code)}</Code>'
            f"<Message>{escape(self.message)}</Message>"
            f"<RequestId>{request_id}</RequestId><HostId>emulator</HostId></Error>"
        )
        headers = {"content-type": "application/xml", "x-amz-request-id": request_id}
        return Answer(self.status, headers, body.encode())

    def _in_ec2_xml(self) -> Answer:
        body = (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error><Code>{escape(self.code)}</Code>'
            f"<Message>{escape(self.message)}</Message></Error></Errors>"
            f"<RequestID>{uuid.uuid4()}</RequestID></Response>"
        )
        return Answer(self.status, {"content-type": "text/xml"}, body.encode())

    def _in_query_xml(self, call: Call, request_id: str) -> Answer:
        namespace = protocol.model(call.service).metadata["xmlNamespace"]
        body = (
            f'<ErrorResponse xmlns="{namespace}"><Error><Type>{self._fault}</Type><Code>{escape(self.code)}</Code>'
            f"<Message>{escape(self.message)}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
        )
        return Answer(self.status, {"content-type": "text/xml", "x-amzn-requestid": request_id}, body.encode())
