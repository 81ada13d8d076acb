"""A client's WebSocket message with its secrets put in.

Rules kept here:
- a message has no Content-Type; it counts as JSON if it begins like JSON that can hold a text, with `{`, `[` or `"`
  after blanks, and secrets are escaped for JSON in it; any other message takes them as they are;
- text and binary messages are treated alike: many clients send their JSON in binary ones;
- each piece is searched under the plan that holds when it comes, so a rotation bites in the middle of a message too;
- what is put in may not make a message longer without bound.
"""

from collections.abc import Callable
from typing import final

from strongroom.core.needles import Stream
from strongroom.core.substitution import BodyEncoding
from strongroom.delivery.egress.messages import TooLong
from strongroom.services.live import LivePlan

_BLANKS = b" \t\r\n"  # RFC 8259 section 2
_BEGINS_JSON = frozenset(b'{["')
_SLICE = 16 * 1024


@final
class Filling:
    """One message: feed its pieces, then finish. Raises `TooLong`."""

    __slots__ = ("_encoding", "_grown", "_most", "_plan", "_planned", "_stream")

    def __init__(self, plan: Callable[[], LivePlan], *, most: int) -> None:
        """Begin; `plan` tells the one that holds now, `most` by how many bytes the message may grow."""
        self._plan = plan
        self._most = most
        self._grown = 0
        self._encoding: BodyEncoding | None = None
        self._planned: LivePlan | None = None
        self._stream: Stream | None = None

    def feed(self, piece: bytes) -> bytes:
        """Return what is settled after this piece."""
        if self._encoding is None:
            begun = piece.lstrip(_BLANKS)
            if not begun:
                return piece  # no placeholder stands in blanks
            self._encoding = BodyEncoding.JSON if begun[0] in _BEGINS_JSON else BodyEncoding.RAW
        stream = self._current(self._encoding)
        if len(piece) <= _SLICE:
            return self._bounded(piece, stream.feed(piece))
        done: list[bytes] = []
        for at in range(0, len(piece), _SLICE):  # a short piece can become very long
            part = piece[at : at + _SLICE]
            done.append(self._bounded(part, stream.feed(part)))
        return b"".join(done)

    def finish(self) -> bytes:
        """Return what was held back, now that nothing follows."""
        return b"" if self._encoding is None else self._bounded(b"", self._current(self._encoding).finish())

    def _current(self, encoding: BodyEncoding) -> Stream:
        plan = self._plan()
        if self._stream is None or plan is not self._planned:
            held = b"" if self._stream is None else self._stream.held
            self._planned, self._stream = plan, plan.substituter.body(encoding, held)
        return self._stream

    def _bounded(self, piece: bytes, filled: bytes) -> bytes:
        self._grown += len(filled) - len(piece)
        if self._grown > self._most:
            raise TooLong
        return filled
