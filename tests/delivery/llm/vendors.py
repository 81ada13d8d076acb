"""An upstream that says what a test tells it to say, byte by byte, and remembers what it was asked."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

Say = Callable[[asyncio.StreamWriter], Awaitable[None]]
"""Writes one answer. The connection is kept if it returns, and closed if it raises `Close`."""


class Close(Exception):
    """The vendor hangs up."""


@dataclass(frozen=True)
class Seen:
    """One request, as it came."""

    method: str
    target: str
    fields: list[tuple[str, str]]
    body: bytes
    at: float

    def field(self, name: str) -> str | None:
        """Return a field that may stand there once."""
        values = [value for each, value in self.fields if each == name]
        assert len(values) < 2, name
        return values[0] if values else None

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever JSON it is
        return json.loads(self.body)

    @property
    def text(self) -> str:
        """All of it."""
        return f"{self.method} {self.target}\n{self.fields}\n{self.body.decode('latin-1')}"


@dataclass
class Vendor:
    """A running upstream. `answers` are said in turn, the last of them for ever."""

    port: int = 0
    answers: list[Say] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a client hung up while it was being answered."""
    gone_at: float = 0.0
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def last(self) -> Seen:
        return self.seen[-1]

    def says(self, *answers: Say) -> None:
        """Say these from now on."""
        self.answers[:] = answers

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while request := await _read(reader):
                self.seen.append(request)
                say = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                saying = asyncio.ensure_future(say(writer))
                hearing = asyncio.ensure_future(reader.read(1))
                await asyncio.wait((saying, hearing), return_when=asyncio.FIRST_COMPLETED)
                if not saying.done():  # the client says nothing while it is answered, so it has gone
                    self.gone_at = asyncio.get_running_loop().time()
                    self.gone.set()
                    saying.cancel()
                    return
                hearing.cancel()
                await asyncio.gather(hearing, return_exceptions=True)
                saying.result()
        except (Close, ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def vendor(*answers: Say) -> AsyncIterator[Vendor]:
    """Run one for as long as the context lasts."""
    running = Vendor(answers=list(answers or (chat(),)))
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with contextlib.suppress(asyncio.CancelledError):  # at the end; the streams' own callback would log it
            await running.serve(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    running.port = server.sockets[0].getsockname()[1]
    try:
        yield running
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def answer(
    status: int = 200, body: bytes = b"{}", fields: Mapping[str, str] | None = None, *, kind: str = "application/json"
) -> Say:
    """Say a whole answer at once."""
    said = {"content-type": kind, "content-length": str(len(body)), **(fields or {})}
    head = f"HTTP/1.1 {status} Said\r\n" + "".join(f"{name}: {value}\r\n" for name, value in said.items())

    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(head.encode() + b"\r\n" + body)
        await writer.drain()

    return say


def events(*pieces: bytes, pause: float = 0.0, breaks: bool = False, times: list[float] | None = None) -> Say:
    """Say a stream of events piece by piece, chunked; `breaks` off instead of ending."""

    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        for number, piece in enumerate(pieces):
            if number and pause:
                await asyncio.sleep(pause)
            if times is not None:
                times.append(asyncio.get_running_loop().time())
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await writer.drain()
        if breaks:
            raise Close
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    return say


def hangs_up() -> Say:
    """Say nothing, and close the connection."""

    async def say(_writer: asyncio.StreamWriter) -> None:
        raise Close

    return say


def silent() -> Say:
    """Say nothing at all."""

    async def say(_writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    return say


def chat(text: str = "hello") -> Say:
    """Say what OpenAI says to a chat."""
    return answer(
        body=json.dumps(CHAT | {"choices": [_choice(message={"role": "assistant", "content": text})]}).encode()
    )


def message(text: str = "hello") -> Say:
    """Say what Anthropic says to messages."""
    return answer(body=json.dumps(MESSAGE | {"content": [{"type": "text", "text": text}]}).encode())


def chunk(text: str) -> bytes:
    """Return one event of a chat that is streamed."""
    body = CHAT | {"object": "chat.completion.chunk", "choices": [_choice(delta={"content": text})]}
    return b"data: " + json.dumps(body).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"
CHAT: dict[str, object] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-up",
    "usage": {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12},
}
MESSAGE: dict[str, object] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-up",
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 7, "output_tokens": 5},
}


def event(kind: str, **members: object) -> bytes:
    """Return one event of Anthropic's."""
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **members})}\n\n".encode()


MESSAGE_EVENTS = (
    event("message_start", message=MESSAGE | {"content": []}),
    event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
    event("content_block_delta", index=0, delta={"type": "text_delta", "text": "hel"}),
    event("content_block_delta", index=0, delta={"type": "text_delta", "text": "lo"}),
    event("content_block_stop", index=0),
    event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 5}),
    event("message_stop"),
)


def _choice(**members: object) -> dict[str, object]:
    return {"index": 0, "finish_reason": None if "delta" in members else "stop", **members}


async def _read(reader: asyncio.StreamReader) -> Seen | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.rstrip().split("\r\n")
    method, target, _ = first.split(" ")
    fields = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    named = dict(fields)
    if named.get("transfer-encoding") == "chunked":
        body = b""
        while size := int(await reader.readline(), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
    else:
        body = await reader.readexactly(int(named.get("content-length", "0")))
    return Seen(method, target, fields, body, asyncio.get_running_loop().time())
