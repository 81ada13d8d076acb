"""MCP servers of the TypeScript SDK, on loopback."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from tests.delivery.egress.doubles import SECRET
from tests.e2e.stage import bare_environment
from tests.node import package_program

HERE = Path(__file__).parent / "node"
EVERYTHING = "@modelcontextprotocol/server-everything/dist/index.js"


@asynccontextmanager
async def everything(transport: str, folder: Path) -> AsyncIterator[int]:
    """Run the reference server, which wants no token, on loopback."""
    node, program = package_program(EVERYTHING)
    async with running_server([node, "-r", str(HERE / "bind.cjs"), program, transport], folder) as port:
        yield port


@asynccontextmanager
async def running_server(argv: Sequence[str], folder: Path) -> AsyncIterator[int]:
    """Run a server that says which port it got."""
    process = await asyncio.create_subprocess_exec(
        *argv,
        env=bare_environment(folder, {"TOKEN": SECRET}),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(30):
            while (said := await process.stdout.readline()) and not said.startswith(b'{"port"'):
                pass
        yield json.loads(said)["port"]
    finally:
        process.kill()
        await process.wait()
