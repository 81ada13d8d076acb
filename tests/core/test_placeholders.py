import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.core.failures import Invalid
from strongroom.core.ids import CredentialId
from strongroom.core.placeholders import KNOWN_PREFIXES, OPAQUE, Shape, derive, shape_like
from strongroom.core.secret import Secret

SEED = bytes(range(32))
HERE = CredentialId("vcrd_1")
THERE = CredentialId("vcrd_2")


@given(st.binary(min_size=32, max_size=32), st.text(min_size=1, max_size=30))
def test_a_placeholder_survives_json_forms_and_headers(seed: bytes, credential: str) -> None:
    assert re.fullmatch("srp_[A-Za-z0-9]{32}", derive(seed, CredentialId(credential), OPAQUE))


def test_it_is_the_same_for_one_session_and_credential() -> None:
    assert derive(SEED, HERE, OPAQUE) == derive(SEED, HERE, OPAQUE)


def test_it_is_another_for_another_session_credential_or_length() -> None:
    made = {
        derive(SEED, HERE, OPAQUE),
        derive(SEED, THERE, OPAQUE),
        derive(SEED[::-1], HERE, OPAQUE),
        derive(SEED, HERE, Shape(digits=33))[: len(derive(SEED, HERE, OPAQUE))],
    }
    assert len(made) == 4


@given(st.sampled_from(KNOWN_PREFIXES), st.integers(22, 200))
def test_a_shaped_one_keeps_prefix_and_length_and_at_least_128_random_bits(prefix: str, digits: int) -> None:
    secret = prefix + "!" * digits  # no digit of any vendor, so no longer prefix can match
    shape = shape_like(Secret(secret))
    made = derive(SEED, HERE, shape)
    assert made.startswith(prefix)
    assert len(made) == len(secret)
    assert re.fullmatch("[0-9A-Za-z]+", made.removeprefix(prefix))
    assert int(shape.digits * 5.954) // 8 * 8 >= 128


@given(st.integers(22, 300))
def test_the_digits_are_never_more_than_the_shape_says(digits: int) -> None:
    assert len(derive(b"\xff" * 32, HERE, Shape(prefix="", digits=digits))) == digits


def test_the_longest_known_prefix_wins() -> None:
    for prefix in KNOWN_PREFIXES:
        assert shape_like(Secret(prefix + "!" * 40)).prefix == prefix


@pytest.mark.parametrize("secret", ["", "ghp_", "ghp_" + "a" * 21, "no known prefix " + "a" * 40, " ghp_" + "a" * 40])
def test_a_shape_that_would_be_guessable_or_is_unknown_is_refused(secret: str) -> None:
    with pytest.raises(Invalid) as raised:
        shape_like(Secret(secret))
    assert "ghp_" not in str(raised.value)
