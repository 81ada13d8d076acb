"""A server that says exactly what a test wants it to say."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.delivery.egress.running import read_request

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
EVENTS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def reply(body: bytes = b"{}", *fields: bytes, status: bytes = b"200 OK", kind: bytes = b"application/json") -> bytes:
    lines = [b"HTTP/1.1 " + status, b"Content-Type: " + kind, b"Content-Length: %d" % len(body), *fields, b"", b""]
    return b"\r\n".join(lines) + body


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


@dataclass
class Request:
    line: bytes
    fields: list[tuple[bytes, bytes]]
    body: bytes

    def all(self, name: bytes) -> list[bytes]:
        return [value for each, value in self.fields if each.lower() == name]

    @property
    def names(self) -> set[bytes]:
        return {name.lower() for name, _ in self.fields}


@dataclass
class Scripted:
    """Answers each request with what `answer` returns; a stream stays open and is written to by the test."""

    answer: Callable[[Request], bytes] = lambda _: OK
    streams: bool = False
    seen: list[Request] = field(default_factory=list)
    connections: int = 0
    open: asyncio.Queue[asyncio.StreamWriter] = field(default_factory=asyncio.Queue)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the gateway has given a stream up."""

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while True:
            head, body = await read_request(reader)
            line, *lines = head.rstrip(b"\r\n").split(b"\r\n")
            fields = [(name, value.strip()) for name, _, value in (each.partition(b":") for each in lines)]
            self.seen.append(Request(line, fields, body))
            answer = self.answer(self.seen[-1])
            writer.write(answer)
            if self.streams and not answer.startswith(b"HTTP/1.1 4"):
                self.open.put_nowait(writer)
                try:
                    await reader.read()
                finally:
                    self.gone.set()
                return
