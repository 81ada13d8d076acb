"""The API port against clients that say too much, too slowly, or what is no HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from strongroom.core.overriding import override
from strongroom.dialects import port
from strongroom.dialects.port import BoundedProtocol, bounded


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    headers = dict(scope["headers"])
    while (await receive()).get("more_body"):
        pass
    await PlainTextResponse(headers.get(b"x-echo", b"ok").decode())(scope, receive, send)


@asynccontextmanager
async def serving(protocol: type[BoundedProtocol]) -> AsyncIterator[int]:
    config = uvicorn.Config(answer, http=protocol, lifespan="off", log_config=None, port=0, access_log=False)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await server.shutdown()


async def said(where: int, *pieces: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", where)
    try:
        for piece in pieces:
            writer.write(piece)
        async with asyncio.timeout(10):
            return await reader.read()
    finally:
        writer.close()


def plain() -> type[BoundedProtocol]:
    return bounded(lambda prefix: f"{prefix}1")


def hasty(seconds: float) -> type[BoundedProtocol]:
    class Hasty(plain()):  # type: ignore[misc]  # a class made for this server
        @override
        def _expect_within(self, _: float) -> None:
            super()._expect_within(seconds)

    return Hasty


@pytest.mark.parametrize("pieces", [1, 40])
async def test_a_head_over_64_kib_is_refused_and_not_kept(pieces: int) -> None:
    line = b"x-long: " + b"a" * (port.HEAD_BYTES * 5 // pieces) + b"\r\n"
    async with serving(plain()) as where:
        reply = await said(where, b"GET / HTTP/1.1\r\nhost: a\r\n", *[line[:-2]] * pieces)
    head, _, body = reply.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 431 ")
    assert b"request-id: req_1" in head
    assert json.loads(body)["error"]["type"] == "invalid_request_error"


async def test_a_body_beside_a_small_head_is_not_taken_for_head() -> None:
    size = port.HEAD_BYTES * 3
    request = b"POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % size + b"b" * size
    async with serving(plain()) as where:
        assert (await said(where, request)).startswith(b"HTTP/1.1 200 ")


async def test_what_is_no_http_gets_json_and_a_request_id() -> None:
    async with serving(plain()) as where:
        reply = await said(where, b"GET / HTTP/1.1\r\nbad header\r\n\r\n")
    assert reply.startswith(b"HTTP/1.1 400 ")
    assert json.loads(reply.partition(b"\r\n\r\n")[2])["request_id"] == "req_1"


async def test_blanks_behind_a_value_are_no_part_of_it() -> None:
    async with serving(plain()) as where:
        reply = await said(where, b"GET / HTTP/1.1\r\nhost: a\r\nx-echo: word \t\r\nconnection: close\r\n\r\n")
    assert reply.endswith(b"\r\n\r\nword")


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET / HTT", b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nab"],
    ids=["idle", "head", "body"],
)
async def test_what_does_not_arrive_in_time_closes_the_connection(sent: bytes) -> None:
    async with serving(hasty(0.05)) as where:
        await said(where, sent)  # returns: the server has closed


async def test_connections_beyond_the_bound_are_closed_at_once() -> None:
    class Narrow(plain()):  # type: ignore[misc]  # a class made for this server
        most_connections = 1

    async with serving(Narrow) as where:
        _, first = await asyncio.open_connection("127.0.0.1", where)
        first.write(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        assert await said(where, b"") == b""
        first.close()
