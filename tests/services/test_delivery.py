import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import pytest

from strongroom.core.audit import Entry, Outcome, Record
from strongroom.core.environments import NO_PACKAGES, CloudConfig, LimitedNetwork, StrayPlaceholders
from strongroom.core.failures import NotAuthenticated, NotPermitted, StrayRefused, TooMany, Unavailable
from strongroom.core.hosts import HostSet
from strongroom.core.secret import Secret
from strongroom.core.sessions import Agent
from strongroom.core.surfaces import Surface
from strongroom.services.environments import NewEnvironment
from strongroom.services.live import NEW_PLANS_PER_MINUTE, LivePlan
from strongroom.services.ports import Change, Changes
from strongroom.services.sessions import NewSession
from tests.services.rooms import API, OTHER, Rooms, variable


async def gone(plan: LivePlan) -> None:
    """Wait until a plan is dropped."""
    async with asyncio.timeout(20):
        while plan.live:  # noqa: ASYNC110 - nothing announces it: whoever holds a plan looks before each use
            await asyncio.sleep(0.01)


@asynccontextmanager
async def following(rooms: Rooms) -> AsyncIterator[None]:
    task = asyncio.create_task(rooms.delivery.follow(rooms.store.changes))
    await asyncio.sleep(0)
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_a_plan_puts_the_secret_in_where_it_belongs(rooms: Rooms) -> None:
    vault = await rooms.vault()
    await rooms.credentials.create(rooms.admin, vault, variable())
    opened = await rooms.session(vault)
    live = await rooms.delivery.enter(opened.token)
    plan = await rooms.delivery.plan(live, API)
    placeholder = opened.placeholders["TOKEN"].encode()
    assert plan.substituter.header_value(b"Bearer " + placeholder) == b"Bearer the secret"
    assert plan.scrubber.clean(b"you sent the secret") == b"you sent " + placeholder


async def test_a_plan_leaves_the_placeholder_alone_elsewhere_and_counts_it_as_a_stray(rooms: Rooms) -> None:
    vault = await rooms.vault()
    credential = await rooms.credentials.create(rooms.admin, vault, variable())
    opened = await rooms.session(vault)
    live = await rooms.delivery.enter(opened.token)
    plan = await rooms.delivery.plan(live, OTHER)
    placeholder = opened.placeholders["TOKEN"].encode()
    assert plan.substituter.header_value(placeholder) == placeholder
    await rooms.meter.flush()
    event = (await rooms.entries())[-1].record
    assert (event.action, event.outcome, event.target) == ("placeholder.strayed", Outcome.OBSERVED, credential.id)
    assert event.facts == {
        "session": opened.session.id,
        "host": "other.example.com",
        "surface": Surface.HEADER.value,
        "count": 1,
        "vault": vault,
        "answer": "sent",
    }


async def test_where_the_environment_asks_for_it_a_stray_refuses_its_request_and_is_reported_as_refused(
    rooms: Rooms,
) -> None:
    vault = await rooms.vault()
    credential = await rooms.credentials.create(rooms.admin, vault, variable())
    opened = await rooms.session(vault, strays=StrayPlaceholders.REFUSE)
    live = await rooms.delivery.enter(opened.token)
    placeholder = opened.placeholders["TOKEN"].encode()
    here, elsewhere = await rooms.delivery.plan(live, API), await rooms.delivery.plan(live, OTHER)
    assert here.substituter.header_value(placeholder) == b"the secret"
    with pytest.raises(StrayRefused) as caught:
        elsewhere.substituter.header_value(placeholder)
    assert placeholder.decode() not in str(caught.value)
    assert all(word in str(caught.value) for word in (credential.id, "other.example.com", "header"))
    await rooms.meter.flush()
    event = (await rooms.entries())[-1].record
    assert (event.action, event.facts["answer"], event.facts["vault"]) == ("placeholder.strayed", "refused", vault)


