"""Who issues tokens for an MCP server: where its metadata may stand, and what of it is believed.

MCP authorization specification 2026-07-28, RFC 9728, RFC 8414, OpenID Connect Discovery 1.0. Rules kept here:
- metadata of a protected resource counts only if it speaks of the server that was asked for (RFC 9728 section 3.3);
- metadata of an authorization server counts only if its issuer is the one it was looked up by (RFC 8414 section 3.3);
- every endpoint is https, without user information and fragment; plain http is for deployments that enable it;
- a server whose metadata does not say that it takes S256 is not asked for codes (MCP: refuse to proceed).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from strongroom.core.calls import ControlUrl
from strongroom.core.challenges import Challenge
from strongroom.core.documents import Document
from strongroom.core.failures import BadReply, Invalid
from strongroom.core.mcp_urls import normal_target
from strongroom.core.pkce import METHOD

MAX_ISSUERS = 3
"""Authorization servers of one resource that are tried in turn."""
RESOURCE = "/.well-known/oauth-protected-resource"
OAUTH = "/.well-known/oauth-authorization-server"
OPENID = "/.well-known/openid-configuration"
OFFLINE = "offline_access"
CODE = "authorization_code"
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*\Z")  # RFC 6749 section 3.3
MAX_SCOPE = 8192


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """What a server says of itself. `identifier` is what tokens are asked for (RFC 8707)."""

    identifier: str
    issuers: tuple[str, ...]
    scopes: tuple[str, ...] | None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """What an authorization server says of itself."""

    name: str
    authorization_endpoint: ControlUrl | None
    token_endpoint: ControlUrl
    registration_endpoint: ControlUrl | None
    device_endpoint: ControlUrl | None
    scopes: tuple[str, ...]
    client_auth: tuple[str, ...] | None
    grants: tuple[str, ...] | None
    challenge_methods: tuple[str, ...]
    names_itself: bool
    """Whether it promises an `iss` in its answers (RFC 9207)."""
    takes_documents: bool
    """Whether a client's id may be the URL of a document about it."""

    def require_codes(self) -> ControlUrl:
        """Return where a person is sent to consent. Raises `BadReply`."""
        if self.authorization_endpoint is None or (self.grants is not None and CODE not in self.grants):
            raise BadReply(f"the authorization server {self.name} offers no authorization in a browser")
        if METHOD not in self.challenge_methods:
            raise BadReply(
                f"the authorization server {self.name} does not say that it supports PKCE with S256, "
                "without which a code could be stolen"
            )
        return self.authorization_endpoint

    def require_devices(self) -> ControlUrl:
        """Return where a device asks for its code (RFC 8628). Raises `BadReply`."""
        if self.device_endpoint is None:
            raise BadReply(f"the authorization server {self.name} offers no device flow: connect in a browser instead")
        return self.device_endpoint


def resource_places(server: ControlUrl, challenge: Challenge | None, *, insecure: bool) -> tuple[ControlUrl, ...]:
    """Return where the server's metadata may stand, likeliest first. Raises `BadReply` for a misleading challenge."""
    if challenge is not None and challenge.resource_metadata is not None:
        try:
            return (ControlUrl.parse(challenge.resource_metadata, insecure=insecure),)
        except Invalid as refused:
            raise BadReply(
                f"{server.origin} names a place for its metadata that cannot be used: it {refused.rule}"
            ) from None
    below = () if server.target == "/" else (_at(server, RESOURCE + server.target),)
    return (*below, _at(server, RESOURCE))


def read_resource(document: Document, server: ControlUrl, *, insecure: bool) -> Resource:
    """Read a server's metadata. Raises `BadReply`, also where it is about another resource."""
    identifier = document.required("resource")
    if not _covers(document.checked("resource", identifier, insecure=insecure), server):
        raise BadReply(f"{document.what} is about another resource than this server")
    issuers = document.texts("authorization_servers")
    if not issuers:
        raise BadReply(f"{document.what} names no authorization server")
    return Resource(identifier=identifier, issuers=issuers[:MAX_ISSUERS], scopes=document.texts("scopes_supported"))


