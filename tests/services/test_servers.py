"""Which MCP servers a running session can speak to, asked once and then again after any change."""

import asyncio

import pytest

from strongroom.core.credentials import NewCredential
from strongroom.core.credentials.static_bearer import StaticBearer, StaticBearerDetails
from strongroom.core.failures import NotAuthenticated
from strongroom.core.networking import Unrestricted
from strongroom.core.secret import Secret
from tests.services.rooms import Rooms, variable
from tests.services.test_delivery import following


def server(url: str) -> NewCredential:
    return NewCredential(
        details=StaticBearerDetails(mcp_server_url=url),
        material=StaticBearer(token=Secret("the token")),
        metadata={},
        networking=Unrestricted(),
        surfaces=frozenset(),
    )


async def test_credentials_for_servers_are_servers_of_the_session(rooms: Rooms) -> None:
    vault = await rooms.vault()
    made = await rooms.credentials.create(rooms.admin, vault, server("https://mcp.example.com/x/"))
    await rooms.credentials.create(rooms.admin, vault, variable())
    opened = await rooms.session(vault)
    (shown,) = opened.servers
    assert (shown.name, shown.key, shown.credential) == ("mcp.example.com", made.id, made.id)
    live = await rooms.delivery.enter(opened.token)
    assert await rooms.delivery.servers(live) == opened.servers
    session, servers = await rooms.sessions.with_servers(rooms.admin, opened.session.id)
    assert (session.id, servers) == (opened.session.id, opened.servers)


async def test_a_change_is_seen_soon_and_nothing_is_asked_without_one(rooms: Rooms) -> None:
    vault = await rooms.vault()
    made = await rooms.credentials.create(rooms.admin, vault, server("https://mcp.example.com/x"))
    opened = await rooms.session(vault)
    async with following(rooms):
        live = await rooms.delivery.enter(opened.token)
        first = await rooms.delivery.servers(live)
        assert await rooms.delivery.servers(live) is first
        await rooms.credentials.archive(rooms.admin, vault, made.id)
        async with asyncio.timeout(20):
            while await rooms.delivery.servers(live) != ():  # noqa: ASYNC110 - nothing announces it
                await asyncio.sleep(0.01)


async def test_a_session_that_has_ended_has_none(rooms: Rooms) -> None:
    opened = await rooms.session(await rooms.vault())
    live = await rooms.delivery.enter(opened.token)
    await rooms.sessions.archive(rooms.admin, opened.session.id)
    with pytest.raises(NotAuthenticated):
        await rooms.delivery.servers(live)
    with pytest.raises(NotAuthenticated):
        await rooms.delivery.servers(live)
