import copy
import pickle
from dataclasses import replace

import pytest

from strongroom.core.binding import Binding
from strongroom.core.failures import NotReady, Unreadable
from strongroom.crypto.dek import Dek
from strongroom.crypto.keyring import KekHolder, KeyRing
from strongroom.custody.kek.local import LocalKek
from strongroom.testing.entropy import CountingEntropy

BINDING = Binding(organization="org_1", vault="vlt_1", subject="vcrd_1", kind="static_bearer", revision=3)
PLAINTEXT = b"the plaintext"


def holder(name: str) -> LocalKek:
    return LocalKek(key=CountingEntropy(label=name)(32), entropy=CountingEntropy(label=name + " nonces"))


def ring(**holders: str) -> KeyRing:
    return KeyRing(
        holders={int(term[1:]): holder(name) for term, name in holders.items()}, entropy=CountingEntropy(label="ring")
    )


async def test_what_was_sealed_opens_in_its_place() -> None:
    keys = ring(t1="old")
    assert await keys.open(BINDING, await keys.seal(BINDING, PLAINTEXT)) == PLAINTEXT


@pytest.mark.parametrize(
    "elsewhere",
    [
        replace(BINDING, organization="org_2"),
        replace(BINDING, vault="vlt_2"),
        replace(BINDING, subject="vcrd_2"),
        replace(BINDING, kind="mcp_oauth"),
        replace(BINDING, revision=2),
    ],
    ids=["organization", "vault", "subject", "kind", "revision"],
)
async def test_two_envelopes_that_were_swapped_both_stay_shut(elsewhere: Binding) -> None:
    keys = ring(t1="old")
    here, there = await keys.seal(BINDING, b"here"), await keys.seal(elsewhere, b"there")
    for binding, envelope in ((BINDING, there), (elsewhere, here)):
        with pytest.raises(Unreadable):
            await keys.open(binding, envelope)


async def test_a_data_key_moved_to_another_place_with_its_payload_kept_does_not_open() -> None:
    keys, size = ring(t1="old"), 9 + 60
    here = await keys.seal(BINDING, b"here")
    there = await keys.seal(replace(BINDING, subject="vcrd_2"), b"there")
    with pytest.raises(Unreadable):
        await keys.open(BINDING, there[:size] + here[size:])
    with pytest.raises(Unreadable):
        await keys.open(BINDING, here[:size] + there[size:])


async def test_any_flipped_byte_makes_an_envelope_unreadable() -> None:
    keys = ring(t1="old")
    envelope = await keys.seal(BINDING, PLAINTEXT)
    for place in range(len(envelope)):
        changed = bytearray(envelope)
        changed[place] ^= 1
        with pytest.raises(Unreadable):
            await keys.open(BINDING, bytes(changed))


async def test_a_wrong_root_key_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="wrong root key"):
        await ring(t1="another").open(BINDING, await ring(t1="old").seal(BINDING, PLAINTEXT))


async def test_a_term_that_the_ring_lacks_is_named() -> None:
    with pytest.raises(Unreadable, match="term 2"):
        await ring(t1="old").open(BINDING, await ring(t1="old", t2="new").seal(BINDING, PLAINTEXT))


async def test_the_newest_term_seals_and_all_open() -> None:
    both = ring(t1="old", t2="new")
    assert both.newest == 2
    assert await ring(t2="new").open(BINDING, await both.seal(BINDING, PLAINTEXT)) == PLAINTEXT
    assert await both.open(BINDING, await ring(t1="old").seal(BINDING, PLAINTEXT)) == PLAINTEXT


async def test_rewrapping_leaves_the_payload_and_needs_the_old_key_no_longer() -> None:
    before = await ring(t1="old").seal(BINDING, PLAINTEXT)
    after = await ring(t1="old", t2="new").rewrap(BINDING, before)
    assert after[9 + 60 :] == before[9 + 60 :]
    assert await ring(t2="new").open(BINDING, after) == PLAINTEXT


async def test_rewrapping_at_the_newest_term_changes_nothing() -> None:
    keys = ring(t2="new")
    envelope = await keys.seal(BINDING, PLAINTEXT)
    assert await keys.rewrap(BINDING, envelope) == envelope


async def test_rewrapping_in_another_place_is_refused() -> None:
    before = await ring(t1="old").seal(BINDING, PLAINTEXT)
    with pytest.raises(Unreadable):
        await ring(t1="old", t2="new").rewrap(replace(BINDING, vault="vlt_2"), before)


async def test_each_seal_has_a_data_key_of_its_own() -> None:
    seen: list[bytes] = []

    class Watching:
        async def wrap(self, dek: Dek, aad: bytes) -> bytes:
            seen.append(dek.expose())
            return b"wrapped"

        async def unwrap(self, wrapped: bytes, aad: bytes) -> Dek:
            return Dek(seen[-1])

    watching: KekHolder = Watching()
    keys = KeyRing(holders={1: watching}, entropy=CountingEntropy())
    for _ in range(3):
        await keys.seal(BINDING, PLAINTEXT)
    assert len(set(seen)) == 3


def test_a_ring_without_keys_cannot_be_made() -> None:
    with pytest.raises(NotReady, match="--root-key"):
        KeyRing(holders={}, entropy=CountingEntropy())


def test_nothing_shows_a_key() -> None:
    dek = Dek(b"k" * 32)
    assert repr(dek) == f"{dek}" == "Dek(…)"
    assert repr(holder("old")) == "LocalKek(…)"
    assert repr(ring(t1="old", t2="new")) == "KeyRing(terms=[1, 2])"


@pytest.mark.parametrize("carry", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_data_key_is_not_carried_away(carry: object) -> None:
    assert callable(carry)
    with pytest.raises(TypeError, match="wrap it"):
        carry(Dek(b"k" * 32))
