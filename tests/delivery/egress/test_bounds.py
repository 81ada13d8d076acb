"""Limits of time and volume, on real sockets."""

import asyncio

from strongroom.delivery.egress import Limits
from tests.delivery.egress.running import Rig, read_reply, read_request, rig
from tests.delivery.egress.talk import AUTHORIZED


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer, or stall before or in the middle of the reply, or send without end, as the path says."""
    while True:
        head, _ = await read_request(reader)
        path = head.split(b" ")[1]
        if path == b"/stall":
            await reader.read()
        elif path == b"/middle":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nbegin")
            await reader.read()
        elif path == b"/endless":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
            while not writer.is_closing():
                writer.write(b"x" * 65536)
                await writer.drain()
        else:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


def absolute(at: Rig, path: str, *fields: str, method: str = "GET") -> bytes:
    lines = [f"{method} http://{at.host}{path} HTTP/1.1", f"Host: {at.host}", *fields]
    return "\r\n".join([*lines, AUTHORIZED.decode().strip(), "", ""]).encode()


async def test_an_exchange_that_goes_on_for_too_long_is_cut_though_it_is_never_silent() -> None:
    async with rig(serve, tls=False, limits=Limits(exchange_seconds=0.1)) as at:
        reader, writer = await asyncio.open_connection("127.0.0.1", at.proxy_port)
        writer.write(absolute(at, "/endless"))
        cut = False
        while not cut:
            try:
                cut = not await reader.read(65536)
            except ConnectionError:
                cut = True
        writer.close()


async def test_an_exchange_without_a_reply_for_too_long_in_all_is_refused_with_words() -> None:
    async with rig(serve, tls=False, limits=Limits(exchange_seconds=0.1)) as at:
        reader, writer = await asyncio.open_connection("127.0.0.1", at.proxy_port)
        writer.write(absolute(at, "/stall"))
        head, body = await read_reply(reader)
        assert head.startswith(b"HTTP/1.1 408 ")
        assert b"the exchange took longer than 0.1 seconds in all" in body
        writer.close()


async def test_a_head_that_is_never_finished_is_refused_with_words() -> None:
    async with rig(serve, tls=False, limits=Limits(head_seconds=0.1)) as at:
        reader, writer = await asyncio.open_connection("127.0.0.1", at.proxy_port)
        writer.write(absolute(at, "/")[:-10])
        head, body = await read_reply(reader)
        assert head.startswith(b"HTTP/1.1 408 ")
        assert b"the request head was not complete within 0.1 seconds" in body
        writer.close()


async def test_bytes_are_counted_for_the_session_in_both_directions() -> None:
    async with rig(serve, tls=False, limits=Limits(session_bytes_per_minute=300_000)) as at:
        reader, writer = await asyncio.open_connection("127.0.0.1", at.proxy_port)
        writer.write(absolute(at, "/", "Content-Length: 600000", method="POST") + b"x" * 600_000)
        assert (await read_reply(reader))[1] == b"ok"
        writer.close()
        await writer.wait_closed()
        while at.counters.clients:  # noqa: ASYNC110 - nothing announces it
            await asyncio.sleep(0.01)
        reader, writer = await asyncio.open_connection("127.0.0.1", at.proxy_port)
        writer.write(absolute(at, "/"))
        head, body = await read_reply(reader)
        assert head.startswith(b"HTTP/1.1 429 ")
        assert b"the session has moved more than 300000 bytes in a minute" in body
        writer.close()
