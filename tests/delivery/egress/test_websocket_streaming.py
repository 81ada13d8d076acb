"""WebSocket messages of any size, in constant memory, at the pace of the slower side."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from wsproto.utilities import generate_accept_token

from strongroom.core.hosts import Host
from strongroom.core.secret import Secret
from tests.delivery.egress.doubles import PLACEHOLDER, SECRET, FixedDelivery, swap
from tests.delivery.egress.frames import ASKS, TEXT, accepted, frame
from tests.delivery.egress.running import HOST, Rig, Serve, rig
from tests.delivery.egress.test_streaming import MIB, PIECE, ROOM, SIZE, Memory, write_all

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="reads the peak of resident memory from /proc"),
]
NO_MASK = bytes(4)
WHY = b"\x03\xeathe client sent a frame that breaks the rules of RFC 6455"
HUGE = SIZE.to_bytes(8, "big")


@asynccontextmanager
async def opened(serve: Serve) -> AsyncIterator[tuple[Rig, asyncio.StreamReader, asyncio.StreamWriter]]:
    """Open a WebSocket in a tunnel, of a session that holds a credential and has sent it to the host."""

    async def accepting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        key = head.partition(b"Sec-WebSocket-Key: ")[2].partition(b"\r\n")[0]
        writer.write(accepted(accept=generate_accept_token(key).decode()))
        await serve(reader, writer)

    async with rig(accepting, FixedDelivery(swaps=(swap(),))) as at:
        reader, writer = await at.tunnel()
        at.delivery.live.sent_to(Host(HOST)).note(Secret(SECRET), PLACEHOLDER)
        writer.write("\r\n".join(["GET / HTTP/1.1", f"Host: {at.host}", *ASKS, "", ""]).encode())
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
        yield at, reader, writer
        writer.close()


async def payload_of(reader: asyncio.StreamReader) -> int:
    """Read one message; return how long it was."""
    size, last = 0, False
    while not last:
        first, second = await reader.readexactly(2)
        last = bool(first >> 7)
        length = second & 0x7F
        if length >= 126:
            length = int.from_bytes(await reader.readexactly(2 if length == 126 else 8))
        if second >> 7:
            await reader.readexactly(4)
        await reader.readexactly(length)
        size += length
    return size


async def test_a_huge_message_to_the_upstream_streams_in_constant_memory() -> None:
    sizes: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sizes.append(await payload_of(reader))
        writer.write(frame(TEXT, b"got it", masked=False))
        await reader.read()

    async with opened(serve) as (_, reader, writer):
        memory = Memory()
        writer.write(b"\x82\xff" + HUGE + NO_MASK)
        await write_all(writer, SIZE)
        assert await payload_of(reader) == len("got it")
        assert sizes == [SIZE]
        assert memory.growth < ROOM


async def test_a_huge_message_to_the_client_streams_in_constant_memory() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x82\x7f" + HUGE)
        await write_all(writer, SIZE)
        await reader.read()

    async with opened(serve) as (_, reader, _writer):
        memory = Memory()
        assert await payload_of(reader) == SIZE
        assert memory.growth < ROOM


async def test_a_client_that_does_not_read_stops_its_upstream_and_nobody_else() -> None:
    sent = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"\x82\x7f" + HUGE)
        for _ in range(SIZE // len(PIECE)):
            writer.write(PIECE)
            try:
                await asyncio.wait_for(writer.drain(), 1)
            except TimeoutError:
                stuck.set()
                await writer.drain()
            sent += len(PIECE)
        await reader.read()

    stuck = asyncio.Event()
    async with opened(serve) as (at, reader, _):
        await asyncio.wait_for(stuck.wait(), 30)
        assert sent < 40 * MIB
        other_reader, other = await at.tunnel()
        other.write("\r\n".join(["GET / HTTP/1.1", f"Host: {at.host}", *ASKS, "", ""]).encode())
        assert (await other_reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
        assert await payload_of(other_reader) == SIZE
        other.close()
        assert await payload_of(reader) == SIZE


async def test_an_upstream_that_does_not_read_stops_its_client() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await go_on.wait()
        assert await payload_of(reader) == SIZE
        writer.write(frame(TEXT, b"got it", masked=False))
        await reader.read()

    go_on = asyncio.Event()
    async with opened(serve) as (at, reader, writer):
        writer.write(b"\x82\xff" + HUGE + NO_MASK)
        sending = asyncio.get_running_loop().create_task(write_all(writer, SIZE))
        done, _ = await asyncio.wait({sending}, timeout=1)
        assert not done
        assert at.counters.bytes_to_upstream < 40 * MIB
        go_on.set()
        await sending
        assert await payload_of(reader) == len("got it")


async def test_many_small_messages_that_grow_much_wait_for_the_upstream() -> None:
    """What a client makes grow many times over comes in turns, each when there is room for it."""
    count = 20_000

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(count):
            assert await payload_of(reader) == len(SECRET)
        writer.write(frame(TEXT, b"got them", masked=False))
        await reader.read()

    async with opened(serve) as (_, reader, writer):
        writer.write(frame(TEXT, PLACEHOLDER.encode()) * count)
        assert await payload_of(reader) == len("got them")


async def test_both_sides_are_told_why_it_ends_even_while_they_send() -> None:
    told: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for _ in range(1000):
                writer.write(frame(TEXT, b"x" * 100, masked=False))
                await writer.drain()
            told.append(await reader.read())
        finally:
            ended.set()

    ended = asyncio.Event()
    async with opened(serve) as (_, reader, writer):
        writer.write(frame(TEXT, b"ok") + frame(3) + frame(TEXT, b"x" * 100) * 100)
        heard = await reader.read()
        assert heard[-len(WHY) :] == WHY
        await ended.wait()
    assert told[0][6:8] == bytes(byte ^ told[0][2 + at] for at, byte in enumerate(b"ok"))
    closing = told[0][8:]
    assert closing[0] == 0x88
    assert bytes(byte ^ closing[2 + at] for at, byte in enumerate(closing[6:8])) == b"\x03\xea"
