"""One client connection: CONNECT where asked, TLS where asked, then the same request again and again.

It reads into one buffer of its own (`BufferedProtocol`): the default would allocate 256 KiB for each read,
and a generator that is slower than what it measures measures itself.
"""

import asyncio
import random
import ssl
from collections.abc import Callable
from time import perf_counter_ns
from typing import cast, final

import httptools

from benchmarks.load.job import Route
from strongroom.core.overriding import override

BUFFER = 64 * 1024
OK = 200
PIECE = random.Random(2).randbytes(256 * 1024)
"""What bodies are made of: nothing that compresses."""


@final
class Connection(asyncio.BufferedProtocol):
    """Calls `replied` after each whole reply and `failed` with what went wrong, once."""

    def __init__(  # noqa: PLR0913 - what to send, what to expect, whom to tell
        self,
        request: bytes,
        reply_bytes: int,
        *,
        body_bytes: int = 0,
        distinct: bool = False,
        replied: Callable[["Connection"], None],
        failed: Callable[[str], None],
    ) -> None:
        self.started = 0
        self._request = request
        self._distinct = distinct
        self._body_bytes = body_bytes
        self._left = 0
        self._may_write = True
        self._reply_bytes = reply_bytes
        self._replied = replied
        self._failed = failed
        self._view = memoryview(bytearray(BUFFER))
        self._parser = httptools.HttpResponseParser(self)
        self._body = 0
        self._whole = False
        self._closing = False
        self._transport: asyncio.Transport | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def send(self, since: int | None = None) -> None:
        """Send the request. The clock of its latency starts here, or `since` then."""
        self.started = since or perf_counter_ns()
        assert self._transport is not None
        self._transport.write(_with_its_own_field(self._request, self.started) if self._distinct else self._request)
        if self._body_bytes:
            self._left = self._body_bytes
            self._pump()

    @override
    def pause_writing(self) -> None:
        self._may_write = False

    @override
    def resume_writing(self) -> None:
        self._may_write = True
        self._pump()

    def _pump(self) -> None:
        assert self._transport is not None
        while self._left and self._may_write:
            piece = PIECE[: self._left]
            self._left -= len(piece)
            self._transport.write(piece)

    def close(self) -> None:
        """Close without that being a failure."""
        self._closing = True
        if self._transport is not None:
            self._transport.close()

    @override
    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's signature
        return self._view

    @override
    def buffer_updated(self, nbytes: int) -> None:
        try:
            self._parser.feed_data(self._view[:nbytes])
        except httptools.HttpParserError as error:
            self._fail(f"the reply is not HTTP: {error}")
            return
        if self._whole:
            self._finish()

    def on_body(self, body: bytes) -> None:
        self._body += len(body)

    def on_message_complete(self) -> None:
        self._whole = True

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(f"the connection was closed ({exc or 'end of stream'})")

    def _finish(self) -> None:
        status, body = self._parser.get_status_code(), self._body
        self._whole, self._body = False, 0
        if status != OK or body != self._reply_bytes:
            self._fail(f"expected {OK} with {self._reply_bytes} bytes, got {status} with {body} bytes")
        else:
            self._replied(self)

    def _fail(self, why: str) -> None:
        if not self._closing:
            self.close()
            self._failed(why)


def _with_its_own_field(request: bytes, number: int) -> bytes:
    return b"%bX-Request-Id: %d\r\n\r\n" % (request.removesuffix(b"\r\n"), number)


@final
class _Tunnel(asyncio.Protocol):
    """The time before TLS: CONNECT is sent, its answer awaited."""

    def __init__(self, answered: asyncio.Future[None]) -> None:
        self.answered = answered
        self._head = b""

    @override
    def data_received(self, data: bytes) -> None:
        self._head += data
        if b"\r\n\r\n" in self._head and not self.answered.done():
            line = self._head.partition(b"\r\n")[0]
            if line.split(b" ")[1:2] == [b"200"]:
                self.answered.set_result(None)
            else:
                self.answered.set_exception(ConnectionError(f"CONNECT was answered {line.decode('latin-1')}"))

    @override
    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - as above
        if not self.answered.done():
            self.answered.set_exception(ConnectionError("closed before CONNECT was answered"))


def trusting(route: Route, protocol: str = "http/1.1") -> ssl.SSLContext | None:
    """Return a context that trusts the roots of the route and nothing else; none where it speaks plain HTTP."""
    if route.tls_name is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(route.ca_file)
    context.set_alpn_protocols([protocol])
    return context


async def connect(route: Route, connection: asyncio.BufferedProtocol, context: ssl.SSLContext | None) -> None:
    """Open the connection along its route. Raises `OSError` if that does not work."""
    loop = asyncio.get_running_loop()
    if route.tunnel is None or context is None:
        await loop.create_connection(
            lambda: connection, route.host, route.port, ssl=context, server_hostname=route.tls_name
        )
        return
    transport, tunnel = await loop.create_connection(lambda: _Tunnel(loop.create_future()), route.host, route.port)
    lines = [f"CONNECT {route.tunnel} HTTP/1.1", f"Host: {route.tunnel}"]
    if route.tunnel_authorization:
        lines.append(f"Proxy-Authorization: {route.tunnel_authorization}")
    transport.write("\r\n".join([*lines, "", ""]).encode())
    await tunnel.answered
    either_kind = cast("asyncio.Protocol", connection)  # the stub knows one kind of protocol, every loop takes both
    tls = await loop.start_tls(transport, either_kind, context, server_hostname=route.tls_name)
    assert tls is not None
    connection.connection_made(tls)
