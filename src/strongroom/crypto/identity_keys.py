"""The keys that sessions' identity tokens are signed with: shown before they sign, and for a while after.

Rules kept here:
- ES256 and nothing else (RFC 7518 section 3.4); a key is named by its thumbprint (RFC 7638), so no two share a name;
- a new key is shown for some time before it signs: servers keep copies of the key set, and some look for a key that
  they do not know only so often;
- one that signs no more is shown until its last token has ended, and has no private part after the next rotation;
- written out, the keys hold private parts: what `to_bytes` returns is there to be sealed.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from strongroom.core.failures import Unreadable
from strongroom.core.fields import read_time, write_time
from strongroom.core.identity import LIFETIME
from strongroom.core.secret import Secret

ALGORITHM = "ES256"
LEAD = timedelta(minutes=10)
"""How long a key is shown before it signs: twice as long as copies of the key set are kept."""
OVERLAP = 2 * LIFETIME
"""How long a key is shown after it has signed for the last time: its last token ends in half of that."""
_CURVE = "P-256"
_TYPE = "at+jwt"  # RFC 9068 section 2.1


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityKey:
    """One key. `signs_until` None: no other is to follow it."""

    key: ECKey = field(repr=False)
    made_at: datetime
    signs_from: datetime
    signs_until: datetime | None = None

    @property
    def name(self) -> str:
        """What tokens and the key set call it."""
        return self.key.thumbprint()

    @property
    def shown_until(self) -> datetime | None:
        """When nobody needs it any more."""
        return None if self.signs_until is None else self.signs_until + OVERLAP

    def public(self) -> dict[str, Any]:
        """Return its public part as a JWK (RFC 7517)."""
        return {**self.key.as_dict(private=False), "kid": self.name, "use": "sig", "alg": ALGORITHM}


@final
@dataclass(frozen=True, slots=True)
class IdentityKeys:
    """All of them, the newest first."""

    keys: tuple[IdentityKey, ...]

    @classmethod
    def fresh(cls, now: datetime) -> "IdentityKeys":
        """Return one new key, which signs at once."""
        return cls((IdentityKey(key=ECKey.generate_key(_CURVE), made_at=now, signs_from=now),))

    @classmethod
    def read(cls, written: bytes) -> "IdentityKeys":
        """Read what `to_bytes` wrote. Raises `Unreadable`; the cause is cut off, since it may quote a key."""
        try:
            keys = tuple(_read(row) for row in json.loads(written))
        except (AttributeError, JoseError, KeyError, TypeError, ValueError):
            raise Unreadable("the keys of agent identities cannot be read") from None
        if not keys or not keys[0].key.is_private:
            raise Unreadable("there is no key to sign agent identities with")
        return cls(keys)

    def rotated(self, now: datetime) -> "IdentityKeys":
        """Return them with a new key in front, which signs in a while; what nobody needs any more is gone."""
        follows = now + LEAD
        newest = IdentityKey(key=ECKey.generate_key(_CURVE), made_at=now, signs_from=follows)
        before = (replace(self.keys[0], signs_until=max(follows, self.keys[0].signs_from)), *self.keys[1:])
        return IdentityKeys((newest, *map(partial(_dulled, now=now), IdentityKeys(before).shown(now))))

    def signer(self, now: datetime) -> IdentityKey:
        """Return the one that signs. Where a clock is behind that of whoever made the first, it signs all the same."""
        able = [each for each in self.keys if each.key.is_private]
        return next((each for each in able if each.signs_from <= now), able[-1])

    def shown(self, now: datetime) -> tuple[IdentityKey, ...]:
        """Return those that sign, will sign, or may have signed a token that is still good."""
        return tuple(each for each in self.keys if each.shown_until is None or now < each.shown_until)

    def key_set(self, now: datetime) -> Mapping[str, Any]:
        """Return what verifiers need (RFC 7517 section 5)."""
        return {"keys": [each.public() for each in self.shown(now)]}

    def sign(self, claims: Mapping[str, Any], now: datetime) -> Secret:
        """Return a token (RFC 7519) that says these things."""
        signing = self.signer(now)
        header = {"alg": ALGORITHM, "kid": signing.name, "typ": _TYPE}
        return Secret(jwt.encode(header, dict(claims), signing.key, algorithms=[ALGORITHM]))

    def to_bytes(self) -> bytes:
        """Write them out, to be sealed."""
        return json.dumps([_write(each) for each in self.keys], separators=(",", ":")).encode()


def _dulled(one: IdentityKey, *, now: datetime) -> IdentityKey:
    """Return a key without its private part if it signs no more."""
    if one.signs_until is None or now < one.signs_until:
        return one
    return replace(one, key=ECKey.import_key(one.key.as_dict(private=False)))


def _write(one: IdentityKey) -> dict[str, Any]:
    return {
        "key": one.key.as_dict(private=one.key.is_private),
        "made_at": write_time(one.made_at),
        "signs_from": write_time(one.signs_from),
        "signs_until": None if one.signs_until is None else write_time(one.signs_until),
    }


def _read(row: dict[str, Any]) -> IdentityKey:
    key = ECKey.import_key(row["key"])
    if key.curve_name != _CURVE:
        raise ValueError
    until = row["signs_until"]
    return IdentityKey(
        key=key,
        made_at=read_time(row["made_at"]),
        signs_from=read_time(row["signs_from"]),
        signs_until=None if until is None else read_time(until),
    )
