"""Owns what a call needs: a right to an action on a resource, in a context that conditions can look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from .. import protocol
from ..call import Answer, Call
from ..failure import Failure

Context = dict[str, str | list[str]]
# The protocols in which the emulator asks itself, whatever the caller speaks.
PLAIN = ("query", "ec2", "json", "rest-json", "rest-xml")


@dataclass
class Need:
    """One right that AWS looks for before it serves a call."""

    action: str
    # What has no resource type is asked for «*», which no pattern of an ARN matches.
    resource: str = "*"
    context: Context = field(default_factory=dict)
    # How AWS's message names the resource, where that is not the ARN; "" where it names none.
    named: str | None = None
    # A key's own policy has a say, too.
    key_policy: str | None = None
    # Refused with this instead of the ordinary words.
    words: Failure | None = None


@dataclass
class Asked:
    """A call by somebody whose rights are looked at."""

    call: Call
    members: dict[str, Any]
    serve: Callable[[Call], Answer]

    @property
    def account(self) -> str:
        return self.call.account

    @property
    def region(self) -> str:
        return self.call.region

    def get(self, member: str, default: Any = None) -> Any:
        return self.members.get(member, default)

    def arn(self, service: str, resource: str, region: str | None = None, account: str | None = None) -> str:
        region = self.region if region is None else region
        account = self.account if account is None else account
        return f"arn:{self.call.partition}:{service}:{region}:{account}:{resource}"

    def ask(self, operation: str, **members: Any) -> dict[str, Any]:
        """What an administrator would be told; empty where that is an error. Not counted as a call."""
        service, _, action = operation.partition(".")
        model = protocol.model(service)
        modelled = model.operation_model(action)
        spoken = next(one for one in model.metadata.get("protocols", [model.metadata["protocol"]]) if one in PLAIN)
        try:
            answer = self.serve(self._inner(create_serializer(spoken).serialize_to_request(members, modelled), model))
        except Failure:
            return {}
        if answer.status >= 300:
            return {}
        raw = {"status_code": answer.status, "headers": answer.headers, "body": answer.body}
        return dict(create_parser(spoken).parse(raw, modelled.output_shape))

    def _inner(self, wanted: dict[str, Any], model: Any) -> Call:
        scope = f"{self.account}/20260101/{self.region}/{model.signing_name}/aws4_request"
        headers = {name.lower(): value for name, value in wanted["headers"].items()}
        headers |= {"authorization": f"AWS4-HMAC-SHA256 Credential={scope}, x", "host": "127.0.0.1"}
        body, query, path = wanted["body"], wanted["query_string"], wanted["url_path"]
        if query:
            path += ("&" if "?" in path else "?") + urlencode(query, doseq=True)
        if isinstance(body, dict):
            body = urlencode(body, doseq=True)
            headers["content-type"] = "application/x-www-form-urlencoded; charset=utf-8"
        return Call(wanted["method"], path, headers, body.encode() if isinstance(body, str) else body or b"")


def request_tags(tags: dict[str, str]) -> Context:
    """Tags that the call would put on something."""
    if not tags:
        return {}
    return {f"aws:RequestTag/{key}": value for key, value in tags.items()} | {"aws:TagKeys": list(tags)}


def tag_keys(keys: list[str]) -> Context:
    """Tags that the call would take away."""
    return {"aws:TagKeys": list(keys)} if keys else {}


def resource_tags(tags: dict[str, str], *services: str) -> Context:
    """Tags that are on something already; some services have a name of their own for them, too."""
    return {f"{prefix}:ResourceTag/{key}": value for prefix in ("aws", *services) for key, value in tags.items()}


def tags_of(listed: list[dict[str, str]] | None, key: str = "Key", value: str = "Value") -> dict[str, str]:
    return {tag[key]: tag.get(value) or "" for tag in listed or []}
