"""Contract skyvern-credentials 8.1: what a model sees, and how what it types is read."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.core.failures import Invalid
from strongroom.core.fill_placeholders import RANDOM_BYTES, mint, parts_of

USERNAME = mint("username", bytes(RANDOM_BYTES))
OTHER = mint("username_2", bytes(RANDOM_BYTES))
PASSWORD = mint("password", b"\xff" * RANDOM_BYTES)
KNOWN = {USERNAME, OTHER, PASSWORD}


def test_a_placeholder_names_its_field_and_holds_128_random_bits() -> None:
    assert re.fullmatch(r"placeholder_[0-9A-Za-z]{22}_password", PASSWORD)
    assert mint("password", b"\xff" * 15 + b"\xfe") != PASSWORD
    assert mint("password", bytes(RANDOM_BYTES)) != mint("password", b"\x80" + bytes(RANDOM_BYTES - 1))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (PASSWORD, [PASSWORD]),
        (OTHER, [OTHER]),
        ("plain", ["plain"]),
        ("", [""]),
        (f"my {PASSWORD}", [f"my {PASSWORD}"]),
        (f"{USERNAME}{PASSWORD}", [USERNAME, PASSWORD]),
        (f"{OTHER} / {PASSWORD}!", [OTHER, " / ", PASSWORD, "!"]),
        (f"{PASSWORD}{PASSWORD}", [PASSWORD, PASSWORD]),
        (f"{OTHER}{USERNAME}", [OTHER, USERNAME]),
    ],
)
def test_what_is_typed_is_read_as_the_contract_says(text: str, parts: list[str]) -> None:
    assert parts_of(text, KNOWN) == parts


@pytest.mark.parametrize(
    "text",
    [
        "placeholder_",
        mint("password", bytes(RANDOM_BYTES)),
        f"{PASSWORD} {mint('totp', bytes(RANDOM_BYTES))}",
        f"x{mint('totp', bytes(RANDOM_BYTES))}",
        "Placeholder_of_mine",
    ],
)
def test_a_placeholder_that_nobody_gave_out_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        parts_of(text, KNOWN)
    assert text not in str(refused.value)
    with pytest.raises(Invalid):
        parts_of(text, ())


@given(st.lists(st.one_of(st.sampled_from(sorted(KNOWN)), st.text(alphabet="abc _", max_size=4)), max_size=6))
def test_nothing_is_lost_between_the_parts(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert "".join(parts_of(text, KNOWN)) == text
