from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.core.binding import Binding
from strongroom.crypto.aad import Purpose, aad

BINDING = Binding(
    organization="org_1", vault="vlt_1", subject="vcrd_1", kind="static_bearer", revision=3, terms="terms"
)

words = st.text(alphabet="ab_\0|:,0", max_size=4)
bindings = st.builds(
    Binding, organization=words, vault=words, subject=words, kind=words, revision=st.integers(0, 2**64 - 1), terms=words
)


@given(bindings, bindings, st.sampled_from(Purpose), st.sampled_from(Purpose))
def test_two_contexts_have_the_same_bytes_only_if_they_are_the_same(
    one: Binding, other: Binding, first: Purpose, second: Purpose
) -> None:
    assert (aad(one, first) == aad(other, second)) == ((one, first) == (other, second))


def test_moving_a_character_from_one_id_into_the_next_changes_the_bytes() -> None:
    one = replace(BINDING, organization="ab", vault="c")
    other = replace(BINDING, organization="a", vault="bc")
    assert aad(one, Purpose.PAYLOAD) != aad(other, Purpose.PAYLOAD)


@pytest.mark.parametrize("purpose", Purpose)
def test_the_format_and_every_part_stand_in_the_bytes(purpose: Purpose) -> None:
    written = aad(BINDING, purpose)
    for part in (b"strongroom-envelope-1", b"org_1", b"vlt_1", b"vcrd_1", b"static_bearer", purpose.value):
        assert len(part).to_bytes(4) + part in written
    assert (8).to_bytes(4) + (3).to_bytes(8) in written
    assert written.endswith((5).to_bytes(4) + b"terms")
