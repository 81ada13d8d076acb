"""WebSocket frames written and read by hand, as RFC 6455 section 5.2 draws them."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from wsproto.utilities import generate_accept_token

from tests.delivery.egress.doubles import FixedDelivery
from tests.delivery.egress.talk import Talk, request

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
MASK = b"\x12\xa4\x53\x77"
KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # RFC 6455 1.3
ACCEPT = generate_accept_token(KEY.encode()).decode()
ASKS = ("Connection: Upgrade", "Upgrade: websocket", f"Sec-WebSocket-Key: {KEY}", "Sec-WebSocket-Version: 13")


@dataclass(frozen=True, slots=True)
class Frame:
    opcode: int
    payload: bytes = b""
    fin: bool = True
    rsv: int = 0
    masked: bool = True


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, masked: bool = True) -> bytes:
    size = len(payload)
    length = (
        bytes([size])
        if size < 126
        else struct.pack("!BH", 126, size)
        if size < 1 << 16
        else struct.pack("!BQ", 127, size)
    )
    head = bytes([fin << 7 | rsv << 4 | opcode, length[0] | masked << 7]) + length[1:]
    return head + (MASK + masking(payload, MASK) if masked else payload)


def masking(payload: bytes, mask: bytes) -> bytes:
    return bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))


def close(code: int, reason: bytes = b"", *, masked: bool = True) -> bytes:
    return frame(CLOSE, struct.pack("!H", code) + reason, masked=masked)


def read_frames(data: bytes) -> Iterator[Frame]:
    """Take complete frames apart; anything left over is a mistake."""
    at = 0
    while at < len(data):
        first, second = data[at], data[at + 1]
        at += 2
        size, masked = second & 0x7F, bool(second & 0x80)
        if size == 126:
            size, at = struct.unpack("!H", data[at : at + 2])[0], at + 2
        elif size == 127:
            size, at = struct.unpack("!Q", data[at : at + 8])[0], at + 8
        mask = data[at : at + 4] if masked else bytes(4)
        at += 4 * masked
        assert len(data) >= at + size
        yield Frame(first & 0xF, masking(data[at : at + size], mask), bool(first >> 7), first >> 4 & 7, masked)
        at += size


def messages(data: bytes) -> list[tuple[int, bytes]]:
    """Return the messages and control frames in a stream, each by its opcode, in the order in which they end."""
    told: list[tuple[int, bytes]] = []
    kind: int | None = None
    pieces: list[bytes] = []
    for each in read_frames(data):
        if each.opcode >= CLOSE:
            assert each.fin
            assert len(each.payload) <= 125
            told.append((each.opcode, each.payload))
            continue
        assert (each.opcode == CONTINUATION) is (kind is not None)
        kind = each.opcode if kind is None else kind
        pieces.append(each.payload)
        if each.fin:
            told.append((kind, b"".join(pieces)))
            kind, pieces = None, []
    assert kind is None
    return told


def accepted(*fields: str, accept: str = ACCEPT) -> bytes:
    """The 101 that answers `ASKS`."""
    lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
    return "\r\n".join([*lines, f"Sec-WebSocket-Accept: {accept}", *fields, "", ""]).encode()


def opened(delivery: FixedDelivery, *fields: str, target: str = "/") -> Talk:
    """A conversation that has become a WebSocket; what was said until then is forgotten."""
    talk = Talk(delivery).tunnel().client(request(target, *ASKS, *fields)).upstream(accepted())
    assert talk.heard_by_client().startswith(b"HTTP/1.1 101 ")
    talk.heard_by_upstream()
    return talk
