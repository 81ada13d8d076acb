"""What a list of tools means for a session's plans: the credential is kept from the egress proxy."""

from strongroom.core.credentials import NewCredential
from strongroom.core.credentials.mcp_oauth import ClientAuth, McpOAuth, McpOAuthDetails, Refresh
from strongroom.core.credentials.static_bearer import StaticBearer, StaticBearerDetails
from strongroom.core.plans import Placement
from strongroom.core.secret import Secret
from strongroom.core.sessions import Agent, McpServer
from strongroom.services.environments import NewEnvironment
from strongroom.services.sessions import NewSession
from tests.services.rooms import API, Rooms

URL = "https://api.example.com/mcp"
OTHER_URL = "https://api.example.com/other"


def bearer(url: str) -> NewCredential:
    return NewCredential(
        details=StaticBearerDetails(mcp_server_url=url), material=StaticBearer(token=Secret(url)), metadata={}
    )


async def placements(rooms: Rooms, **tools: list[str]) -> dict[str, Placement]:
    """Return what a session with these lists is sent out with, by target; `named` is what its agent calls `URL`."""
    vault = await rooms.vault()
    for url in (URL, OTHER_URL):
        await rooms.credentials.create(rooms.admin, vault, bearer(url))
    environment = await rooms.environments.create(rooms.admin, NewEnvironment(name="e", metadata={}))
    agent = Agent(id="a", mcp_servers=(McpServer(name="named", url=URL + "/"), McpServer(name="broken", url="x")))
    new = NewSession(agent=agent, environment=environment.id, vaults=(vault,), metadata={}, mcp_tools=tools)
    opened = await rooms.sessions.open(rooms.admin, new)
    plan = await rooms.delivery.plan(await rooms.delivery.enter(opened.token), API)
    assert plan.substituter.placed("/other") == ("authorization", f"Bearer {OTHER_URL}".encode())
    assert (plan.substituter.placed("/mcp") is None) == bool(tools)
    return {placement.target: placement for placement in plan.plan.placements}


async def test_without_a_list_the_proxy_places_the_credential(rooms: Rooms) -> None:
    placed = await placements(rooms)
    assert not any(placement.reserved for placement in placed.values())


async def test_with_a_list_the_credential_is_kept_for_the_gateway_and_that_of_other_servers_is_not(
    rooms: Rooms,
) -> None:
    placed = await placements(rooms, named=["search"])
    assert {target: placement.reserved for target, placement in placed.items()} == {"/mcp": True, "/other": False}


async def test_a_token_that_the_proxy_does_not_send_is_not_renewed_for_it(rooms: Rooms) -> None:
    for tools in ({}, {URL: ["search"]}):
        vault = await rooms.vault()
        oauth = NewCredential(
            details=McpOAuthDetails(
                mcp_server_url=URL,
                refresh=Refresh(
                    client_id="c", token_endpoint="https://as.test/token", token_endpoint_auth=ClientAuth.NONE
                ),
            ),
            material=McpOAuth(access_token=Secret("a"), refresh_token=Secret("r")),
            metadata={},
        )
        await rooms.credentials.create(rooms.admin, vault, oauth)
        environment = await rooms.environments.create(rooms.admin, NewEnvironment(name="e", metadata={}))
        new = NewSession(agent=Agent(id="a"), environment=environment.id, vaults=(vault,), metadata={}, mcp_tools=tools)
        opened = await rooms.sessions.open(rooms.admin, new)
        plan = await rooms.delivery.plan(await rooms.delivery.enter(opened.token), API)
        assert (plan.renewable("/mcp") is None) == bool(tools)


async def test_an_empty_list_is_a_list(rooms: Rooms) -> None:
    placed = await placements(rooms, named=[])
    assert placed["/mcp"].reserved
