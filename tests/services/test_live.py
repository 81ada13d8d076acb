"""What a running session remembers: bounded, and worth nothing once it is over."""

from pathlib import Path

import pytest

from strongroom.core.hosts import Host, canonical_host
from strongroom.core.plans import Destination
from strongroom.core.secret import Secret
from strongroom.core.substitution import BodyEncoding
from strongroom.services.live import MAX_PLANS, MAX_SENT_TO, LivePlan
from tests.services.rooms import API, Rooms, built, variable

SENT = (Secret("hush-hush"), "srp_SENT")


async def test_nothing_is_put_in_any_more_once_the_plan_is_over(rooms: Rooms) -> None:
    vault = await rooms.vault()
    await rooms.credentials.create(rooms.admin, vault, variable())
    opened = await rooms.session(vault)
    live = await rooms.delivery.enter(opened.token)
    plan = await rooms.delivery.plan(live, API)
    placeholder = opened.placeholders["TOKEN"].encode()
    body = plan.substituter.body(BodyEncoding.RAW)
    assert body.feed(placeholder + b";") == b"the secret;"
    live.forget()
    assert body.feed(placeholder + b";") == placeholder + b";"
    assert plan.substituter.header_value(placeholder) == placeholder


async def test_sessions_that_no_connection_uses_are_let_go_beyond_the_bound(tmp_path: Path) -> None:
    async with built(tmp_path, most_sessions=2) as rooms:
        tokens = [(await rooms.session()).token for _ in range(4)]
        used = await rooms.delivery.enter(tokens[0])
        used.watch(lambda: None)
        idle = await rooms.delivery.enter(tokens[1])
        plan = await rooms.delivery.plan(idle, API)
        await rooms.delivery.enter(tokens[2])
        assert rooms.delivery.entered(tokens[0]) is used
        assert rooms.delivery.entered(tokens[1]) is None
        assert not plan.live, "news of changes does not reach it any more"
        assert await rooms.delivery.enter(tokens[1]) is not idle


async def test_the_plan_made_longest_ago_gives_way_beyond_the_bound(rooms: Rooms) -> None:
    live = await rooms.delivery.enter((await rooms.session()).token)
    first = await rooms.delivery.plan(live, API)
    for number in range(MAX_PLANS):
        there = Destination("https", canonical_host(f"host{number}.example.com"), 443)
        live.admit(
            LivePlan(
                type(first.plan)(session=first.plan.session, destination=there, expires_at=first.expires_at),
                principal=live.principal,
                meter=rooms.meter,
                sent=live.sent_to(there.host),
            )
        )
    assert len(live.plans) == MAX_PLANS
    assert not first.live
    assert len(live.sent) <= MAX_SENT_TO


def the_host(number: int) -> Host:
    return canonical_host(f"host{number}.example.com")


async def test_hosts_that_got_nothing_and_have_no_plan_give_way_beyond_the_bound(rooms: Rooms) -> None:
    live = await rooms.delivery.enter((await rooms.session()).token)
    planned = await rooms.delivery.plan(live, API)
    for number in range(MAX_SENT_TO - 1):
        live.sent_to(the_host(number)).note(*SENT) if number < 3 else live.sent_to(the_host(number))
    last = live.sent_to(the_host(MAX_SENT_TO))
    assert live.sent.keys() == {API.host, *map(the_host, (0, 1, 2, MAX_SENT_TO))}
    assert live.sent_to(API.host) is planned.sent
    assert live.sent_to(the_host(MAX_SENT_TO)) is last


async def test_hosts_beyond_the_bound_are_told_together_and_nothing_sent_is_forgotten(rooms: Rooms) -> None:
    live = await rooms.delivery.enter((await rooms.session()).token)
    for number in range(MAX_SENT_TO + 5):
        live.sent_to(the_host(number)).note(*SENT)
    assert len(live.sent) == MAX_SENT_TO
    for number in range(MAX_SENT_TO + 5):
        assert live.sent_to(the_host(number)).scrubber.clean(b"<hush-hush>") == b"<srp_SENT>"
    further = live.sent_to(the_host(MAX_SENT_TO + 9))
    assert further is live.sent_to(the_host(MAX_SENT_TO + 1))


@pytest.mark.parametrize("more", [0, 5])
async def test_refusals_are_remembered_up_to_the_bound(rooms: Rooms, more: int) -> None:
    live = await rooms.delivery.enter((await rooms.session()).token)
    for number in range(MAX_PLANS + more):
        live.refuse(canonical_host(f"host{number}.example.com"), "no")
    assert len(live.refusals) == MAX_PLANS
