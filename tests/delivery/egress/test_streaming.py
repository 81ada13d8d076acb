"""Bodies of any size, in constant memory, at the pace of the slower side."""

import asyncio
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import brotli  # type: ignore[import-untyped]  # the wheel has no stubs
import pytest

from strongroom.delivery.egress.bodies import LAST_CHUNK
from tests.delivery.egress.doubles import PLACEHOLDER, FixedDelivery, swap
from tests.delivery.egress.running import rig

MIB = 1 << 20
SIZE = 100 * MIB
PIECE = bytes(range(256)) * 256
ROOM = 64 * MIB

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="reads the peak of resident memory from /proc"),
]


class Memory:
    """How much resident memory has grown at its peak."""

    def __init__(self) -> None:
        Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
        self.before = self.peak()

    def peak(self) -> int:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))

    @property
    def growth(self) -> int:
        return self.peak() - self.before


async def write_all(writer: asyncio.StreamWriter, size: int) -> None:
    for _ in range(size // len(PIECE)):
        writer.write(PIECE)
        await writer.drain()


@pytest.mark.parametrize("scrubbed", [False, True])
async def test_a_download_streams_in_constant_memory(scrubbed: bool) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % SIZE)
        await write_all(writer, SIZE)
        await reader.read()

    async with rig(serve, FixedDelivery(swaps=(swap(),))) as at:
        reader, writer = await at.tunnel()
        memory = Memory()
        header = f"X: {PLACEHOLDER}\r\n" if scrubbed else ""
        writer.write(f"GET / HTTP/1.1\r\nHost: {at.host}\r\nConnection: close\r\n{header}\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert (b"chunked" in head) is scrubbed
        heard = 0
        while piece := await reader.read(MIB):
            heard += len(piece)
        assert heard == SIZE if not scrubbed else heard > SIZE
        assert memory.growth < ROOM
        writer.close()


@pytest.mark.parametrize("searched", [False, True])
async def test_an_upload_streams_in_constant_memory(searched: bool) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        heard, tail = 0, b""
        while heard < SIZE or (searched and tail != LAST_CHUNK):
            piece = await reader.read(MIB)
            heard += len(piece)
            tail = (tail + piece)[-len(LAST_CHUNK) :]
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    heads: list[bytes] = []
    async with rig(serve, FixedDelivery(swaps=(swap(),) if searched else ())) as at:
        reader, writer = await at.tunnel()
        memory = Memory()
        writer.write(f"PUT / HTTP/1.1\r\nHost: {at.host}\r\nContent-Length: {SIZE}\r\n\r\n".encode())
        await write_all(writer, SIZE)
        assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200 OK")
        assert (b"chunked" in heads[0]) is searched
        assert memory.growth < ROOM
        writer.close()


def zeros_in_gzip() -> bytes:
    compressor = zlib.compressobj(9, wbits=31)
    return b"".join(compressor.compress(bytes(MIB)) for _ in range(SIZE // MIB)) + compressor.flush()


COMPRESSED: dict[str, Callable[[], bytes]] = {
    "gzip": zeros_in_gzip,
    "br": lambda: brotli.compress(bytes(SIZE), quality=5),
}


@pytest.mark.parametrize("framing", ["Content-Length", "close"])
@pytest.mark.parametrize("coding", COMPRESSED)
async def test_a_reply_that_grows_a_thousandfold_streams_in_constant_memory(coding: str, framing: str) -> None:
    compressed = COMPRESSED[coding]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        length = b"Content-Length: %d\r\n" % len(compressed) if framing == "Content-Length" else b""
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: %b\r\n%b\r\n" % (coding.encode(), length))
        writer.write(compressed)

    async with rig(serve, FixedDelivery(swaps=(swap(),))) as at:
        reader, writer = await at.tunnel()
        memory = Memory()
        writer.write(f"GET / HTTP/1.1\r\nHost: {at.host}\r\nX: {PLACEHOLDER}\r\n\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.2)  # it must wait for us, not pile up what comes
        assert at.counters.bytes_to_client < 16 * MIB
        heard = 0
        while size := int(await reader.readline(), 16):
            heard += len(await reader.readexactly(size))
            await reader.readexactly(2)
        assert heard == SIZE
        assert memory.growth < ROOM
        writer.close()


async def test_an_upstream_is_not_read_faster_than_its_client_reads() -> None:
    sent = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % SIZE)
        for _ in range(SIZE // len(PIECE)):
            writer.write(PIECE)
            try:
                await asyncio.wait_for(writer.drain(), 1)
            except TimeoutError:
                stuck.set()
                await writer.drain()
            sent += len(PIECE)

    stuck = asyncio.Event()
    async with rig(serve) as at:
        reader, writer = await at.tunnel()
        writer.write(f"GET / HTTP/1.1\r\nHost: {at.host}\r\n\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.wait_for(stuck.wait(), 20)  # nobody reads on, so it comes to a halt
        assert sent < 40 * MIB
        await reader.readexactly(SIZE)
        writer.close()


async def test_a_client_is_not_read_faster_than_a_connection_is_made() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(SIZE)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    async with rig(serve) as at:
        at.dialer.open.clear()
        reader, writer = await at.tunnel()
        writer.write(f"PUT / HTTP/1.1\r\nHost: {at.host}\r\nContent-Length: {SIZE}\r\n\r\n".encode())
        sending = asyncio.get_running_loop().create_task(write_all(writer, SIZE))
        done, _ = await asyncio.wait({sending}, timeout=0.5)
        assert not done
        assert at.counters.bytes_to_upstream < MIB
        at.dialer.open.set()
        await reader.readuntil(b"ok")
        await sending
        writer.close()
