"""AES-256-GCM (NIST SP 800-38D) in two methods.

A nonce is 96 random bits and stands in front of what it sealed. A data key seals once; a key that
wraps data keys stays under the 2**32 seals that SP 800-38D 8.3 allows for random nonces.
"""

from typing import final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from strongroom.core.failures import Unreadable
from strongroom.core.overriding import override
from strongroom.core.sources import Entropy

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16


@final
class Aes256Gcm:
    """One key, ready to seal and open. Nothing reads the key back out of it."""

    __slots__ = ("_cipher", "_entropy")

    def __init__(self, *, key: bytes, entropy: Entropy) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"an AES-256 key has {KEY_BYTES} bytes")
        self._cipher = AESGCM(key)
        self._entropy = entropy

    @override
    def __repr__(self) -> str:
        return "Aes256Gcm(…)"

    def seal(self, plaintext: bytes, aad: bytes) -> bytes:
        """Return nonce, ciphertext and tag."""
        nonce = self._entropy(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plaintext, aad)

    def open(self, sealed: bytes, aad: bytes) -> bytes:
        """Return the plaintext. Raises `Unreadable` for another key, another context or any changed bit."""
        if len(sealed) < NONCE_BYTES + TAG_BYTES:
            raise Unreadable("the sealed bytes are cut short")
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], aad)
        except InvalidTag:
            raise Unreadable("the seal does not fit: wrong root key, wrong place, or changed bytes") from None
