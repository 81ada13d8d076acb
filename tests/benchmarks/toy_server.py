"""A server that counts what it is asked, and a proxy that only tunnels: what the load generator is checked against."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
END_OF_HEAD = b"\r\n\r\n"
Converse = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Toy:
    """Its port, and what it saw."""

    port: int = 0
    connections: int = 0
    heads: list[str] = field(default_factory=list)


@asynccontextmanager
async def answering(
    reply: bytes, *, context: ssl.SSLContext | None = None, then_close: bool = False, after: float = 0.0
) -> AsyncIterator[Toy]:
    """Run a server that gives the same reply to every request."""
    toy = Toy()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        toy.connections += 1
        while head := await _head(reader):
            toy.heads.append(head)
            await asyncio.sleep(after)
            writer.write(reply)
            if then_close:
                break
        await _closed(writer)

    async with _serving(toy, converse, context):
        yield toy


@asynccontextmanager
async def swallowing(body_bytes: int) -> AsyncIterator[Toy]:
    """Run a server that reads a body of so many bytes behind each head, and greets."""
    toy = Toy()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        toy.connections += 1
        while head := await _head(reader):
            await reader.readexactly(body_bytes)
            toy.heads.append(head)
            writer.write(HELLO)
        await _closed(writer)

    async with _serving(toy, converse, None):
        yield toy


@asynccontextmanager
async def multiplexing(body: bytes, *, status: str = "200") -> AsyncIterator[Toy]:
    """Run a server of HTTP/2, without TLS, that gives the same reply to every request."""
    toy = Toy()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        toy.connections += 1
        speech = H2Connection(H2Configuration(client_side=False))
        speech.initiate_connection()
        writer.write(speech.data_to_send())
        while piece := await reader.read(65536):
            for event in speech.receive_data(piece):
                if isinstance(event, RequestReceived):
                    toy.heads.append(" ".join(f"{name.decode()}={value.decode()}" for name, value in event.headers))
                    speech.send_headers(event.stream_id, [(":status", status)])
                    speech.send_data(event.stream_id, body, end_stream=True)
            writer.write(speech.data_to_send())
        await _closed(writer)

    async with _serving(toy, converse, None):
        yield toy


@asynccontextmanager
async def tunnelling(to: int) -> AsyncIterator[Toy]:
    """Run a proxy that answers CONNECT and leads to a port of this machine."""
    toy = Toy()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        toy.connections += 1
        toy.heads.append(await _head(reader))
        beyond, onward = await asyncio.open_connection("127.0.0.1", to)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(_pass_on(reader, onward), _pass_on(beyond, writer))

    async with _serving(toy, converse, None):
        yield toy


@asynccontextmanager
async def _serving(toy: Toy, converse: Converse, context: ssl.SSLContext | None) -> AsyncIterator[None]:
    conversations: set[asyncio.Task[None]] = set()

    async def held(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        conversations.add(task)
        await converse(reader, writer)

    server = await asyncio.start_server(held, "127.0.0.1", 0, ssl=context)
    toy.port = server.sockets[0].getsockname()[1]
    try:
        yield
    finally:
        server.close()
        await asyncio.gather(*conversations)  # each ends when its client closes


async def _head(reader: asyncio.StreamReader) -> str:
    try:
        return (await reader.readuntil(END_OF_HEAD)).decode()
    except (asyncio.IncompleteReadError, ConnectionError):
        return ""


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while piece := await reader.read(65536):
            writer.write(piece)
    except ConnectionError:
        return  # one side is gone: so is the tunnel
    finally:
        await _closed(writer)


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    try:
        await writer.wait_closed()
    except (ConnectionError, ssl.SSLError):
        return  # the client was faster
