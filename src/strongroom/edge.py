"""The real clock, ids, randomness and background tasks: the only module that reads them.

Everything else is handed what it needs from here, so a test can say what time it is.
"""

import asyncio
import logging
import os
import threading
import traceback
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, final

from strongroom.core.ids import ID_BYTES, NewId, render
from strongroom.core.sources import Clock, Entropy, Spawn

_log = logging.getLogger(__name__)


def now() -> datetime:
    """Return the current moment in UTC."""
    return datetime.now(UTC)


def entropy(count: int) -> bytes:
    """Return fresh random bytes from the operating system."""
    return os.urandom(count)


@final
class _Store(threading.local):
    """Random bytes in advance, for each thread by itself.

    Asking the system gives the interpreter's lock away, and a busy process then waits milliseconds to get it back.
    """

    def __init__(self) -> None:
        self.process = 0
        self.left = b""

    def take(self) -> bytes:
        """Return the bytes of one id, which nobody else gets, a fork included."""
        if not self.left or self.process != os.getpid():
            self.process, self.left = os.getpid(), entropy(_IDS_AT_ONCE * ID_BYTES)
        taken, self.left = self.left[:ID_BYTES], self.left[ID_BYTES:]
        return taken


_IDS_AT_ONCE = 64
_store = _Store()


def new_id(prefix: str) -> str:
    """Return a fresh id."""
    return render(prefix, _store.take())


@final
class Background:
    """Holds the tasks that run beside requests. A task that nobody holds may be collected half-way."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Start a task; if it crashes, that is logged."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def run(self, works: Mapping[str, Coroutine[Any, Any, None]], *, ended: Callable[[], None]) -> None:
        """Start tasks that run until `close`, by name; `ended` is called if one ends before that."""
        for name, work in works.items():
            task = self.spawn(work, name)
            task.add_done_callback(lambda task: None if task.cancelled() else ended())

    async def close(self) -> None:
        """Cancel what still runs and wait for its end."""
        running = list(self._tasks)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            # The error's own words are left out: they may quote what it worked on.
            where = "".join(traceback.format_tb(error.__traceback__))
            _log.error("background task %s crashed with %s\n%s", task.get_name(), type(error).__name__, where)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """All of it, as `wiring.build` takes it."""

    clock: Clock = now
    entropy: Entropy = entropy
    new_id: NewId = new_id
    background: Background = field(default_factory=Background)

    @property
    def spawn(self) -> Spawn:
        """What starts background tasks."""
        return self.background.spawn