async def test_a_warm_plan_asks_nobody(rooms: Rooms) -> None:
    opened = await rooms.session()
    live = await rooms.delivery.enter(opened.token)
    plan = await rooms.delivery.plan(live, API)
    rooms.log.off = True
    assert rooms.delivery.entered(opened.token) is live
    assert rooms.delivery.planned(live, API) is plan
    assert await rooms.delivery.plan(live, API) is plan


async def test_no_plan_is_made_while_the_audit_log_cannot_be_written(rooms: Rooms) -> None:
    opened = await rooms.session()
    live = await rooms.delivery.enter(opened.token)
    rooms.log.off = True
    with pytest.raises(Unavailable):
        await rooms.delivery.plan(live, API)


async def test_the_decision_is_recorded_when_a_destination_joins(rooms: Rooms) -> None:
    vault = await rooms.vault()
    credential = await rooms.credentials.create(rooms.admin, vault, variable())
    live = await rooms.delivery.enter((await rooms.session(vault)).token)
    before = len(await rooms.entries())
    await rooms.delivery.plan(live, API)
    await rooms.delivery.plan(live, API)
    new = [entry.record for entry in (await rooms.entries())[before:]]
    assert [(record.action, record.target) for record in new] == [
        ("egress.connect", "api.example.com"),
        ("credential.use", credential.id),
    ]
    assert {record.principal for record in new} == {live.session.id}


async def test_a_host_that_the_environment_does_not_allow_is_refused_and_recorded_once(rooms: Rooms) -> None:
    network = LimitedNetwork(hosts=HostSet.parse(["api.example.com"]))
    config = CloudConfig(network=network, packages=NO_PACKAGES)
    environment = await rooms.environments.create(rooms.admin, NewEnvironment(name="e", config=config, metadata={}))
    new = NewSession(agent=Agent(id="a"), environment=environment.id, metadata={})
    live = await rooms.delivery.enter((await rooms.sessions.open(rooms.admin, new)).token)
    await rooms.delivery.plan(live, API)
    for _ in range(2):
        with pytest.raises(NotPermitted, match=r"other\.example\.com"):
            await rooms.delivery.plan(live, OTHER)
    denied = [entry for entry in await rooms.entries() if entry.record.outcome is Outcome.DENIED]
    assert [(entry.record.action, entry.record.target) for entry in denied] == [("egress.connect", "other.example.com")]


async def test_a_session_that_asks_for_ever_new_hosts_is_told_to_wait_and_writes_no_more_into_the_log(
    rooms: Rooms,
) -> None:
    live = await rooms.delivery.enter((await rooms.session()).token)
    warm = await rooms.delivery.plan(live, API)
    for _ in range(NEW_PLANS_PER_MINUTE - 1):
        live.pace.wait(rooms.clock())
    before = len(await rooms.entries())
    with pytest.raises(TooMany) as refused:
        await rooms.delivery.plan(live, OTHER)
    assert refused.value.retry_after == 60
    assert len(await rooms.entries()) == before
    assert await rooms.delivery.plan(live, API) is warm
    rooms.clock.advance(timedelta(minutes=1))
    assert (await rooms.delivery.plan(live, OTHER)).live


async def test_of_two_vaults_the_first_wins_and_the_losers_secret_is_not_even_opened(rooms: Rooms) -> None:
    first, second = await rooms.vault(), await rooms.vault()
    await rooms.credentials.create(rooms.admin, first, variable(value="one"))
    await rooms.credentials.create(rooms.admin, second, variable(value="two"))
    live = await rooms.delivery.enter((await rooms.session(second, first)).token)
    plan = await rooms.delivery.plan(live, API)
    assert [swap.secret for swap in plan.plan.swaps] == [Secret("two")]


@pytest.mark.parametrize("token", ["srt_unknown", ""])
async def test_an_unknown_token_enters_nothing(rooms: Rooms, token: str) -> None:
    with pytest.raises(NotAuthenticated):
        await rooms.delivery.enter(Secret(token))


