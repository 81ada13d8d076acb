"""The audit log: entries that each seal the one before, so that a change anywhere shows.

The hash of an entry covers everything in it and the hash of its predecessor in the same
organization. A head (count and last hash) is kept beside the entries, so a cut-off end shows too.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import final

from strongroom.core.fields import write_time
from strongroom.core.ids import EntryId, OrganizationId, WorkspaceId

GENESIS = "0" * 64
"""Stands where the first entry of a chain has its predecessor's hash."""


class Outcome(StrEnum):
    """What was decided, or what was observed."""

    ALLOWED = "allowed"
    DENIED = "denied"
    OBSERVED = "observed"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What there is to say of one decision or observation, before it has its place in the chain.

    `facts` are names and counts, never values.
    """

    id: EntryId
    at: datetime
    organization: OrganizationId
    workspace: WorkspaceId | None
    principal: str
    action: str
    target: str
    outcome: Outcome
    reason: str | None = None
    facts: Mapping[str, str | int] = field(default_factory=dict)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A record in its place: the `sequence`-th of its organization, from 1."""

    record: Record
    sequence: int
    previous: str
    hash: str


@final
@dataclass(frozen=True, slots=True)
class Head:
    """How long a chain is and how it ends."""

    entries: int = 0
    hash: str = GENESIS


def append(head: Head, record: Record) -> tuple[Entry, Head]:
    """Give a record its place at the end of a chain."""
    sequence = head.entries + 1
    digest = _digest(record, sequence, head.hash)
    return Entry(record=record, sequence=sequence, previous=head.hash, hash=digest), Head(sequence, digest)


@final
@dataclass(frozen=True, slots=True)
class Intact:
    """Every entry is where and as it was written."""

    entries: int


@final
@dataclass(frozen=True, slots=True)
class Broken:
    """The chain stops holding at `sequence`: that entry was changed, moved or is missing."""

    entries: int
    sequence: int
    reason: str


def verify(entries: Iterable[Entry], head: Head) -> Intact | Broken:
    """Check a whole chain, entries in the order of their sequence, against its head."""
    last = Head()
    for entry in entries:
        expected = last.entries + 1
        if entry.sequence != expected:
            return Broken(last.entries, expected, "the entry is missing or out of order")
        if entry.previous != last.hash:
            return Broken(last.entries, expected, "the entry does not follow the one before it")
        if entry.hash != _digest(entry.record, entry.sequence, entry.previous):
            return Broken(last.entries, expected, "the entry was changed after it was written")
        last = Head(expected, entry.hash)
    if last.entries != head.entries:
        return Broken(last.entries, min(last.entries, head.entries) + 1, "entries are missing at the end")
    if last.hash != head.hash:
        return Broken(last.entries, last.entries, "the last entry is not the one that was written")
    return Intact(last.entries)


def _digest(record: Record, sequence: int, previous: str) -> str:
    text = json.dumps(
        [
            previous,
            sequence,
            record.id,
            write_time(record.at),
            record.organization,
            record.workspace,
            record.principal,
            record.action,
            record.target,
            record.outcome.value,
            record.reason,
            dict(record.facts),
        ],
        sort_keys=True,
        separators=(",", ":"),
    )
    return hashlib.sha256(text.encode()).hexdigest()
