"""Changing a row that others change at the same time: read, change, write if nobody else has, or begin again."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

from strongroom.core.failures import Unavailable

T = TypeVar("T")

ATTEMPTS = 100
"""Each failed attempt means that somebody else's change was written, so this bounds a crowd, not a wait."""


async def changed(attempt: Callable[[], Awaitable[T | None]], *, what: str) -> T:
    """Repeat an attempt until it returns something. None means that a change by others came first.

    Raises `Unavailable` if so many others keep coming first that the caller had better wait.
    """
    for _ in range(ATTEMPTS):
        done = await attempt()
        if done is not None:
            return done
    raise Unavailable(f"{what} is being changed by many at once; try again")


def later(now: datetime, *, than: datetime) -> datetime:
    """Return the moment, or the next microsecond after `than`: what is compared must never stay the same."""
    return max(now, than + timedelta(microseconds=1))
