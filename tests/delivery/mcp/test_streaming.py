"""Answers as they are streamed: at once, no faster than they are taken, and not beyond what allows them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from strongroom.core.failures import NotPermitted, Unavailable
from strongroom.core.ids import CredentialId
from strongroom.core.secret import Secret
from strongroom.delivery.egress.limits import Limits as EgressLimits
from strongroom.delivery.mcp import Limits
from tests.delivery.egress.doubles import MARKER, SECRET, placement
from tests.delivery.mcp.running import Rig, Servers, answering, refusal, rig, until
from tests.delivery.mcp.scripted import EVENTS, OK, Scripted, chunk, reply

QUICK = Limits(watch_seconds=0.02)
JSON = EVENTS.replace(b"text/event-stream", b"application/json")


class Stream:
    """A stream that is open: both ends of it."""

    def __init__(self, reader: asyncio.StreamReader, server: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.server = server

    async def passes(self, data: bytes) -> None:
        """Send a piece and wait for it at the other end."""
        self.server.write(chunk(data))
        assert await self.next() == data

    async def next(self) -> bytes:
        async with asyncio.timeout(20):
            size = int(await self.reader.readline(), 16)
            return (await self.reader.readexactly(size + 2))[:-2]

    async def ends(self) -> None:
        """Wait for the end of the answer as a whole one."""
        async with asyncio.timeout(20):
            assert await self.reader.readexactly(5) == b"0\r\n\r\n"

    async def rest(self) -> bytes:
        async with asyncio.timeout(20):
            return await self.reader.read()


@asynccontextmanager
async def opened(running: Rig, server: Scripted, method: str = "GET") -> AsyncIterator[Stream]:
    reader, writer = await running.connect(method, b"{}" if method == "POST" else b"")
    async with asyncio.timeout(20):
        upstream = await server.open.get()
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 OK\r\n")
    try:
        yield Stream(reader, upstream)
    finally:
        writer.close()


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_events_are_passed_on_at_once(method: str) -> None:
    server = Scripted(lambda _: EVENTS, streams=True)
    async with answering(server) as port, rig(port) as running, opened(running, server, method) as stream:
        await stream.passes(b"data: 1\n\n")
        await stream.passes(b"id: 7\ndata: 2\n\n")
        stream.server.write(b"0\r\n\r\n")
        await stream.ends()


async def test_a_secret_torn_between_pieces_does_not_arrive() -> None:
    server = Scripted(lambda _: EVENTS, streams=True)
    async with answering(server) as port, rig(port) as running, opened(running, server, "POST") as stream:
        stream.server.write(chunk(f"data: {SECRET[:9]}".encode()))
        assert await stream.next() == b"data: "
        stream.server.write(chunk(f"{SECRET[9:]}\n\n".encode()))
        assert await stream.next() == f"{MARKER}\n\n".encode()


async def test_a_client_that_goes_ends_the_request_to_the_server() -> None:
    server = Scripted(lambda _: EVENTS, streams=True)
    async with answering(server) as port, rig(port) as running:
        async with opened(running, server):
            assert running.counters.open == 1
        await asyncio.wait_for(server.gone.wait(), 20)
        await until(lambda: not running.counters.open)
        assert not running.delivery.live.watched
        assert running.counters.refused == {}


async def test_a_client_that_goes_before_the_answer_ends_the_request_too() -> None:
    server = Scripted(lambda _: b"", streams=True)
    async with answering(server) as port, rig(port) as running:
        _, writer = await running.connect("POST", b"{}")
        await asyncio.wait_for(server.open.get(), 20)
        writer.close()
        await asyncio.wait_for(server.gone.wait(), 20)


async def test_a_request_is_held_no_longer_once_its_answer_has_begun() -> None:
    server = Scripted(lambda asked: EVENTS if asked.line.startswith(b"POST") else OK, streams=True)
    async with answering(server) as port, rig(port) as running, opened(running, server, "POST") as stream:
        await stream.passes(b"data: 1\n\n")
        assert running.gateway._shares.of(running.delivery.live).gathered_bytes == 0


async def test_a_slow_client_holds_the_server_up_and_fills_no_memory() -> None:
    server = Scripted(lambda _: EVENTS, streams=True)
    async with answering(server) as port, rig(port) as running, opened(running, server) as stream:
        written, piece = 0, chunk(b"data: " + b"x" * 65_000 + b"\n\n")
        async with asyncio.timeout(30):
            while True:
                stream.server.write(piece)
                written += 65_008
                try:
                    async with asyncio.timeout(0.5):
                        await stream.server.drain()
                except TimeoutError:
                    break
        passed_before = running.counters.bytes_to_client
        assert written < 32 << 20  # what two sockets and their buffers take
        assert running.counters.bytes_to_client <= written
        for _ in range(20):
            await stream.next()
        assert running.counters.bytes_to_client > passed_before


async def test_a_client_that_takes_nothing_for_too_long_is_cut_off() -> None:
    server = Scripted(lambda _: EVENTS, streams=True)
    limits = Limits(egress=EgressLimits(read_seconds=0.3))
    async with answering(server) as port, rig(port, limits=limits) as running, opened(running, server) as stream:
        piece = chunk(b"data: " + b"x" * 65_000 + b"\n\n")
        async with asyncio.timeout(30):
            while not server.gone.is_set():
                stream.server.write(piece)
                await asyncio.sleep(0.01)
        assert running.counters.open == 0


@pytest.mark.parametrize("started", [True, False])
async def test_the_end_of_a_session_ends_its_streams(started: bool) -> None:
    server = Scripted(lambda _: EVENTS if started else b"", streams=True)
    async with answering(server) as port, rig(port) as running:
        reader, writer = await running.connect("GET")
        async with asyncio.timeout(20):
            await server.open.get()
            if started:
                await reader.readuntil(b"\r\n\r\n")
            running.delivery.live.end()
            if started:
                assert await reader.readexactly(5) == b"0\r\n\r\n"
            else:
                assert (await reader.readline()).startswith(b"HTTP/1.1 401 ")
            await server.gone.wait()
        writer.close()


async def test_the_end_of_a_session_cuts_an_answer_that_is_not_whole() -> None:
    server = Scripted(lambda _: JSON, streams=True)
    async with answering(server) as port, rig(port) as running, opened(running, server, "POST") as stream:
        await stream.passes(b'{"a":')
        running.delivery.live.end()
        assert await stream.rest() == b""  # no last chunk


async def test_a_renewed_token_leaves_streams_as_they_are() -> None:
    server = Scripted(lambda asked: EVENTS if asked.line.startswith(b"GET") else OK, streams=True)
    async with answering(server) as port, rig(port, limits=QUICK) as running, opened(running, server) as stream:
        await stream.passes(b"data: 1\n\n")
        running.delivery.placements = (placement("/mcp", "another token, just as secret"),)
        running.delivery.live.forget()
        await until(lambda: len(running.delivery.plans_made) > 1)
        await stream.passes(b"data: 2\n\n")
        server.streams = False
        assert (await running.ask()).status_code == 200
        assert server.seen[-1].all(b"authorization") == [b"Bearer another token, just as secret"]
        stream.server.write(chunk(f"data: {SECRET} and another token, just as secret.\n\n".encode()))
        assert await stream.next() == f"data: {MARKER} and {MARKER}.\n\n".encode()


def _archived(delivery: Servers) -> None:
    delivery.placements = ()


def _replaced(delivery: Servers) -> None:
    delivery.placements = (replace(placement("/mcp"), credential=CredentialId("vcrd_9"), secret=Secret("x" * 9)),)


def _forbidden(delivery: Servers) -> None:
    delivery.refuse = lambda _: NotPermitted("not allowed")


def _unknown(delivery: Servers) -> None:
    delivery.refuse = lambda _: Unavailable("nobody can tell")


@pytest.mark.parametrize("change", [_archived, _replaced, _forbidden, _unknown])
async def test_a_stream_ends_with_what_allowed_it(change: Callable[[Servers], None]) -> None:
    server = Scripted(lambda _: EVENTS, streams=True)
    async with answering(server) as port, rig(port, limits=QUICK) as running, opened(running, server) as stream:
        await stream.passes(b"data: 1\n\n")
        change(running.delivery)
        running.delivery.live.forget()
        await stream.ends()
        await asyncio.wait_for(server.gone.wait(), 20)


async def test_a_stream_that_is_silent_for_too_long_ends_well() -> None:
    server = Scripted(lambda _: EVENTS, streams=True)
    limits = Limits(egress=EgressLimits(read_seconds=0.2))
    async with answering(server) as port, rig(port, limits=limits) as running, opened(running, server) as stream:
        await stream.ends()


async def test_a_stream_with_signs_of_life_goes_on() -> None:
    server = Scripted(lambda _: EVENTS, streams=True)
    limits = Limits(egress=EgressLimits(read_seconds=0.4))
    async with answering(server) as port, rig(port, limits=limits) as running, opened(running, server) as stream:
        for _ in range(6):
            await stream.passes(b": ping\n\n")
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("kind", [EVENTS, JSON])
async def test_an_answer_that_is_cut_short_is_not_made_whole(kind: bytes) -> None:
    server = Scripted(lambda _: kind, streams=True)
    async with answering(server) as port, rig(port) as running, opened(running, server, "POST") as stream:
        await stream.passes(b"data: 1\n\n")
        stream.server.transport.abort()
        assert await stream.rest() == b""
        assert running.counters.refused == {"upstream_bad_reply": 1}


async def test_a_broken_encoding_cuts_the_answer() -> None:
    broken = reply(b"\x1f\x8b\x08\x00....", b"Content-Encoding: gzip")
    async with answering(Scripted(lambda _: broken)) as port, rig(port) as running:
        reader, writer = await running.connect("POST", b"{}")
        assert not (await reader.read()).endswith(b"0\r\n\r\n")
        assert running.counters.refused == {"upstream_bad_reply": 1}
        writer.close()


async def test_the_servers_stop_ends_listeners_first_and_others_after_the_grace() -> None:
    server = Scripted(lambda _: EVENTS, streams=True)
    async with (
        answering(server) as port,
        rig(port) as running,
        opened(running, server) as listener,
        opened(running, server, "POST") as worker,
        asyncio.TaskGroup() as group,
    ):
        stopping = group.create_task(running.gateway.stop(0.5))
        await listener.ends()
        await worker.passes(b"data: still\n\n")
        await worker.ends()
        await stopping
        assert refusal(await running.ask())[:2] == (503, "unavailable")


async def test_connections_to_servers_are_kept_for_a_session_only() -> None:
    server = Scripted()
    async with answering(server) as port, rig(port) as running:
        for _ in range(3):
            await running.ask()
        assert server.connections == 1
        other = running.delivery.session("sesn_2")
        running.delivery.sessions["srt_other"] = other
        url = running.url.replace("sesn_1", "sesn_2")
        assert (await running.ask(url=url, token="srt_other")).status_code == 200
        assert server.connections == 2
