"""The client's side of one request, over ASGI: its body read within a bound, its answer sent, its going noticed."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import final

from starlette.types import Receive, Scope, Send

from strongroom.core.failures import TooMany
from strongroom.delivery.egress.refusals import Code
from strongroom.delivery.mcp.fields import one
from strongroom.delivery.mcp.refusals import Headers, Turned, turned, written
from strongroom.delivery.mcp.room import Room

CUT = "strongroom.cut"
"""The extension by which our port lets an answer be cut off: `scope["extensions"][CUT]["connection"]` does it."""

_DIGITS = 18
"""Of a length: more are too many, whatever they say."""
_LINGER_SECONDS = 2.0
"""How long the end of an answer waits for a client that has ceased to read."""


@final
class Gone(Exception):
    """The client has gone, or has taken nothing for too long."""


@final
class Client:
    """One request's client. Its methods raise `Gone` where they find that it is."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, *, stall_seconds: float) -> None:
        self.fields: Headers = scope["headers"]
        self._receive = receive
        self._send = send
        self._stall_seconds = stall_seconds
        self._cut: Callable[[], None] | None = (scope.get("extensions") or {}).get(CUT, {}).get("connection")
        self.started = False
        """Whether the answer has begun."""
        self._complete = False

    def all(self, name: bytes) -> list[bytes]:
        """Return the values of a field."""
        return [value for each, value in self.fields if each == name]

    async def body(self, most: int, room: Room) -> bytes:
        """Return the whole body. Raises a refusal if it is longer than it may be."""
        declared = one(self.fields, b"content-length")
        if declared.isdigit() and (len(declared) > _DIGITS or int(declared) > most):
            raise _too_large(most)
        pieces: list[bytes] = []
        size = 0
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise Gone
            piece = message.get("body", b"")
            size += len(piece)
            if size > most:
                raise _too_large(most)
            try:
                room.take(len(piece))
            except TooMany as failure:
                raise turned(failure) from None
            pieces.append(piece)
            if not message.get("more_body"):
                return b"".join(pieces)

    async def until_gone(self) -> None:
        """Return when the client has gone. The body has been read before."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def start(self, status: int, fields: Headers) -> None:
        """Begin the answer."""
        self.started = True
        await self._send({"type": "http.response.start", "status": status, "headers": fields})

    async def write(self, piece: bytes) -> None:
        """Send a piece and wait until there is room for another."""
        await self._within(self._stall_seconds, piece, more=True)

    async def finish(self, rest: bytes = b"") -> None:
        """End the answer as complete."""
        await self._within(self._stall_seconds, rest, more=False)
        self._complete = True

    async def leave(self) -> None:
        """End the answer where it is, as complete; who does not even take that is cut off."""
        try:
            await self._within(_LINGER_SECONDS, b"", more=False)
        except Gone:
            await self.cut()

    async def refuse(self, refusal: Turned) -> None:
        """Say why there is no answer of the server's; where one has begun, cut it off."""
        if self.started:
            await self.cut()
            return
        status, fields, body = written(refusal)
        with contextlib.suppress(Gone):
            await self.start(status, fields)
            await self.finish(body)

    async def cut(self) -> None:
        """End the connection in the middle of the answer, so that nobody takes the part for the whole."""
        if self._cut is not None and not self._complete:
            self._cut()
            await self.until_gone()

    async def _within(self, seconds: float, piece: bytes, *, more: bool) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._send({"type": "http.response.body", "body": piece, "more_body": more})
        except TimeoutError:
            raise Gone from None


def _too_large(most: int) -> Turned:
    return Turned(Code.TOO_LARGE, f"a request to an MCP server has at most {most} bytes")
