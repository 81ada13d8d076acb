import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network

import pytest

from strongroom.core.failures import BadReply, NotPermitted, Unreachable
from strongroom.core.hosts import Host
from strongroom.core.plans import Destination
from strongroom.outbound.addresses import AddressGuard
from strongroom.outbound.dialer import Dialer
from strongroom.outbound.llm_upstream import LlmUpstream
from tests.delivery.llm.vendors import Vendor, answer, hangs_up, vendor

NAME = "models.example.com"


@pytest.fixture
async def upstream() -> AsyncIterator[Vendor]:
    async with vendor() as started:
        yield started


@asynccontextmanager
async def way(*, most_pools: int = 9, **pins: str) -> AsyncIterator[LlmUpstream]:
    """The way out, where 127.0.0.1 is listed and the given names lead where they are said to."""
    guard = AddressGuard(allowed=[ip_network("127.0.0.1/32")], own_doors=())
    named = {name.replace("_", "."): address for name, address in pins.items()}
    upstream = LlmUpstream(
        dialer=Dialer(guard=guard, ssl_contexts={}, resolve_pins=named),
        guard=guard,
        ssl_context=ssl.create_default_context(),
        connect_seconds=2,
        head_bytes=65536,
        most_pools=most_pools,
    )
    try:
        yield upstream
    finally:
        await upstream.close()


async def sent(upstream: LlmUpstream, port: int, host: str = "127.0.0.1", whose: str = "w") -> bytes:
    destination = Destination("http", Host(host), port)
    reply = await upstream.send(whose, destination, "POST", "/v1/x", [("authorization", "k")], b"{}")
    try:
        body = b""
        while piece := await reply.piece():
            body += piece
        return body
    finally:
        reply.close()


async def test_a_listed_address_is_asked_in_plain_http(upstream: Vendor) -> None:
    upstream.says(answer(body=b"said"))
    async with way(models_example_com="127.0.0.1") as out:
        assert await sent(out, upstream.port) == b"said"
        assert await sent(out, upstream.port, NAME) == b"said"
    assert upstream.last.field("host") == f"{NAME}:{upstream.port}"


@pytest.mark.parametrize("address", ["169.254.169.254", "10.0.0.1", "127.0.0.2", "::1"])
async def test_an_address_that_is_not_listed_is_not_dialled(address: str) -> None:
    async with way(models_example_com=address) as out:
        with pytest.raises(NotPermitted):
            await sent(out, 9, NAME)


async def test_a_public_address_is_not_asked_in_plain_http() -> None:
    async with way(models_example_com="93.184.216.34") as out:
        with pytest.raises(NotPermitted, match="plain http"):
            await sent(out, 9, NAME)
        with pytest.raises(NotPermitted, match="plain http"):
            await sent(out, 9, "93.184.216.34")


async def test_connections_are_kept_for_whose_they_are(upstream: Vendor) -> None:
    async with way() as out:
        for whose in ("a", "a", "b", "a"):
            await sent(out, upstream.port, whose=whose)
    assert upstream.connections == 2


async def test_a_pool_that_rests_makes_way_for_another(upstream: Vendor) -> None:
    async with way(most_pools=2) as out:
        for whose in ("a", "b", "c", "a"):
            await sent(out, upstream.port, whose=whose)
    assert upstream.connections == 4


async def test_nothing_is_sent_twice() -> None:
    async with vendor(hangs_up()) as upstream, way() as out:
        with pytest.raises(BadReply):
            await sent(out, upstream.port)
        assert len(upstream.seen) == 1


async def test_a_redirect_is_an_answer() -> None:
    async with vendor(answer(307, fields={"location": "/elsewhere"})) as upstream, way() as out:
        await sent(out, upstream.port)
        assert len(upstream.seen) == 1


async def test_nobody_listening_is_unreachable() -> None:
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    async with way() as out:
        with pytest.raises(Unreachable):
            await sent(out, port)
