"""The measured window: latencies in an array made beforehand, CPU time and clock read at both edges."""

import asyncio
from array import array
from collections.abc import Callable
from time import perf_counter_ns
from typing import final

from benchmarks.load.job import Measured

CAPACITY = 4_000_000
"""Replies that one window can hold: 16 MB, and ten times what a core can count in its usual length."""


@final
class Window:
    """Counts replies while it is open. `closed` is done when it has seen enough, or holds the failure that ended it."""

    def __init__(self, *, at_least: int, cpu: Callable[[], float | None], closed: asyncio.Future[None]) -> None:
        self.closed = closed
        self.before = 0
        """Replies that came before it was opened."""
        self._at_least = at_least
        self._cpu = cpu
        self._latencies = array("I", bytes(4 * CAPACITY))  # microseconds
        self._count = 0
        self._open = False
        self._time_is_up = False
        self._started = self._ended = 0
        self._cpu_before: float | None = None
        self._cpu_after: float | None = None

    def open(self) -> None:
        """Begin to count."""
        self._cpu_before = self._cpu()
        self._open = True
        self._started = perf_counter_ns()

    def time_is_up(self) -> None:
        """Close, or wait for the replies that are still wanted."""
        self._time_is_up = True
        self._close_if_enough()

    def record(self, nanoseconds: int) -> None:
        """Count a reply that took so long."""
        if self._open:
            self._latencies[self._count] = nanoseconds // 1000
            self._count += 1
            if self._time_is_up:
                self._close_if_enough()
        else:
            self.before += 1

    def fail(self, why: str) -> None:
        """End the job: a figure over failed requests would flatter."""
        self._open = False
        if not self.closed.done():
            self.closed.set_exception(RuntimeError(why))

    def measured(self) -> Measured:
        """Return the figures of a closed window."""
        latencies = sorted(self._latencies[: self._count])
        known = self._cpu_before is not None and self._cpu_after is not None
        return Measured(
            requests=self._count,
            seconds=(self._ended - self._started) / 1e9,
            p50_us=percentile(latencies, 50),
            p99_us=percentile(latencies, 99),
            cpu_seconds=(self._cpu_after or 0.0) - (self._cpu_before or 0.0) if known else None,
        )

    def _close_if_enough(self) -> None:
        if self._open and self._count >= self._at_least:
            self._ended = perf_counter_ns()
            self._cpu_after = self._cpu()
            self._open = False
            self.closed.set_result(None)


def percentile(ordered: list[int], percent: int) -> int:
    """Return the smallest value that `percent` of all do not exceed (nearest rank)."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)] if ordered else 0
