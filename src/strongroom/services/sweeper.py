"""Takes out of others' vaults what no credential needs any more: deleted, replaced, or left behind by a crash.

Rules kept here:
- every try is claimed first, so no other node makes it as well; a try that is cut off counts as one;
- nothing is ever given up: a secret that lies where nobody looks after it is tried again for as long as it lies there;
- what cannot be found is said: in the log, once, and in the metrics for as long as it is so.
"""

import asyncio
import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import final

from strongroom.core.failures import Failure, Unavailable
from strongroom.core.sources import Clock
from strongroom.services.custody_ports import CustodyItems, Item, Remover, Standing

POLL = 2.0
"""Seconds between two looks into the journal."""
CLAIM = timedelta(minutes=5)
"""How long a try is ours: well beyond the time that a vault may take."""
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=1)
AT_ONCE = 8

_log = logging.getLogger(__name__)


@final
class Sweeper:
    """The tries of one process."""

    def __init__(self, *, items: CustodyItems, remover: Remover, clock: Clock) -> None:
        self._items = items
        self._remover = remover
        self._clock = clock
        self.counts: Mapping[Standing, int] = {}
        """How many items there are of each standing, as of the last look."""

    async def run(self) -> None:
        """Sweep for as long as the process runs; a database that does not answer is asked again."""
        while True:
            try:
                while await self.step():
                    pass
                self.counts = await self._items.counts()
            except Unavailable as failure:
                _log.warning("what others keep waits to be dropped: %s", failure)
            await asyncio.sleep(POLL)

    async def step(self) -> bool:
        """Try what is due, several at once; tell whether there was anything."""
        now = self._clock()
        if not await self._items.is_due(now):
            return False
        claimed = await self._items.claim(now, until=now + CLAIM, most=AT_ONCE)
        await asyncio.gather(*map(self._try, claimed))
        return bool(claimed)

    async def _try(self, item: Item) -> None:
        try:
            found = await self._remover.remove(item)
        except Failure as failure:
            await self._postpone(item, failure)
        else:
            if found:
                await self._items.gone(item.id)
            else:
                await self._lose(item)

    async def _postpone(self, item: Item, failure: Failure) -> None:
        wait = min(FIRST_WAIT * 2 ** min(item.attempts, 12), LONGEST_WAIT)
        _log.warning("item %s could not be dropped from %s: %s", item.id, item.custodian, failure)
        await self._items.postpone(item.id, due=self._clock() + wait, problem=str(failure))

    async def _lose(self, item: Item) -> None:
        _log.warning(
            "something may have been left in %s for credential %s: it never said what it calls it",
            item.custodian,
            item.credential,
        )
        await self._items.lose(item.id, problem="its custodian never said what it calls it")
