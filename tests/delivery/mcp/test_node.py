"""Clients and servers of the TypeScript SDK, and the protocol's own conformance suite, through the gateway."""

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.delivery.egress.doubles import MARKER, SECRET, TOKEN
from tests.delivery.mcp.node_servers import everything, running_server
from tests.delivery.mcp.running import Rig, rig, served
from tests.e2e.stage import bare_environment
from tests.node import node_program, package_program

HERE = Path(__file__).parent / "node"
CONFORMANCE = "@modelcontextprotocol/conformance/dist/index.js"


async def run(argv: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *argv, env=dict(environment), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        async with asyncio.timeout(90):
            out, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    return process.returncode or 0, out.decode()


async def typescript(kind: str, running: Rig, folder: Path, *, token: str = TOKEN) -> dict[str, Any]:
    environment = bare_environment(folder, {"MCP_TOKEN": token, "MESSAGE": f"it is {SECRET}"})
    _, out = await run([*node_program(HERE / "client.mjs"), kind, running.url], environment)
    answer: dict[str, Any] = json.loads(out)
    return answer


@pytest.mark.parametrize(("kind", "path"), [("streamableHttp", "/mcp"), ("sse", "/sse")])
async def test_the_sdks_client_speaks_with_its_reference_server(kind: str, path: str, tmp_path: Path) -> None:
    async with everything(kind, tmp_path) as port, rig(port, path=path) as running:
        got = await typescript(kind, running, tmp_path)
        assert got.get("error") is None
        assert {"echo", "get-sum"} <= set(got["tools"])
        assert got["echoed"] == f"Echo: it is {MARKER}"
        assert got["steps"][:3] == [1, 2, 3]  # the server may send the last one behind the result
        assert running.counters.refused == {}


async def test_the_sdks_client_shows_why_it_was_refused(tmp_path: Path) -> None:
    async with rig(9) as running:
        got = await typescript("streamableHttp", running, tmp_path)
        assert "refused the connection" in got["error"]
        got = await typescript("streamableHttp", running, tmp_path, token="srt_unknown")
        assert "rror" in got["error"]


class _WithToken:
    """Says the token for a client that has no way to."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        token = (b"authorization", f"Bearer {TOKEN}".encode())
        headers = [*scope.get("headers", []), token]
        await self.app({**scope, "headers": headers}, receive, send)


async def conformance(url: str, folder: Path) -> dict[str, tuple[int, int]]:
    """Return how many checks of each scenario passed and failed."""
    argv = [*package_program(CONFORMANCE), "server", "--url", url, "-o", str(folder / "results")]
    _, out = await run(argv, bare_environment(folder))
    found = re.findall(r"^[✓✗] ([\w-]+): (\d+) passed, (\d+) failed$", out.partition("SUMMARY")[2], re.MULTILINE)
    assert len(found) >= 30, out
    return {name: (int(passed), int(failed)) for name, passed, failed in found}


async def test_the_conformance_suite_passes_through_the_gateway(tmp_path: Path) -> None:
    async with running_server(node_program(HERE / "conforming.mjs"), tmp_path) as port, rig(port) as running:
        async with served(_WithToken(running.front)) as own:
            found = await conformance(running.url.replace(f":{running.port}/", f":{own}/"), tmp_path)
        assert {name: counts for name, counts in found.items() if counts[1] or not counts[0]} == {}
        assert running.counters.refused.keys() <= {"host_not_ours"}  # what the suite asks to be refused
