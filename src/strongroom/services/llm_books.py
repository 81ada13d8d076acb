"""The books of the LLM gateway: what gateway keys take, in memory, written down once a second.

Rules kept here:
- letting a request in and noting one never waits, never asks the database and never fails;
- a crash loses at most what was noted in the last second, and a store that does not answer loses no sums: they wait,
  as the latest `MAX_WAITING` requests do;
- what counts against a limit is what is in the store, of all servers, and what is not written yet here. Another
  server's is known after `LOOK_AGAIN` at the latest, so with several a key may go beyond by what it takes in that time.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import final

from strongroom.core.failures import Failure, Unavailable
from strongroom.core.llm.gateway_keys import GatewayKey
from strongroom.core.llm.limits import Overspent, Window, overspent
from strongroom.core.llm.sums import Place, Sums
from strongroom.core.llm.uses import Use
from strongroom.core.sources import Clock
from strongroom.services.llm_use_ports import LlmLedger

WRITE_EVERY = 1.0
LOOK_AGAIN = timedelta(seconds=10)
KEPT_FOR = timedelta(days=30)
PRUNE_EVERY = timedelta(hours=1)
PRUNED_AT_ONCE = 1_000
"""Few, so that no other writer waits long."""
MAX_WAITING = 10_000
MAX_NAME = 256
"""Of a model's name that a client made up, this much is kept."""

_log = logging.getLogger(__name__)


@final
class Books:
    """Implements `Bookkeeping`, for one process."""

    def __init__(self, *, uses: LlmLedger, clock: Clock) -> None:
        self._store = uses
        self._clock = clock
        self._waiting: deque[Use] = deque(maxlen=MAX_WAITING)
        self._sums: dict[Place, Sums] = {}
        self._written: dict[str, dict[datetime, int]] = {}
        self._unwritten: dict[str, dict[datetime, int]] = {}
        self._turn = asyncio.Lock()
        self._looked_at: datetime | None = None
        self._pruned_at: datetime | None = None

    def admit(self, key: GatewayKey) -> Overspent | None:
        """Tell why a key must wait, if it must."""
        limits = key.limits
        if limits.day is None and limits.month is None:
            return None
        now = self._clock()
        day, month = self.taken(key.id, now)
        return overspent(limits, day=day, month=month, now=now)

    def taken(self, key: str, now: datetime) -> tuple[int, int]:
        """Return what a key that has limits has taken today, and this month."""
        today, first = Window.DAY.begins(now), Window.MONTH.begins(now)
        day = month = 0
        for days in (self._written.get(key), self._unwritten.get(key)):
            if days:
                day += days.get(today, 0)
                month += sum(count for begun, count in days.items() if begun >= first)
        return day, month

    def note(self, use: Use) -> None:
        """Write down a request of a known key, once it is over."""
        if use.requested_model is not None:
            use = replace(use, requested_model=_kept(use.requested_model))
        self._waiting.append(use)
        place, sums = Place.of(use), Sums.of(use)
        before = self._sums.get(place)
        self._sums[place] = sums if before is None else before + sums
        if sums.charged:
            _add(self._unwritten, place, sums.charged)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Know what was taken before the first request comes, and write down the last."""
        await self.look()
        yield
        await self.flush()

    async def flush(self) -> None:
        """Write what was noted. Where the store does not answer it is kept for the next time."""
        async with self._turn:
            await self._write()

    async def look(self) -> None:
        """Read what the keys that have limits have taken, at whichever server."""
        async with self._turn:
            await self._write()
            now = self._clock()
            taken = await self._store.taken(Window.MONTH.begins(now))
            self._written = {key: dict(days) for key, days in taken.items()}
            self._looked_at = now

    async def run(self) -> None:
        """Write once a second, look now and then, and forget old requests; runs as long as the process."""
        while True:
            await asyncio.sleep(WRITE_EVERY)
            try:
                await self.flush()
                now = self._clock()
                if self._looked_at is None or now - self._looked_at >= LOOK_AGAIN:
                    await self.look()
                if self._pruned_at is None or now - self._pruned_at >= PRUNE_EVERY:
                    pruned = await self._store.prune(now - KEPT_FOR, PRUNED_AT_ONCE)
                    self._pruned_at = now if pruned < PRUNED_AT_ONCE else None
            except Unavailable:  # its reason is in the log; requests go on
                continue

    async def _write(self) -> None:
        """Write all that waits. What is noted meanwhile waits for the next time."""
        if not self._sums:
            return
        uses, self._waiting = self._waiting, deque(maxlen=MAX_WAITING)
        sums, self._sums = self._sums, {}
        try:
            await self._store.add(uses, sums)
        except Unavailable:
            self._keep(uses, sums)
            raise
        except asyncio.CancelledError:
            self._settle(sums)  # the store writes it nonetheless
            raise
        except Failure:
            _log.error("%d requests to models could not be written down", len(uses))
        self._settle(sums)

    def _settle(self, sums: Mapping[Place, Sums]) -> None:
        for place, each in sums.items():
            if each.charged:
                _add(self._written, place, each.charged)
                _add(self._unwritten, place, -each.charged)

    def _keep(self, uses: deque[Use], sums: Mapping[Place, Sums]) -> None:
        lost = max(0, len(uses) + len(self._waiting) - MAX_WAITING)
        if lost:
            _log.warning("%d requests to models are not written down one by one: their sums are kept", lost)
        uses.extend(self._waiting)
        self._waiting = uses
        for place, each in sums.items():
            since = self._sums.get(place)
            self._sums[place] = each if since is None else each + since


def _add(to: dict[str, dict[datetime, int]], place: Place, count: int) -> None:
    days = to.setdefault(place.key, {})
    total = days.get(place.day, 0) + count
    if total:
        days[place.day] = total
        return
    days.pop(place.day, None)
    if not days:
        del to[place.key]


def _kept(name: str) -> str:
    """Return what every database can keep of a text that a client made up."""
    return name[:MAX_NAME].replace("\0", "\ufffd").encode(errors="replace").decode()