async def test_an_expired_session_is_over_although_it_was_warm(rooms: Rooms) -> None:
    opened = await rooms.session()
    live = await rooms.delivery.enter(opened.token)
    rooms.clock.advance(timedelta(hours=1))
    assert rooms.delivery.entered(opened.token) is None
    with pytest.raises(NotAuthenticated):
        await rooms.delivery.enter(opened.token)
    with pytest.raises(NotAuthenticated):
        await rooms.delivery.plan(live, API)


async def test_a_session_that_ended_before_news_of_it_came_gets_no_plan(rooms: Rooms) -> None:
    opened = await rooms.session()
    live = await rooms.delivery.enter(opened.token)
    await rooms.sessions.archive(rooms.admin, opened.session.id)
    with pytest.raises(NotAuthenticated):
        await rooms.delivery.plan(live, API)


async def test_ending_a_session_rings_its_connections(rooms: Rooms) -> None:
    opened = await rooms.session()
    live = await rooms.delivery.enter(opened.token)
    rang = asyncio.Event()
    live.watch(rang.set)
    async with following(rooms):
        await rooms.sessions.archive(rooms.admin, opened.session.id)
        async with asyncio.timeout(20):
            await rang.wait()
    assert live.ended


async def test_revoking_a_key_rings_the_connections_of_the_sessions_it_opened(rooms: Rooms) -> None:
    live = await rooms.delivery.enter((await rooms.session()).token)
    rang = asyncio.Event()
    live.watch(rang.set)
    async with following(rooms):
        [key] = await rooms.keys.page(rooms.admin)
        await rooms.keys.revoke(rooms.admin, key.id)
        async with asyncio.timeout(20):
            await rang.wait()


@pytest.mark.parametrize("how", ["archive credential", "delete credential", "archive vault", "delete vault", "rotate"])
async def test_a_change_to_what_a_plan_depends_on_drops_it(rooms: Rooms, how: str) -> None:
    vault = await rooms.vault()
    credential = (await rooms.credentials.create(rooms.admin, vault, variable())).id
    opened = await rooms.session(vault)
    live = await rooms.delivery.enter(opened.token)
    plan = await rooms.delivery.plan(live, API)
    async with following(rooms):
        match how:
            case "archive credential":
                await rooms.credentials.archive(rooms.admin, vault, credential)
            case "delete credential":
                await rooms.credentials.delete(rooms.admin, vault, credential)
            case "archive vault":
                await rooms.vaults.archive(rooms.admin, vault)
            case "delete vault":
                await rooms.vaults.delete(rooms.admin, vault)
            case _:
                fresh = variable(value="rotated").material
                await rooms.credentials.update(
                    rooms.admin, vault, credential, lambda before, _: (before, fresh), needs_material=False
                )
        await gone(plan)
    renewed = await rooms.delivery.plan(live, API)
    placeholder = opened.placeholders["TOKEN"].encode()
    expected = b"rotated" if how == "rotate" else placeholder
    assert renewed.substituter.header_value(placeholder) == expected


async def test_a_change_elsewhere_leaves_a_plan_warm(rooms: Rooms) -> None:
    live = await rooms.delivery.enter((await rooms.session(await rooms.vault())).token)
    plan = await rooms.delivery.plan(live, API)
    async with following(rooms):
        other = await rooms.vault()
        await rooms.credentials.create(rooms.admin, other, variable())
        ended = await rooms.session()
        watched = await rooms.delivery.enter(ended.token)
        rang = asyncio.Event()
        watched.watch(rang.set)
        await rooms.sessions.archive(rooms.admin, ended.session.id)
        async with asyncio.timeout(20):
            await rang.wait()  # later news than the credential's has arrived
    assert plan.live


