"""The opening handshake of a WebSocket, between client and upstream (RFC 6455 section 4).

Rules kept here:
- a handshake that breaks RFC 6455 4.1 is refused before anything is sent;
- where messages are to be searched, no extension is offered: the known ones compress (RFC 7692), and what is compressed
  cannot be searched;
- an upstream that accepts must prove that it has read this very handshake, and may take up only what was offered.
"""

import re
from typing import final

from wsproto.utilities import generate_accept_token

from strongroom.delivery.egress.asked import Asked
from strongroom.delivery.egress.head import Head, ReplyHead, RequestHead
from strongroom.delivery.egress.refusals import bad_reply, bad_request

_KEY = re.compile(rb"[A-Za-z0-9+/]{22}==")  # 16 bytes in base64
_VERSION = b"13"
_EXTENSIONS = b"sec-websocket-extensions"
_CHANGE = (b"Connection: Upgrade", b"Upgrade: websocket")


def wants_websocket(head: RequestHead) -> bool:
    """Tell whether a client asks to speak WebSocket.

    An offer of anything else may be ignored (RFC 9110 7.8), as that of h2c, which some clients add to every request.
    """
    value = head.one(b"upgrade")
    return value is not None and value.lower() == b"websocket" and b"upgrade" in head.tokens(b"connection")


def check_handshake(asked: Asked) -> None:
    """Require that what asks for WebSocket is a handshake. Raises a refusal."""
    head, body = asked.head, asked.body
    if head.minor == 0:
        raise bad_request("a WebSocket handshake wants HTTP/1.1")
    if head.method != b"GET":
        raise bad_request("the method of a WebSocket handshake is GET")
    if body is not None and body.length != 0:
        raise bad_request("a WebSocket handshake has no body")
    keys = head.all(b"sec-websocket-key")
    if len(keys) != 1 or _KEY.fullmatch(keys[0]) is None:
        raise bad_request("a WebSocket handshake has one Sec-WebSocket-Key, of 16 bytes in base64")
    if head.all(b"sec-websocket-version") != [_VERSION]:
        raise bad_request("a WebSocket handshake has one Sec-WebSocket-Version, and it is 13")
    asked.body = None


@final
class Handshake:
    """A handshake that is sent to an upstream. `searched` if the messages after it will be."""

    __slots__ = ("_accept", "_offered", "searched")

    def __init__(self, head: RequestHead, *, searched: bool) -> None:
        self.searched = searched
        self._accept = generate_accept_token(head.one(b"sec-websocket-key") or b"")
        self._offered = frozenset() if searched else _extensions(head)

    def request_lines(self, lines: list[bytes]) -> list[bytes]:
        """Return the lines of the request as they are sent, those that ask for the change of protocol included."""
        if self.searched:
            lines = [line for line in lines if line.partition(b":")[0].lower() != _EXTENSIONS]
        return [*lines, *_CHANGE]

    @property
    def answer(self) -> bytes:
        """The fields by which the client is told that the protocol changes, and the empty line."""
        return b"\r\n".join([*_CHANGE, b"Sec-WebSocket-Accept: " + self._accept, b"", b""])

    def check(self, head: ReplyHead) -> None:
        """Require that an upstream's 101 answers this handshake (RFC 6455 4.1). Raises a refusal."""
        protocols = [value.lower() for value in head.all(b"upgrade")]
        if protocols != [b"websocket"] or b"upgrade" not in head.tokens(b"connection"):
            raise bad_reply("the upstream changes to another protocol than WebSocket")
        if head.all(b"sec-websocket-accept") != [self._accept]:
            raise bad_reply("the upstream's Sec-WebSocket-Accept does not answer the handshake")
        if _extensions(head) - self._offered:
            raise bad_reply("the upstream uses a WebSocket extension that was not offered")


def _extensions(head: Head) -> frozenset[bytes]:
    """Return the names of the extensions in a head, without their parameters (RFC 6455 9.1)."""
    return frozenset(named.partition(b";")[0].rstrip(b" \t") for named in head.tokens(_EXTENSIONS))
