"""A server on loopback that answers with the very bytes that a test says, with TLS for one name."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import trustme

HOST = "hooks.example.test"
OK = b"HTTP/1.1 204 No Content\r\n\r\n"


@dataclass
class Server:
    """A receiver that answers with the very bytes that a test says."""

    answer: bytes = OK
    hang: bool = False
    lingers: bool = False
    """Whether it keeps the connection open after its answer, until the other side closes it."""
    port: int = 0
    heads: list[bytes] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.heads.append(head)
            sizes = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            self.bodies.append(await reader.readexactly(int(sizes[0][15:]) if sizes else 0))
            if self.hang:
                await reader.read()
            writer.write(self.answer)
            await writer.drain()
            if self.lingers:
                await reader.read()
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()


@asynccontextmanager
async def serving(authority: trustme.CA | None, server: Server) -> AsyncIterator[Server]:
    context = None
    if authority is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert(HOST).configure_cert(context)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=context)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
