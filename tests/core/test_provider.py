"""Names of namespaces, and windows."""

from datetime import timedelta

import pytest

from strongroom.core.failures import Invalid
from strongroom.core.provider import checked_namespace, checked_window
from strongroom.testing.clock import FrozenClock

NOW = FrozenClock()()
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("name", ["a", "team / one", "Zürich", "x" * 255])
def test_a_namespace_may_be_called_anything_that_people_can_tell_apart(name: str) -> None:
    assert checked_namespace(name) == name


@pytest.mark.parametrize("name", ["", " ", " a", "a ", "a\u200b", "a\n", "\0", "\ud800", "x" * 256])
def test_a_name_that_looks_like_another_is_refused(name: str) -> None:
    with pytest.raises(Invalid, match=r"^namespace: "):
        checked_namespace(name)


def test_a_window_holds_from_its_beginning_and_not_at_its_end() -> None:
    window = checked_window(NOW, NOW + SECOND)
    assert not window.holds(NOW - timedelta(microseconds=1))
    assert window.holds(NOW)
    assert window.holds(NOW + SECOND - timedelta(microseconds=1))
    assert not window.holds(NOW + SECOND)


def test_a_window_without_a_bound_is_open_on_that_side() -> None:
    assert checked_window(None, NOW).holds(NOW - 1000 * SECOND)
    assert checked_window(NOW, None).holds(NOW + 1000 * SECOND)
    assert checked_window(None, None).holds(NOW)


@pytest.mark.parametrize("closes_after", [-SECOND, 0 * SECOND])
def test_a_window_that_never_is_is_refused(closes_after: timedelta) -> None:
    with pytest.raises(Invalid, match=r"^closes_at: "):
        checked_window(NOW, NOW + closes_after)
