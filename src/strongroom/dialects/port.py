"""The API port's HTTP shell: uvicorn's parser, with every head, connection and silence bounded.

Rules kept here (DESIGN section 5 lines 9 and 14):
- a head over 64 KiB is refused, and no more of it is kept;
- a head or a body that does not arrive in time closes the connection;
- beyond a number of connections, new ones are closed at once;
- what is not HTTP is answered in JSON, with a request id, and the connection is closed.
"""

import asyncio
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from strongroom.core.ids import REQUEST, NewId
from strongroom.core.overriding import override

HEAD_BYTES = 64 * 1024
HEAD_SECONDS = 30.0
BODY_SECONDS = 60.0
LINGER_SECONDS = 2.0
"""How long what a refused client still sends is read and thrown away, so that it can read its answer."""
CONNECTIONS = 4096
CUT = "strongroom.cut"
"""The extension of ASGI by which an application cuts off an answer that it cannot complete (see `delivery/mcp`)."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection. Not made directly: `bounded` says where request ids come from."""

    new_request_id: ClassVar[Callable[[], str]]
    most_connections = CONNECTIONS

    _head_bytes = 0
    _in_head = True
    _complete = 0
    _refused = False
    _deadline: asyncio.TimerHandle | None = None

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        if len(self.connections) > self.most_connections:
            transport.abort()
            return
        self._expect_within(HEAD_SECONDS)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._expect_nothing()
        super().connection_lost(exc)

    @override
    def data_received(self, data: bytes) -> None:
        if self._refused or self.transport.is_closing():
            return
        if self._in_head and self._deadline is None:
            self._expect_within(HEAD_SECONDS)
        complete = self._complete
        super().data_received(data)
        if self._in_head and self._complete == complete:  # no message ended in this piece: all of it was head
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the request's head is over 64 KiB")

    @override
    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value.rstrip(b" \t"))  # RFC 9110 5.5: blanks behind a value are no part of it

    @override
    def on_headers_complete(self) -> None:
        self.scope.setdefault("extensions", {})[CUT] = {"connection": self.transport.abort}
        self._in_head = False
        self._expect_within(BODY_SECONDS)
        super().on_headers_complete()

    @override
    def on_message_complete(self) -> None:
        self._in_head, self._head_bytes, self._complete = True, 0, self._complete + 1
        self._expect_nothing()
        super().on_message_complete()

    @override
    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's words are not ours
        self._refuse(HTTPStatus.BAD_REQUEST, "the request is not valid HTTP")

    def _refuse(self, status: HTTPStatus, message: str) -> None:
        if not getattr(self.cycle, "response_complete", True):
            self.transport.abort()  # an answer is under way; nothing can be said between its bytes
            return
        request_id = type(self).new_request_id()
        error = {"type": "invalid_request_error", "message": message}
        body = json.dumps({"type": "error", "error": error, "request_id": request_id}).encode()
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nrequest-id: {request_id}\r\nconnection: close\r\n\r\n"
        )
        self._refused = True
        self.transport.write(head.encode() + body)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._expect_within(LINGER_SECONDS)

    def _expect_within(self, seconds: float) -> None:
        self._expect_nothing()
        self._deadline = self.loop.call_later(seconds, self.transport.close)

    def _expect_nothing(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def bounded(new_id: NewId) -> type[BoundedProtocol]:
    """Return the protocol for a server."""

    class Protocol(BoundedProtocol):
        new_request_id = staticmethod(lambda: new_id(REQUEST))

    return Protocol
