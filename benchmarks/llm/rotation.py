"""A vendor's key is replaced while requests run: how many fail, and with which key those go that begin afterwards."""

import asyncio
from dataclasses import dataclass
from time import perf_counter
from typing import final

from benchmarks.llm.gateways import Server
from benchmarks.llm.upstream import BODY_BYTES, NEW, OLD

CONNECTIONS = 16


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Rotations:
    """What was seen of several rotations."""

    rotations: int
    requests: int
    failed: int
    late: int
    """Requests that began after a rotation was answered, and went with the key before it."""
    slowest_ms: float
    """The longest that a rotation took to be answered."""


async def rotations(server: Server, seconds: float, every: float = 0.25) -> Rotations:
    """Rotate back and forth under load."""
    keys = (("old", OLD), ("new", NEW))
    in_force: list[set[bytes]] = [{b"old"}]
    counted = {"requests": 0, "failed": 0, "late": 0}
    ended = asyncio.Event()

    async def ask() -> None:
        reader, writer = await asyncio.open_connection(server.gateway.host, server.gateway.port)
        request = server.gateway.request()
        while not ended.is_set():
            allowed = in_force[0]  # what may be used by a request that begins now; grows while a rotation is under way
            body = await _one(reader, writer, request)
            counted["requests"] += 1
            if body is None:
                counted["failed"] += 1
                reader, writer = await asyncio.open_connection(server.gateway.host, server.gateway.port)
            elif not any(b'"system_fingerprint":"%b"' % name in body for name in allowed):
                counted["late"] += 1
        writer.close()

    asking = [asyncio.ensure_future(ask()) for _ in range(CONNECTIONS)]
    done, slowest, until = 0, 0.0, perf_counter() + seconds
    await asyncio.sleep(every)
    while perf_counter() < until:
        name, key = keys[(done + 1) % 2]
        in_force[0].add(name.encode())  # the set that those under way hold: either key is right for them
        began = perf_counter()
        await asyncio.to_thread(server.rotate, key)
        slowest = max(slowest, perf_counter() - began)
        in_force[0] = {name.encode()}
        done += 1
        await asyncio.sleep(every)
    ended.set()
    await asyncio.gather(*asking)
    if done % 2:
        await asyncio.to_thread(server.rotate, OLD)
    return Rotations(rotations=done, slowest_ms=slowest * 1000, **counted)


async def _one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> bytes | None:
    """Return the body of an answer, or None where it is not what it must be."""
    try:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(BODY_BYTES)
    except (OSError, asyncio.IncompleteReadError):
        return None
    return body if head.startswith(b"HTTP/1.1 200 ") else None
