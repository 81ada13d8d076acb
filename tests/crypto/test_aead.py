import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.core.failures import Unreadable
from strongroom.crypto.aead import Aes256Gcm
from strongroom.testing.entropy import CountingEntropy

KEY = bytes(range(32))


def cipher(key: bytes = KEY) -> Aes256Gcm:
    return Aes256Gcm(key=key, entropy=CountingEntropy())


@given(st.binary(max_size=100), st.binary(max_size=100))
def test_what_was_sealed_opens_under_the_same_context(plaintext: bytes, aad: bytes) -> None:
    assert cipher().open(cipher().seal(plaintext, aad), aad) == plaintext


def test_another_key_does_not_open() -> None:
    with pytest.raises(Unreadable):
        cipher(bytes(32)).open(cipher().seal(b"text", b"here"), b"here")


def test_another_context_does_not_open() -> None:
    with pytest.raises(Unreadable):
        cipher().open(cipher().seal(b"text", b"here"), b"there")


def test_two_seals_of_one_text_differ() -> None:
    one = cipher()
    assert one.seal(b"text", b"") != one.seal(b"text", b"")


@given(st.binary(max_size=40))
def test_any_bytes_give_unreadable_and_nothing_else(written: bytes) -> None:
    with pytest.raises(Unreadable):
        cipher().open(written, b"")


@pytest.mark.parametrize("size", [0, 16, 24, 31, 33])
def test_keys_of_other_sizes_are_refused(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        cipher(bytes(size))


def test_the_published_vector_is_reproduced() -> None:
    """Test case 14 of the GCM specification (McGrew and Viega, appendix B)."""
    zero = Aes256Gcm(key=bytes(32), entropy=bytes)
    assert zero.seal(bytes(16), b"").hex() == "00" * 12 + "cea7403d4d606b6e074ec5d3baf39d18" + (
        "d0d1c8a799996bf0265b98b5d48ab919"
    )


def test_nothing_shows_the_key() -> None:
    assert repr(cipher()) == str(cipher()) == "Aes256Gcm(…)"
