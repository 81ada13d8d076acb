"""The gateway's way out, to real servers on loopback."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_network

import pytest

from strongroom.core.failures import BadReply, NotPermitted, Unreachable
from strongroom.core.hosts import canonical_host
from strongroom.core.ids import SessionId
from strongroom.core.plans import Destination
from strongroom.outbound import AddressGuard, Dialer
from strongroom.outbound.mcp_upstream import McpUpstream

ONE, TWO = SessionId("sesn_1"), SessionId("sesn_2")
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Names:
    """A resolver whose answers can change; it says how often it was asked."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = list(addresses)
        self.asked = 0

    async def __call__(self, _: str, __: int) -> list[str]:
        self.asked += 1
        return self.addresses


@asynccontextmanager
async def serving(serve: Serve) -> AsyncIterator[int]:
    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(one, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


async def polite(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)


@asynccontextmanager
async def upstream(names: Names, *, listed: bool = True, seconds: float = 5.0) -> AsyncIterator[McpUpstream]:
    moment = [0.0]

    def monotonic() -> float:  # the dialer's answers are never old enough to be used again
        moment[0] += 100
        return moment[0]

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    dialer = Dialer(
        guard=AddressGuard(allowed=(ip_network("127.0.0.1/32"),) if listed else ()),
        ssl_contexts={("http/1.1",): context},
        resolve=names,
        monotonic=monotonic,
    )
    made = McpUpstream(
        dialer=dialer, ssl_context=context, connect_seconds=seconds, silence_seconds=seconds, head_bytes=65536
    )
    try:
        yield made
    finally:
        await made.close()


async def got(way: McpUpstream, port: int, *, whose: SessionId = ONE, host: str = "mcp.example.com") -> bytes:
    reply = await way.send(whose, Destination("http", canonical_host(host), port), "GET", "/mcp", [], b"")
    body = b""
    try:
        while piece := await reply.piece():
            body += piece
    finally:
        reply.close()
    return body


async def test_a_connection_that_is_kept_is_used_again_by_its_session() -> None:
    names = Names("127.0.0.1")
    async with serving(polite) as port, upstream(names) as way:
        assert [await got(way, port) for _ in range(3)] == [b"{}"] * 3
        assert names.asked == 1
        await got(way, port, whose=TWO)
        assert names.asked == 2


async def test_an_answer_that_changes_to_a_forbidden_address_is_not_dialled() -> None:
    names = Names("127.0.0.1")
    async with serving(polite) as port, upstream(names) as way:
        await got(way, port)
        names.addresses = ["127.0.0.2"]
        with pytest.raises(NotPermitted):
            await got(way, port, whose=TWO)


@pytest.mark.parametrize("host", ["mcp.example.com", "127.0.0.1"])
async def test_an_address_that_is_not_listed_is_not_dialled(host: str) -> None:
    async with serving(polite) as port, upstream(Names("127.0.0.1"), listed=False) as way:
        with pytest.raises(NotPermitted):
            await got(way, port, host=host)


async def test_a_name_without_an_address_is_unreachable() -> None:
    async with upstream(Names()) as way:
        with pytest.raises(Unreachable):
            await got(way, 80)


async def test_a_server_that_says_nothing_is_silence_and_not_a_failure() -> None:
    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(silent) as port, upstream(Names("127.0.0.1"), seconds=0.2) as way:
        with pytest.raises(TimeoutError):
            await got(way, port)


async def test_an_answer_that_is_cut_short_is_a_bad_one() -> None:
    async def short(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK[:-1])

    async with serving(short) as port, upstream(Names("127.0.0.1")) as way:
        with pytest.raises(BadReply):
            await got(way, port)
