"""Frames cut out of a stream of bytes before the library sees them, and floods of them noticed (RFC 9113 4, 10.5).

Rules kept here:
- a frame's length is judged by its first nine bytes, not when all of it has been gathered;
- a block of fields is bounded as it comes, over all its CONTINUATION frames;
- frames that ask for work and bring none with them are paid for from an allowance that time and real work refill;
- GOAWAY never reaches the library, which would take it for the end of the streams that are still under way.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

from h2.errors import ErrorCodes

LARGEST_FRAME = 16 * 1024  # what SETTINGS_MAX_FRAME_SIZE begins with, and we do not raise it
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
CHORE = 1.0
RESET = 5.0
"""What a stream costs that is given up before its end, by whichever side (CVE-2023-44487, CVE-2025-8671)."""
_ALLOWANCE = 1000.0
_REFILL = 100.0  # in a second
_HEADER = 9
_DATA, _HEADERS, _RST_STREAM, _PUSH_PROMISE, _GOAWAY, _CONTINUATION = 0, 1, 3, 5, 7, 9
_END_STREAM = 0x1
_END_HEADERS = 0x4
_HEADERS_AND_MORE = frozenset({_HEADERS, _PUSH_PROMISE, _CONTINUATION})


@final
class Broken(Exception):
    """The connection cannot go on; `code` is what the other side is told."""

    def __init__(self, code: ErrorCodes) -> None:
        super().__init__(code.name)
        self.code = code


@final
class Calm:
    """What one connection may still ask for without bringing anything."""

    __slots__ = ("_left", "_now", "_seen")

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._seen = now()
        self._left = _ALLOWANCE

    def spend(self, cost: float) -> None:
        """Take from the allowance. Raises `Broken` if there is nothing left."""
        self._left -= cost
        if self._left >= 0:
            return
        now = self._now()
        self._left = min(self._left + (now - self._seen) * _REFILL, _ALLOWANCE)
        self._seen = now
        if self._left < 0:
            raise Broken(ErrorCodes.ENHANCE_YOUR_CALM)

    def owe(self, cost: float) -> None:
        """Take from the allowance; that nothing is left is noticed when next something is spent."""
        self._left -= cost

    def earn(self, amount: float) -> None:
        """Add to the allowance for work that was wanted."""
        self._left = min(self._left + amount, _ALLOWANCE)


@final
@dataclass(frozen=True, slots=True)
class GoAway:
    """The other side opens nothing more, and has not looked at streams above `last`."""

    last: int


@final
class Frames:
    """One direction of one connection."""

    __slots__ = ("_block", "_calm", "_held", "_largest_block", "_preface", "goaway")

    def __init__(self, calm: Calm, *, preface: bytes, largest_block: int) -> None:
        self._calm = calm
        self._preface = preface
        self._largest_block = largest_block
        self._held = b""
        self._block = 0  # bytes of a block of fields that is not complete
        self.goaway: GoAway | None = None
        """The last GOAWAY that came."""

    def feed(self, data: bytes) -> bytes:
        """Return the frames that are complete. Raises `Broken`."""
        if self._held:
            data, self._held = self._held + data, b""
        begun = self._begin(data)
        if begun < 0:
            self._held = data
            return b""
        pieces: list[bytes] = []
        start, at, end = 0, begun, len(data)
        while end - at >= _HEADER:
            length = int.from_bytes(data[at : at + 3], "big")
            if length > LARGEST_FRAME:
                raise Broken(ErrorCodes.FRAME_SIZE_ERROR)
            following = at + _HEADER + length
            if following > end:
                break
            kind = data[at + 3]
            self._judge(kind, data[at + 4], length)
            if kind == _GOAWAY:
                self._going_away(data[at + _HEADER : following])
                pieces.append(data[start:at])
                start = following
            at = following
        self._held = data[at:]
        pieces.append(data[start:at])
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _begin(self, data: bytes) -> int:
        """Return where the first frame begins; -1 while that is not known."""
        size = len(self._preface)
        if not size:
            return 0
        if not self._preface.startswith(data[:size]):
            raise Broken(ErrorCodes.PROTOCOL_ERROR)
        if len(data) < size:
            return -1
        self._preface = b""
        return size

    def _judge(self, kind: int, flags: int, length: int) -> None:
        if kind == _DATA:
            if not length and not flags & _END_STREAM:
                self._calm.spend(CHORE)
            return
        if kind in _HEADERS_AND_MORE:
            self._block += length
            if self._block > self._largest_block:
                raise Broken(ErrorCodes.ENHANCE_YOUR_CALM)
            if flags & _END_HEADERS:
                self._block = 0
            if kind != _CONTINUATION:
                return
        self._calm.spend(RESET if kind == _RST_STREAM else CHORE)

    def _going_away(self, payload: bytes) -> None:
        if len(payload) < 8:  # noqa: PLR2004 - the last stream, and a code
            raise Broken(ErrorCodes.FRAME_SIZE_ERROR)
        self.goaway = GoAway(int.from_bytes(payload[:4], "big") & 0x7FFFFFFF)
