"""Who we are to an authorization server: a client that we were given, a document of ours, or a registration.

In this order (MCP specification 2026-07-28, client registration; RFC 7591). Rules kept here:
- a registration is used as the server confirms it, not as it was asked for (RFC 7591 section 3.2.1);
- a public client is preferred where it is offered: PKCE binds its codes, and no secret of it can run out;
- what would need keys that we do not have (`private_key_jwt`, TLS certificates) is refused by name.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, final

from strongroom.core.calls import Call, ControlUrl, Reply
from strongroom.core.credentials.mcp_oauth import ClientAuth
from strongroom.core.discovery import CODE, DEVICE_CODE, Issuer
from strongroom.core.documents import MAX_BYTES, OK, Document
from strongroom.core.failures import BadReply
from strongroom.core.secret import Secret

NAME = "Strongroom"
REFRESH_TOKEN = "refresh_token"  # noqa: S105 - a grant type's name
MAX_ID = 1024
MAX_SECRET = 512
_CREATED = 201
_PREFERRED = (ClientAuth.NONE, ClientAuth.BASIC, ClientAuth.POST)
_WHEN_SILENT = (ClientAuth.BASIC.value,)
"""RFC 8414 section 2: what a server that lists nothing takes."""
_REDIRECT_REFUSED = "invalid_redirect_uri"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A client as one authorization server knows it."""

    id: str
    auth: ClientAuth
    secret: Secret | None = None


def given_client(issuer: Issuer, id_: str, secret: Secret | None) -> Client:
    """Return the client that the caller has registered with the server. Raises `BadReply`."""
    if secret is None:
        return Client(id=id_, auth=ClientAuth.NONE)
    return Client(id=id_, auth=_auth(issuer, (ClientAuth.BASIC, ClientAuth.POST)), secret=secret)


def document_of(client_id: str, *, redirects: Sequence[str]) -> Mapping[str, Any]:
    """Return the document that stands at the URL which is the client's id."""
    return {
        "client_id": client_id,
        "client_name": NAME,
        "redirect_uris": [*redirects],
        "grant_types": [CODE, REFRESH_TOKEN],
        "response_types": ["code"],
        "token_endpoint_auth_method": ClientAuth.NONE.value,
    }


def registration(
    issuer: Issuer, endpoint: ControlUrl, *, redirect: str | None, loopback: bool, scope: str | None
) -> Call:
    """Write the request that registers us; without a redirect, as a device. Raises `BadReply`."""
    asked: dict[str, object] = {
        "client_name": NAME,
        "redirect_uris": [] if redirect is None else [redirect],
        "grant_types": [DEVICE_CODE if redirect is None else CODE, REFRESH_TOKEN],
        "response_types": [] if redirect is None else ["code"],
        "token_endpoint_auth_method": _auth(issuer, _PREFERRED).value,
        "application_type": "native" if loopback or redirect is None else "web",  # MCP: must be said
    }
    if scope is not None:
        asked["scope"] = scope
    return Call(
        method="POST",
        url=endpoint,
        headers={"content-type": "application/json", "accept": "application/json"},
        body=json.dumps(asked).encode(),
        limit_bytes=MAX_BYTES,
    )


def read_registration(reply: Reply, issuer: Issuer, *, now: datetime) -> Client:
    """Read what the server made of it. Raises `BadReply`."""
    if reply.status not in {OK, _CREATED}:
        raise BadReply(f"the authorization server {issuer.name} did not register us: {_why(reply)}")
    document = Document.read(reply, f"the registration by {issuer.name}")
    secret = document.secret("client_secret", most=MAX_SECRET)
    method = document.text("token_endpoint_auth_method") or (ClientAuth.BASIC if secret else ClientAuth.NONE)
    if method not in set(ClientAuth):
        raise BadReply(f"{document.what} wants a way to prove who we are that is not supported: give a --client-id")
    auth = ClientAuth(method)
    if auth is not ClientAuth.NONE and secret is None:
        raise BadReply(f"{document.what} wants a client secret and gives none")
    expires = document.seconds("client_secret_expires_at")
    if auth is not ClientAuth.NONE and expires and expires <= now.timestamp():
        raise BadReply(f"{document.what} gives a client secret that has expired already")
    return Client(
        id=document.required("client_id", most=MAX_ID), auth=auth, secret=None if auth is ClientAuth.NONE else secret
    )


def _auth(issuer: Issuer, wanted: Sequence[ClientAuth]) -> ClientAuth:
    offered = _WHEN_SILENT if issuer.client_auth is None else issuer.client_auth
    for auth in wanted:
        if auth in offered:
            return auth
    raise BadReply(f"the authorization server {issuer.name} takes no client that proves itself in a way we support")


def _why(reply: Reply) -> str:
    """Say why a registration was refused. Of the body only an error's well-known name is looked at."""
    try:
        error = json.loads(reply.body).get("error")
    except (ValueError, RecursionError, AttributeError):
        error = None
    if error == _REDIRECT_REFUSED:
        return "it does not take our redirect URL; register a client there by hand and give its --client-id"
    return f"it answered {reply.status}; register a client there by hand and give its --client-id"
