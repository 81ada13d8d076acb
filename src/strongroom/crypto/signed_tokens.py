"""Signed JSON Web Tokens of issuers, and the key sets that they are verified with.

RFC 7515, RFC 7517, RFC 8725. Rules kept here:
- three algorithms, none of them symmetric; a key verifies by the one that its type allows, whatever the token says;
- the key is one of the issuer's own set, found by its id: keys and addresses in the token itself are not looked at;
- a token with `crit` is refused, since nothing critical is understood here, and so is one that says a thing twice;
- everything is bounded, and no failure repeats anything of a token or of a key.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, import_key
from joserfc.jws import JWSRegistry

from strongroom.core.failures import BadReply, NotAuthenticated, NotTaken
from strongroom.core.overriding import override
from strongroom.core.secret import Secret

MAX_TOKEN = 16 * 1024
"""Characters of a token: more than any issuer sends, as it has to fit into a header."""
MAX_KEYS = 100
"""Keys of a set that are looked at."""
MIN_RSA_BITS = 2048
"""RFC 7518 section 3.3."""
MAX_RSA_BITS = 8192
"""A larger one costs more to verify with than it is worth."""
_SHAPE = re.compile(r"(eyJ[A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)\Z")
_TYPES = frozenset({"jwt", "at+jwt", "application/jwt", "application/at+jwt"})
"""What access tokens say they are; tokens of other kinds say something else (RFC 8725 section 3.11)."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SignedToken:
    """A token that nobody has verified yet; `issuer` is who it says it is from."""

    token: Secret = field(repr=False)
    algorithm: str
    key: str | None
    issuer: str

    @classmethod
    def read(cls, token: Secret) -> "SignedToken":
        """Read head and issuer. Raises `NotAuthenticated`."""
        text = token.reveal()
        shape = _SHAPE.match(text) if len(text) <= MAX_TOKEN else None
        if shape is None:
            raise refused(NotTaken.MALFORMED)
        head, claims = _decoded(shape[1]), _decoded(shape[2])
        algorithm, key, kind, issuer = head.get("alg"), head.get("kid"), head.get("typ", "JWT"), claims.get("iss")
        if "crit" in head or "b64" in head or not isinstance(key, str | None) or not isinstance(kind, str):
            raise refused(NotTaken.MALFORMED)
        if kind.lower() not in _TYPES or not isinstance(issuer, str):
            raise refused(NotTaken.MALFORMED)
        if not isinstance(algorithm, str) or algorithm not in _SAID:
            raise refused(NotTaken.ALGORITHM)
        return cls(token=token, algorithm=_SAID[algorithm], key=key, issuer=issuer)


def is_signed_token(token: Secret) -> bool:
    """Tell what looks like a signed token from a key."""
    return token.reveal().startswith("eyJ") and token.reveal().count(".") == 2  # noqa: PLR2004 - RFC 7515 section 7.1


@final
class KeySet:
    """The keys that an issuer shows, as far as they can verify."""

    def __init__(self, keys: Iterable[tuple[str | None, str, Key]]) -> None:
        self._keys = tuple(keys)

    @classmethod
    def read(cls, document: bytes) -> "KeySet":
        """Read a JWK Set. What is no key for our algorithms is passed over. Raises `BadReply`."""
        try:
            found = json.loads(document)
        except (ValueError, RecursionError):
            raise BadReply("the issuer's key set is none") from None
        if not isinstance(found, dict) or not isinstance(found.get("keys"), list):
            raise BadReply("the issuer's key set is none")
        return cls.of(found["keys"])

    @classmethod
    def of(cls, rows: Sequence[Any]) -> "KeySet":
        """Return those of some JWKs that can verify."""
        return cls(found for row in rows[:MAX_KEYS] if isinstance(row, dict) and (found := _key(row)) is not None)

    def __len__(self) -> int:
        return len(self._keys)

    def knows(self, token: SignedToken) -> bool:
        """Tell whether the token's key is here."""
        return self._found(token) is not None

    def verified(self, token: SignedToken) -> Mapping[str, Any]:
        """Return what a token says. Raises `NotAuthenticated`."""
        key = self._found(token)
        if key is None:
            raise refused(NotTaken.KEY_UNKNOWN)
        try:
            found = jws.deserialize_compact(token.token.reveal(), key, registry=_Registry(token.algorithm))
        except (JoseError, ValueError):
            raise refused(NotTaken.SIGNATURE) from None
        return _object(found.payload or b"")

    def _found(self, token: SignedToken) -> Key | None:
        """Return the key of that name and algorithm; without a name, the only one of the algorithm."""
        fitting = [row for row in self._keys if row[1] == token.algorithm]
        named = fitting if token.key is None else [row for row in fitting if row[0] == token.key]
        return named[0][2] if len(named) == 1 else None


@final
class _Registry(JWSRegistry):
    """Allows one algorithm, and heads of any size and with any parameters: who reads a token has bounded both."""

    max_header_length = MAX_TOKEN

    def __init__(self, algorithm: str) -> None:
        super().__init__(algorithms=[algorithm, _ED25519], strict_check_header=False)

    @override
    def get_alg(self, name: str) -> Any:  # noqa: ANN401 - the library does not export the type
        # The library warns of the old name (RFC 9864), which may mean Ed448 too; here it never does.
        return super().get_alg(_ED25519 if name == _EDDSA else name)


_EDDSA, _ED25519 = "EdDSA", "Ed25519"
_SAID = {"RS256": "RS256", "ES256": "ES256", _EDDSA: _EDDSA, _ED25519: _EDDSA}
"""Algorithms by what heads and keys call them."""
_ALGORITHMS = {"RSA": "RS256", "EC": "ES256", "OKP": _EDDSA}
"""The one algorithm of each type of key."""


def _key(row: dict[str, Any]) -> tuple[str | None, str, Key] | None:
    """Read a key, or None where it is not for signatures of ours."""
    name, use, said = row.get("kid"), row.get("use", "sig"), row.get("alg")
    algorithm = _ALGORITHMS.get(str(row.get("kty")))
    if algorithm is None or use != "sig" or (said is not None and _SAID.get(str(said)) != algorithm):
        return None
    parts: dict[str, Any] = {
        part: row[part] for part in ("kty", "crv", "n", "e", "x", "y") if part in row
    }  # never a private one
    if algorithm == "RS256" and not MIN_RSA_BITS <= _bits(parts.get("n")) <= MAX_RSA_BITS:
        return None
    try:
        key = import_key(parts)
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    if isinstance(key, ECKey | OKPKey) and key.curve_name not in {"P-256", _ED25519}:
        return None
    return name if isinstance(name, str) else None, algorithm, key


def _bits(modulus: object) -> int:
    """Return how long a modulus is; the library would only warn of a short one."""
    try:
        return int.from_bytes(base64.urlsafe_b64decode(f"{modulus}==")).bit_length()
    except ValueError:
        return 0


def _decoded(part: str) -> dict[str, Any]:
    try:
        return _object(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError):
        raise refused(NotTaken.MALFORMED) from None


def _object(written: bytes) -> dict[str, Any]:
    try:
        found = json.loads(written, object_pairs_hook=_said_once)
    except (ValueError, RecursionError):
        raise refused(NotTaken.MALFORMED) from None
    if not isinstance(found, dict):
        raise refused(NotTaken.MALFORMED)
    return found


def _said_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def refused(why: NotTaken) -> NotAuthenticated:
    """Return the refusal."""
    return NotAuthenticated(presented=True, why=why)
