import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.core.ids import DIGITS, LOGIN, base62, render


@given(st.binary(min_size=16, max_size=16))
def test_an_id_is_its_prefix_and_24_characters(entropy: bytes) -> None:
    assert re.fullmatch("vlt_01[0-9A-Za-z]{22}", render("vlt_", entropy))


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16))
def test_all_128_bits_are_in_it(one: bytes, other: bytes) -> None:
    assert (render("vlt_", one) == render("vlt_", other)) == (one == other)


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16))
def test_ids_of_logins_are_decimal_and_hold_as_many_bits(one: bytes, other: bytes) -> None:
    assert re.fullmatch("cred_[0-9]{39}", render(LOGIN, one), re.ASCII)
    assert (render(LOGIN, one) == render(LOGIN, other)) == (one == other)


@given(st.integers(0, 62**8 - 1))
def test_base_62_reads_back(number: int) -> None:
    written = base62(number, 8)
    assert len(written) == 8
    assert sum(DIGITS.index(digit) * 62**place for place, digit in enumerate(reversed(written))) == number


@pytest.mark.parametrize(("number", "written"), [(0, "00"), (9, "09"), (10, "0A"), (61, "0z"), (62, "10")])
def test_base_62_by_example(number: int, written: str) -> None:
    assert base62(number, 2) == written
