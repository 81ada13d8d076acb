"""An agent that signs in to a real MCP server as itself: the server trusts nothing but the issuer's URL."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import trustme
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client

from tests.e2e.stage import House, running_house, until
from tests.oauth.stage import protected_server


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, authority: trustme.CA) -> Iterator[House]:
    """A server that may use plain http on loopback."""
    folder: Path = tmp_path_factory.mktemp("house")
    with running_house(folder, authority, extra={"STRONGROOM_INSECURE_UPSTREAMS": "1"}) as running:
        yield running


@pytest.fixture(scope="module")
def server(house: House) -> Iterator[str]:
    with protected_server(house.api, scope=None) as url:
        yield url


def session(house: House, server: str, **more: str) -> dict[str, Any]:
    vault = house.vault()
    body = {"mcp_server_url": server, **more}
    house.made(f"/strongroom/v1/vaults/{vault}/agent-identities", body)
    return house.session(house.environment_id(), vault)


@asynccontextmanager
async def through_proxy(opened: dict[str, Any], server: str) -> AsyncIterator[Client]:
    async with (
        httpx2.AsyncClient(proxy=opened["egress"]["proxy_url"], trust_env=False) as http,
        Client(streamable_http_client(server, http_client=http)) as client,
    ):
        yield client


@asynccontextmanager
async def through_gateway(opened: dict[str, Any]) -> AsyncIterator[Client]:
    (place,) = opened["egress"]["mcp_servers"]
    bearer = {"authorization": f"Bearer {opened['egress']['token']}"}
    async with (
        httpx2.AsyncClient(headers=bearer, trust_env=False) as http,
        Client(streamable_http_client(place["url"], http_client=http)) as client,
    ):
        yield client


async def test_a_server_knows_the_agent_by_its_session_and_by_whose_it_is(house: House, server: str) -> None:
    opened = session(house, server)
    async with through_proxy(opened, server) as client:
        said = (await client.call_tool("caller", {})).structured_content
    assert said is not None
    assert (said["sub"], said["iss"], said["aud"]) == (opened["id"], house.api, server)
    assert said["act"] == {"sub": opened["agent"]["id"]}
    assert (said["vault_id"],) == tuple(opened["vault_ids"])
    assert said["exp"] - said["iat"] == 310


async def test_through_the_gateway_it_is_the_same(house: House, server: str) -> None:
    opened = session(house, server)
    async with through_gateway(opened) as client:
        said = (await client.call_tool("caller", {})).structured_content
    assert said is not None
    assert (said["sub"], said["aud"]) == (opened["id"], server)


async def test_a_session_that_may_use_some_tools_only_is_kept_to_them_and_to_the_gateway(
    house: House, server: str
) -> None:
    vault = house.vault()
    house.made(f"/strongroom/v1/vaults/{vault}/agent-identities", {"mcp_server_url": server})
    opened = house.made("/strongroom/v1/sessions", {"vaults": [vault], "mcp_tools": {server: ["add"]}})
    async with through_gateway(opened) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == ["add"]
        assert (await client.call_tool("add", {"a": 2, "b": 3})).structured_content == {"result": 5}
        with pytest.raises(MCPError, match='tool "caller" is not among those'):
            await client.call_tool("caller", {})
    with httpx2.Client(proxy=opened["egress"]["proxy_url"], trust_env=False) as http:
        assert http.post(server, json={"jsonrpc": "2.0", "id": 1, "method": "ping"}).status_code == 401

    def counted() -> list[str]:
        shown = house.call("GET", f"/strongroom/v1/sessions/{opened['id']}").json()
        return [refused["code"] for refused in shown["refusals"]]

    assert until(lambda: counted() == ["tool_not_allowed"])


async def test_a_rotation_interrupts_nothing(house: House, server: str) -> None:
    assert len(house.made("/strongroom/v1/identity-keys/rotate", {})["data"]) == 2
    async with through_proxy(session(house, server), server) as client:
        assert (await client.call_tool("add", {"a": 2, "b": 3})).structured_content == {"result": 5}


@pytest.mark.parametrize("audience", [None, "urn:another"])
def test_a_session_without_a_token_for_the_server_is_refused_by_it(
    house: House, server: str, audience: str | None
) -> None:
    opened = house.session(house.environment_id(), house.vault())
    if audience is not None:
        opened = session(house, server, audience=audience)
    with httpx2.Client(proxy=opened["egress"]["proxy_url"], trust_env=False) as http:
        assert http.post(server, json={"jsonrpc": "2.0", "id": 1, "method": "ping"}).status_code == 401
