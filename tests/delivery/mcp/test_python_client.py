"""The protocol's own SDK on both sides of the gateway."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from tests.delivery.egress.doubles import SECRET, TOKEN
from tests.delivery.mcp.running import HOST, Rig, rig
from tests.delivery.mcp.servers import streamable

Mode = Literal["legacy", "auto"]
KINDS = [
    pytest.param({"stateless": False, "json": False}, id="stateful, events"),
    pytest.param({"stateless": False, "json": True}, id="stateful, JSON"),
    pytest.param({"stateless": True, "json": False}, id="stateless, events"),
    pytest.param({"stateless": True, "json": True}, id="stateless, JSON"),
]


@asynccontextmanager
async def client(at: Rig, mode: Mode) -> AsyncIterator[Client]:
    async with (
        httpx2.AsyncClient(headers={"authorization": f"Bearer {TOKEN}"}, trust_env=False) as http,
        Client(streamable_http_client(at.url, http_client=http), mode=mode) as connected,
    ):
        yield connected


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_tools_are_listed_and_called(kind: dict[str, bool], mode: Mode) -> None:
    async with streamable(**kind) as (port, server), rig(port) as running, client(running, mode) as mcp:
        assert {tool.name for tool in (await mcp.list_tools()).tools} == {"add", "whoami", "count"}
        assert (await mcp.call_tool("add", {"a": 2, "b": 3})).structured_content == {"result": 5}
        steps: list[float] = []

        async def stepped(progress: float, total: float | None, message: str | None) -> None:
            steps.append(progress)

        await mcp.call_tool("count", {"to": 5}, progress_callback=stepped)
        assert steps == ([] if kind["json"] else [1.0, 2.0, 3.0, 4.0, 5.0])
    assert server.refused == 0
    assert {headers["host"] for _, _, headers in server.seen} == {f"{HOST}:{port}"}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_secret_that_a_tool_gives_away_does_not_arrive(kind: dict[str, bool]) -> None:
    async with streamable(**kind) as (port, _), rig(port) as running, client(running, "legacy") as mcp:
        text = str(await mcp.call_tool("whoami", {}))
        assert SECRET not in text
        assert "you are srp_" in text
