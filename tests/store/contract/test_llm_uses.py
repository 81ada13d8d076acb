"""Requests to models and their sums by day."""
# ruff: noqa: ANN401 - fields of whatever type the thing has

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from strongroom.core.failures import NotFound
from strongroom.core.llm.families import Operation
from strongroom.core.llm.gateway_keys import GatewayKey, GatewayKeyKind
from strongroom.core.llm.limits import UNLIMITED, Limits, Window
from strongroom.core.llm.sums import Place, Sums
from strongroom.core.llm.uses import Attempt, Finish, Tokens, Use
from strongroom.core.pages import Position
from strongroom.services.llm_use_ports import Chosen, Grouped, Grouping
from strongroom.services.ports import Store
from tests.store.things import START, Home, at, digest, fresh

TODAY = Window.DAY.begins(START)


def use(home: Home, **changed: Any) -> Use:
    made = Use(
        request_id=fresh("req_"),
        at=at(),
        organization=home.organization,
        workspace=home.workspace,
        key="key-1",
        user_id="user-1",
        group_name=None,
        operation=Operation.CHAT,
        requested_model="fast",
        provider="prov-1",
        connection="conn-1",
        secret_version=2,
        upstream_model="gpt",
        attempts=(
            Attempt(provider="prov-0", upstream_model="gpt", status=529, milliseconds=12, code="upstream_error"),
            Attempt(provider="prov-1", upstream_model="gpt", status=200, milliseconds=340),
        ),
        status=200,
        ttfb_ms=300,
        total_ms=350,
        is_stream=True,
        tokens=Tokens(input=10, output=5, cached=3),
        events=9,
        bytes_in=100,
        bytes_out=2000,
        finish=Finish.COMPLETED,
    )
    return replace(made, **changed)


def gateway_key(home: Home, *, limits: Limits = UNLIMITED) -> GatewayKey:
    return GatewayKey(
        id=fresh("key-"),
        organization=home.organization,
        workspace=home.workspace,
        name="app",
        kind=GatewayKeyKind.MACHINE,
        key_prefix="bd-12345",
        created_by_user_id="u",
        created_at=at(),
        limits=limits,
    )


async def written(store: Store, *uses: Use) -> None:
    sums: dict[Place, Sums] = {}
    for each in uses:
        place = Place.of(each)
        sums[place] = sums.get(place, Sums()) + Sums.of(each)
    await store.llm_uses.add(uses, sums)


async def test_a_request_comes_back_as_it_was_noted(store: Store, home: Home, elsewhere: Home) -> None:
    whole = use(home)
    bare = use(
        home,
        at=at(1),
        requested_model=None,
        provider=None,
        connection=None,
        secret_version=None,
        upstream_model=None,
        user_id=None,
        attempts=(),
        status=400,
        code="invalid_request",
        ttfb_ms=None,
        tokens=Tokens(),
        finish=Finish.REFUSED,
    )
    await written(store, whole, bare)
    page = await store.llm_uses.page(home.workspace, Chosen(), limit=10, after=None)
    assert (page.rows, page.more) == ((bare, whole), False)
    assert (await store.llm_uses.page(elsewhere.workspace, Chosen(), limit=10, after=None)).rows == ()


async def test_a_batch_that_is_written_again_is_there_once(store: Store, home: Home) -> None:
    one = use(home)
    await store.llm_uses.add([one], {})
    await store.llm_uses.add([one], {})
    await store.llm_uses.add([], {})
    assert (await store.llm_uses.page(home.workspace, Chosen(), limit=10, after=None)).rows == (one,)


