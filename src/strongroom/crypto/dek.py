"""The handle of a data key: seals one payload, and is itself kept only in wrapped form."""

from typing import Never, final

from strongroom.core.overriding import override
from strongroom.core.sources import Entropy
from strongroom.crypto.aead import KEY_BYTES, Aes256Gcm


@final
class Dek:
    """A data key. What it looks like says nothing of its bytes."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def mint(cls, entropy: Entropy) -> "Dek":
        """Make a fresh one."""
        return cls(entropy(KEY_BYTES))

    @override
    def __repr__(self) -> str:
        return "Dek(…)"

    @override
    def __reduce_ex__(self, protocol: object) -> Never:
        raise TypeError("a data key does not leave the process; wrap it")

    def expose(self) -> bytes:
        """Return the key's bytes, for a `KekHolder` to wrap: nobody else has a use for them."""
        return self._key

    def cipher(self, entropy: Entropy) -> Aes256Gcm:
        """Return what seals and opens with this key. Raises `ValueError` if it is no AES-256 key."""
        return Aes256Gcm(key=self._key, entropy=entropy)
