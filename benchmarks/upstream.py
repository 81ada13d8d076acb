"""The upstream that everybody is measured against: uvloop, TLS, replies made beforehand.

It counts whether each request carried the right Authorization, so that a contestant that forwards a placeholder
cannot win. Its first line of standard input says what to serve with; each further line asks for the counts since
the last one. Run as `python -m benchmarks.upstream`.
"""

import asyncio
import random
import ssl
import sys
from dataclasses import asdict, dataclass
from typing import cast, final

import httptools
import msgspec
import uvloop

from strongroom.core.overriding import override

BUFFER = 64 * 1024
JSON_BYTES = 1024
_FRAME = b'{"items":"%s"}'
_JSON = _FRAME % (b"abcdefgh " * 200)[: JSON_BYTES - len(_FRAME) + 2]
JSON_REPLY = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(_JSON), _JSON)
REFUSAL = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n"
STREAMED = random.Random(1).randbytes(256 * 1024)  # a body that compresses to nothing and repeats no short needle


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What the upstream is started with: the one right Authorization, and a file with key and certificates."""

    authorization: str
    certificate: str


@final
@dataclass(slots=True)
class Counts:
    """Requests whose Authorization was right, and all others; connections that were made."""

    right: int = 0
    wrong: int = 0
    connections: int = 0


@final
class Connection(asyncio.BufferedProtocol):
    """Answers `/stream/N` with N bytes, as fast as the other side reads them, and all else, bodies read, with 1 KiB."""

    def __init__(self, authorization: bytes, counts: Counts) -> None:
        self._right = authorization
        self._counts = counts
        self._view = memoryview(bytearray(BUFFER))
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._url = b""
        self._authorization = b""
        self._left = 0
        self._may_write = True

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._counts.connections += 1

    @override
    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's signature
        return self._view

    @override
    def buffer_updated(self, nbytes: int) -> None:
        try:
            self._parser.feed_data(self._view[:nbytes])
        except httptools.HttpParserError:
            assert self._transport is not None
            self._transport.close()

    def on_url(self, url: bytes) -> None:
        self._url = url

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"authorization":
            self._authorization = value

    def on_message_complete(self) -> None:
        assert self._transport is not None
        right, self._authorization = self._authorization == self._right, b""
        if not right:
            self._counts.wrong += 1
            self._transport.write(REFUSAL)
            return
        self._counts.right += 1
        if self._url.startswith(b"/stream/"):
            self._left = int(self._url.rpartition(b"/")[2])
            self._transport.write(STREAM_HEAD % self._left)
            self._pump()
        else:
            self._transport.write(JSON_REPLY)

    @override
    def pause_writing(self) -> None:
        self._may_write = False

    @override
    def resume_writing(self) -> None:
        self._may_write = True
        self._pump()

    @override
    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - as above
        self._left = 0

    def _pump(self) -> None:
        assert self._transport is not None
        while self._left and self._may_write:
            piece = STREAMED[: self._left]
            self._left -= len(piece)
            self._transport.write(piece)


async def serve(serving: Serving) -> None:
    """Serve until standard input ends."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(serving.certificate)
    context.set_alpn_protocols(["http/1.1"])
    counts = Counts()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Connection(serving.authorization.encode(), counts), "127.0.0.1", 0, ssl=context, backlog=1024
    )
    asked = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), asked.set)
    print(msgspec.json.encode({"port": server.sockets[0].getsockname()[1]}).decode(), flush=True)
    while True:
        await asked.wait()
        asked.clear()
        if not sys.stdin.readline():
            return
        print(msgspec.json.encode(asdict(counts)).decode(), flush=True)
        counts.right = counts.wrong = counts.connections = 0


if __name__ == "__main__":
    uvloop.run(serve(msgspec.json.decode(sys.stdin.readline(), type=Serving)))
