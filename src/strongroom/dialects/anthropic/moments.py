"""Moments and where they may lie."""

from datetime import datetime

from strongroom.core.failures import Invalid
from strongroom.core.fields import write_time


def shown(moment: datetime | None) -> str | None:
    """Return a moment as it is shown, if there is one."""
    return None if moment is None else write_time(moment)


def require_future(moment: datetime | None, now: datetime, *, field: str) -> datetime | None:
    """Return the moment. Raises `Invalid` unless it is still to come."""
    if moment is not None and moment <= now:
        raise Invalid("must be in the future", field=field)
    return moment
