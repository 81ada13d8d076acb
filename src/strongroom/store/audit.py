"""The audit log: one chain for each organization. There is no statement here that changes or removes an entry.

Appends that arrive while one is being written are written together by the next transaction, so
many callers share one wait for the disk. Each gets its answer when its own entries are durable.
"""

import asyncio
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import final

from sqlalchemy import BigInteger, Connection, bindparam, insert, select, type_coerce, update

from strongroom.core.audit import Entry, Head, Outcome, Record, append
from strongroom.core.events import alert
from strongroom.core.failures import Invalid, Unreadable
from strongroom.core.ids import EntryId, OrganizationId, SessionId
from strongroom.store import tables
from strongroom.store.columns import moment
from strongroom.store.database import UPSERTS, Database
from strongroom.store.outbox import publish
from strongroom.store.rows import Row

_ENTRIES, _HEADS = tables.audit_entries, tables.audit_heads

_HEAD = select(_HEADS).where(_HEADS.c.organization_id == bindparam("organization"))
_LOCKED_HEAD = _HEAD.with_for_update()
_NEW_HEAD = {name: insert_(_HEADS).on_conflict_do_nothing() for name, insert_ in UPSERTS.items()}
_MOVE_HEAD = (
    update(_HEADS)
    .where(_HEADS.c.organization_id == bindparam("organization"))
    .values(entries=bindparam("new_entries"), hash=bindparam("new_hash"))
)
_ADD = insert(_ENTRIES)
_RAW_AT = type_coerce(_ENTRIES.c.at, BigInteger).label("at")
"""As it stands there: an edited one must not keep the others from being read."""
_COLUMNS = (*(column for column in _ENTRIES.c if column.name != "at"), _RAW_AT)
_OF_CHAIN = select(*_COLUMNS).where(_ENTRIES.c.organization_id == bindparam("organization"))
_AFTER = (
    _OF_CHAIN.where(_ENTRIES.c.sequence > bindparam("after")).order_by(_ENTRIES.c.sequence).limit(bindparam("most"))
)
_OF_SESSION = _AFTER.where(_ENTRIES.c.session_id == bindparam("session"))
_NO_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)
_NEWEST = _OF_CHAIN.order_by(_ENTRIES.c.sequence.desc()).limit(bindparam("most"))


@final
class _Batch:
    """Records that will be written by one transaction, and its outcome."""

    __slots__ = ("records", "written")

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.written: asyncio.Future[list[Entry]] = asyncio.get_running_loop().create_future()


@final
class AuditStore:
    """Implements `AuditLog`."""

    def __init__(self, *, database: Database) -> None:
        self._database = database
        self._gathering: _Batch | None = None
        self._writing = False

    async def append(self, records: Sequence[Record]) -> list[Entry]:
        """Append in order, in one transaction. Raises `Unavailable` if it cannot be written."""
        if not records:
            return []
        for record in records:
            _require_writable(record)
        if self._gathering is None:
            self._gathering = _Batch()
        batch = self._gathering
        first = len(batch.records)
        batch.records.extend(records)
        if not self._writing:
            self._write_gathered()
        # Others wait for the same outcome: a caller that is cancelled must not cancel it for them.
        entries = await asyncio.shield(batch.written)
        return entries[first : first + len(records)]

    async def entries(
        self, organization: OrganizationId, *, after: int = 0, limit: int = 1000, session: SessionId | None = None
    ) -> list[Entry]:
        """Return entries with a greater sequence, oldest first; with `session`, those whose facts name it."""
        return await self._database.read(partial(_entries, organization, after, limit, session))

    async def newest(self, organization: OrganizationId, *, limit: int) -> list[Entry]:
        """Return the last entries, oldest first."""
        return await self._database.read(partial(_newest, organization, limit))

    async def head(self, organization: OrganizationId) -> Head:
        """Return the chain's head."""
        return await self._database.read(partial(_head, organization))

    def _write_gathered(self) -> None:
        batch, self._gathering = self._gathering, None
        if batch is None:
            return
        self._writing = True
        self._database.write(partial(_append, batch.records)).add_done_callback(partial(self._wrote, batch))

    def _wrote(self, batch: _Batch, done: asyncio.Future[list[Entry]]) -> None:
        self._writing = False
        failure = done.exception()
        if failure is None:
            batch.written.set_result(done.result())
        else:
            batch.written.set_exception(failure)
        self._write_gathered()


