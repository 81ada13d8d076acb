"""How often an organization, or the holder of one token, may ask: one bucket for creates, one for the rest.

Counted in each process by itself: a limit keeps a runaway client from crowding out others, it is no quota.
"""

import math
from collections.abc import Callable
from datetime import datetime
from typing import final

from strongroom.core.failures import TooMany
from strongroom.core.grants import Principal
from strongroom.core.sources import Clock

_MINUTE = 60.0


def organization(principal: Principal) -> str:
    """All keys of an organization share a bucket."""
    return principal.organization


def token(principal: Principal) -> str:
    """Each key or token has a bucket of its own."""
    return principal.id


@final
class Rates:
    """Buckets that hold a minute's worth of requests and fill evenly. A rate of 0 is without a limit.

    `by` names whose bucket a request is taken from.
    """

    def __init__(
        self,
        *,
        creates_per_minute: int,
        others_per_minute: int,
        clock: Clock,
        by: Callable[[Principal], str] = organization,
    ) -> None:
        self._by = by
        self._per_minute = {True: creates_per_minute, False: others_per_minute}
        self._clock = clock
        self._left: dict[tuple[str, bool], tuple[float, datetime]] = {}

    def take(self, principal: Principal, *, creates: bool) -> None:
        """Count one request. Raises `TooMany` with the seconds until there is room for it."""
        most = self._per_minute[creates]
        if not most:
            return
        now, whose = self._clock(), self._by(principal)
        left, before = self._left.get((whose, creates), (float(most), now))
        passed = max((now - before).total_seconds(), 0.0)
        left = min(left + passed * most / _MINUTE, float(most))
        if left < 1:
            raise TooMany("too many requests", retry_after=math.ceil((1 - left) * _MINUTE / most))
        self._left[whose, creates] = (left - 1, now)
