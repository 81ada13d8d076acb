"""Keys and tokens that we mint, what is kept of them, and keys derived for one purpose each.

- A key or token is its prefix and 43 base-62 digits that carry 256 random bits, `[A-Za-z0-9_]` only.
- Of a key or token only its SHA-256 is kept. That is enough for 256 random bits: there is nothing to guess.
- A page token says where a list goes on, under a MAC: nobody can forge a position or carry one elsewhere.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from typing import final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from strongroom.core.failures import Invalid
from strongroom.core.ids import SIGN_IN, base62
from strongroom.core.overriding import override
from strongroom.core.secret import Secret
from strongroom.core.sources import Entropy

API_KEY = "srk_"
SESSION_TOKEN = "srt_"  # noqa: S105 - what a token begins with
PROVIDER_TOKEN = "srp_"  # noqa: S105 - as above
GATEWAY_KEY = "bd-"
FILL_TOKEN = "srf_"  # noqa: S105 - as above
PAGE_TOKEN = "page_"  # noqa: S105 - as above
REFRESH_TOKEN = "srr_"  # noqa: S105 - as above

TOKEN_BYTES = 32
_TOKEN_DIGITS = 43  # 62**43 > 2**256
_MINTED = re.compile(rf"(?:{API_KEY}|{SESSION_TOKEN}|{PROVIDER_TOKEN})[0-9A-Za-z]{{{_TOKEN_DIGITS}}}\Z")
_REFRESH = re.compile(rf"{REFRESH_TOKEN}([0-9A-Za-z]{{24}})[0-9A-Za-z]{{{_TOKEN_DIGITS}}}\Z")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}\Z")  # RFC 7636 section 4.1
_SHOWN_DIGITS = 4  # of 43: leaves 232 bits
_MAC_BYTES = 16
_SUBKEY_BYTES = 32


def mint_api_key(entropy: Entropy) -> Secret:
    """Make an API key."""
    return _mint(API_KEY, entropy)


def mint_session_token(entropy: Entropy) -> Secret:
    """Make the token that a session's agent shows to the proxy."""
    return _mint(SESSION_TOKEN, entropy)


def mint_provider_token(entropy: Entropy) -> Secret:
    """Make the token that another product shows to read back what it stored here."""
    return _mint(PROVIDER_TOKEN, entropy)


def mint_gateway_key(entropy: Entropy) -> Secret:
    """Make a key of the LLM gateway."""
    return _mint(GATEWAY_KEY, entropy)


def mint_fill_token(entropy: Entropy) -> Secret:
    """Make the token by which the program that drives a browser acts for a session."""
    return _mint(FILL_TOKEN, entropy)


def is_fill_token(token: Secret) -> bool:
    """Tell such a token from a key."""
    return token.reveal().startswith(FILL_TOKEN)


def mint_code(entropy: Entropy) -> Secret:
    """Make the code that a program exchanges for tokens (RFC 6749 section 4.1.2)."""
    return _mint("", entropy)


def mint_refresh_token(sign_in: str, entropy: Entropy) -> Secret:
    """Make the token by which somebody stays signed in; it names the sign-in, so that an old one is known as such."""
    return _mint(REFRESH_TOKEN + sign_in.removeprefix(SIGN_IN), entropy)


def sign_in_of(token: Secret) -> str | None:
    """Return which sign-in a refresh token is of, or None if it is none."""
    found = _REFRESH.match(token.reveal())
    return None if found is None else SIGN_IN + found[1]


def proves(verifier: Secret, challenge: str) -> bool:
    """Tell whether a verifier is the one that a challenge was made from, by S256 (RFC 7636 section 4.6)."""
    text = verifier.reveal()
    made = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
    return bool(_VERIFIER.match(text)) and hmac.compare_digest(made, challenge.encode())


def mint_state(entropy: Entropy) -> Secret:
    """Make the state that goes along with an authorization request (RFC 6749 section 10.12)."""
    return _mint("", entropy)


def _mint(prefix: str, entropy: Entropy) -> Secret:
    return Secret(prefix + base62(int.from_bytes(entropy(TOKEN_BYTES)), _TOKEN_DIGITS))


def digest(token: Secret) -> bytes:
    """Return what is kept of a key or token: its SHA-256."""
    return hashlib.sha256(token.reveal().encode()).digest()


def same(one: bytes, other: bytes) -> bool:
    """Compare two digests in constant time."""
    return hmac.compare_digest(one, other)


def hint(token: Secret) -> str:
    """Return what lists show of a key: prefix and last digits of one that we minted, nothing of any other."""
    text = token.reveal()
    return f"{text[:4]}…{text[-_SHOWN_DIGITS:]}" if _MINTED.match(text) else "…"


def beginning(token: Secret, length: int) -> str:
    """Return the first characters of a token that we minted, by which people tell it from others."""
    return token.reveal()[:length]


def subkey(installation_secret: bytes, purpose: str) -> bytes:
    """Derive the key for one purpose from the installation's secret (HKDF, RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=_SUBKEY_BYTES, salt=None, info=b"strongroom:" + purpose.encode()).derive(
        installation_secret
    )


@final
class PageTokens:
    """Writes and reads page tokens under one key (`subkey(…, "pages")`)."""

    __slots__ = ("_key",)

    def __init__(self, *, key: bytes) -> None:
        self._key = key

    @override
    def __repr__(self) -> str:
        return "PageTokens(…)"

    def write(self, position: Sequence[str], *, collection: str, scope: Sequence[str]) -> str:
        """Return a token for a position in one collection; `scope` is what else it must not be carried out of."""
        payload = json.dumps(list(position), separators=(",", ":")).encode()
        return PAGE_TOKEN + base64.urlsafe_b64encode(self._mac(payload, collection, scope) + payload).decode()

    def read(self, token: str, *, collection: str, scope: Sequence[str]) -> tuple[str, ...]:
        """Return the position. Raises `Invalid` for a token that we did not write for this place."""
        refused = Invalid("must be a page token that this list returned", field="page")
        if not token.startswith(PAGE_TOKEN):
            raise refused
        encoded = token.removeprefix(PAGE_TOKEN)
        try:
            written = base64.b64decode(encoded, altchars=b"-_", validate=True)
        except ValueError:
            raise refused from None
        mac, payload = written[:_MAC_BYTES], written[_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(payload, collection, scope)):
            raise refused
        return tuple(json.loads(payload))

    def _mac(self, payload: bytes, collection: str, scope: Sequence[str]) -> bytes:
        context = json.dumps([collection, *scope]).encode()
        message = len(context).to_bytes(4) + context + payload
        return hmac.digest(self._key, message, "sha256")[:_MAC_BYTES]
