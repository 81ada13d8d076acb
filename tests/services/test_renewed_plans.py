"""Plans whose tokens are renewed: nobody is sent away with the old one, and nothing that has begun is cut off."""

import asyncio
from contextlib import suppress
from datetime import timedelta

from strongroom.core.credentials import Credential, NewCredential
from strongroom.core.credentials.mcp_oauth import ClientAuth, McpOAuth, McpOAuthDetails, Refresh
from strongroom.core.hosts import canonical_host
from strongroom.core.plans import Destination
from strongroom.core.secret import Secret
from strongroom.services.delivery import RENEW_AGAIN_SECONDS
from strongroom.services.live import LivePlan, LiveSession, Rejected
from strongroom.testing.token_endpoint import reply
from tests.services.rooms import API, Rooms, variable

MCP = Destination("https", canonical_host("mcp.example.com"), 443)


async def session(rooms: Rooms, *, left: float) -> tuple[LiveSession, Credential, bytes]:
    """Open a session that holds a variable, and an MCP credential whose token is due in so many seconds."""
    vault = await rooms.vault()
    details = McpOAuthDetails(
        mcp_server_url="https://mcp.example.com/mcp",
        expires_at=rooms.clock() + timedelta(seconds=left + 60),
        refresh=Refresh(
            client_id="c", token_endpoint="https://as.example.com/token", token_endpoint_auth=ClientAuth.NONE
        ),
    )
    material = McpOAuth(access_token=Secret("a1"), refresh_token=Secret("r1"))
    await rooms.credentials.create(rooms.admin, vault, variable())
    new = NewCredential(details=details, material=material, metadata={})
    credential = await rooms.credentials.create(rooms.admin, vault, new)
    opened = await rooms.session(vault)
    live = await rooms.delivery.enter(opened.token)
    return live, credential, opened.placeholders["TOKEN"].encode()


def sent(plan: LivePlan) -> bytes | None:
    placed = plan.substituter.placed("/mcp")
    return None if placed is None else placed[1]


async def until_outdated(plan: LivePlan) -> None:
    async with asyncio.timeout(20):
        while plan.live:  # noqa: ASYNC110 - nothing announces it: whoever holds a plan looks before each use
            await asyncio.sleep(0.01)


async def test_a_plan_is_made_with_a_token_that_is_fresh(rooms: Rooms) -> None:
    live, _, _ = await session(rooms, left=-1)
    assert sent(await rooms.delivery.plan(live, MCP)) == b"Bearer a2"
    assert rooms.endpoint.exchanges == 1


async def test_ten_sessions_that_come_at_once_are_one_exchange(rooms: Rooms) -> None:
    live, credential, _ = await session(rooms, left=-1)
    others = [await rooms.delivery.enter((await rooms.session(credential.vault)).token) for _ in range(9)]
    plans = await asyncio.gather(*(rooms.delivery.plan(each, MCP) for each in [live, *others]))
    assert [sent(plan) for plan in plans] == [b"Bearer a2"] * 10
    assert rooms.endpoint.exchanges == 1


async def test_a_plan_is_outdated_when_the_first_of_its_tokens_is_due(rooms: Rooms) -> None:
    live, _, placeholder = await session(rooms, left=0.2)
    plan, other = await rooms.delivery.plan(live, MCP), await rooms.delivery.plan(live, API)
    assert rooms.delivery.planned(live, MCP) is plan
    await until_outdated(plan)
    assert rooms.delivery.planned(live, MCP) is None
    assert other.live
    rooms.clock.advance(timedelta(seconds=0.2))
    assert sent(await rooms.delivery.plan(live, MCP)) == b"Bearer a2"
    assert plan.substituter.header_value(placeholder) == placeholder  # a variable of another host


async def test_a_token_that_cannot_be_renewed_does_not_have_its_plan_made_for_each_request(rooms: Rooms) -> None:
    live, _, _ = await session(rooms, left=-1)
    rooms.endpoint.script.append(reply({"error": "invalid_grant"}, 400))
    before = asyncio.get_running_loop().time()
    plan = await rooms.delivery.plan(live, MCP)
    assert sent(plan) == b"Bearer a1"
    assert plan._timer is not None
    assert plan._timer.when() - before >= RENEW_AGAIN_SECONDS


async def test_a_renewal_elsewhere_outdates_the_plans_that_send_the_token_and_no_other(rooms: Rooms) -> None:
    live, credential, placeholder = await session(rooms, left=600)
    following = asyncio.create_task(rooms.delivery.follow(rooms.store.changes))
    await asyncio.sleep(0)
    plan, other = await rooms.delivery.plan(live, MCP), await rooms.delivery.plan(live, API)
    rooms.clock.advance(timedelta(seconds=600))
    elsewhere = await rooms.one_of_several.enter((await rooms.session(credential.vault)).token)
    assert sent(await rooms.one_of_several.plan(elsewhere, MCP)) == b"Bearer a2"
    await until_outdated(plan)
    assert other.live
    assert sent(plan) == b"Bearer a1"  # for requests that have begun under it
    assert other.substituter.header_value(placeholder) == b"the secret"
    assert sent(await rooms.delivery.plan(live, MCP)) == b"Bearer a2"
    await rooms.credentials.archive(rooms.admin, credential.vault, credential.id)
    async with asyncio.timeout(20):
        while sent(plan):  # noqa: ASYNC110 - as above; what is revoked is revoked for them as well
            await asyncio.sleep(0.01)
    following.cancel()
    with suppress(asyncio.CancelledError):
        await following


async def test_after_a_rejection_the_plan_has_another_token(rooms: Rooms) -> None:
    live, _, _ = await session(rooms, left=600)
    plan = await rooms.delivery.plan(live, MCP)
    rejected = Rejected(plan, plan.plan.placements[0])
    plans = await asyncio.gather(*(rooms.delivery.plan(live, MCP, rejected=rejected) for _ in range(20)))
    assert {sent(each) for each in plans} == {b"Bearer a2"}
    assert not plan.live
    assert rooms.endpoint.exchanges == 1


async def test_without_another_token_it_stays_and_is_not_asked_about_again(rooms: Rooms) -> None:
    live, _, _ = await session(rooms, left=600)
    rooms.endpoint.script.append(reply({"error": "invalid_grant"}, 400))
    plan = await rooms.delivery.plan(live, MCP)
    rejected = Rejected(plan, plan.plan.placements[0])
    assert await rooms.delivery.plan(live, MCP, rejected=rejected) is plan
    assert plan.renewable("/mcp") is None
    entries = len(await rooms.entries())
    assert await rooms.delivery.plan(live, MCP, rejected=rejected) is plan
    assert len(await rooms.entries()) == entries


async def test_only_the_first_placement_of_a_target_is_asked_about(rooms: Rooms) -> None:
    live, _, _ = await session(rooms, left=600)
    plan = await rooms.delivery.plan(live, MCP)
    assert plan.renewable("/mcp/") == plan.plan.placements[0]
    assert plan.renewable("/other") is None
    assert (await rooms.delivery.plan(live, API)).renewable("/mcp") is None
