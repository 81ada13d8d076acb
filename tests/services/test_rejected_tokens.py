"""A token that a server has rejected, though it looked good: renewed once, whoever asks."""

import asyncio

import pytest

from strongroom.core.failures import NotAuthenticated
from strongroom.core.plans import Placement
from strongroom.services.live import LivePlan
from strongroom.testing.token_endpoint import reply
from tests.services.rooms import Rooms
from tests.services.test_renewed_plans import MCP, sent, session


def placed(plan: LivePlan) -> Placement:
    return plan.plan.placements[0]


async def test_the_next_plan_sends_a_new_one(rooms: Rooms) -> None:
    live, _, _ = await session(rooms, left=3600)
    plan = await rooms.delivery.plan(live, MCP)
    assert sent(plan) == b"Bearer a1"
    await rooms.delivery.renew(live, placed(plan))
    assert not plan.live
    assert sent(await rooms.delivery.plan(live, MCP)) == b"Bearer a2"
    assert rooms.endpoint.exchanges == 1


async def test_two_hundred_that_met_the_same_rejection_are_one_exchange(rooms: Rooms) -> None:
    live, _, _ = await session(rooms, left=3600)
    rejected = placed(await rooms.delivery.plan(live, MCP))
    await asyncio.gather(*(rooms.delivery.renew(live, rejected) for _ in range(200)))
    assert sent(await rooms.delivery.plan(live, MCP)) == b"Bearer a2"
    assert rooms.endpoint.exchanges == 1


async def test_where_none_can_be_had_the_next_plan_sends_the_same(rooms: Rooms) -> None:
    live, _, _ = await session(rooms, left=3600)
    rooms.endpoint.script.append(reply({"error": "invalid_grant"}, 400))
    plan = await rooms.delivery.plan(live, MCP)
    await rooms.delivery.renew(live, placed(plan))
    assert sent(await rooms.delivery.plan(live, MCP)) == b"Bearer a1"


async def test_a_session_that_has_ended_renews_nothing(rooms: Rooms) -> None:
    live, _, _ = await session(rooms, left=3600)
    rejected = placed(await rooms.delivery.plan(live, MCP))
    await rooms.sessions.archive(rooms.admin, live.session.id)
    with pytest.raises(NotAuthenticated):
        await rooms.delivery.renew(live, rejected)
    assert rooms.endpoint.exchanges == 0


async def test_a_credential_that_the_session_has_no_more_is_not_renewed(rooms: Rooms) -> None:
    live, credential, _ = await session(rooms, left=3600)
    rejected = placed(await rooms.delivery.plan(live, MCP))
    await rooms.credentials.archive(rooms.admin, credential.vault, credential.id)
    await rooms.delivery.renew(live, rejected)
    assert rooms.endpoint.exchanges == 0
