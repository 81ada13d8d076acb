"""aiohttp, which looks at the variables where it is told to: `trust_env=True`."""

import asyncio
import os
import sys

import aiohttp


async def main() -> None:
    headers = {"Authorization": f"Bearer {os.environ['TOKEN']}"}
    async with (
        aiohttp.ClientSession(trust_env=True, timeout=aiohttp.ClientTimeout(20)) as session,
        session.get(sys.argv[1], headers=headers) as reply,
    ):
        reply.raise_for_status()
        print(await reply.text())


asyncio.run(main())
