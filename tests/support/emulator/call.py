"""Owns what one AWS call is: the bytes as they came in, and which account, region and operation they mean.

The operation gets the name that AWS's own service model has for it (`iam.CreateRole`,
`s3.PutBucketPolicy`), so that a recorded call can be compared with a permission in a policy.
"""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from botocore.exceptions import UnknownServiceError
from moto.core.request import Request
from moto.core.routing import NotFound, get_service_router
from moto.iam.models import get_account_id_from

from . import protocol

SCOPE = re.compile(r"Credential=([^/,\s]+)/\d+/([^/,\s]+)/([^/,\s]+)/aws4_request")

# The name in a signature is the service's oldest one; a service model goes by the endpoint's.
MODELS_OF_SIGNING_NAME = {
    "bedrock": ("bedrock", "bedrock-runtime"),
    "monitoring": ("cloudwatch",),
    "tagging": ("resourcegroupstaggingapi",),
}
RPC = re.compile(r"/service/\w+/operation/(\w+)")
READING = ("Get", "List", "Describe", "Head", "Lookup", "Simulate", "Search", "Test", "Converse", "Invoke")


@dataclass
class Answer:
    """What goes back to the client."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.body or b"{}") or {}

    @classmethod
    def of(cls, call: Call, members: dict[str, Any] | None = None) -> Answer:
        """The operation succeeds with these members, written in the call's own protocol."""
        return cls(*protocol.write(call, members or {}))

    @classmethod
    def of_json(cls, value: Any, status: int = 200) -> Answer:
        return cls(status, {"content-type": "application/json"}, json.dumps(value).encode())


@dataclass
class Call:
    """One request, read to its end. Header names are lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @cached_property
    def path(self) -> str:
        return urlsplit("http://x" + self.target).path

    @cached_property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit("http://x" + self.target).query, keep_blank_values=True))

    @cached_property
    def scope(self) -> tuple[str, str, str] | None:
        """Access key id, region and service, as signed; None for a call that nobody signed."""
        found = SCOPE.search(self.headers.get("authorization", ""))
        if found:
            return found.group(1), found.group(2), found.group(3).lower()
        signed_link = self.query.get("X-Amz-Credential", "").split("/")
        if len(signed_link) == 5:
            return signed_link[0], signed_link[2], signed_link[3].lower()
        return None

    @property
    def account(self) -> str:
        """The account: a key id of twelve digits is one; any other key belongs to whom moto gave it."""
        key = self.scope[0] if self.scope else ""
        return key if re.fullmatch(r"\d{12}", key) else get_account_id_from(key)

    @property
    def region(self) -> str:
        return self.scope[1] if self.scope else "us-east-1"

    @property
    def partition(self) -> str:
        if self.region.startswith("us-gov-"):
            return "aws-us-gov"
        return "aws-cn" if self.region.startswith("cn-") else "aws"

    def environ(self) -> dict[str, Any]:
        """The same request for a WSGI application."""
        host, _, port = self.headers.get("host", "127.0.0.1:80").partition(":")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.method,
            "SCRIPT_NAME": "",
            # WSGI wants bytes in latin-1 clothes.
            "PATH_INFO": unquote(self.path, "latin-1"),
            "QUERY_STRING": urlsplit("http://x" + self.target).query,
            "RAW_URI": self.target,
            "REQUEST_URI": self.target,
            "SERVER_NAME": host,
            "SERVER_PORT": port or "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(self.body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in self.headers.items():
            # The body has been put together already, so its chunks are gone. A user agent may name a
            # region, which moto would believe more than the signature.
            if name not in ("transfer-encoding", "user-agent"):
                environ["HTTP_" + name.upper().replace("-", "_")] = value
        environ["CONTENT_TYPE"] = self.headers.get("content-type", "")
        environ["CONTENT_LENGTH"] = str(len(self.body))
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = self.account
        return environ

    @cached_property
    def _routed(self) -> tuple[str, str, dict[str, str]]:
        """Service, operation and the labels of the path."""
        if self.scope is None:
            return "unsigned", f"{self.method} {self.path}", {}
        signing_name = self.scope[2]
        named_by_path = RPC.fullmatch(self.path)
        for service in MODELS_OF_SIGNING_NAME.get(signing_name, (signing_name,)):
            try:
                if named_by_path and named_by_path.group(1) in protocol.model(service).operation_names:
                    return service, named_by_path.group(1), {}
                operation, labels = get_service_router(service).match(Request(self.environ()))
                return service, operation.name, labels
            except (NotFound, NotImplementedError, UnknownServiceError):
                continue
        named = self.headers.get("x-amz-target", "").rpartition(".")[2] or f"{self.method} {self.path}"
        return signing_name, named, {}

    @property
    def labels(self) -> dict[str, str]:
        """What the path names, by the model's member."""
        return self._routed[2]

    @property
    def service(self) -> str:
        return self._routed[0]

    @cached_property
    def protocol(self) -> str:
        return protocol.spoken(self.service, self.headers)

    @cached_property
    def members(self) -> dict[str, Any]:
        """The members of the operation's input, nested and typed as the service's model has them."""
        return protocol.read(self)

    @property
    def operation(self) -> str:
        """With its service: `kms.CreateKey`."""
        return f"{self._routed[0]}.{self._routed[1]}"

    @property
    def action(self) -> str:
        """Without its service: `CreateKey`."""
        return self._routed[1]

    @property
    def writes(self) -> bool:
        return self.service != "sts" and not self.action.startswith(READING)

    @cached_property
    def params(self) -> dict[str, Any]:
        """The members of the operation's input that travel in the path, the query, a form, JSON or CBOR.

        Those of a form are flat and text (`Tags.member.1.Key`); `members` has them as they are meant.
        """
        params: dict[str, Any] = dict(self._routed[2])
        params.update(self.query)
        if not self.body or self.service == "s3":
            return params
        if "urlencoded" in self.headers.get("content-type", ""):
            params.update(parse_qsl(self.body.decode(), keep_blank_values=True))
        elif "json" in self.headers.get("content-type", ""):
            params.update(json.loads(self.body))
        elif "cbor" in self.headers.get("content-type", ""):
            params.update(self.members)
        return params