async def test_a_change_while_a_plan_is_being_made_makes_it_anew(rooms: Rooms) -> None:
    vault = await rooms.vault()
    credential = await rooms.credentials.create(rooms.admin, vault, variable(value="old"))
    live = await rooms.delivery.enter((await rooms.session(vault)).token)
    append, changed = rooms.log.log.append, False

    class Interrupting:
        """Rotates the credential between the reading of it and the end of the plan's making."""

        async def append(self, records: Sequence[Record]) -> list[Entry]:
            nonlocal changed
            if not changed:
                changed = True
                fresh = variable(value="new").material
                await rooms.credentials.update(
                    rooms.admin, vault, credential.id, lambda before, _: (before, fresh), needs_material=False
                )
                live.forget()  # what the change feed does when the news arrives
            return await append(records)

    rooms.log.log = Interrupting()
    plan = await rooms.delivery.plan(live, API)
    assert [swap.secret for swap in plan.plan.swaps] == [Secret("new")]


class Broken:
    """A feed that is down once and then works; what happened in between it does not tell."""

    def __init__(self, feed: Changes, repaired: asyncio.Event) -> None:
        self._feed = feed
        self._repaired = repaired

    async def follow(self) -> AsyncIterator[Sequence[Change]]:
        if not self._repaired.is_set():
            raise Unavailable("the database does not answer")
        async for batch in self._feed.follow():
            yield batch


async def test_a_feed_that_fails_drops_every_plan_and_is_made_up_for_later(rooms: Rooms) -> None:
    opened = await rooms.session()
    live = await rooms.delivery.enter(opened.token)
    plan = await rooms.delivery.plan(live, API)
    rang, repaired = asyncio.Event(), asyncio.Event()
    live.watch(rang.set)
    task = asyncio.create_task(rooms.delivery.follow(Broken(rooms.store.changes, repaired)))
    await gone(plan)
    await rooms.sessions.archive(rooms.admin, opened.session.id)
    assert not rang.is_set()
    repaired.set()
    async with asyncio.timeout(20):
        await rang.wait()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_counts_survive_a_failed_flush_and_are_written_by_the_next(rooms: Rooms) -> None:
    vault = await rooms.vault()
    credential = await rooms.credentials.create(rooms.admin, vault, variable())
    opened = await rooms.session(vault)
    live = await rooms.delivery.enter(opened.token)
    here, elsewhere = await rooms.delivery.plan(live, API), await rooms.delivery.plan(live, OTHER)
    placeholder = opened.placeholders["TOKEN"].encode()
    for _ in range(3):
        here.substituter.header_value(placeholder)
        elsewhere.substituter.header_value(placeholder)
    live.turned_away("too_many", "api.example.com")
    rooms.log.off = True
    with pytest.raises(Unavailable):
        await rooms.meter.flush()
    rooms.log.off = False
    await rooms.meter.flush()
    await rooms.meter.flush()
    uses = await rooms.store.uses.of_session(rooms.admin.workspace, opened.session.id)
    assert [(use.credential, use.host, use.count) for use in uses] == [(credential.id, "api.example.com", 3)]
    strays = [entry.record for entry in await rooms.entries() if entry.record.action == "placeholder.strayed"]
    assert [record.facts["count"] for record in strays] == [3]
    refused = await rooms.store.refusals.of_session(rooms.admin.workspace, opened.session.id)
    assert [(row.code, row.host, row.count) for row in refused] == [("too_many", "api.example.com", 1)]


async def test_nothing_warm_is_trusted_once_counts_cannot_be_written(rooms: Rooms) -> None:
    vault = await rooms.vault()
    await rooms.credentials.create(rooms.admin, vault, variable())
    opened = await rooms.session(vault)
    live = await rooms.delivery.enter(opened.token)
    here, elsewhere = await rooms.delivery.plan(live, API), await rooms.delivery.plan(live, OTHER)
    elsewhere.substituter.header_value(opened.placeholders["TOKEN"].encode())
    rooms.log.off = True
    task = asyncio.create_task(rooms.delivery.keep_count())
    async with asyncio.timeout(10):
        while here.live:  # noqa: ASYNC110 - nothing announces it
            await asyncio.sleep(0.01)
    with pytest.raises(Unavailable):
        await rooms.delivery.plan(live, API)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