def _require_writable(record: Record) -> None:
    """Refuse a text that no database takes, before it can spoil a batch that others share."""
    try:
        for text in (record.principal, record.action, record.target, record.reason or "", _session(record) or ""):
            text.encode()
    except UnicodeEncodeError:
        raise Invalid("an audit record must be valid Unicode") from None


def _append(records: Sequence[Record], connection: Connection) -> list[Entry]:
    # Heads are locked in one order everywhere, so that two nodes cannot wait for each other.
    heads = {name: _locked_head(connection, name) for name in sorted({record.organization for record in records})}
    entries: list[Entry] = []
    for record in records:
        entry, heads[record.organization] = append(heads[record.organization], record)
        entries.append(entry)
    connection.execute(_ADD, [_written(entry) for entry in entries])
    for organization, head in heads.items():
        moved = {"organization": organization, "new_entries": head.entries, "new_hash": head.hash}
        connection.execute(_MOVE_HEAD, moved)
    # Security events are told in the transaction that records them.
    publish(connection, [event for event in map(alert, records) if event is not None])
    return entries


def _locked_head(connection: Connection, organization: OrganizationId) -> Head:
    row = connection.execute(_LOCKED_HEAD, {"organization": organization}).one_or_none()
    if row is None:
        start = Head()
        first = {"organization_id": organization, "entries": start.entries, "hash": start.hash}
        connection.execute(_NEW_HEAD[connection.dialect.name], first)
        row = connection.execute(_LOCKED_HEAD, {"organization": organization}).one()
    return Head(row.entries, row.hash)


def _entries(
    organization: OrganizationId, after: int, limit: int, session: SessionId | None, connection: Connection
) -> list[Entry]:
    bound: dict[str, object] = {"organization": organization, "after": after, "most": limit}
    if session is None:
        return _read_all(connection.execute(_AFTER, bound))
    return _read_all(connection.execute(_OF_SESSION, bound | {"session": session}))


def _newest(organization: OrganizationId, limit: int, connection: Connection) -> list[Entry]:
    rows = connection.execute(_NEWEST, {"organization": organization, "most": limit}).all()
    return _read_all(reversed(rows))


def _head(organization: OrganizationId, connection: Connection) -> Head:
    row = connection.execute(_HEAD, {"organization": organization}).one_or_none()
    return Head() if row is None else Head(row.entries, row.hash)


def _session(record: Record) -> str | None:
    session = record.facts.get("session")
    return session if isinstance(session, str) else None


def _written(entry: Entry) -> dict[str, object]:
    record = entry.record
    return {
        "organization_id": record.organization,
        "sequence": entry.sequence,
        "id": record.id,
        "at": record.at,
        "workspace_id": record.workspace,
        "principal": record.principal,
        "action": record.action,
        "target": record.target,
        "outcome": record.outcome.value,
        "reason": record.reason,
        "facts": json.dumps(dict(record.facts), separators=(",", ":")),
        "session_id": _session(record),
        "previous": entry.previous,
        "hash": entry.hash,
    }


def _read_all(rows: Iterable[Row]) -> list[Entry]:
    return [_read(row) for row in rows]


def _read(row: Row) -> Entry:
    """Return an entry. One that was edited so that it cannot be read comes as a stand-in that no hash fits."""
    try:
        record = Record(
            id=row.id,
            at=moment(row.at),
            organization=row.organization_id,
            workspace=row.workspace_id,
            principal=row.principal,
            action=row.action,
            target=row.target,
            outcome=Outcome(row.outcome),
            reason=row.reason,
            facts=dict(json.loads(row.facts)),
        )
    except (TypeError, ValueError, Unreadable):
        record = _unreadable(row)
    if row.session_id != _session(record):  # the index is not hashed: it must say what the facts say
        record = _unreadable(row)
    return Entry(record=record, sequence=row.sequence, previous=row.previous, hash=row.hash)


def _unreadable(row: Row) -> Record:
    return Record(
        id=EntryId(str(row.id)),
        at=_NO_MOMENT,
        organization=row.organization_id,
        workspace=None,
        principal="",
        action="audit.unreadable",
        target="",
        outcome=Outcome.OBSERVED,
        reason="the stored entry was changed after it was written",
    )
