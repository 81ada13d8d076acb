"""How connections end, and what one session may take of them, on real sockets."""

import asyncio
import base64

import pytest

from strongroom.delivery.egress import Limits
from tests.delivery.egress.doubles import TOKEN, FixedDelivery, swap
from tests.delivery.egress.running import Rig, read_reply, rig

AUTHORIZATION = f"Proxy-Authorization: Basic {base64.b64encode(f'agent:{TOKEN}'.encode()).decode()}"


def absolute(at: Rig, *fields: str, version: str = "1.1", method: str = "GET") -> bytes:
    lines = [f"{method} http://{at.host}/ HTTP/{version}", f"Host: {at.host}", AUTHORIZATION, *fields]
    return "\r\n".join([*lines, "", ""]).encode()


async def ok(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


async def test_a_client_that_closes_its_half_gets_its_answer_and_then_the_end() -> None:
    asked, closed = asyncio.Event(), asyncio.Event()

    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        await closed.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate")

    async with rig(late, tls=False) as at:
        reader, writer = await asyncio.open_connection("127.0.0.1", at.proxy_port)
        writer.write(absolute(at))
        await asked.wait()
        writer.write_eof()
        await asyncio.sleep(0.1)  # nothing tells when the proxy has noticed
        closed.set()
        assert (await reader.read()).endswith(b"\r\n\r\nlate")
        writer.close()


async def test_a_client_that_closes_its_half_before_its_request_is_complete_is_gone() -> None:
    async with rig(ok, tls=False) as at:
        reader, writer = await asyncio.open_connection("127.0.0.1", at.proxy_port)
        writer.write(absolute(at, "Content-Length: 10", method="POST") + b"half")
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()


async def test_a_cut_reply_ends_with_a_reset() -> None:
    async def torn(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        await writer.drain()
        await seen.wait()

    seen = asyncio.Event()
    async with rig(torn, tls=False) as at:
        reader, writer = await asyncio.open_connection("127.0.0.1", at.proxy_port)
        writer.write(absolute(at, version="1.0"))
        await reader.readuntil(b"hello")
        seen.set()
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()


async def test_after_an_early_reply_to_an_upload_that_nobody_reads_the_next_request_is_read() -> None:
    async def early(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")  # and no more: what follows fills every buffer on the way
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await asyncio.Event().wait()

    size = 16 << 20
    limits = Limits(gathered_request_bytes=size)  # so that the request is complete when the upstream is congested
    async with rig(early, FixedDelivery(swaps=(swap(),)), tls=False, limits=limits) as at:
        reader, writer = await asyncio.open_connection("127.0.0.1", at.proxy_port)
        writer.write(absolute(at, f"Content-Length: {size}", method="POST") + bytes(size))
        for _ in range(2):
            assert (await read_reply(reader))[1] == b"ok"
            writer.write(absolute(at))
        writer.close()


async def test_a_session_has_only_so_many_connections_and_gets_them_back() -> None:
    async with rig(ok, tls=False, limits=Limits(session_connections=2)) as at:
        kept = [await at.connect() for _ in range(2)]
        reader, writer = await asyncio.open_connection("127.0.0.1", at.proxy_port)
        writer.write(absolute(at))
        refusal = await reader.read()
        assert refusal.startswith(b"HTTP/1.1 429 ")
        assert b"\r\nretry-after: 1\r\n" in refusal
        writer.close()
        for _, each in kept:
            each.close()
            await each.wait_closed()
        while at.counters.clients:  # noqa: ASYNC110 - nothing announces it
            await asyncio.sleep(0.01)
        _, again = await at.connect()
        again.close()


async def test_a_request_body_that_drips_is_not_waited_for() -> None:
    limits = Limits(request_seconds=0.5, request_rate=1000)
    async with rig(ok, FixedDelivery(swaps=(swap(),)), tls=False, limits=limits) as at:
        reader, writer = await asyncio.open_connection("127.0.0.1", at.proxy_port)
        writer.write(absolute(at, "Content-Length: 1000", method="POST"))
        answer = asyncio.ensure_future(read_reply(reader))
        while not answer.done():
            writer.write(b"x")
            await asyncio.wait([answer], timeout=0.1)
        assert (await answer)[0].startswith(b"HTTP/1.1 408 ")
        writer.close()
