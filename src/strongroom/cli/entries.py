"""Audit entries as they travel, in the API and in exported files: read back strictly, checked here.

A verdict is never the server's: entries are rebuilt from what was received and hashed again.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import final

from strongroom.cli.client import Json
from strongroom.core.audit import Broken, Entry, Head, Intact, Outcome, Record, verify
from strongroom.core.fields import read_time
from strongroom.core.ids import EntryId, OrganizationId, WorkspaceId

TEXTS = ("id", "at", "organization_id", "principal", "action", "target", "previous", "hash")
FIELDS = frozenset({*TEXTS, "workspace_id", "outcome", "reason", "facts", "sequence"})


class Garbled(Exception):
    """Something that should be an entry or a head of a chain is neither."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is true of one chain. `head` is the last hash of an intact one: noted down, it anchors later checks."""

    organization: str | None
    entries: int
    head: str | None = None
    first_bad: int | None = None
    reason: str | None = None


def check(organization: str, head: Head, received: Iterable[object]) -> Verdict:
    """Verify a whole chain that was received in order, against its head."""
    read = 0

    def counted() -> Iterator[Entry]:
        nonlocal read
        for thing in received:
            entry = read_entry(thing)
            if entry.record.organization != organization:
                raise Garbled("the entry belongs to another organization")
            yield entry
            read += 1

    try:
        verdict = verify(counted(), head)
    except Garbled as garbled:
        return Verdict(organization=organization, entries=read, first_bad=read + 1, reason=str(garbled))
    match verdict:
        case Intact(entries):
            return Verdict(organization=organization, entries=entries, head=head.hash)
        case Broken(entries, sequence, reason):
            return Verdict(organization=organization, entries=entries, first_bad=sequence, reason=reason)


def read_head(thing: object) -> tuple[str, Head]:
    """Read where a chain ends, and whose it is. Raises `Garbled`."""
    match thing:
        case {"organization_id": str(organization), "entries": int(entries), "hash": str(digest)}:
            return organization, Head(entries, digest)
        case _:
            raise Garbled("this is not the head of an audit chain")


def read_entry(thing: object) -> Entry:
    """Read an entry; more than the hash covers must not stand in it. Raises `Garbled`."""
    if not isinstance(thing, dict) or thing.keys() != FIELDS:
        raise Garbled("this is not an audit entry as it was written")
    try:
        return _entry(thing)
    except (TypeError, ValueError):
        raise Garbled("this is not an audit entry as it was written") from None


def _entry(thing: Json) -> Entry:
    texts = [thing[name] for name in TEXTS]
    optional = [thing[name] for name in ("workspace_id", "reason") if thing[name] is not None]
    facts = thing["facts"]
    if not all(isinstance(text, str) for text in texts + optional) or type(thing["sequence"]) is not int:
        raise TypeError
    if not isinstance(facts, dict) or not all(type(fact) in {str, int} for fact in facts.values()):
        raise TypeError
    record = Record(
        id=EntryId(thing["id"]),
        at=read_time(thing["at"]),
        organization=OrganizationId(thing["organization_id"]),
        workspace=None if thing["workspace_id"] is None else WorkspaceId(thing["workspace_id"]),
        principal=thing["principal"],
        action=thing["action"],
        target=thing["target"],
        outcome=Outcome(thing["outcome"]),
        reason=thing["reason"],
        facts=facts,
    )
    return Entry(record=record, sequence=thing["sequence"], previous=thing["previous"], hash=thing["hash"])
