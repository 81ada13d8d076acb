import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.core.failures import Unreadable
from strongroom.crypto.envelope import Envelope

envelopes = st.builds(
    Envelope,
    term=st.integers(0, 2**32 - 1),
    wrapped=st.binary(max_size=80),
    sealed=st.binary(min_size=28, max_size=80),
)


@given(envelopes)
def test_what_was_written_reads_back(envelope: Envelope) -> None:
    assert Envelope.parse(envelope.to_bytes()) == envelope


@given(envelopes, st.data())
def test_an_envelope_cut_short_is_unreadable(envelope: Envelope, data: st.DataObject) -> None:
    shortest = 9 + len(envelope.wrapped) + 28
    cut = data.draw(st.integers(0, shortest - 1))
    with pytest.raises(Unreadable):
        Envelope.parse(envelope.to_bytes()[:cut])


@given(st.binary(max_size=60) | st.binary(max_size=60).map(lambda rest: b"SR\x01" + rest))
def test_any_bytes_give_an_envelope_or_unreadable(written: bytes) -> None:
    try:
        envelope = Envelope.parse(written)
    except Unreadable:
        return
    assert envelope.to_bytes() == written


def test_a_format_of_the_future_is_named_in_the_refusal() -> None:
    written = bytearray(Envelope(term=1, wrapped=b"w", sealed=bytes(28)).to_bytes())
    written[2] = 2
    with pytest.raises(Unreadable, match="format 2"):
        Envelope.parse(bytes(written))


def test_the_bytes_are_as_the_file_says() -> None:
    written = Envelope(term=7, wrapped=b"key", sealed=b"n" * 12 + b"c" * 16).to_bytes()
    assert written == b"SR\x01\x00\x00\x00\x07\x00\x03key" + b"n" * 12 + b"c" * 16
