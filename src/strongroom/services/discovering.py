"""Finds out who issues tokens for an MCP server: the calls between the pure parts of `core/discovery.py`.

Each failure names the step that it belongs to. A place that has no metadata leads to the next one; one that lies ends
the search.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from strongroom.core.calls import Call, ControlUrl, Reply
from strongroom.core.challenges import Challenge, bearer_challenge
from strongroom.core.discovery import (
    Issuer,
    Resource,
    bare_resource,
    issuer_places,
    read_issuer,
    read_resource,
    resource_places,
)
from strongroom.core.documents import MAX_BYTES, OK, Document
from strongroom.core.failures import BadReply, NotPermitted, Unreachable, UpstreamFailure
from strongroom.services.oauth_ports import Control

_UNAUTHORIZED = 401
_CHALLENGES = frozenset({_UNAUTHORIZED, 403})
_REDIRECTS = range(300, 400)
_SUCCESS = range(200, 300)
_HELLO = json.dumps(
    {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "Strongroom", "version": "1"},
        },
    }
).encode()
_JSON = "application/json"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a server's tokens are for, who issues them, and what the server asked for."""

    resource: Resource
    issuer: Issuer
    challenge: Challenge | None


@final
class Discovering:
    """Looks servers up. `insecure` admits plain http."""

    def __init__(self, *, control: Control, insecure: bool) -> None:
        self._control = control
        self._insecure = insecure

    async def of(self, server: ControlUrl) -> Found:
        """Return what was found. Raises `NotPermitted` and `UpstreamFailure`, each with its step."""
        hello = await self._send(_hello(server), "asking the MCP server")
        challenge = None
        if hello.status in _CHALLENGES:
            challenge = bearer_challenge(hello.headers.get("www-authenticate"))
        resource = await self._resource(server, challenge)
        problem: UpstreamFailure | None = None
        for issuer in (resource or bare_resource(server)).issuers:
            try:
                found = await self._issuer(issuer)
            except UpstreamFailure as failure:
                problem = problem or failure
                continue
            return Found(resource=resource or bare_resource(server), issuer=found, challenge=challenge)
        assert problem is not None  # noqa: S101 - there is at least one issuer
        if resource is None and isinstance(problem, BadReply):
            raise BadReply(_says_no_more(server, hello, problem))
        raise problem

    async def _resource(self, server: ControlUrl, challenge: Challenge | None) -> Resource | None:
        """Return the server's metadata; None where it has none and did not say where it is."""
        places = resource_places(server, challenge, insecure=self._insecure)
        step = "reading the MCP server's metadata"
        try:
            document = await self._document(places, "the protected resource metadata", step)
        except BadReply:
            if challenge is None or challenge.resource_metadata is None:
                return None
            raise
        return read_resource(document, server, insecure=self._insecure)

    async def _issuer(self, issuer: str) -> Issuer:
        places = issuer_places(issuer, insecure=self._insecure)
        step = "reading the authorization server's metadata"
        document = await self._document(places, "the authorization server metadata", step)
        return read_issuer(document, issuer, insecure=self._insecure)

    async def _document(self, places: Sequence[ControlUrl], what: str, step: str) -> Document:
        """Return the first that is there. Raises `BadReply` where none is."""
        problem: BadReply | None = None
        for place in places:
            reply = await self._send(_get(place), step)
            named = f"{what} at {place.origin}"
            if reply.status == OK:
                try:
                    return Document.read(reply, named)
                except BadReply as failure:  # a site that has a page for every path
                    problem = problem or failure
            else:
                problem = problem or BadReply(f"{named} is not there: it answered {reply.status}")
        assert problem is not None  # noqa: S101 - there is at least one place
        raise problem

    async def _send(self, call: Call, step: str) -> Reply:
        try:
            return await self._control.send(call)
        except NotPermitted as refused:
            raise NotPermitted(f"{step}: {refused}") from None
        except Unreachable as failure:
            raise Unreachable(f"{step}: {failure}") from None
        except BadReply as failure:
            raise BadReply(f"{step}: {failure}") from None


def _hello(server: ControlUrl) -> Call:
    """The first message of MCP, without a token: what it is answered does not matter, only whether it is refused."""
    headers = {"content-type": _JSON, "accept": f"{_JSON}, text/event-stream"}
    return Call(method="POST", url=server, headers=headers, body=_HELLO, limit_bytes=0)


def _get(place: ControlUrl) -> Call:
    return Call(method="GET", url=place, headers={"accept": _JSON}, limit_bytes=MAX_BYTES)


def _says_no_more(server: ControlUrl, hello: Reply, problem: BadReply) -> str:
    where = server.origin
    if hello.status == _UNAUTHORIZED:
        return f"{where} asks for a token and does not say who issues it; {problem}"
    if hello.status in _SUCCESS:
        return f"{where} answers without a token, and names no authorization server: there is nothing to connect"
    if hello.status in _REDIRECTS:
        return f"{where} answers with a redirect: give the URL that it leads to"
    return f"{where} answered {hello.status} and names no authorization server: check the URL"
