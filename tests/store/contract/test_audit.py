"""The audit log."""

import asyncio

import pytest

from strongroom.core.audit import Broken, Head, Intact, Outcome, verify
from strongroom.core.failures import Invalid
from strongroom.core.ids import SessionId
from strongroom.services.ports import Store
from tests.store.backends import Backend
from tests.store.things import Home, at


async def verified(store: Store, home: Home) -> Intact | Broken:
    entries = await store.audit.entries(home.organization, limit=10_000)
    return verify(entries, await store.audit.head(home.organization))


async def test_entries_come_back_as_they_were_appended(store: Store, home: Home) -> None:
    records = [
        home.record(),
        home.record(outcome=Outcome.DENIED, reason="scope", workspace=None, at=at(1.000001)),
        home.record(outcome=Outcome.OBSERVED, facts={"host": "ü.example", "count": 3, "session": "sesn_1"}),
    ]
    appended = await store.audit.append(records)
    assert [entry.record for entry in appended] == records
    assert [entry.sequence for entry in appended] == [1, 2, 3]
    assert await store.audit.entries(home.organization) == appended
    assert await store.audit.head(home.organization) == Head(3, appended[-1].hash)
    assert await verified(store, home) == Intact(3)


async def test_an_unused_chain_is_empty_and_intact(store: Store, home: Home) -> None:
    assert await store.audit.append([]) == []
    assert await store.audit.entries(home.organization) == []
    assert await store.audit.head(home.organization) == Head()
    assert await verified(store, home) == Intact(0)


async def test_each_organization_has_a_chain_of_its_own(store: Store, home: Home, elsewhere: Home) -> None:
    mixed = await store.audit.append([home.record(), elsewhere.record(), home.record()])
    assert [entry.sequence for entry in mixed] == [1, 1, 2]
    assert await store.audit.entries(elsewhere.organization) == [mixed[1]]
    assert await verified(store, home) == Intact(2)
    assert await verified(store, elsewhere) == Intact(1)


async def test_entries_are_read_in_steps_and_from_the_end(store: Store, home: Home) -> None:
    entries = await store.audit.append([home.record() for _ in range(7)])
    assert await store.audit.entries(home.organization, after=2, limit=3) == entries[2:5]
    assert await store.audit.entries(home.organization, after=7) == []
    assert await store.audit.newest(home.organization, limit=3) == entries[4:]
    assert await store.audit.newest(home.organization, limit=99) == entries


async def test_the_entries_of_a_session_are_those_whose_facts_name_it(store: Store, home: Home) -> None:
    facts: list[dict[str, str | int]] = [{"session": "sesn_1"}, {}, {"session": "sesn_2"}, {"session": "sesn_1"}]
    entries = await store.audit.append([home.record(facts=each) for each in facts])
    mine = SessionId("sesn_1")
    assert await store.audit.entries(home.organization, session=mine) == [entries[0], entries[3]]
    assert await store.audit.entries(home.organization, session=mine, after=1) == [entries[3]]


async def test_fifty_appends_at_once_make_one_intact_chain(store: Store, home: Home) -> None:
    batches = [[home.record() for _ in range(1 + turn % 3)] for turn in range(50)]
    appended = await asyncio.gather(*map(store.audit.append, batches))
    for batch, entries in zip(batches, appended, strict=True):
        assert [entry.record for entry in entries] == batch
        first = entries[0].sequence
        assert [entry.sequence for entry in entries] == list(range(first, first + len(batch)))
    assert await verified(store, home) == Intact(sum(map(len, batches)))


async def test_two_nodes_make_one_intact_chain(store: Store, home: Home, backend: Backend) -> None:
    async with backend.open(at) as second:
        await asyncio.gather(*((store, second)[turn % 2].audit.append([home.record()]) for turn in range(40)))
    assert await verified(store, home) == Intact(40)


async def test_a_caller_that_stops_waiting_spoils_nothing_for_others(store: Store, home: Home) -> None:
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(store.audit.append([home.record()]))
        impatient = tasks.create_task(store.audit.append([home.record()]))
        patient = tasks.create_task(store.audit.append([home.record()]))
        await asyncio.sleep(0)
        impatient.cancel()
    assert [entry.sequence for entry in (*first.result(), *patient.result())] == [1, 3]
    assert impatient.cancelled()
    assert await verified(store, home) == Intact(3)


async def test_a_record_that_no_database_takes_spoils_nothing_for_others(store: Store, home: Home) -> None:
    targets = ["begins", "shares", "\ud800", "shares too"]
    outcomes = await asyncio.gather(
        *(store.audit.append([home.record(target=target)]) for target in targets), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [list, list, Invalid, list]
    assert await verified(store, home) == Intact(3)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE audit_entries SET principal = 'key_2' WHERE sequence = 4", Broken(3, 4, "the entry was changed")),
        ("UPDATE audit_entries SET outcome = 'denied' WHERE sequence = 4", Broken(3, 4, "the entry was changed")),
        ("UPDATE audit_entries SET facts = '{}' WHERE sequence = 4", Broken(3, 4, "the entry was changed")),
        ("UPDATE audit_entries SET at = at + 1 WHERE sequence = 4", Broken(3, 4, "the entry was changed")),
        ("UPDATE audit_entries SET previous = 'x' WHERE sequence = 4", Broken(3, 4, "the entry does not follow")),
        ("DELETE FROM audit_entries WHERE sequence = 4", Broken(3, 4, "the entry is missing")),
        ("DELETE FROM audit_entries WHERE sequence = 7", Broken(6, 7, "entries are missing at the end")),
        ("UPDATE audit_heads SET hash = 'x'", Broken(7, 7, "the last entry is not the one")),
    ],
)
async def test_what_is_done_behind_the_stores_back_shows_and_where(
    store: Store, home: Home, backend: Backend, statement: str, expected: Broken
) -> None:
    await store.audit.append([home.record(facts={"place": place}) for place in range(7)])
    backend.tamper(statement)
    found = await verified(store, home)
    assert isinstance(found, Broken)
    assert (found.entries, found.sequence) == (expected.entries, expected.sequence)
    assert found.reason.startswith(expected.reason)


@pytest.mark.parametrize(
    "change", ["facts = '{'", "outcome = 'maybe'", "facts = '7'", "at = 'noon'", "session_id = 'sesn_other'"]
)
async def test_an_entry_that_cannot_even_be_read_is_named(
    store: Store, home: Home, backend: Backend, change: str
) -> None:
    await store.audit.append([home.record() for _ in range(3)])
    backend.tamper(f"UPDATE audit_entries SET {change} WHERE sequence = 2")  # noqa: S608 - from the list above
    found = await verified(store, home)
    assert isinstance(found, Broken)
    assert (found.entries, found.sequence) == (1, 2)
    assert [entry.sequence for entry in await store.audit.entries(home.organization)] == [1, 2, 3]
