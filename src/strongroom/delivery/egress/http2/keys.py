"""The key of a WebSocket handshake, which HTTP/2 does not have and HTTP/1.1 wants (RFC 8441 5, RFC 6455 4)."""

import base64
import hashlib

from strongroom.core.sources import Entropy
from strongroom.delivery.egress.head import ReplyHead

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_KEY_BYTES = 16


def new_key(entropy: Entropy) -> bytes:
    """Return a fresh `Sec-WebSocket-Key`."""
    return base64.b64encode(entropy(_KEY_BYTES))


def accepts(head: ReplyHead, key: bytes) -> bool:
    """Tell whether a 101 is the answer to this key."""
    wanted = base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())
    return head.all(b"sec-websocket-accept") == [wanted]
