"""A clock that stands still until it is moved."""

from datetime import UTC, datetime, timedelta
from typing import final


@final
class FrozenClock:
    """Call it for the moment; `advance` it to let time pass."""

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._now = start

    def __call__(self) -> datetime:
        """Return the moment."""
        return self._now

    def advance(self, step: timedelta) -> datetime:
        """Let time pass and return the new moment."""
        self._now += step
        return self._now
