"""How often an organization may ask, where the operator sets a limit: one bucket for creates, one for the rest.

Counted in each process by itself: a limit keeps a runaway client from crowding out others, it is no quota.
"""

import math
from datetime import datetime
from typing import final

from strongroom.core.failures import TooMany
from strongroom.core.ids import OrganizationId
from strongroom.core.sources import Clock

_MINUTE = 60.0


@final
class Rates:
    """Buckets that hold a minute's worth of requests and fill evenly. A rate of 0 is without a limit."""

    def __init__(self, *, creates_per_minute: int, others_per_minute: int, clock: Clock) -> None:
        self._per_minute = {True: creates_per_minute, False: others_per_minute}
        self._clock = clock
        self._left: dict[tuple[OrganizationId, bool], tuple[float, datetime]] = {}

    def take(self, organization: OrganizationId, *, creates: bool) -> None:
        """Count one request. Raises `TooMany` with the seconds until there is room for it."""
        most = self._per_minute[creates]
        if not most:
            return
        now = self._clock()
        left, before = self._left.get((organization, creates), (float(most), now))
        passed = max((now - before).total_seconds(), 0.0)
        left = min(left + passed * most / _MINUTE, float(most))
        if left < 1:
            raise TooMany("too many requests", retry_after=math.ceil((1 - left) * _MINUTE / most))
        self._left[organization, creates] = (left - 1, now)