def bare_resource(server: ControlUrl) -> Resource:
    """Return what holds for servers without metadata: their own origin issues (MCP specification 2025-03-26)."""
    identifier = server.text.removesuffix("/") if server.target == "/" else server.text
    return Resource(identifier=identifier, issuers=(server.origin,), scopes=None)


def issuer_places(issuer: str, *, insecure: bool) -> tuple[ControlUrl, ...]:
    """Return where an authorization server's metadata may stand, in the order that MCP prescribes.

    Raises `BadReply` for an issuer that is no URL of one.
    """
    try:
        url = ControlUrl.parse(issuer, insecure=insecure)
    except Invalid as refused:
        raise BadReply(f"the authorization server that is named cannot be used: its URL {refused.rule}") from None
    if "?" in url.target:  # RFC 8414 section 2: no query
        raise BadReply("the authorization server that is named cannot be used: its URL has a query")
    path = url.target.rstrip("/")
    if not path:
        return _at(url, OAUTH), _at(url, OPENID)
    return _at(url, OAUTH + path), _at(url, OPENID + path), _at(url, path + OPENID)


def read_issuer(document: Document, issuer: str, *, insecure: bool) -> Issuer:
    """Read an authorization server's metadata. Raises `BadReply`, also where it is somebody else's."""
    name = document.required("issuer")
    if not _same_issuer(name, issuer):
        raise BadReply(f"{document.what} is that of another issuer")
    return Issuer(
        name=name,
        authorization_endpoint=document.url("authorization_endpoint", insecure=insecure),
        token_endpoint=document.required_url("token_endpoint", insecure=insecure),
        registration_endpoint=document.url("registration_endpoint", insecure=insecure),
        device_endpoint=document.url("device_authorization_endpoint", insecure=insecure),
        scopes=document.texts("scopes_supported") or (),
        client_auth=document.texts("token_endpoint_auth_methods_supported"),
        grants=document.texts("grant_types_supported"),
        challenge_methods=document.texts("code_challenge_methods_supported") or (),
        names_itself=document.flag("authorization_response_iss_parameter_supported"),
        takes_documents=document.flag("client_id_metadata_document_supported"),
    )


def choose_scope(asked: str | None, challenge: Challenge | None, resource: Resource, issuer: Issuer) -> str | None:
    """Return the scope to ask for: what the caller says, else the challenge, else what the server lists.

    `offline_access` is added where it is offered and some scope is asked for at all: without it many servers give no
    refresh token. None leaves the choice to the server. Raises `BadReply` for a scope that is none.
    """
    if asked is not None:
        return asked
    if challenge is not None and challenge.scope is not None:
        scopes: Sequence[str] = challenge.scope.split()
    else:
        scopes = resource.scopes or ()
    scope = " ".join(dict.fromkeys((*scopes, *([OFFLINE] if scopes and OFFLINE in issuer.scopes else []))))
    if scope and not is_scope(scope):
        raise BadReply("the server asks for a scope that is none")
    return scope or None


def is_scope(text: str) -> bool:
    """Tell whether a text is a list of scopes."""
    return len(text) <= MAX_SCOPE and bool(_SCOPE.match(text))


def _covers(resource: ControlUrl, server: ControlUrl) -> bool:
    """Tell whether a resource is the server or a part of the same origin that it lies in.

    Many servers name their origin or the folder above. Whoever answers for the origin answers for the server.
    """
    if resource.origin != server.origin:
        return False
    there, here = normal_target(resource.target), normal_target(server.target)
    return there == here or ("?" not in there and here.startswith(there.rstrip("/") + "/"))


def _same_issuer(one: str, other: str) -> bool:
    """Compare letter by letter; a bare origin may have a slash behind it or not, as both are in use for one server."""
    if one == other:
        return True
    shorter, longer = sorted((one, other), key=len)
    return longer == shorter + "/" and "/" not in shorter.partition("://")[2]


def _at(url: ControlUrl, target: str) -> ControlUrl:
    return ControlUrl(url.destination, target)
