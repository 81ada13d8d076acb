"""How many tokens a gateway key may take, in a day and in a month of UTC.

Rules kept here:
- a request is let in while the key has taken less than its limit: what it will take is not known beforehand, so the
  last one may go beyond;
- a request under way is never cut.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from math import ceil
from typing import final

from strongroom.core.failures import Invalid

MAX_LIMIT = 2**53 - 1
"""What every reader of JSON keeps exactly."""
SPEND_LIMIT_EXCEEDED = "spend_limit_exceeded"


@final
class Window(StrEnum):
    """For how long tokens count."""

    DAY = "day"
    MONTH = "month"

    def begins(self, now: datetime) -> datetime:
        """Return when the window that `now` is in began."""
        midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight if self is Window.DAY else midnight.replace(day=1)

    def ends(self, now: datetime) -> datetime:
        """Return when it is over."""
        begun = self.begins(now)
        return begun + timedelta(days=1) if self is Window.DAY else (begun + timedelta(days=31)).replace(day=1)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a key may take; None is without a limit, 0 is nothing."""

    day: int | None = None
    month: int | None = None

    def checked(self) -> "Limits":
        """Return it. Raises `Invalid`."""
        for name, limit in (("tokens_per_day", self.day), ("tokens_per_month", self.month)):
            if limit is not None and not 0 <= limit <= MAX_LIMIT:
                raise Invalid(f"must be between 0 and {MAX_LIMIT}", field=name)
        return self


UNLIMITED = Limits()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Overspent:
    """Why a key must wait: which of its limits it has reached, and when that begins anew."""

    window: Window
    limit: int
    used: int
    frees_at: datetime
    retry_after: int
    """In whole seconds, never early."""

    @property
    def code(self) -> str:
        """What clients are told in a word."""
        return SPEND_LIMIT_EXCEEDED

    @property
    def message(self) -> str:
        """And in a sentence."""
        frees = self.frees_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        return (
            f"this key's limit is {self.limit} tokens a {self.window.value} and it has used {self.used}: "
            f"it may go on at {frees}"
        )


def overspent(limits: Limits, *, day: int, month: int, now: datetime) -> Overspent | None:
    """Return which limit is reached by what was taken today and this month: that which holds for longest."""
    for window, limit, used in ((Window.MONTH, limits.month, month), (Window.DAY, limits.day, day)):
        if limit is not None and used >= limit:
            frees_at = window.ends(now)
            wait = max(1, ceil((frees_at - now).total_seconds()))
            return Overspent(window=window, limit=limit, used=used, frees_at=frees_at, retry_after=wait)
    return None
