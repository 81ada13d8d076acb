"""Proof keys for authorization codes (RFC 7636): whoever redeems a code shows that it is who asked for it."""

import base64
import hashlib
from dataclasses import dataclass
from typing import final

from strongroom.core.secret import Secret
from strongroom.core.sources import Entropy

METHOD = "S256"
_BYTES = 32
"""RFC 7636 section 4.1: makes a verifier of 43 characters with 256 random bits."""


@final
@dataclass(frozen=True, slots=True)
class ProofKey:
    """The verifier stays here until the code is redeemed; the challenge goes along with the request."""

    verifier: Secret
    challenge: str

    @classmethod
    def mint(cls, entropy: Entropy) -> "ProofKey":
        """Make one."""
        return cls.of(entropy(_BYTES))

    @classmethod
    def of(cls, random: bytes) -> "ProofKey":
        """Make one from 32 random bytes."""
        verifier = _base64url(random)
        return cls(Secret(verifier), _base64url(hashlib.sha256(verifier.encode()).digest()))


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
