"""Limits of gateway keys: which one holds, and until when."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from strongroom.core.failures import Invalid
from strongroom.core.llm.limits import MAX_LIMIT, UNLIMITED, Limits, Window, overspent

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "day", "month"),
    [
        (NOON, (datetime(2026, 11, 27, tzinfo=UTC), datetime(2026, 11, 28, tzinfo=UTC)), (11, 12)),
        (datetime(2026, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), None, (12, 1)),
        (datetime(2028, 2, 29, tzinfo=UTC), None, (2, 3)),
        (datetime(2026, 1, 31, tzinfo=UTC), None, (1, 2)),
    ],
)
def test_windows_are_days_and_months_of_utc(
    now: datetime, day: tuple[datetime, datetime] | None, month: tuple[int, int]
) -> None:
    if day is not None:
        assert (Window.DAY.begins(now), Window.DAY.ends(now)) == day
    begun, ended = Window.MONTH.begins(now), Window.MONTH.ends(now)
    assert (begun.month, ended.month) == month
    assert begun <= now < ended
    assert (ended.day, ended.hour) == (1, 0)
    assert ended.year == now.year + (1 if month[1] == 1 else 0)


def test_a_moment_told_in_another_zone_belongs_to_the_day_of_utc() -> None:
    elsewhere = datetime(2026, 11, 28, 1, tzinfo=timezone(timedelta(hours=3)))
    assert Window.DAY.begins(elsewhere) == datetime(2026, 11, 27, tzinfo=UTC)


def test_a_key_goes_on_until_it_has_taken_its_limit_and_no_further() -> None:
    limits = Limits(day=100)
    assert overspent(limits, day=99, month=99, now=NOON) is None
    reached = overspent(limits, day=100, month=100, now=NOON)
    assert reached is not None
    assert (reached.window, reached.limit, reached.used) == (Window.DAY, 100, 100)
    assert reached.frees_at == datetime(2026, 11, 28, tzinfo=UTC)
    assert reached.retry_after == 12 * 3600
    assert reached.message == (
        "this key's limit is 100 tokens a day and it has used 100: it may go on at 2026-11-28T00:00:00Z"
    )


def test_of_two_limits_that_are_reached_the_one_that_holds_for_longer_is_told() -> None:
    reached = overspent(Limits(day=10, month=20), day=30, month=30, now=NOON)
    assert reached is not None
    assert (reached.window, reached.frees_at) == (Window.MONTH, datetime(2026, 12, 1, tzinfo=UTC))


def test_a_key_without_limits_takes_what_it_likes_and_one_with_zero_nothing() -> None:
    assert overspent(UNLIMITED, day=10**15, month=10**15, now=NOON) is None
    assert overspent(Limits(day=0), day=0, month=0, now=NOON) is not None


def test_the_wait_is_never_short_of_the_end_of_the_window() -> None:
    late = datetime(2026, 11, 27, 23, 59, 59, 400_000, tzinfo=UTC)
    reached = overspent(Limits(day=1), day=1, month=1, now=late)
    assert reached is not None
    assert reached.retry_after == 1
    assert late + timedelta(seconds=reached.retry_after) >= reached.frees_at


@pytest.mark.parametrize("limits", [Limits(day=-1), Limits(month=MAX_LIMIT + 1)])
def test_a_limit_that_is_none_is_refused_by_its_name(limits: Limits) -> None:
    with pytest.raises(Invalid) as refused:
        limits.checked()
    assert refused.value.field == ("tokens_per_month" if limits.day is None else "tokens_per_day")
