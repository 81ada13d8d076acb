"""A KEK in this process's memory: what a key file and a passphrase come to."""

from typing import final

from strongroom.core.overriding import override
from strongroom.core.sources import Entropy
from strongroom.crypto.aead import Aes256Gcm
from strongroom.crypto.dek import Dek


@final
class LocalKek:
    """Wraps with AES-256-GCM. Implements `KekHolder`."""

    __slots__ = ("_cipher",)

    def __init__(self, *, key: bytes, entropy: Entropy) -> None:
        self._cipher = Aes256Gcm(key=key, entropy=entropy)

    @override
    def __repr__(self) -> str:
        return "LocalKek(…)"

    async def wrap(self, dek: Dek, aad: bytes) -> bytes:
        """Return nonce, ciphertext and tag."""
        return self._cipher.seal(dek.expose(), aad)

    async def unwrap(self, wrapped: bytes, aad: bytes) -> Dek:
        """Return the data key. Raises `Unreadable`."""
        return Dek(self._cipher.open(wrapped, aad))
