"""A minute of tool calls with tokens that live for two seconds: whoever calls notices nothing.

Everything is real: the protocol's own client, egress proxy and gateway of a running server, an MCP server, and the
certified authorization server that protects it, rotates refresh tokens and gives a family up if one is used twice.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
import trustme
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from tests.e2e.stage import House, running_house
from tests.oauth.stage import Person, authorization_server, protected_server

LIFETIME = 2
SECONDS = 60
PAUSE = 0.1
"""Between two calls of one client, so that there is something left of two processors for others."""


@dataclass
class Calls:
    """What came of one client's calls."""

    made: int = 0
    tokens: frozenset[str] = frozenset()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder: Path = tmp_path_factory.mktemp("house")
    with running_house(folder, trustme.CA(), extra={"STRONGROOM_INSECURE_UPSTREAMS": "1"}) as running:
        yield running


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with authorization_server(lifetime=LIFETIME) as issuer, protected_server(issuer) as url:
        yield url


@pytest.fixture(scope="module")
def vault(house: House, server: str) -> str:
    """A vault that the server was connected to by a person."""
    vault = house.vault()
    body = {"vault": vault, "mcp_server_url": server, "redirect_uri": "http://127.0.0.1:9/callback"}
    begun = house.made("/strongroom/v1/authorizations", body)
    person = Person()
    back = person.consents(begun["authorization_url"])
    person.close()
    ended = house.made(f"/strongroom/v1/authorizations/{begun['id']}/complete", {"callback_url": back})
    assert ended["status"] == "connected", ended
    return vault


@asynccontextmanager
async def through_the_proxy(opened: dict[str, Any], server: str) -> AsyncIterator[Client]:
    async with (
        httpx2.AsyncClient(proxy=opened["egress"]["proxy_url"], trust_env=False) as http,
        Client(streamable_http_client(server, http_client=http)) as client,
    ):
        yield client


@asynccontextmanager
async def through_the_gateway(opened: dict[str, Any], server: str) -> AsyncIterator[Client]:
    (place,) = opened["egress"]["mcp_servers"]
    assert place["mcp_server_url"] == server
    bearer = {"authorization": f"Bearer {opened['egress']['token']}"}
    async with (
        httpx2.AsyncClient(headers=bearer, trust_env=False) as http,
        Client(streamable_http_client(place["url"], http_client=http)) as client,
    ):
        yield client


async def call(client: Client, until_when: float) -> Calls:
    """Call tools until a moment; any failure is the test's."""
    calls, tokens = 0, set()
    loop = asyncio.get_running_loop()
    while loop.time() < until_when:
        answer = await client.call_tool("add", {"a": calls, "b": 1})
        assert not answer.is_error
        assert answer.structured_content == {"result": calls + 1}
        said = (await client.call_tool("caller", {})).structured_content
        assert said is not None
        tokens.add(str(said["jti"]))
        calls += 2
        await asyncio.sleep(PAUSE)
    return Calls(calls, frozenset(tokens))


def entries(house: House) -> list[dict[str, Any]]:
    """Return the whole audit log."""
    found: list[dict[str, Any]] = []
    after: int | None = 0
    while after is not None:
        page = house.call("GET", f"/strongroom/v1/audit?limit=100&after={after}").json()
        found += page["data"]
        after = page["next_after"]
    return found


async def test_a_minute_of_calls_with_tokens_of_two_seconds_has_no_failure(
    house: House, server: str, vault: str
) -> None:
    opened = [house.session(house.environment_id(), vault) for _ in range(2)]
    async with through_the_proxy(opened[0], server) as one, through_the_gateway(opened[1], server) as other:
        end = asyncio.get_running_loop().time() + SECONDS
        done = await asyncio.gather(call(one, end), call(other, end))
    for calls in done:
        assert calls.made > SECONDS
        assert len(calls.tokens) >= SECONDS / LIFETIME / 2  # each is used for a second at least, and half of its life
    exchanges = sum(entry["action"] == "credential.refresh" for entry in entries(house))
    assert len(done[0].tokens | done[1].tokens) <= exchanges + 1  # the first one came from connecting
    print(f"calls: {[calls.made for calls in done]}, tokens: {[len(calls.tokens) for calls in done]}, {exchanges=}")
