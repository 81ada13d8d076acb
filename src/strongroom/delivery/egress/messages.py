"""WebSocket messages on their way from one side to the other, frame by frame (RFC 6455).

Rules kept here:
- types, boundaries and order of messages stay, and control frames keep their place; how a message is cut into frames
  may change, which a proxy may do where no extension is in use (RFC 6455 5.4);
- a message is searched as one text, however it is cut, and no message together with another: what may be the beginning
  of a match is held back until the next piece or the message's end, and nothing else is;
- no message is gathered: each piece goes on as it comes;
- no more is done in one turn than fits into it: `pending` tells that there is more, for when others had theirs;
- what breaks the rules of RFC 6455 ends the way, and nothing of it is passed on.
"""

from collections import deque
from collections.abc import Callable
from typing import Protocol, cast, final

from wsproto.frame_protocol import CloseReason, Frame, FrameProtocol, Opcode, ParseFailed

from strongroom.core.failures import Failure

_MOST_FRAMES = 256
"""Frames in one turn: a read may hold thousands of empty ones."""
_MOST_BYTES = 256 * 1024
"""After so many bytes a turn ends."""
_LONGEST_CONTROL = 125  # RFC 6455 5.5


class Search(Protocol):
    """What one message passes through."""

    def feed(self, piece: bytes) -> bytes:
        """Return what is settled after this piece. May raise `TooLong`, or a failure."""

    def finish(self) -> bytes:
        """Return what was held back, now that nothing follows."""


@final
class TooLong(Exception):
    """A message has become too long by what was put into it."""


@final
class Way:
    """One direction. Feed it what its source sends; `run` returns what its sink is to be sent."""

    __slots__ = (
        "_arrived",
        "_begin",
        "_control",
        "_message",
        "_opened",
        "_sink",
        "_source",
        "ahead",
        "broken",
        "closed",
        "failure",
    )

    def __init__(
        self,
        source: FrameProtocol,
        sink: FrameProtocol,
        *,
        begin: Callable[[], Search],
        control: Callable[[bytes], bytes],
    ) -> None:
        """Make one; `begin` is called for each message, `control` with what each control frame says."""
        self._source = source
        self._sink = sink
        self._begin = begin
        self._control = control
        self._message: Search | None = None
        self._arrived: deque[bytes] = deque()
        self._opened = 0  # how long the piece is that the source takes frames from
        self.ahead = 0
        """How many bytes wait, whole pieces counted."""
        self.closed = False
        """Whether the source's close frame has been passed on. Nothing follows it."""
        self.broken: CloseReason | None = None
        """Set once the source has broken the rules: what to tell both sides (RFC 6455 7.4.1)."""
        self.failure: Failure | None = None
        """Set once a message may not go on."""

    @property
    def ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.closed or self.broken is not None or self.failure is not None

    @property
    def pending(self) -> bool:
        """Whether there is more to `run`."""
        return self.ahead > 0

    def feed(self, data: bytes) -> None:
        """Take what has arrived."""
        if data and not self.ended:
            self._arrived.append(data)
            self.ahead += len(data)

    def run(self) -> bytes:
        """Return what the next frames of those that have arrived become."""
        out: list[bytes | bytearray] = []
        size = 0
        try:
            while len(out) < _MOST_FRAMES and size < _MOST_BYTES:
                frame = self._next()
                if frame is None:
                    break
                out.append(self._passed_on(frame))
                size += len(out[-1])
        except ParseFailed as failure:
            self.broken = failure.code
        except TooLong:
            self.broken = CloseReason.MESSAGE_TOO_BIG
        except Failure as failure:
            self.failure = failure
        if self.ended:
            self._arrived.clear()
            self.ahead = 0
        return b"".join(out)

    def _next(self) -> Frame | None:
        """Take the next frame, or piece of one, off what has arrived."""
        while True:
            for frame in self._source.received_frames():
                return frame
            self.ahead -= self._opened
            self._opened = 0
            if not self._arrived:
                return None
            piece = self._arrived.popleft()
            self._opened = len(piece)
            self._source.receive_bytes(piece)

    def _passed_on(self, frame: Frame) -> bytes | bytearray:
        match frame.opcode:
            case Opcode.PING:
                return self._sink.ping(self._control(_octets(frame))[:_LONGEST_CONTROL])
            case Opcode.PONG:
                return self._sink.pong(self._control(_octets(frame))[:_LONGEST_CONTROL])
            case Opcode.CLOSE:
                self.closed = True
                code, reason = _close(frame)
                return self._sink.close(code, self._control(reason.encode()).decode())
            case _:
                return self._piece(frame)

    def _piece(self, frame: Frame) -> bytes | bytearray:
        """Return a frame with what is settled of the message so far, or nothing while nothing is."""
        message = self._message or self._begin()
        out = message.feed(_octets(frame))
        last = frame.message_finished
        if last:
            out += message.finish()
        self._message = None if last else message
        if not out and not last:
            return b""
        # A match begins and ends with whole characters, and so does what lies between two of them.
        return self._sink.send_data(out if frame.opcode is Opcode.BINARY else out.decode(), fin=last)


def _octets(frame: Frame) -> bytes:
    payload = frame.payload
    return payload.encode() if isinstance(payload, str) else bytes(cast("bytes", payload))


def _close(frame: Frame) -> tuple[int, str]:
    return cast("tuple[int, str]", frame.payload)
