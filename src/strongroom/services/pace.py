"""How often something may happen in a minute."""

from datetime import datetime, timedelta
from typing import final

_MINUTE = timedelta(minutes=1)


@final
class Pace:
    """Counts in windows of a minute, the first of which begins with the first time."""

    __slots__ = ("_began", "_count", "_most")

    def __init__(self, most: int) -> None:
        self._most = most
        self._began: datetime | None = None
        self._count = 0

    def wait(self, now: datetime) -> int:
        """Count one more and return 0, or the seconds to wait if there were as many as may be."""
        if self._began is None or now - self._began >= _MINUTE:
            self._began, self._count = now, 0
        if self._count >= self._most:
            return max(1, round((self._began + _MINUTE - now).total_seconds()))
        self._count += 1
        return 0