async def test_pages_go_on_where_the_last_one_ended(store: Store, home: Home) -> None:
    uses = [use(home, at=at(second // 2)) for second in range(7)]
    await written(store, *uses)
    seen: list[Use] = []
    after: Position | None = None
    while True:
        page = await store.llm_uses.page(home.workspace, Chosen(), limit=3, after=after)
        seen += page.rows
        if not page.more:
            break
        after = Position(page.rows[-1].at, page.rows[-1].request_id)
    assert seen == sorted(uses, key=lambda each: (each.at, each.request_id), reverse=True)


@pytest.mark.parametrize(
    ("chosen", "count"),
    [
        (Chosen(key="key-1"), 3),
        (Chosen(model="other"), 1),
        (Chosen(connection="conn-2"), 1),
        (Chosen(begins=at(10)), 2),
        (Chosen(ends=at(10)), 2),
        (Chosen(begins=at(10), key="key-2"), 1),
    ],
)
async def test_requests_are_chosen_by_what_they_were(store: Store, home: Home, chosen: Chosen, count: int) -> None:
    await written(
        store,
        use(home),
        use(home, upstream_model="other"),
        use(home, at=at(10), connection="conn-2"),
        use(home, at=at(11), key="key-2"),
    )
    assert len((await store.llm_uses.page(home.workspace, chosen, limit=10, after=None)).rows) == count


async def test_sums_are_told_apart_as_asked_for(store: Store, home: Home, elsewhere: Home) -> None:
    yesterday = timedelta(days=1)
    one = use(home)
    await written(store, one, use(home), use(home, upstream_model="other", tokens=Tokens(), status=502))
    await written(store, use(home), use(home, at=START - yesterday), use(elsewhere))
    each = Sums.of(one)

    async def told(*by: Grouping, chosen: Chosen = Chosen()) -> list[Grouped]:  # noqa: B008 - it is frozen
        return await store.llm_uses.grouped(home.workspace, chosen, by, 10)

    days = await told(Grouping.DAY)
    assert [(row.day, row.sums.requests, row.sums.failed) for row in days] == [
        (TODAY, 4, 1),
        (TODAY - yesterday, 1, 0),
    ]
    assert [(row.model, row.sums.requests) for row in await told(Grouping.MODEL)] == [("gpt", 4), ("other", 1)]
    both = await told(Grouping.DAY, Grouping.MODEL, chosen=Chosen(begins=TODAY))
    assert [(row.day, row.model, row.key, row.connection) for row in both] == [
        (TODAY, "gpt", None, None),
        (TODAY, "other", None, None),
    ]
    assert both[0].sums == each + each + each
    assert [row.sums.requests for row in await told(Grouping.KEY, chosen=Chosen(model="gpt", ends=TODAY))] == [1]
    assert [row.connection for row in await told(Grouping.CREDENTIAL)] == ["conn-1"]
    assert [row.sums.requests for row in await told()] == [5]
    assert len(await store.llm_uses.grouped(home.workspace, Chosen(), [Grouping.DAY], 1)) == 1


async def test_without_groups_and_requests_there_is_one_line_of_nothing_or_none(store: Store, home: Home) -> None:
    assert await store.llm_uses.grouped(home.workspace, Chosen(), [Grouping.DAY], 10) == []


async def test_only_keys_with_a_limit_are_looked_at(store: Store, home: Home, elsewhere: Home) -> None:
    limited, free, other = gateway_key(home), gateway_key(home), gateway_key(elsewhere)
    for key in (limited, free, other):
        await store.gateway_keys.add(key, digest(key.id))
    assert await store.gateway_keys.limit(home.workspace, limited.id, Limits(day=5)) == replace(
        limited, limits=Limits(day=5)
    )
    await store.gateway_keys.limit(elsewhere.workspace, other.id, Limits(month=7))
    last_month = Window.MONTH.begins(START) - timedelta(days=1)
    await written(store, use(home, key=limited.id), use(home, key=limited.id), use(home, key=free.id))
    await written(store, use(home, key=limited.id, at=last_month), use(elsewhere, key=other.id))
    charged = Sums.of(use(home)).charged
    assert await store.llm_uses.taken(Window.MONTH.begins(START)) == {
        limited.id: {TODAY: 2 * charged},
        other.id: {TODAY: charged},
    }


async def test_a_limit_is_set_and_taken_away_in_its_own_workspace_only(
    store: Store, home: Home, elsewhere: Home
) -> None:
    key = gateway_key(home)
    await store.gateway_keys.add(key, digest(key.id))
    with pytest.raises(NotFound):
        await store.gateway_keys.limit(elsewhere.workspace, key.id, Limits(day=5))
    assert (await store.gateway_keys.get(home.workspace, key.id)).limits == UNLIMITED
    await store.gateway_keys.limit(home.workspace, key.id, Limits(day=5, month=6))
    assert (await store.gateway_keys.get(home.workspace, key.id)).limits == Limits(day=5, month=6)
    await store.gateway_keys.limit(home.workspace, key.id, UNLIMITED)
    assert (await store.gateway_keys.get(home.workspace, key.id)).limits == UNLIMITED


async def test_old_requests_are_pruned_a_few_at_once_and_their_sums_stay(store: Store, home: Home) -> None:
    def moments() -> list[datetime]:
        return [at(second) for second in range(5)]

    await written(store, *(use(home, at=moment) for moment in moments()))
    assert await store.llm_uses.prune(at(4), 3) == 3
    assert await store.llm_uses.prune(at(4), 3) == 1
    assert await store.llm_uses.prune(at(4), 3) == 0
    left = await store.llm_uses.page(home.workspace, Chosen(), limit=10, after=None)
    assert [each.at for each in left.rows] == [at(4)]
    sums = await store.llm_uses.grouped(home.workspace, Chosen(), [Grouping.DAY], 10)
    assert [row.sums.requests for row in sums] == [5]
