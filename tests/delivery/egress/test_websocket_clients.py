"""WebSocket clients that people use, through the running proxy, to a server that echoes all it gets."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.http11 import Request, Response

from strongroom.core.failures import NotPermitted
from strongroom.core.surfaces import Surface
from tests.delivery.egress.doubles import PLACEHOLDER, SECRET, FixedDelivery, swap
from tests.delivery.egress.running import HOST, Rig
from tests.delivery.egress.sockets import served

EVERYWHERE = frozenset(Surface)


class Echo:
    """Says everything back: as it came, in a ping, and when it closes."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.received: list[str | bytes] = []

    async def __call__(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self.requests.append(connection.request)
        async for message in connection:
            self.received.append(message)
            if message == f"ping {SECRET}":
                _ = await connection.ping(SECRET)
            elif message == f"close {SECRET}":
                await connection.close(4001, SECRET)
            else:
                await connection.send(message)


def holding(secret: str = SECRET) -> FixedDelivery:
    return FixedDelivery(swaps=(swap(EVERYWHERE, secret=secret),))


@asynccontextmanager
async def dialled(at: Rig, scheme: str, path: str = "/", **headers: str) -> AsyncIterator[ClientConnection]:
    url = f"{scheme}://{HOST}:{at.upstream_port}{path}"
    tls = at.client_context() if scheme == "wss" else None
    async with connect(url, ssl=tls, proxy=at.proxy_url, additional_headers=headers, ping_interval=None) as client:
        yield client


@pytest.mark.parametrize("scheme", ["ws", "wss"])
async def test_websockets_sends_secrets_and_gets_placeholders_back(scheme: str) -> None:
    echo, delivery = Echo(), holding()
    async with (
        served(echo, delivery, tls=scheme == "wss") as at,
        dialled(at, scheme, f"/?key={PLACEHOLDER}", Authorization=f"Bearer {PLACEHOLDER}") as client,
    ):
        said: list[str | bytes] = [
            f"text {PLACEHOLDER}",
            json.dumps({"k": PLACEHOLDER}),
            f"bytes {PLACEHOLDER}".encode(),
            "",
            b"",
        ]
        for each in said:
            await client.send(each)
            assert await client.recv() == each
        await client.send([PLACEHOLDER[:7], PLACEHOLDER[7:]])  # in fragments
        assert await client.recv() == PLACEHOLDER
        latency = await client.ping(b"beat")
        assert await latency >= 0
        assert client.response is not None
        assert "Sec-WebSocket-Extensions" not in client.response.headers
    assert echo.requests[0].headers["Authorization"] == f"Bearer {SECRET}"
    assert echo.requests[0].path == "/?key=sk-live-hush%2F7%2Breally%3Dsecret"
    assert echo.received == [
        f"text {SECRET}",
        json.dumps({"k": SECRET}),
        f"bytes {SECRET}".encode(),
        "",
        b"",
        SECRET,
    ]


@pytest.mark.parametrize("scheme", ["ws", "wss"])
async def test_aiohttp_sends_secrets_and_gets_placeholders_back(scheme: str) -> None:
    """`ws://` goes to the proxy in absolute form here."""
    echo, delivery = Echo(), holding()
    async with served(echo, delivery, tls=scheme == "wss") as at, aiohttp.ClientSession() as session:
        async with session.ws_connect(
            f"{scheme}://{HOST}:{at.upstream_port}/{PLACEHOLDER}",
            proxy=at.proxy_url,
            ssl=at.client_context(),
            headers={"X-Key": PLACEHOLDER},
            compress=15,
            autoping=False,
        ) as client:
            assert client.compress == 0
            await client.send_json({"k": PLACEHOLDER})
            assert await client.receive_json() == {"k": PLACEHOLDER}
            await client.send_str(f"ping {PLACEHOLDER}")
            ping = await client.receive()
            assert (ping.type, ping.data) == (aiohttp.WSMsgType.PING, PLACEHOLDER.encode())
            await client.send_str(f"close {PLACEHOLDER}")
            closing = await client.receive()
            assert (closing.type, closing.data, closing.extra) == (aiohttp.WSMsgType.CLOSE, 4001, PLACEHOLDER)
        assert {made.scheme for made in at.dialer.dialled} == {{"ws": "http", "wss": "https"}[scheme]}
    assert echo.requests[0].headers["X-Key"] == SECRET
    assert echo.received == [json.dumps({"k": SECRET}), f"ping {SECRET}", f"close {SECRET}"]


@pytest.mark.parametrize(("delivery", "compressed"), [(FixedDelivery(strays={}), True), (holding(), False)])
async def test_compression_is_agreed_on_only_where_nothing_is_to_be_found(
    delivery: FixedDelivery, compressed: bool
) -> None:
    async with served(Echo(), delivery) as at, dialled(at, "wss") as client:
        assert client.response is not None
        assert ("permessage-deflate" in client.response.headers.get("Sec-WebSocket-Extensions", "")) is compressed
        for size in (1, 1000, 300_000):
            await client.send("z" * size)
            assert await client.recv() == "z" * size


async def test_a_server_that_says_no_is_heard() -> None:
    async def never(_: ServerConnection) -> None:
        raise AssertionError

    def refuse(connection: ServerConnection, request: Request) -> Response:
        return connection.respond(403, f"not with {request.headers['X-Key']}\n")

    async with served(never, holding(), check=refuse) as at:
        with pytest.raises(InvalidStatus) as raised:
            async with dialled(at, "wss", **{"X-Key": PLACEHOLDER}):
                pass
    assert raised.value.response.status_code == 403
    assert raised.value.response.body == f"not with {PLACEHOLDER}\n".encode()


async def test_a_rotation_reaches_an_open_socket() -> None:
    echo, delivery = Echo(), holding("the old one")
    async with served(echo, delivery) as at, dialled(at, "wss") as client:
        await client.send(PLACEHOLDER)
        assert await client.recv() == PLACEHOLDER
        delivery.swaps = (swap(EVERYWHERE, secret="the new one"),)
        delivery.live.forget()
        await client.send(PLACEHOLDER)
        assert await client.recv() == PLACEHOLDER
        await client.send("the old one, the new one")
        assert await client.recv() == f"{PLACEHOLDER}, {PLACEHOLDER}"
    assert echo.received[:2] == ["the old one", "the new one"]


async def test_a_revocation_closes_an_open_socket_with_words() -> None:
    ends: list[ConnectionClosed] = []

    async def watch(connection: ServerConnection) -> None:
        try:
            async for _ in connection:
                pass
            await connection.wait_closed()
        finally:
            ends.append(ConnectionClosed(connection.protocol.close_rcvd, None))
            over.set()

    over = asyncio.Event()
    delivery = holding()
    async with served(watch, delivery) as at, dialled(at, "wss") as client:
        await client.send(PLACEHOLDER)
        delivery.refuse = lambda destination: NotPermitted(f"{destination.host} is not allowed by environment env_1")
        delivery.live.forget()
        await client.send(PLACEHOLDER)
        with pytest.raises(ConnectionClosed) as raised:
            await client.recv()
        await over.wait()
    for closed in (raised.value, ends[0]):
        assert closed.rcvd is not None
        assert closed.rcvd.code == 1008
        assert closed.rcvd.reason == "api.example.com is not allowed by environment env_1"


async def test_the_end_of_the_session_cuts_an_open_socket() -> None:
    delivery = holding()
    async with served(Echo(), delivery) as at, dialled(at, "wss") as client:
        await client.send("hello")
        assert await client.recv() == "hello"
        delivery.live.end()
        with pytest.raises(ConnectionClosed) as raised:
            await client.recv()
        assert raised.value.rcvd is None
