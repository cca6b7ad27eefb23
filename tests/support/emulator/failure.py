"""Owns how each AWS service words an error: one code, message and status, in the protocol of the service.

A client tells errors apart by their code, and finds the code in a different place for each protocol, so
an injected or added error must look exactly like one that the service made.
"""

from __future__ import annotations

import json
import uuid
from xml.sax.saxutils import escape

from .call import Answer, Call

QUERY = {"iam", "sts", "sns", "cloudwatch"}
JSON = {"kms", "logs", "budgets"}
XMLNS = {
    "iam": "https://iam.amazonaws.com/doc/2010-05-08/",
    "sts": "https://sts.amazonaws.com/doc/2011-06-15/",
    "sns": "http://sns.amazonaws.com/doc/2010-03-31/",
    "cloudwatch": "http://monitoring.amazonaws.com/doc/2010-08-01/",
}

# What each service says when it breaks, and when it is asked too often.
INTERNAL = {
    "iam": ("ServiceFailure", 500),
    "kms": ("KMSInternalException", 500),
    "ec2": ("InternalError", 500),
    "s3": ("InternalError", 500),
    "bedrock": ("InternalServerException", 500),
    "bedrock-runtime": ("InternalServerException", 500),
}
THROTTLE = {
    "ec2": ("RequestLimitExceeded", 503),
    "s3": ("SlowDown", 503),
    "kms": ("ThrottlingException", 400),
    "logs": ("ThrottlingException", 400),
    "budgets": ("ThrottlingException", 400),
    "bedrock": ("ThrottlingException", 429),
    "bedrock-runtime": ("ThrottlingException", 429),
}


class Failure(Exception):
    """A refusal: raised by the layer, answered in the service's own format."""

    def __init__(self, code: str, message: str, status: int = 400, headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
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
        code, message = escape(self.code), escape(self.message)
        if call.service == "s3":
            body = (
                f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message>'
                f"<RequestId>{request_id}</RequestId><HostId>emulator</HostId></Error>"
            )
            headers = {"content-type": "application/xml", "x-amz-request-id": request_id}
            return Answer(self.status, headers, body.encode())
        if call.service == "ec2":
            body = (
                f'<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error><Code>{code}</Code>'
                f"<Message>{message}</Message></Error></Errors><RequestID>{request_id}</RequestID></Response>"
            )
            return Answer(self.status, {"content-type": "text/xml"}, body.encode())
        if call.service in QUERY:
            kind = "Sender" if self.status < 500 else "Receiver"
            body = (
                f'<ErrorResponse xmlns="{XMLNS[call.service]}"><Error><Type>{kind}</Type><Code>{code}</Code>'
                f"<Message>{message}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
            )
            return Answer(self.status, {"content-type": "text/xml", "x-amzn-requestid": request_id}, body.encode())
        headers = {"x-amzn-requestid": request_id}
        if call.service in JSON:
            headers["content-type"] = "application/x-amz-json-1.1"
            return Answer(self.status, headers, json.dumps({"__type": self.code, "message": self.message}).encode())
        headers |= {"content-type": "application/json", "x-amzn-errortype": self.code}
        return Answer(self.status, headers, json.dumps({"message": self.message}).encode())
