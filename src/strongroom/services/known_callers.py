"""Callers whose keys or tokens were looked at already, for one process, until news says otherwise.

Known by the digest of what they present; what is presented is not kept. Rules kept here:
- bounded, and all of it is forgotten rather than some of it kept wrongly;
- who is looked up while news arrives is not remembered: what was read may be older than the news;
- a feed of news that is silent forgets all.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import final

from strongroom.core.failures import Unavailable
from strongroom.core.grants import Principal
from strongroom.core.ids import PrincipalId, WorkspaceId
from strongroom.services.delivery import FEED_PATIENCE, RETRY_SECONDS
from strongroom.services.ports import Change, Changes, Subject

MAX_REMEMBERED = 10_000
_NEVER = datetime.max.replace(tzinfo=UTC)


@final
@dataclass(frozen=True, slots=True)
class Caller:
    """Who it is, and until when that is to be believed: a token ends, a key does not."""

    principal: Principal
    until: datetime | None = None


@final
class KnownCallers:
    """Remembers them."""

    def __init__(self) -> None:
        self._known: dict[bytes, Caller] = {}
        self.news = 0
        """Counts what was heard: who wants something remembered says what it was when the looking up began."""

    def find(self, fingerprint: bytes) -> Caller | None:
        """Return who presents that."""
        return self._known.get(fingerprint)

    def by_id(self, workspace: WorkspaceId, id_: PrincipalId) -> Caller | None:
        """Return a caller by the name that the audit log has for it: the one whose token ends last."""
        found = [who for who in self._known.values() if (who.principal.workspace, who.principal.id) == (workspace, id_)]
        return max(found, key=lambda who: _NEVER if who.until is None else who.until, default=None)

    def remember(self, fingerprint: bytes, caller: Caller, *, since: int) -> None:
        """Remember one who was looked up since that news."""
        if since != self.news:
            return
        if len(self._known) >= MAX_REMEMBERED:
            self._known.clear()
        self._known[fingerprint] = caller

    async def follow(self, changes: Changes) -> None:
        """Forget revoked keys; runs as long as the process."""
        feed = changes.follow()
        while True:
            try:
                async with asyncio.timeout(FEED_PATIENCE):  # `wait_for` can lose a cancellation before Python 3.12
                    batch = await anext(feed)
                self._forget(batch)
            except (TimeoutError, StopAsyncIteration, Unavailable):
                feed = changes.follow()  # first: what changes from here on is heard
                self.news += 1
                self._known.clear()
                await asyncio.sleep(RETRY_SECONDS)

    def _forget(self, batch: Sequence[Change]) -> None:
        revoked = {change.id for change in batch if change.subject is Subject.KEY}
        if revoked:
            self.news += 1
            self._known = {print_: who for print_, who in self._known.items() if who.principal.id not in revoked}
