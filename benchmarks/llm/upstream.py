"""The vendor that everybody is measured against: plain HTTP, answers made beforehand, as JSON or as a stream of events.

It takes two keys, an old and a new one, and its JSON says which of them came, so that a rotation can be watched.
Every other key gets 401, so a contestant that sends what its client sent cannot win. Its first line of standard output
says where it listens. Run as `python -m benchmarks.llm.upstream`.
"""

import asyncio
import sys
from typing import cast, final

import httptools
import msgspec
import uvloop

from strongroom.core.overriding import override

OLD, NEW = "sk-bench-old-0123456789abcdef", "sk-bench-new-0123456789abcdef"
BODY_BYTES = 1024
EVENTS = 20
_FRAME = (
    b'{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"gpt-up","system_fingerprint":"%s","choices":'
    b'[{"index":0,"message":{"role":"assistant","content":"%s"},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":9,"completion_tokens":200,"total_tokens":209}}'
)
_HEAD = b"HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
_STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
_EVENT = (
    b'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-up",'
    b'"choices":[{"index":0,"delta":{"role":"assistant","content":"word "},"finish_reason":null}]}\n\n'
)


def answer(key: bytes) -> bytes:
    """Return 1 KiB of JSON that names the key, with its head."""
    room = BODY_BYTES - len(_FRAME % (key, b""))
    body = _FRAME % (key, (b"abcdefgh " * 200)[:room])
    return _HEAD % (b"200 OK", b"application/json", len(body)) + body


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


ANSWERS = {f"Bearer {key}".encode(): answer(name) for key, name in ((OLD, b"old"), (NEW, b"new"))}
REFUSAL = _HEAD % (b"401 Unauthorized", b"application/json", 2) + b"{}"
STREAM = _STREAM_HEAD + _chunk(_EVENT) * EVENTS + _chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"


@final
class Connection(asyncio.Protocol):
    """Answers each request as soon as it is whole."""

    def __init__(self) -> None:
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._authorization = b""
        self._body = b""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    @override
    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            assert self._transport is not None
            self._transport.close()

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"authorization":
            self._authorization = value

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        assert self._transport is not None
        found = ANSWERS.get(self._authorization)
        streams = b'"stream":true' in self._body.replace(b" ", b"")
        self._authorization = self._body = b""
        self._transport.write(REFUSAL if found is None else STREAM if streams else found)


async def serve() -> None:
    """Serve until standard input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", 0, backlog=1024)
    ended = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), ended.set)
    print(msgspec.json.encode({"port": server.sockets[0].getsockname()[1]}).decode(), flush=True)
    await ended.wait()


if __name__ == "__main__":
    uvloop.run(serve())
