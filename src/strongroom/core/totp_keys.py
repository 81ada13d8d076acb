"""The keys of one-time codes, in every form in which sites and apps hand them out (contract skyvern-credentials 8.3).

Rules kept here:
- a key is Base32 (RFC 4648 section 6) in any case, with spaces, dashes and padding anywhere a person may put them;
- or an `otpauth://totp/` URI, plain or percent-encoded, whose parameters are honoured or refused, never passed over;
- or any text with `secret=` and a key in it, which then has the usual parameters;
- keys that count (`hotp`) and those of other schemes are refused: they would give wrong codes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Never, final
from urllib.parse import parse_qsl, unquote, urlsplit

from strongroom.core.failures import Invalid
from strongroom.core.secret import Secret

REQUIRED = "authenticator_key_required"
INVALID = "invalid_authenticator_key"
"""What refusals are called on the wire (contract skyvern-credentials 8.3)."""

MAX_KEY = 4096
WEAK_BELOW_BITS = 80
"""Shorter keys are accepted, and worth a warning (RFC 4226 section 4 asks for 128)."""

_URI = "otpauth://"
_ENCODED_URI = re.compile(r"otpauth(?:%3a|:)(?:%2f|/){2}", re.ASCII | re.IGNORECASE)
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.ASCII | re.IGNORECASE)
_SECRET_IN_TEXT = re.compile(r"(?<![a-z0-9_])secret=([^&#<>\"',;]*)", re.ASCII | re.IGNORECASE)
_TRAILING = ".:!?)]}"
_GROUP = 8
"""Characters of a group at most, where a key is written in groups with spaces between them."""
_BASE32 = re.compile(r"[A-Za-z2-7]+\Z")
_NO_BASE32_LENGTHS = frozenset({1, 3, 6})
"""Digits over the last whole group that no number of bytes gives (RFC 4648 section 6)."""
_PERIOD = re.compile(r"0*[1-9][0-9]{0,8}\Z")


class TotpAlgorithm(StrEnum):
    """The hash of the code (RFC 6238 section 1.2)."""

    SHA1 = "SHA1"
    SHA256 = "SHA256"
    SHA512 = "SHA512"


_DIGITS = {"6": 6, "7": 7, "8": 8}
_PERIOD_SECONDS = 30


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TotpKey:
    """A key that codes can be made with: `secret` is Base32 in upper case without padding."""

    secret: Secret
    algorithm: TotpAlgorithm = TotpAlgorithm.SHA1
    digits: int = 6
    period: int = _PERIOD_SECONDS
    weak: bool = False


def normalized(text: Secret) -> Secret:
    """Return a key in the form in which it is stored. Raises `Invalid` with a code for what is no key.

    Base32 comes back without spaces and dashes, in its own case; a URI whole, without spaces.
    """
    written = text.reveal()
    compact = "".join(written.split())
    if not compact:
        raise Invalid("is required", field="totp", code=REQUIRED)
    if len(compact) > MAX_KEY:
        _refuse(f"must have at most {MAX_KEY} characters")
    if _ENCODED_URI.match(compact) and not compact.lower().startswith(_URI):
        compact = "".join(unquote(compact).split())
    if compact.lower().startswith(_URI):
        _of_uri(compact)
        return Secret(compact)
    return Secret(_base32(_bare(compact, written)))


def parsed(text: Secret) -> TotpKey:
    """Return a key, in whatever form it was stored, ready for use. Raises `Invalid` with a code for what is no key."""
    stored = normalized(text).reveal()
    if stored.lower().startswith(_URI):
        return _of_uri(stored)
    return _key(stored)


def _bare(compact: str, written: str) -> str:
    """Return what should be Base32: the text itself, or what follows `secret=` in it."""
    scheme = _SCHEME.match(compact)
    if scheme is not None and scheme[1].lower() not in {"http", "https"}:
        _refuse("must not be a URI of another scheme than otpauth")
    if "=" not in compact.rstrip("="):
        return compact
    found = _SECRET_IN_TEXT.search(unquote(written))
    if found is None or f"{_URI}hotp" in unquote(compact).lower():
        _refuse("must be Base32, an otpauth://totp URI, or a text with `secret=` and Base32")
    return _in_text(found[1].replace("+", " ").replace("-", "").split())


def _in_text(words: Sequence[str]) -> str:
    """Return the key that a text begins with: its first word, or the groups that it is written in.

    Half a key would be one as well, and give wrong codes: what may be groups has nothing behind it.
    """
    first, *more = words or [""]
    if not more or len(first) > _GROUP:
        return first.rstrip(_TRAILING)
    if any(len(group) != len(first) for group in more[:-1]) or len(more[-1]) > len(first):
        _refuse("must have nothing behind its groups")
    return "".join(words)


def _of_uri(uri: str) -> TotpKey:
    """Read an `otpauth` URI (the Key URI Format that authenticator apps share)."""
    try:
        split = urlsplit(uri)
        pairs = parse_qsl(split.query, keep_blank_values=True)
    except ValueError:
        _refuse("must be a well-formed URI")
    if split.netloc.lower() != "totp":
        _refuse("must be an otpauth URI of the type totp")
    given: dict[str, str] = {}
    for name, value in pairs:
        if name.lower() in given:
            _refuse("must not name a parameter twice")
        given[name.lower()] = value
    if "secret" not in given:
        _refuse("must have a secret")
    algorithm, digits, period = given.get("algorithm", "SHA1"), given.get("digits", "6"), given.get("period", "30")
    if algorithm.upper() not in set(TotpAlgorithm):
        _refuse("must name SHA1, SHA256 or SHA512 as its algorithm")
    if digits not in _DIGITS:
        _refuse("must ask for 6, 7 or 8 digits")
    if not _PERIOD.match(period):
        _refuse("must have a period of one second or more")
    return _key(given["secret"], TotpAlgorithm(algorithm.upper()), _DIGITS[digits], int(period))


def _key(
    text: str, algorithm: TotpAlgorithm = TotpAlgorithm.SHA1, digits: int = 6, period: int = _PERIOD_SECONDS
) -> TotpKey:
    key = _base32(text)
    return TotpKey(
        secret=Secret(key.upper()),
        algorithm=algorithm,
        digits=digits,
        period=period,
        weak=len(key) * 5 // 8 * 8 < WEAK_BELOW_BITS,
    )


def _base32(text: str) -> str:
    """Return Base32 without dashes and padding, in its own case."""
    key = "".join(text.split()).replace("-", "").rstrip("=")
    if not _BASE32.match(key) or len(key) % 8 in _NO_BASE32_LENGTHS:
        _refuse("must be Base32")
    return key


def _refuse(rule: str) -> Never:
    raise Invalid(rule, field="totp", code=INVALID) from None
