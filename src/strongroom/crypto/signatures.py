"""Signatures of webhooks, as the Standard Webhooks specification has them (contract anthropic-vaults 9.3).

Signed are the event's id, the moment of the attempt and the body, with full stops between them, by HMAC-SHA-256.
"""

import base64
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Never, final

from strongroom.core.ids import EventId
from strongroom.core.overriding import override
from strongroom.core.secret import Secret
from strongroom.core.sources import Entropy

KEY_BYTES = 32
_PREFIX = "whsec_"


@final
class SigningKey:
    """The handle of a webhook's secret. What it looks like says nothing of its bytes."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def mint(cls, entropy: Entropy) -> "SigningKey":
        """Make a fresh one."""
        return cls(entropy(KEY_BYTES))

    @override
    def __repr__(self) -> str:
        return "SigningKey(…)"

    @override
    def __reduce_ex__(self, protocol: object) -> Never:
        raise TypeError("a signing key does not leave the process; seal it")

    def expose(self) -> bytes:
        """Return the key's bytes, to be sealed: nobody else has a use for them."""
        return self._key

    def text(self) -> Secret:
        """Return the form that its owner is shown, once."""
        return Secret(_PREFIX + base64.b64encode(self._key).decode())

    def sign(self, message: bytes) -> str:
        """Return one signature."""
        return "v1," + base64.b64encode(hmac.digest(self._key, message, "sha256")).decode()


def signed_headers(keys: Sequence[SigningKey], event: EventId, at: datetime, body: bytes) -> dict[str, str]:
    """Return the three headers of an attempt, with a signature by each key."""
    timestamp = str(int(at.timestamp()))
    message = f"{event}.{timestamp}.".encode() + body
    return {
        "webhook-id": event,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(key.sign(message) for key in keys),
    }
