import copy
import dataclasses
import json
import pickle
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.core.secret import Secret

SENTINEL = "hunter2-sentinel"


@dataclass(frozen=True)
class Holding:
    token: Secret


@pytest.mark.parametrize(
    "show",
    [
        str,
        repr,
        ascii,
        "{}".format,
        "{:>40}".format,
        "{!r}".format,
        lambda secret: f"{secret}",
        lambda secret: f"{[secret]} { ({'k': secret}) }",
        lambda secret: "%s %r" % (secret, secret),  # noqa: UP031 - one more way to print
        lambda secret: repr(Holding(secret)),
        lambda secret: str(ValueError(secret)),
    ],
)
def test_no_way_of_printing_shows_it(show: Callable[[Secret], str]) -> None:
    shown = show(Secret(SENTINEL))
    assert "Secret(…)" in shown or "Secret(\\u2026)" in shown
    assert "hunter2" not in shown


@given(st.text())
def test_what_is_shown_says_nothing_of_length_or_content(value: str) -> None:
    assert repr(Secret(value)) == repr(Secret(""))


@pytest.mark.parametrize(
    "carry",
    [
        pickle.dumps,
        copy.deepcopy,
        json.dumps,
        len,
        list,
        bytes,
        hash,
        vars,
        lambda secret: dataclasses.asdict(Holding(secret)),
        lambda secret: pickle.dumps(Holding(secret), protocol=5),
        lambda secret: secret + "",
        "".join,
        lambda secret: secret < Secret(""),
    ],
)
def test_no_way_of_carrying_it_out_works(carry: Callable[[Secret], object]) -> None:
    with pytest.raises(TypeError) as raised:
        carry(Secret(SENTINEL))
    assert "hunter2" not in str(raised.value)


def test_it_takes_no_further_attributes() -> None:
    with pytest.raises(AttributeError):
        Secret(SENTINEL).note = "x"  # type: ignore[attr-defined]  # that there is none is the point


@given(st.text(), st.text())
def test_two_are_equal_if_their_values_are(one: str, other: str) -> None:
    assert (Secret(one) == Secret(other)) == (one == other)
    assert Secret(one).reveal() == one


def test_it_equals_no_text() -> None:
    assert Secret(SENTINEL) != SENTINEL


def test_a_shallow_copy_is_the_same_secret() -> None:
    secret = Secret(SENTINEL)
    assert copy.copy(secret) is secret
