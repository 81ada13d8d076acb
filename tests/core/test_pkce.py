"""Proof keys."""

from hypothesis import given
from hypothesis import strategies as st

from strongroom.core.pkce import ProofKey
from strongroom.testing.entropy import CountingEntropy


def test_the_example_of_the_standard() -> None:
    """RFC 7636 appendix B."""
    octets = bytes.fromhex("7418dfb49799e0254ffa607dd8adbbba16d4254d69d6bff05b58055853848d79")
    proof = ProofKey.of(octets)
    assert proof.verifier.reveal() == "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert proof.challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@given(st.binary(min_size=32, max_size=32))
def test_a_verifier_has_the_length_and_the_letters_that_the_standard_asks_for(random: bytes) -> None:
    proof = ProofKey.of(random)
    assert len(proof.verifier.reveal()) == len(proof.challenge) == 43
    assert proof.verifier.reveal() != proof.challenge
    assert "=" not in proof.verifier.reveal() + proof.challenge
    assert proof.verifier.reveal() not in repr(proof)


def test_no_two_are_the_same() -> None:
    entropy = CountingEntropy()
    assert ProofKey.mint(entropy).challenge != ProofKey.mint(entropy).challenge
