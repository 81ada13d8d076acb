"""News of committed changes, written in the transaction that makes them, with the events that webhooks tell.

Each change has the next number of one counter; the counter's row is locked until the commit, so
numbers appear in order and without gaps, and whoever has seen `n` misses nothing by asking for
what is greater. Followers in this process are woken by the commit; those of other processes look
four times a second, all of a process at once and with one query.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple, Protocol, TypeVar, final

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from strongroom.core.events import Event, EventType, happened
from strongroom.core.failures import Unavailable
from strongroom.core.ids import OrganizationId, VaultId, WorkspaceId
from strongroom.core.sources import Clock
from strongroom.services.ports import Change, Subject
from strongroom.store import tables
from strongroom.store.database import Database
from strongroom.store.outbox import publish
from strongroom.store.rows import Row

T = TypeVar("T")


class Owned(Protocol):
    """Something that belongs to a workspace."""

    @property
    def organization(self) -> OrganizationId: ...
    @property
    def workspace(self) -> WorkspaceId: ...


class Owner(NamedTuple):
    """Where something belonged that is gone, or that need not be read."""

    organization: OrganizationId
    workspace: WorkspaceId


@final
class News:
    """Where a write puts what it changes: `changes` for whoever keeps plans warm, `events` for webhooks."""

    __slots__ = ("changes", "events", "now")

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.changes: list[Change] = []
        self.events: list[Event] = []

    def append(self, change: Change) -> None:
        """Add a change."""
        self.changes.append(change)

    def extend(self, changes: Iterable[Change]) -> None:
        """Add several."""
        self.changes.extend(changes)

    def tell(
        self,
        type_: EventType,
        subject: str,
        of: Owned,
        *,
        at: datetime | None = None,
        vault: VaultId | None = None,
    ) -> None:
        """Add an event of what belongs where `of` does, at the moment of the write unless told otherwise."""
        event = happened(
            type_, subject, at=at or self.now, organization=of.organization, workspace=of.workspace, vault=vault
        )
        self.events.append(event)


POLL = 0.25
SIGN_OF_LIFE = 1.0
KEPT = timedelta(minutes=10)
_PRUNE_EVERY = 64
_BATCH = 1000

_COUNTER, _CHANGES = tables.change_counter, tables.changes
_LAST = select(_COUNTER.c.sequence)
_COUNT = update(_COUNTER).values(sequence=_COUNTER.c.sequence + bindparam("more")).returning(_COUNTER.c.sequence)
_ADD = insert(_CHANGES)
_PRUNE = delete(_CHANGES).where(_CHANGES.c.at < bindparam("before"))
_SINCE = (
    select(_CHANGES)
    .where(_CHANGES.c.sequence > bindparam("after"))
    .order_by(_CHANGES.c.sequence)
    .limit(bindparam("most"))
)


@final
class ChangeFeed:
    """The changes of one database. Every write that a warm plan may depend on goes through it."""

    def __init__(self, *, database: Database, clock: Clock, seen: int) -> None:
        self._database = database
        self._clock = clock
        self._seen = seen
        self._bells: set[asyncio.Event] = set()
        self._looking: dict[int, asyncio.Future[Sequence[Row]]] = {}
        """Looks under way that began after the last commit of this process, by what they look past."""

    def write(self, change: Callable[[Connection, News], T], *, purges: bool = False) -> asyncio.Future[T]:
        """Run a write, as `Database.write` does, with the news it makes."""
        last = [0]
        written = self._database.write(partial(_recorded, change, self._clock(), last), purges=purges)
        written.add_done_callback(lambda done: self._committed(done, last[0]))
        return written

    def follow(self) -> AsyncIterator[Sequence[Change]]:
        """Yield changes committed after this call, in order, and an empty sequence each second of silence.

        Changes of other processes from shortly before the call may be among them. Raises
        `Unavailable` if the database does not answer, or if older changes than are kept were missed:
        then follow anew, and trust nothing that was warm.
        """
        return self._follow(self._seen)

    async def _follow(self, after: int) -> AsyncIterator[Sequence[Change]]:
        now = asyncio.get_running_loop().time
        silent_since = float("-inf")
        bell = asyncio.Event()
        self._bells.add(bell)
        try:
            while True:
                bell.clear()
                rows = await asyncio.shield(self._look(after))
                if rows:
                    if rows[0].sequence != after + 1:
                        raise Unavailable("changes were missed")
                    after = rows[-1].sequence
                    self._seen = max(self._seen, after)
                if rows or now() - silent_since >= SIGN_OF_LIFE:
                    silent_since = now()
                    yield [_read(row) for row in rows]
                if len(rows) < _BATCH:
                    await _rung(bell)
        finally:
            self._bells.discard(bell)

    def _look(self, after: int) -> asyncio.Future[Sequence[Row]]:
        """Ask what came after a change, or share the answer to whoever has just asked."""
        look = self._looking.get(after)
        if look is None or look.done():
            look = self._looking[after] = self._database.read(partial(_since, after))
            look.add_done_callback(lambda _: self._looking.clear())
        return look

    def _committed(self, done: asyncio.Future[T], last: int) -> None:
        if not done.cancelled() and done.exception() is None:
            self._seen = max(self._seen, last)
        self._looking.clear()
        for bell in self._bells:
            bell.set()


def last_sequence(connection: Connection) -> int:
    """Return the number of the last change."""
    last: int = connection.execute(_LAST).scalar_one()
    return last


def _recorded(change: Callable[[Connection, News], T], now: datetime, last: list[int], connection: Connection) -> T:
    news = News(now)
    answer = change(connection, news)
    if news.changes:
        last[0] = _record(connection, news.changes, now)
    if news.events:
        publish(connection, news.events)
    return answer


def _record(connection: Connection, news: Sequence[Change], now: datetime) -> int:
    last: int = connection.execute(_COUNT, {"more": len(news)}).scalar_one()
    before = last - len(news)
    connection.execute(
        _ADD,
        [
            {
                "sequence": before + place,
                "at": now,
                "subject": change.subject.value,
                "workspace_id": change.workspace,
                "subject_id": change.id,
                "vault_id": change.vault,
            }
            for place, change in enumerate(news, start=1)
        ],
    )
    if before // _PRUNE_EVERY != last // _PRUNE_EVERY:
        connection.execute(_PRUNE, {"before": now - KEPT})
    return last


def _since(after: int, connection: Connection) -> Sequence[Row]:
    return connection.execute(_SINCE, {"after": after, "most": _BATCH}).all()


def _read(row: Row) -> Change:
    return Change(subject=Subject(row.subject), workspace=row.workspace_id, id=row.subject_id, vault=row.vault_id)


async def _rung(bell: asyncio.Event) -> None:
    now = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout(POLL - now % POLL):  # all look at the same moments
            await bell.wait()
    except TimeoutError:
        return
