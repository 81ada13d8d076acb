from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.core.audit import GENESIS, Broken, Entry, Head, Intact, Outcome, Record, append, verify
from strongroom.core.ids import EntryId, OrganizationId, WorkspaceId

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def record(number: int) -> Record:
    return Record(
        id=EntryId(f"aud_{number}"),
        at=NOW + timedelta(seconds=number),
        organization=OrganizationId("org_1"),
        workspace=WorkspaceId("wrkspc_1"),
        principal="key_1",
        action="vault.create",
        target=f"vlt_{number}",
        outcome=Outcome.ALLOWED,
        reason=None,
        facts={"vault": f"vlt_{number}", "count": number},
    )


def chain(length: int) -> tuple[list[Entry], Head]:
    head, entries = Head(), []
    for number in range(length):
        entry, head = append(head, record(number))
        entries.append(entry)
    return entries, head


CHANGES = {
    "id": "aud_x",
    "at": NOW + timedelta(seconds=1, microseconds=1),
    "organization": "org_2",
    "workspace": None,
    "principal": "key_2",
    "action": "vault.delete",
    "target": "vlt_x",
    "outcome": Outcome.DENIED,
    "reason": "scope",
    "facts": {"vault": "vlt_1", "count": 2},
}


@pytest.mark.parametrize("length", [0, 1, 5])
def test_a_chain_as_it_was_written_is_intact(length: int) -> None:
    entries, head = chain(length)
    assert verify(entries, head) == Intact(length)
    assert head.entries == length


def test_the_first_entry_follows_the_beginning() -> None:
    entries, _ = chain(2)
    assert (entries[0].previous, entries[0].sequence) == (GENESIS, 1)
    assert (entries[1].previous, entries[1].sequence) == (entries[0].hash, 2)


def test_every_field_of_a_record_is_tried_below() -> None:
    assert set(CHANGES) == {field.name for field in fields(Record)}


@pytest.mark.parametrize("field", CHANGES)
def test_a_change_to_any_field_shows_where_it_is(field: str) -> None:
    entries, head = chain(4)
    changed = replace(entries[1].record, **{field: CHANGES[field]})  # type: ignore[arg-type]  # one field of each type
    entries[1] = replace(entries[1], record=changed)
    assert verify(entries, head) == Broken(1, 2, "the entry was changed after it was written")


def test_a_number_is_not_the_text_of_it() -> None:
    entries, head = chain(1)
    entries[0] = replace(entries[0], record=replace(entries[0].record, facts={"vault": "vlt_0", "count": "0"}))
    assert isinstance(verify(entries, head), Broken)


def test_the_order_of_facts_means_nothing() -> None:
    entries, head = chain(1)
    turned = dict(reversed(list(entries[0].record.facts.items())))
    entries[0] = replace(entries[0], record=replace(entries[0].record, facts=turned))
    assert verify(entries, head) == Intact(1)


@pytest.mark.parametrize("missing", range(5))
def test_a_missing_entry_shows_where_it_is(missing: int) -> None:
    entries, head = chain(5)
    del entries[missing]
    found = verify(entries, head)
    assert isinstance(found, Broken)
    assert found.sequence == missing + 1


def test_a_missing_entry_shows_even_if_the_rest_is_renumbered() -> None:
    entries, head = chain(4)
    del entries[1]
    renumbered = [replace(entry, sequence=place) for place, entry in enumerate(entries, 1)]
    assert isinstance(verify(renumbered, head), Broken)


def test_two_entries_that_changed_places_show() -> None:
    entries, head = chain(4)
    entries[1], entries[2] = entries[2], entries[1]
    assert verify(entries, head) == Broken(1, 2, "the entry is missing or out of order")


def test_an_entry_put_in_shows() -> None:
    entries, head = chain(3)
    forged, _ = append(Head(2, entries[1].hash), record(9))
    assert isinstance(verify([*entries[:2], forged, entries[2]], head), Broken)


def test_an_end_that_was_cut_off_shows() -> None:
    entries, head = chain(5)
    assert verify(entries[:3], head) == Broken(3, 4, "entries are missing at the end")
    assert isinstance(verify([], head), Broken)


def test_an_end_that_was_written_anew_shows() -> None:
    entries, head = chain(3)
    forged, _ = append(Head(2, entries[1].hash), record(9))
    assert isinstance(verify([*entries[:2], forged], head), Broken)


def test_entries_beyond_the_head_show() -> None:
    entries, _ = chain(5)
    _, head = chain(3)
    assert isinstance(verify(entries, head), Broken)


def test_the_hash_is_the_same_for_ever() -> None:
    """Written once: a release that computes another hash would call every stored log changed."""
    (entry,), _ = chain(1)
    assert entry.hash == "1b9b8dfe825e3476ad9c6b058d022c55f179eb9a03f55709fca4cb093a7dbb54"


@given(st.integers(1, 6), st.data())
def test_no_selection_or_order_of_entries_but_the_whole_passes(length: int, data: st.DataObject) -> None:
    entries, head = chain(length)
    chosen = data.draw(st.lists(st.sampled_from(entries), max_size=length + 1))
    assert isinstance(verify(chosen, head), Intact) == (chosen == entries)
