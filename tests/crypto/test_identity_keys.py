"""The keys of agent identities, read by another library than the one that writes them."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from strongroom.core.failures import Unreadable
from strongroom.core.identity import LIFETIME
from strongroom.crypto.identity_keys import LEAD, OVERLAP, IdentityKeys

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)


def verified(token: str, keys: IdentityKeys, now: datetime = NOW) -> dict[str, Any]:
    """Verify as a server does, by what is shown to everybody."""
    shown = jwt.PyJWKSet.from_dict(dict(keys.key_set(now)))
    key = shown[jwt.get_unverified_header(token)["kid"]]
    return dict(jwt.decode(token, key, algorithms=["ES256"], options={"verify_aud": False}))


def signer(keys: IdentityKeys, now: datetime) -> str:
    """Return the name of the key that signs at a moment."""
    return str(jwt.get_unverified_header(keys.sign({}, now).reveal())["kid"])


def test_a_token_is_verified_by_the_key_set_alone() -> None:
    keys = IdentityKeys.fresh(NOW)
    token = keys.sign({"sub": "sesn_1"}, NOW).reveal()
    assert verified(token, keys) == {"sub": "sesn_1"}
    assert jwt.get_unverified_header(token) == {"alg": "ES256", "typ": "at+jwt", "kid": keys.keys[0].name}


def test_a_token_of_other_keys_is_not_verified() -> None:
    keys, others = IdentityKeys.fresh(NOW), IdentityKeys.fresh(NOW)
    with pytest.raises(KeyError):
        verified(others.sign({"sub": "x"}, NOW).reveal(), keys)


def test_the_key_set_shows_public_parts_only() -> None:
    keys = IdentityKeys.fresh(NOW).rotated(NOW)
    for key in keys.key_set(NOW)["keys"]:
        assert set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
        assert (key["kty"], key["crv"], key["use"], key["alg"]) == ("EC", "P-256", "sig", "ES256")


def test_a_new_key_is_shown_before_it_signs() -> None:
    keys = IdentityKeys.fresh(NOW).rotated(NOW)
    new, old = (each.name for each in keys.keys)
    assert [key["kid"] for key in keys.key_set(NOW)["keys"]] == [new, old]
    assert signer(keys, NOW + LEAD - INSTANT) == old
    assert signer(keys, NOW + LEAD) == new


def test_tokens_of_the_key_before_it_hold_until_the_last_has_ended() -> None:
    keys = IdentityKeys.fresh(NOW).rotated(NOW)
    last = keys.sign({"sub": "last"}, NOW + LEAD - INSTANT).reveal()
    assert verified(last, keys, NOW + LEAD + LIFETIME) == {"sub": "last"}
    assert len(keys.shown(NOW + LEAD + OVERLAP - INSTANT)) == 2
    assert keys.shown(NOW + LEAD + OVERLAP) == keys.keys[:1]


def test_of_rotations_soon_after_each_other_each_key_has_its_turn() -> None:
    keys = IdentityKeys.fresh(NOW)
    for step in range(3):
        keys = keys.rotated(NOW + step * timedelta(minutes=1))
    moments = [NOW + step * timedelta(seconds=30) for step in range(60)]
    assert {signer(keys, moment) for moment in moments} == {each.name for each in keys.keys}


def test_what_signs_no_more_loses_its_private_part_and_then_goes() -> None:
    keys = IdentityKeys.fresh(NOW).rotated(NOW).rotated(NOW + LEAD)
    assert [each.key.is_private for each in keys.keys] == [True, True, False]
    assert ["d" in row["key"] for row in json.loads(keys.to_bytes())] == [True, True, False]
    assert len(keys.rotated(NOW + LEAD + OVERLAP).keys) == 3


def test_a_clock_that_is_behind_finds_a_key_that_signs() -> None:
    keys = IdentityKeys.fresh(NOW).rotated(NOW)
    assert signer(keys, NOW - timedelta(days=1)) == keys.keys[1].name


def test_keys_are_read_as_they_were_written() -> None:
    keys = IdentityKeys.fresh(NOW).rotated(NOW + timedelta(seconds=1))
    read = IdentityKeys.read(keys.to_bytes())
    assert read.key_set(NOW) == keys.key_set(NOW)
    times = [[(each.made_at, each.signs_from, each.signs_until) for each in some.keys] for some in (read, keys)]
    assert times[0] == times[1]
    assert verified(read.sign({"sub": "x"}, NOW).reveal(), keys) == {"sub": "x"}


@pytest.mark.parametrize("written", [b"", b"{}", b"[]", b"null", b"[1]", b'[{"key": {}}]', b"\xff"])
def test_what_holds_no_keys_is_refused(written: bytes) -> None:
    with pytest.raises(Unreadable):
        IdentityKeys.read(written)


def test_keys_that_cannot_sign_or_are_of_another_curve_are_refused() -> None:
    (newest,) = json.loads(IdentityKeys.fresh(NOW).to_bytes())
    public = {name: value for name, value in newest["key"].items() if name != "d"}
    for key in (public, {**newest["key"], "crv": "P-384"}):
        with pytest.raises(Unreadable):
            IdentityKeys.read(json.dumps([{**newest, "key": key}]).encode())


def test_no_text_form_shows_a_private_part() -> None:
    keys = IdentityKeys.fresh(NOW)
    private = json.loads(keys.to_bytes())[0]["key"]["d"]
    assert private not in repr(keys)
