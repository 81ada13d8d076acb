"""All workers as their server sees them: started, watched, replaced, asked and stopped.

Rules kept here:
- a worker that ends is replaced, after a wait that grows while replacements end soon as well;
- at the start every worker has to serve; later, one that never comes to serve, time after time, ends the
  server: it would not get better, and nobody would look;
- workers accept on one socket that the server holds open, so no connection is lost with a worker
  that had not accepted it (docs/adr/0005).
"""

import asyncio
import logging
import socket
from collections.abc import Iterable
from typing import final

from prometheus_client.core import Metric

from strongroom.assembly.doors import Doors
from strongroom.core.failures import NotReady, Unavailable
from strongroom.core.sources import Spawn
from strongroom.settings import Settings
from strongroom.workers.counts import Sums
from strongroom.workers.handover import Handover
from strongroom.workers.staff import Worker

FAILED_STARTS = 5
"""Replacements of one worker that may fail, one after another, before the server gives up."""
FIRST_WAIT, LONGEST_WAIT = 0.1, 5.0
"""Seconds before a replacement; twice as long each time one ends soon."""
STEADY = 10.0
"""Seconds after which a worker counts as one that works."""
MARGIN = 2.0
"""Seconds beyond the grace that workers have to write their counts and end."""
ASK_EVERY = 1.0
ANSWER_WITHIN = 1.0

_log = logging.getLogger(__name__)


@final
class Fleet:
    """The workers of one server. Implements `Proxies`."""

    def __init__(self, *, settings: Settings, doors: Doors, spawn: Spawn) -> None:
        self.broken = asyncio.Event()
        self.failure = ""
        self._settings = settings
        self._doors = doors
        self._spawn = spawn
        self._sums = Sums()
        self._workers: dict[int, Worker] = {}
        self._keepers: list[asyncio.Task[None]] = []
        self._changed = asyncio.Event()
        self._stopping = asyncio.Event()
        self._open = False
        self._bound: socket.socket | None = None

    async def start(self, bound: socket.socket) -> None:
        """Start all; return when all serve. Raises `NotReady` if one does not."""
        self._bound = bound
        numbers = range(1, self._settings.workers + 1)
        self._keepers = [self._spawn(self._keep(number, bound), f"keep worker {number}") for number in numbers]
        while not self.broken.is_set() and self._serving() < self._settings.workers:
            await self._changed.wait()
            self._changed.clear()
        if self.broken.is_set():
            await self.stop(0)
            raise NotReady(self.failure)
        self._open = True
        self._keepers.append(self._spawn(self._ask(), "ask workers for their counts"))

    async def stop(self, grace: float) -> None:
        """Have all stop: what is under way has the grace to finish."""
        self._stopping.set()
        if self._bound is not None:
            self._bound.close()  # with the last worker's copy the port is free
        for worker in self._workers.values():
            worker.stop(grace)
        if not self._keepers:
            return
        _, late = await asyncio.wait(self._keepers, timeout=grace + MARGIN)
        for worker in list(self._workers.values()):
            _log.warning("worker %d did not stop in time and was ended", worker.number)
            worker.kill()
        if late:
            await asyncio.wait(late)

    def require_serving(self) -> None:
        """Raise `Unavailable` while no worker serves."""
        if not self._serving():
            raise Unavailable("no worker of the egress proxy serves")

    async def counted(self) -> None:
        """Ask all for their counts; return when they have answered, or after a moment."""
        asked = [worker for worker in self._workers.values() if worker.serving]
        for worker in asked:
            worker.ask()
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                for worker in asked:
                    await worker.told.wait()
        except TimeoutError:
            return  # what it said last has to do

    def collect(self) -> Iterable[Metric]:
        """Return the sums over all workers, present and past."""
        return self._sums.collect()

    def _serving(self) -> int:
        return sum(worker.serving for worker in self._workers.values())

    async def _ask(self) -> None:
        while not self._stopping.is_set():
            await self.counted()
            await self._pause(ASK_EVERY)

    async def _keep(self, number: int, bound: socket.socket) -> None:
        """Have one worker of this number until told to stop."""
        handover = Handover(settings=self._settings, doors=self._doors, number=number)
        wait, failed = FIRST_WAIT, 0
        while not self._stopping.is_set():
            began = asyncio.get_running_loop().time()
            served, how = await self._one(handover, bound)
            if self._stopping.is_set():
                return None
            failed = 0 if served else failed + 1
            if failed and (not self._open or failed == FAILED_STARTS):
                return self._give_up(f"worker {number} of the egress proxy cannot start: {how}")
            if served and asyncio.get_running_loop().time() - began >= STEADY:
                wait = FIRST_WAIT
            _log.error("worker %d is replaced in %.1f s: %s", number, wait, how)
            await self._pause(wait)
            wait = min(2 * wait, LONGEST_WAIT)
        return None

    async def _one(self, handover: Handover, bound: socket.socket) -> tuple[bool, str]:
        """Run one worker to its end. Return whether it ever served, and how it ended."""
        number = handover.number
        try:
            worker = await Worker.started(handover, bound)
        except NotReady as failure:
            return False, str(failure)
        self._workers[number] = worker
        if self._stopping.is_set():
            worker.stop(0)
        try:
            how = await worker.run(counts=self._sums.said, changed=self._changed.set)
        finally:
            del self._workers[number]
            self._sums.ended(number)
        return worker.served, how

    def _give_up(self, sentence: str) -> None:
        self.failure = self.failure or sentence
        self.broken.set()
        self._changed.set()

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return
