"""What a client of streams sees: how long until the first byte of each, and whether each comes to its end."""

import asyncio
from dataclasses import dataclass
from statistics import median
from time import perf_counter_ns
from typing import final

from benchmarks.llm.gateways import Gateway
from benchmarks.processes import BenchmarkFailed

LAST = b"0\r\n\r\n"
DONE = b"[DONE]"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class FirstBytes:
    """Milliseconds until the first byte of a body."""

    p50_ms: float
    p99_ms: float


async def first_bytes(gateway: Gateway, connections: int, seconds: float, warm_up: float) -> FirstBytes:
    """Have several connections ask for streams one after the other. Raises `BenchmarkFailed`."""
    loop = asyncio.get_running_loop()
    begins = loop.time() + warm_up
    ends = begins + seconds
    waited: list[int] = []

    async def one() -> None:
        reader, writer = await asyncio.open_connection(gateway.host, gateway.port)
        mine = 0
        try:
            while loop.time() < ends or not mine:  # of a slow one each connection waits for one at least
                counts = loop.time() >= begins
                nanoseconds = await stream(reader, writer, gateway.request(streams=True))
                if counts:
                    waited.append(nanoseconds)
                    mine += 1
        finally:
            writer.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    waited.sort()
    return FirstBytes(p50_ms=median(waited) / 1e6, p99_ms=waited[-(-len(waited) * 99 // 100) - 1] / 1e6)


async def stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> int:
    """Ask for a stream and read it to its end; return the nanoseconds until its first byte."""
    began = perf_counter_ns()
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        raise BenchmarkFailed(f"a stream was answered {head.splitlines()[0]!r}")
    seen = await reader.read(65536)
    first = perf_counter_ns() - began
    while not seen.endswith(LAST):
        piece = await reader.read(65536)
        if not piece:
            raise BenchmarkFailed("a stream ended before its end")
        seen += piece
    if DONE not in seen:
        raise BenchmarkFailed("a stream did not say that it was done")
    return first
