"""Requests that arrive at a steady rate, as from clients who do not know of each other."""

import asyncio
from collections import deque
from collections.abc import Iterable
from time import perf_counter_ns
from typing import final

from benchmarks.load.connection import Connection
from benchmarks.load.http2 import Http2Connection
from benchmarks.load.window import Window

TICK = 0.001
"""Seconds between looks at what is due: the finest that the loop's timers can."""


@final
class Arrivals:
    """Sends what is due over whichever connection is free.

    Where none is, the request waits, and its waiting counts as latency: a server that stalls must not be
    excused from the requests that would have come meanwhile.
    """

    def __init__(self, rate: float, window: Window) -> None:
        self._free = deque[Connection | Http2Connection]()
        self._waiting = deque[int]()
        self._step = round(1e9 / rate)
        self._window = window
        self._due = 0

    def begin(self, connections: Iterable[Connection | Http2Connection]) -> None:
        """Let the first one be due now."""
        self._free.extend(connections)
        self._due = perf_counter_ns()
        self._tick()

    def replied(self, connection: Connection | Http2Connection) -> None:
        """Count a reply and use its connection again."""
        self._window.record(perf_counter_ns() - connection.started)
        if self._waiting:
            connection.send(since=self._waiting.popleft())
        else:
            self._free.append(connection)

    def _tick(self) -> None:
        if self._window.closed.done():
            return
        now = perf_counter_ns()
        while self._due <= now:
            self._due += self._step
            if self._free:
                self._free.popleft().send()
            else:
                self._waiting.append(now)
        asyncio.get_running_loop().call_later(TICK, self._tick)
