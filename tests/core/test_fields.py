from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.core.fields import from_plain, hints, read_time, to_plain, write_time


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, kw_only=True)
class Inner:
    colour: Colour
    since: datetime


@dataclass(frozen=True, kw_only=True)
class Outer:
    name: str
    count: int
    yes: bool
    inner: Inner | None
    note: str | None = None
    later: int = 7
    colours: tuple[Colour, ...] = ()


moments = st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2199, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis takes bounds without a zone
outers = st.builds(
    Outer,
    name=st.text(),
    count=st.integers(),
    yes=st.booleans(),
    inner=st.none() | st.builds(Inner, colour=st.sampled_from(Colour), since=moments),
    note=st.none() | st.text(),
    colours=st.lists(st.sampled_from(Colour)).map(tuple),
)


@given(outers)
def test_what_was_written_reads_back(value: Outer) -> None:
    assert from_plain(Outer, to_plain(value)) == value


def test_the_json_form_by_example() -> None:
    since = datetime(2026, 1, 2, 4, 5, 6, 7, tzinfo=timezone(timedelta(hours=1)))
    value = Outer(name="n", count=1, yes=True, inner=Inner(colour=Colour.RED, since=since), colours=(Colour.BLUE,))
    assert to_plain(value) == {
        "name": "n",
        "count": 1,
        "yes": True,
        "inner": {"colour": "red", "since": "2026-01-02T03:05:06.000007Z"},
        "note": None,
        "later": 7,
        "colours": ["blue"],
    }


PLAIN = {"name": "n", "count": 1, "yes": True, "inner": None}


def test_a_field_that_was_added_later_has_its_default_and_one_that_is_gone_is_passed_over() -> None:
    assert from_plain(Outer, PLAIN | {"gone": 1}) == Outer(name="n", count=1, yes=True, inner=None)


@pytest.mark.parametrize(
    "plain",
    [
        None,
        [],
        "text",
        {},
        PLAIN | {"name": 1},
        PLAIN | {"name": None},
        PLAIN | {"count": "1"},
        PLAIN | {"count": 1.5},
        PLAIN | {"count": True},
        PLAIN | {"yes": 1},
        PLAIN | {"inner": {}},
        PLAIN | {"inner": []},
        PLAIN | {"colours": "red"},
        PLAIN | {"colours": {"red": "blue"}},
        PLAIN | {"colours": ["green"]},
        PLAIN | {"colours": [None]},
        PLAIN | {"inner": {"colour": "green", "since": "2026-01-01T00:00:00Z"}},
        PLAIN | {"inner": {"colour": "red", "since": "yesterday"}},
        PLAIN | {"inner": {"colour": "red", "since": 7}},
    ],
)
def test_anything_else_is_a_type_or_value_error(plain: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        from_plain(Outer, plain)


@given(moments)
def test_times_read_back_to_the_microsecond(moment: datetime) -> None:
    assert read_time(write_time(moment)) == moment
    assert write_time(moment).endswith("Z")


def test_hints_are_in_the_order_of_the_fields() -> None:
    assert list(hints(Outer)) == ["name", "count", "yes", "inner", "note", "later", "colours"]
