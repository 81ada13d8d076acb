"""What a seal is bound to, as bytes: two different contexts never give the same ones.

Every part is written with its length in front, so no choice of ids can make one context read like
another. The first part names the format: bytes sealed under one version of it open under no other.
"""

from enum import Enum

from strongroom.core.binding import Binding

FORMAT = b"strongroom-envelope-1"


class Purpose(Enum):
    """Which of an envelope's two seals it is: the payload's, or that of the key around it."""

    PAYLOAD = b"payload"
    DEK = b"dek"


def aad(binding: Binding, purpose: Purpose) -> bytes:
    """Return the additional authenticated bytes of one seal."""
    parts = (
        FORMAT,
        purpose.value,
        binding.organization.encode(),
        binding.vault.encode(),
        binding.subject.encode(),
        binding.kind.encode(),
        binding.revision.to_bytes(8),
        binding.terms.encode(),
    )
    return b"".join(len(part).to_bytes(4) + part for part in parts)
