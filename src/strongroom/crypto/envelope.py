"""The bytes that the store keeps of a sealed payload.

    offset  size  what
    0       2     b"SR"
    2       1     the format, 1
    3       4     the term of the KEK that wraps the data key, big-endian
    7       2     the length n of the wrapped data key, big-endian
    9       n     the wrapped data key, as its holder wrote it
    9 + n   12    the payload's nonce
    21 + n        the payload's ciphertext with its 16-byte tag

Envelopes of format 1 are read for ever (`tests/vectors/envelopes.json`).
"""

import struct
from dataclasses import dataclass
from typing import final

from strongroom.core.failures import Unreadable
from strongroom.crypto.aead import NONCE_BYTES, TAG_BYTES

MAGIC = b"SR"
FORMAT = 1
_HEAD = struct.Struct(">2sBIH")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A sealed payload with its wrapped data key, and the term of the KEK around that."""

    term: int
    wrapped: bytes
    sealed: bytes

    def to_bytes(self) -> bytes:
        """Write the form above."""
        return _HEAD.pack(MAGIC, FORMAT, self.term, len(self.wrapped)) + self.wrapped + self.sealed

    @classmethod
    def parse(cls, written: bytes) -> "Envelope":
        """Read the form above. Raises `Unreadable` for anything else."""
        if len(written) < _HEAD.size or not written.startswith(MAGIC):
            raise Unreadable("these bytes are not a Strongroom envelope")
        _, version, term, length = _HEAD.unpack_from(written)
        if version != FORMAT:
            raise Unreadable(f"the envelope has format {version}, which this version does not read")
        wrapped_end = _HEAD.size + length
        if len(written) < wrapped_end + NONCE_BYTES + TAG_BYTES:
            raise Unreadable("the envelope is cut short")
        return cls(term=term, wrapped=written[_HEAD.size : wrapped_end], sealed=written[wrapped_end:])
