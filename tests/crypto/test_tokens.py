import base64
import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.core.failures import Invalid
from strongroom.core.secret import Secret
from strongroom.crypto.tokens import PageTokens, digest, hint, mint_api_key, mint_session_token, same, subkey
from strongroom.testing.entropy import CountingEntropy

PAGES = PageTokens(key=b"k" * 32)


@given(st.binary(min_size=32, max_size=32))
def test_keys_and_tokens_are_a_prefix_and_43_digits(random: bytes) -> None:
    assert re.fullmatch("srk_[0-9A-Za-z]{43}", mint_api_key(lambda _: random).reveal())
    assert re.fullmatch("srt_[0-9A-Za-z]{43}", mint_session_token(lambda _: random).reveal())


def test_every_random_bit_is_in_a_key() -> None:
    asked: list[int] = []

    def entropy(count: int) -> bytes:
        asked.append(count)
        return b"\xff" * count

    highest = mint_api_key(entropy).reveal()
    assert asked == [32]
    assert highest != mint_api_key(lambda count: b"\xff" * (count - 1) + b"\xfe").reveal()
    assert highest != mint_api_key(lambda count: b"\x7f" + b"\xff" * (count - 1)).reveal()


def test_two_tokens_differ() -> None:
    entropy = CountingEntropy()
    assert mint_session_token(entropy) != mint_session_token(entropy)


def test_a_digest_is_the_sha256_of_the_text() -> None:
    assert digest(Secret("srk_abc")) == hashlib.sha256(b"srk_abc").digest()
    assert same(digest(Secret("a")), digest(Secret("a")))
    assert not same(digest(Secret("a")), digest(Secret("b")))


def test_a_hint_shows_four_digits_of_a_minted_key_and_nothing_of_a_chosen_one() -> None:
    key = mint_api_key(CountingEntropy())
    assert hint(key) == f"srk_…{key.reveal()[-4:]}"
    assert hint(Secret("an operator's own admin key")) == "…"
    assert hint(Secret("srk_chosen-by-hand")) == "…"


def test_each_purpose_has_a_key_of_its_own() -> None:
    keys = {subkey(b"s" * 32, "pages"), subkey(b"s" * 32, "replies"), subkey(b"t" * 32, "pages")}
    assert len(keys) == 3
    assert {len(key) for key in keys} == {32}
    assert subkey(b"s" * 32, "pages") in keys


@given(st.lists(st.text(max_size=30), max_size=4), st.text(max_size=10), st.lists(st.text(max_size=10), max_size=3))
def test_a_position_reads_back_in_its_own_list(position: list[str], collection: str, scope: list[str]) -> None:
    token = PAGES.write(position, collection=collection, scope=scope)
    assert PAGES.read(token, collection=collection, scope=scope) == tuple(position)
    assert re.fullmatch("page_[A-Za-z0-9_-]+={0,2}", token)


@pytest.mark.parametrize(
    ("collection", "scope"),
    [
        ("credentials", ["wrkspc_1", "vlt_1"]),
        ("vaults", ["wrkspc_2", "vlt_1"]),
        ("vaults", ["wrkspc_1", "vlt_2"]),
        ("vaults", ["wrkspc_1"]),
        ("vaults", ["wrkspc_1vlt_1"]),
        ("vaultswrkspc_1", ["vlt_1"]),
    ],
)
def test_a_token_from_another_list_is_refused(collection: str, scope: list[str]) -> None:
    token = PAGES.write(["2026-01-01", "vlt_9"], collection="vaults", scope=["wrkspc_1", "vlt_1"])
    with pytest.raises(Invalid) as raised:
        PAGES.read(token, collection=collection, scope=scope)
    assert raised.value.field == "page"


def test_a_token_of_another_installation_is_refused() -> None:
    token = PageTokens(key=b"x" * 32).write(["a"], collection="vaults", scope=[])
    with pytest.raises(Invalid):
        PAGES.read(token, collection="vaults", scope=[])


def test_a_token_with_any_bit_turned_is_refused() -> None:
    token = PAGES.write(["2026-01-01", "vlt_9"], collection="vaults", scope=[])
    written = base64.urlsafe_b64decode(token.removeprefix("page_"))
    for bit in range(len(written) * 8):
        changed = bytearray(written)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Invalid):
            PAGES.read("page_" + base64.urlsafe_b64encode(changed).decode(), collection="vaults", scope=[])


@given(st.text(max_size=80) | st.text(max_size=80).map(lambda rest: "page_" + rest))
def test_any_text_is_refused_by_name_and_never_echoed(text: str) -> None:
    with pytest.raises(Invalid) as raised:
        PAGES.read(text, collection="vaults", scope=[])
    assert str(raised.value) == "page: must be a page token that this list returned"


def test_a_position_that_someone_wrote_themselves_is_refused() -> None:
    forged = "page_" + base64.urlsafe_b64encode(bytes(16) + b'["2026-01-01","vlt_9"]').decode()
    with pytest.raises(Invalid):
        PAGES.read(forged, collection="vaults", scope=[])
