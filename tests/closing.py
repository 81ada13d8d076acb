"""Ends a server of a test so that none of its connections is left for the garbage collector to complain of.

A TLS connection that is closed waits for the other side, for as long as that takes; one that is cut does not.
"""

import asyncio

from aiohttp import web


async def cut(runner: web.AppRunner) -> None:
    """Stop a server of aiohttp: what is under way has the runner's time to finish, then every connection is cut."""
    server = runner.server
    assert server is not None
    transports = [each.transport for each in server.connections if each.transport is not None]
    await runner.cleanup()
    for transport in transports:
        transport.abort()
    for _ in range(3):  # each closes its socket in a turn of its own
        await asyncio.sleep(0)
