"""When a route rests after failures (contract 4.5): pure, one state for each provider and upstream model.

Rules kept here:
- failures within a window count together; enough of them suspend the route;
- after the rest one request probes it; each failed probe doubles the rest, up to a most;
- an upstream that says when to come back is believed, up to the same most;
- a threshold of 0 switches all of it off.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import final

from strongroom.core.llm.mappings import Patience


@final
class Resting(StrEnum):
    """Why a route rests."""

    RATE_LIMITED = "rate_limited"
    PROVIDER_ERRORS = "provider_errors"
    AUTH_FAILED = "auth_failed"
    UNAVAILABLE = "unavailable"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Cooldown:
    """What is remembered of a route. `rests` counts the rests in a row that its own failures brought."""

    failures: tuple[datetime, ...] = ()
    rests: int = 0
    until: datetime | None = None
    reason: Resting | None = None

    def is_suspended(self, now: datetime) -> bool:
        """Whether it is passed over."""
        return self.until is not None and now < self.until

    def is_recovering(self, now: datetime) -> bool:
        """Whether it rested and has not answered since."""
        return self.until is not None and now >= self.until

    def recovers_in(self, now: datetime) -> int:
        """Return the whole seconds until it is tried again."""
        return 0 if self.until is None or now >= self.until else -((now - self.until) // timedelta(seconds=1))


RESTED = Cooldown()


def succeeded(_before: Cooldown) -> Cooldown:
    """Return the state after an answer: all is forgotten."""
    return RESTED


def failed(before: Cooldown, patience: Patience, now: datetime, reason: Resting) -> Cooldown:
    """Return the state after a failure of the gateway's kind: 5xx, no connection, a timeout, a rejected key."""
    if not patience.cooldown_failure_threshold:
        return before
    window = timedelta(seconds=patience.cooldown_window_secs)
    failures = (*(each for each in before.failures if now - each < window), now)
    probe_failed = before.rests > 0 and before.is_recovering(now)
    if not probe_failed and len(failures) < patience.cooldown_failure_threshold:
        return replace(before, failures=failures[-patience.cooldown_failure_threshold :])
    seconds = min(patience.cooldown_base_secs << min(before.rests, _MOST_DOUBLINGS), patience.cooldown_max_secs)
    return Cooldown(rests=before.rests + 1, until=now + timedelta(seconds=seconds), reason=reason)


def rate_limited(before: Cooldown, patience: Patience, now: datetime, retry_after: float | None) -> Cooldown:
    """Return the state after 429s for which nobody waits any longer."""
    seconds = patience.cooldown_429_default_secs if retry_after is None else retry_after
    return _told(before, patience, now, seconds, Resting.RATE_LIMITED)


def overloaded(before: Cooldown, patience: Patience, now: datetime, retry_after: float | None) -> Cooldown:
    """Return the state after a 529; an ordinary failure where the operator says so, with 0."""
    if not patience.cooldown_overloaded_secs:
        return failed(before, patience, now, Resting.UNAVAILABLE)
    seconds = patience.cooldown_overloaded_secs if retry_after is None else retry_after
    return _told(before, patience, now, seconds, Resting.UNAVAILABLE)


def _told(before: Cooldown, patience: Patience, now: datetime, seconds: float, reason: Resting) -> Cooldown:
    if not patience.cooldown_failure_threshold:
        return before
    until = now + timedelta(seconds=min(max(seconds, 0.0), patience.cooldown_max_secs))
    return replace(before, until=max(until, before.until or until), reason=reason)


_MOST_DOUBLINGS = 20
