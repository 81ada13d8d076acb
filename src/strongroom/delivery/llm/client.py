"""The client's side of one request, over ASGI: its body read within a bound, its answer sent, its going noticed."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import final

from starlette.types import Receive, Scope, Send

from strongroom.delivery.llm.fields import one
from strongroom.delivery.llm.refusals import Code, Headers, Turned, event, written
from strongroom.delivery.llm.room import Room
from strongroom.delivery.mcp.client import CUT

_DIGITS = 18
"""Of a length: more are too many, whatever they say."""


@final
class Gone(Exception):
    """The client has gone, or has taken nothing for too long."""


@final
class Client:
    """One request's client. `anthropic` says in whose dialect it is told what goes wrong."""

    __slots__ = (
        "_complete",
        "_cut",
        "_receive",
        "_send",
        "_stall_seconds",
        "anthropic",
        "fields",
        "request_id",
        "started",
    )

    def __init__(self, scope: Scope, receive: Receive, send: Send, request_id: str, *, stall_seconds: float) -> None:
        self.fields: Headers = scope["headers"]
        self.request_id = request_id
        self.anthropic = False
        self.started = False
        self._receive = receive
        self._send = send
        self._stall_seconds = stall_seconds
        self._cut: Callable[[], None] | None = (scope.get("extensions") or {}).get(CUT, {}).get("connection")
        self._complete = False

    async def body(self, most: int, room: Room) -> bytes:
        """Return the whole body. Raises `Turned` if it is longer than it may be, and `Gone`."""
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
            room.take(len(piece))
            pieces.append(piece)
            if not message.get("more_body"):
                return b"".join(pieces) if len(pieces) > 1 else piece

    async def until_gone(self) -> None:
        """Return when the client has gone. The body has been read before."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def start(self, status: int, fields: Headers) -> None:
        """Begin the answer; what every answer says is added."""
        self.started = True
        named = self.request_id.encode()
        fields += (
            (b"x-request-id", named),
            (b"request-id", named),  # where Anthropic's clients look for it
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
        )
        await self._send({"type": "http.response.start", "status": status, "headers": fields})

    async def write(self, piece: bytes, *, more: bool) -> None:
        """Send a piece and wait until there is room for another. Raises `Gone`."""
        try:
            async with asyncio.timeout(self._stall_seconds):
                await self._send({"type": "http.response.body", "body": piece, "more_body": more})
        except TimeoutError:
            raise Gone from None
        self._complete = not more

    async def refuse(self, refusal: Turned) -> int:
        """Say why there is no answer of an upstream's. Return how long what was said is."""
        status, fields, body = written(refusal, self.request_id, anthropic=self.anthropic)
        await self.start(status, fields)
        await self.write(body, more=False)
        return len(body)

    async def end_events(self, refusal: Turned, tail: bytes) -> None:
        """End a stream of events whose last bytes were `tail` by one that says why (contract 4.4)."""
        said = event(refusal, self.request_id, anthropic=self.anthropic)
        closed = tail.endswith((b"\n\n", b"\r\n\r\n", b"\r\r"))
        with contextlib.suppress(Gone):
            await self.write(said if closed else b"\n\n" + said, more=False)

    async def cut(self) -> None:
        """End the connection in the middle of the answer, so that nobody takes the part for the whole."""
        if self._cut is not None and not self._complete:
            self._cut()
            await self.until_gone()


def _too_large(most: int) -> Turned:
    return Turned(Code.TOO_LARGE, f"a request to a model has at most {most} bytes")
