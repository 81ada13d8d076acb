"""The books: what keys take is known at once, written in batches, and never worth a request's failure."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import final

import pytest

from strongroom.core.failures import Invalid, Unavailable
from strongroom.core.ids import OrganizationId, WorkspaceId
from strongroom.core.llm.families import Operation
from strongroom.core.llm.gateway_keys import GatewayKey, GatewayKeyKind
from strongroom.core.llm.limits import Limits, Window
from strongroom.core.llm.sums import Place, Sums
from strongroom.core.llm.uses import UNTOLD, Finish, Tokens, Use
from strongroom.services.llm_books import KEPT_FOR, MAX_NAME, MAX_WAITING, Books
from strongroom.services.llm_use_ports import Taken

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


@final
@dataclass
class Shelf:
    """A store of what was written, which can fail, and be slow."""

    uses: list[Use] = field(default_factory=list)
    sums: dict[Place, Sums] = field(default_factory=dict)
    others: dict[str, dict[datetime, int]] = field(default_factory=dict)
    failure: Exception | None = None
    gate: asyncio.Event | None = None
    tried: asyncio.Event = field(default_factory=asyncio.Event)
    pruned_twice: asyncio.Event = field(default_factory=asyncio.Event)
    pruned: list[datetime] = field(default_factory=list)

    async def add(self, uses: Sequence[Use], sums: Mapping[Place, Sums]) -> None:
        self.tried.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        self.uses += uses
        for place, each in sums.items():
            self.sums[place] = self.sums.get(place, Sums()) + each

    async def prune(self, before: datetime, limit: int) -> int:
        self.pruned.append(before)
        if len(self.pruned) == 1:
            return limit
        self.pruned_twice.set()
        return 0

    async def taken(self, since: datetime) -> Taken:
        if self.failure is not None:
            raise self.failure
        found = {key: dict(days) for key, days in self.others.items()}
        for place, each in self.sums.items():
            if place.day >= since:
                days = found.setdefault(place.key, {})
                days[place.day] = days.get(place.day, 0) + each.charged
        return found


@final
class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


USE = Use(
    request_id="req_1",
    at=NOON,
    organization=OrganizationId("org_1"),
    workspace=WorkspaceId("wrkspc_1"),
    key="key-1",
    operation=Operation.CHAT,
    requested_model="fast",
    provider="p",
    connection="c",
    secret_version=1,
    upstream_model="gpt",
    status=200,
    ttfb_ms=10,
    total_ms=20,
    is_stream=False,
    tokens=Tokens(input=60, output=40),
    bytes_in=400,
    bytes_out=800,
    finish=Finish.COMPLETED,
)


def key(limits: Limits) -> GatewayKey:
    return GatewayKey(
        id="key-1",
        organization=USE.organization,
        workspace=USE.workspace,
        name="app",
        kind=GatewayKeyKind.MACHINE,
        key_prefix="bd-12345",
        created_by_user_id="u",
        created_at=NOON,
        limits=limits,
    )


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def books(shelf: Shelf, clock: Clock) -> Books:
    return Books(uses=shelf, clock=clock)


async def test_what_a_key_took_counts_at_once_and_still_does_once_it_is_written(books: Books, shelf: Shelf) -> None:
    limited = key(Limits(day=150))
    assert books.admit(limited) is None
    books.note(USE)
    assert books.admit(limited) is None
    books.note(USE)
    for _ in range(3):
        reached = books.admit(limited)
        assert reached is not None
        assert (reached.used, reached.limit) == (200, 150)
        await books.flush()
        await books.look()
    assert len(shelf.uses) == 2
    assert [each.charged for each in shelf.sums.values()] == [200]


async def test_the_day_frees_its_limit_and_the_month_does_not(books: Books, clock: Clock) -> None:
    books.note(USE)
    await books.flush()
    clock.now += timedelta(days=1)
    assert books.admit(key(Limits(day=100))) is None
    reached = books.admit(key(Limits(day=100, month=100)))
    assert reached is not None
    assert reached.window is Window.MONTH
    clock.now = datetime(2026, 12, 1, tzinfo=UTC)
    assert books.admit(key(Limits(day=100, month=100))) is None


async def test_a_server_that_starts_knows_what_was_taken_before(books: Books, shelf: Shelf, clock: Clock) -> None:
    books.note(USE)
    await books.flush()
    fresh = Books(uses=shelf, clock=clock)
    async with fresh.opened():
        assert fresh.admit(key(Limits(day=100))) is not None
        fresh.note(USE)
    assert len(shelf.uses) == 2


async def test_what_other_servers_let_a_key_take_counts_once_it_is_looked_at(books: Books, shelf: Shelf) -> None:
    books.note(USE)
    shelf.others = {"key-1": {Window.DAY.begins(NOON): 900}}
    assert books.taken("key-1", NOON) == (100, 100)
    await books.look()
    books.note(USE)
    assert books.taken("key-1", NOON) == (1100, 1100)


async def test_a_store_that_does_not_answer_fails_nothing_and_loses_nothing(books: Books, shelf: Shelf) -> None:
    shelf.failure = Unavailable("the database does not answer")
    books.note(USE)
    with pytest.raises(Unavailable):
        await books.flush()
    books.note(replace(USE, request_id="req_2"))
    assert books.taken("key-1", NOON) == (200, 200)
    shelf.failure = None
    await books.flush()
    assert [use.request_id for use in shelf.uses] == ["req_1", "req_2"]
    assert books.taken("key-1", NOON) == (200, 200)


async def test_a_store_that_is_away_for_long_loses_old_requests_and_no_sums(books: Books, shelf: Shelf) -> None:
    shelf.failure = Unavailable("the database does not answer")
    for number in range(MAX_WAITING + 5):
        books.note(replace(USE, request_id=f"req_{number}"))
        if number == MAX_WAITING - 5:
            with pytest.raises(Unavailable):
                await books.flush()
    shelf.failure = None
    await books.flush()
    assert (len(shelf.uses), shelf.uses[0].request_id) == (MAX_WAITING, "req_5")
    assert [each.requests for each in shelf.sums.values()] == [MAX_WAITING + 5]


async def test_a_batch_that_the_store_will_never_take_does_not_stand_in_the_way(
    books: Books, shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    shelf.failure = Invalid("texts must be valid Unicode")
    books.note(USE)
    await books.flush()
    shelf.failure = None
    books.note(replace(USE, request_id="req_2"))
    await books.flush()
    assert [use.request_id for use in shelf.uses] == ["req_2"]
    assert "could not be written down" in caplog.text


async def test_whoever_stops_waiting_for_a_write_does_not_have_it_counted_twice(books: Books, shelf: Shelf) -> None:
    shelf.gate = asyncio.Event()
    books.note(USE)
    waiting = asyncio.ensure_future(books.flush())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert books.taken("key-1", NOON) == (100, 100)
    shelf.gate = None
    await shelf.add([USE], {Place.of(USE): Sums.of(USE)})  # a store goes through with it
    await books.look()
    assert books.taken("key-1", NOON) == (100, 100)


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b", "\ud800 half a pair"])
async def test_a_models_name_that_a_client_made_up_can_be_kept(books: Books, shelf: Shelf, name: str) -> None:
    books.note(replace(USE, requested_model=name, upstream_model=None, status=404, finish=Finish.REFUSED))
    await books.flush()
    kept = shelf.uses[0].requested_model
    assert kept is not None
    assert len(kept) <= MAX_NAME
    assert "\0" not in kept
    assert kept.encode()


@pytest.mark.parametrize(
    ("use", "charged"),
    [
        (USE, 100),
        (replace(USE, tokens=UNTOLD), 400 // 4 + 800 // 4),
        (replace(USE, tokens=UNTOLD, is_stream=True, events=7), 400 // 4 + 7),
        (replace(USE, tokens=Tokens(input=60, output=1), is_stream=True, events=30, finish=Finish.UPSTREAM_BROKE), 90),
        (replace(USE, tokens=Tokens(input=60), is_stream=True, finish=Finish.CLIENT_DISCONNECTED, status=499), 60),
        (replace(USE, tokens=Tokens(input=60), operation=Operation.EMBEDDINGS), 60),
        (replace(USE, tokens=UNTOLD, operation=Operation.COUNT_TOKENS), 0),
        (replace(USE, tokens=UNTOLD, status=429, finish=Finish.REFUSED), 0),
        (replace(USE, tokens=UNTOLD, status=400), 0),
        (replace(USE, tokens=UNTOLD, status=0, provider=None, finish=Finish.CLIENT_DISCONNECTED), 0),
    ],
)
def test_what_nobody_told_is_estimated_against_a_limit_and_told_apart_in_the_sums(use: Use, charged: int) -> None:
    sums = Sums.of(use)
    assert sums.charged == charged
    assert sums.untold == (charged != use.tokens.total)
    assert (sums.input, sums.output) == (use.tokens.input or 0, use.tokens.output or 0)
    assert sums.failed == (use.status >= 400)


async def test_the_work_goes_on_when_the_store_does_not_answer_for_a_while(books: Books, shelf: Shelf) -> None:
    shelf.failure = Unavailable("the database does not answer")
    books.note(USE)
    work = asyncio.ensure_future(books.run())
    try:
        async with asyncio.timeout(10):
            await shelf.tried.wait()
            shelf.failure = None
            await shelf.pruned_twice.wait()
    finally:
        work.cancel()
    assert shelf.uses == [USE]
    assert shelf.pruned == [NOON - KEPT_FOR] * 2, "a full batch is followed by another at once"
