"""Chains as they travel: whatever is changed in one shows, and where."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from strongroom.cli.entries import Garbled, Verdict, check, read_head
from strongroom.core.audit import Head, Outcome, Record, append
from strongroom.core.fields import write_time
from strongroom.core.ids import EntryId, OrganizationId, WorkspaceId

OURS = OrganizationId("org_1")
Chain = list[dict[str, Any]]


def chain(count: int, organization: OrganizationId = OURS) -> tuple[Chain, Head]:
    head, entries = Head(), []
    for number in range(count):
        record = Record(
            id=EntryId(f"aud_{number}"),
            at=datetime(2026, 1, 1, 0, 0, number, tzinfo=UTC),
            organization=organization,
            workspace=WorkspaceId("wrkspc_1") if number else None,
            principal="key_1",
            action="vault.create",
            target="vlt_1",
            outcome=Outcome.ALLOWED,
            reason=None,
            facts={"host": "a.test", "count": number},
        )
        entry, head = append(head, record)
        entries.append(
            {
                "id": record.id,
                "at": write_time(record.at),
                "organization_id": record.organization,
                "workspace_id": record.workspace,
                "principal": record.principal,
                "action": record.action,
                "target": record.target,
                "outcome": record.outcome.value,
                "reason": record.reason,
                "facts": dict(record.facts),
                "sequence": entry.sequence,
                "previous": entry.previous,
                "hash": entry.hash,
            }
        )
    return entries, head


def test_an_untouched_chain_is_intact() -> None:
    entries, head = chain(5)
    assert check(OURS, head, entries) == Verdict(organization=OURS, entries=5, head=head.hash)
    assert check(OURS, Head(), []) == Verdict(organization=OURS, entries=0, head=Head().hash)


@pytest.mark.parametrize(
    ("change", "first_bad"),
    [
        (lambda entries: entries[2].update(target="vlt_2"), 3),
        (lambda entries: entries[2].update(at="2026-01-01T00:00:09.000000Z"), 3),
        (lambda entries: entries[2].update(organization_id="org_2"), 3),
        (lambda entries: entries[2].update(workspace_id=None), 3),
        (lambda entries: entries[2].update(principal="key_2"), 3),
        (lambda entries: entries[2].update(action="vault.delete"), 3),
        (lambda entries: entries[2].update(outcome="denied"), 3),
        (lambda entries: entries[2].update(reason="scope"), 3),
        (lambda entries: entries[2].update(id="aud_x"), 3),
        (lambda entries: entries[2]["facts"].update(host="b.test"), 3),
        (lambda entries: entries[2]["facts"].update(more=1), 3),
        (lambda entries: entries[2].update(hash="0" * 64), 3),
        (lambda entries: entries[2].update(previous="0" * 64), 3),
        (lambda entries: entries[2].update(sequence=4), 3),
        (lambda entries: entries[2].update(note="more than was written"), 3),
        (lambda entries: entries[2].pop("reason"), 3),
        (lambda entries: entries[2].update(facts=None), 3),
        (lambda entries: entries[2].update(facts={"x": 1.5}), 3),
        (lambda entries: entries[2].update(sequence=True), 3),
        (lambda entries: entries[2].update(at="yesterday"), 3),
        (lambda entries: entries[2].update(outcome="perhaps"), 3),
        (lambda entries: entries.pop(0), 1),
        (lambda entries: entries.pop(2), 3),
        (lambda entries: entries.pop(), 5),
        (lambda entries: entries.insert(2, entries[1]), 3),
        (lambda entries: entries.insert(1, entries.pop(3)), 2),
        (lambda entries: entries.reverse(), 1),
        (lambda entries: entries.clear(), 1),
        (lambda entries: entries.insert(2, "no entry"), 3),
    ],
)
def test_a_change_is_found_where_it_is(change: Callable[[Chain], object], first_bad: int) -> None:
    entries, head = chain(5)
    change(entries)
    verdict = check(OURS, head, entries)
    assert verdict.first_bad == first_bad
    assert verdict.reason
    assert verdict.head is None


def test_another_organizations_chain_is_none_of_this_one() -> None:
    entries, head = chain(3, OrganizationId("org_2"))
    assert check(OURS, head, entries).first_bad == 1


def test_an_end_that_was_cut_off_together_with_its_head_differs_from_the_head_that_was_noted() -> None:
    entries, head = chain(5)
    shorter, cut = chain(4)
    assert check(OURS, cut, shorter).head != head.hash
    assert check(OURS, head, shorter).first_bad == 5
    assert entries[:4] == shorter


@pytest.mark.parametrize("thing", [None, {}, [], "x", {"organization_id": "o", "entries": "1", "hash": "x"}])
def test_what_is_no_head_is_refused(thing: object) -> None:
    with pytest.raises(Garbled):
        read_head(thing)
