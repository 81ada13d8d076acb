"""A real WebSocket server behind the proxy, and how to reach it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from strongroom.delivery.egress import Limits
from tests.delivery.egress.doubles import FixedDelivery
from tests.delivery.egress.running import Rig, rig

PIECE = 64 * 1024


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(PIECE):
        writer.write(piece)
        await writer.drain()
    writer.close()


@asynccontextmanager
async def served(
    handler: Callable[[ServerConnection], Awaitable[None]],
    delivery: FixedDelivery,
    *,
    tls: bool = True,
    limits: Limits | None = None,
    check: Callable[[ServerConnection, Request], Response | None] | None = None,
) -> AsyncIterator[Rig]:
    """Run a server of the `websockets` library on loopback, and a proxy with it as the upstream."""
    async with serve(handler, "127.0.0.1", 0, max_size=None, ping_interval=None, process_request=check) as server:
        port = next(iter(server.sockets)).getsockname()[1]

        async def bridge(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                with contextlib.suppress(ConnectionError):
                    await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))
            finally:
                far_writer.close()

        async with rig(bridge, delivery, tls=tls, limits=limits) as at:
            yield at
