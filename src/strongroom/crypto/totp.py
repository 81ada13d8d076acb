"""One-time codes from their key (RFC 6238), for one moment: no window, no drift."""

from base64 import b32decode
from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from strongroom.core.secret import Secret
from strongroom.core.totp_keys import TotpAlgorithm, TotpKey

_HASHES: Final[Mapping[TotpAlgorithm, type[hashes.SHA1 | hashes.SHA256 | hashes.SHA512]]] = {
    # What authenticator apps use. HMAC does not rest on collisions (RFC 6194 section 3.3).
    TotpAlgorithm.SHA1: hashes.SHA1,
    TotpAlgorithm.SHA256: hashes.SHA256,
    TotpAlgorithm.SHA512: hashes.SHA512,
}


class Code(NamedTuple):
    """A code, and for how many seconds it is still the one: from 1 to the key's period."""

    code: Secret
    seconds_remaining: int


def code_at(key: TotpKey, now: datetime) -> Code:
    """Return the code of a moment."""
    text = key.secret.reveal()
    seconds = int(now.timestamp())
    totp = TOTP(
        b32decode(text + "=" * (-len(text) % 8)),
        key.digits,
        _HASHES[key.algorithm](),
        key.period,
        enforce_key_length=False,  # sites hand out shorter keys than RFC 4226 section 4 allows
    )
    return Code(Secret(totp.generate(seconds).decode()), key.period - seconds % key.period)
