"""Owns IAM's OpenID Connect providers, where moto lacks their client ids and takes any URL."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import urlsplit

from moto.iam.models import OpenIDConnectProvider, iam_backends

from ..call import Answer, Call
from ..failure import Failure
from ..kept import tag_list, tags

MOST_CLIENTS = 100


def _providers(call: Call) -> dict[str, Any]:
    return iam_backends[call.account][call.partition].open_id_providers


def _find(call: Call) -> Any:
    arn = call.members.get("OpenIDConnectProviderArn", "")
    if arn not in _providers(call):
        raise Failure("NoSuchEntity", f"OpenIDConnect Provider not found for arn {arn}", 404)
    return _providers(call)[arn]


def create(call: Call) -> Answer:
    """Without thumbprints AWS fetches one from the provider, and shows it."""
    wanted = call.members
    url, clients = wanted.get("Url", ""), wanted.get("ClientIDList") or []
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.netloc:
        raise Failure("ValidationError", "Invalid Open ID Connect Provider URL")
    if parts.query or parts.port:
        raise Failure("InvalidInput", f"The URL {url} must have neither a port nor query parameters")
    _few(clients)
    prints = wanted.get("ThumbprintList") or [hashlib.sha1(parts.netloc.encode()).hexdigest()]
    if any(f"/{parts.netloc}{parts.path}" == arn.partition(":oidc-provider")[2] for arn in _providers(call)):
        raise Failure("EntityAlreadyExists", f"Provider with url {url} already exists.", 409)
    provider = OpenIDConnectProvider(call.account, call.region, url, list(prints), list(clients), {})
    _tag(provider, tags(wanted.get("Tags")))
    _providers(call)[provider.arn] = provider
    shown = {"OpenIDConnectProviderArn": provider.arn, "Tags": provider.tag_list_type}
    return Answer.of(call, shown)


def _few(clients: list[str]) -> None:
    if len(clients) > MOST_CLIENTS:
        words = f"Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: {MOST_CLIENTS}"
        raise Failure("LimitExceeded", words, 409)


def _tag(provider: Any, given: dict[str, str]) -> None:
    # A key's case is kept, but does not count.
    provider.tags.update({tag["Key"].lower(): tag for tag in tag_list(given)})


def add_client(call: Call) -> Answer:
    """One that is there already is no error."""
    clients = _find(call).client_id_list
    if call.members["ClientID"] not in clients:
        _few([*clients, call.members["ClientID"]])
        clients.append(call.members["ClientID"])
    return Answer.of(call)


def remove_client(call: Call) -> Answer:
    """One that is not there is no error."""
    clients = _find(call).client_id_list
    clients[:] = [client for client in clients if client != call.members["ClientID"]]
    return Answer.of(call)


INSTEAD = {
    "CreateOpenIDConnectProvider": create,
    "AddClientIDToOpenIDConnectProvider": add_client,
    "RemoveClientIDFromOpenIDConnectProvider": remove_client,
}
