"""What waits to be sent on the streams of one connection, sent in turns as their windows allow (RFC 9113 5.2).

Rules kept here:
- every stream sends one frame and then waits for the others, so a long body does not keep a short one waiting;
- a stream without a window waits for itself alone;
- whoever fills a stream is told when it holds more than it should, and when it holds little again.
"""

from collections import deque
from collections.abc import Callable
from typing import final

from h2.connection import H2Connection

from strongroom.delivery.egress.http2.fields import Fields
from strongroom.delivery.egress.http2.frames import CHORE, Calm

HIGH = 64 * 1024
LOW = 16 * 1024


@final
class Outbox:
    """One stream's bytes. `congested` is called with true above `HIGH`, and with false below `LOW` after that."""

    __slots__ = ("_congested", "_full", "_held", "ended", "number", "trailers", "waiting")

    def __init__(self, congested: Callable[[bool], None]) -> None:
        self.number = 0
        self._held = bytearray()
        self._congested = congested
        self._full = False
        self.ended = False
        """Whether nothing is added any more."""
        self.trailers: Fields = []
        self.waiting = False
        """Whether it waits for its turn."""

    def __len__(self) -> int:
        return len(self._held)

    def add(self, data: bytes) -> None:
        """Take bytes to send."""
        self._held += data
        if not self._full and len(self._held) > HIGH:
            self._full = True
            self._congested(True)  # noqa: FBT003 - it says what is so

    def take(self, most: int) -> bytes:
        """Return the first bytes."""
        piece = bytes(self._held[:most])
        del self._held[:most]
        return piece

    def settle(self) -> None:
        """Say so if there is room again."""
        if self._full and len(self._held) < LOW:
            self._full = False
            self._congested(False)  # noqa: FBT003 - as above


def alive(h2: H2Connection, number: int) -> bool:
    """Tell whether anything may still be sent on a stream.

    The library is ahead of whoever reads its events: a stream may have ended in a frame whose event has not been read.
    """
    stream = h2.streams.get(number)
    return stream is not None and not stream.closed


@final
class Turns:
    """All streams that have something to send now."""

    __slots__ = ("_calm", "_h2", "_queue", "_stuck")

    def __init__(self, h2: H2Connection, calm: Calm) -> None:
        self._h2 = h2
        self._calm = calm  # what is sent may be answered with WINDOW_UPDATE frames, one for the stream and one for all
        self._queue: deque[Outbox] = deque()
        self._stuck: dict[int, Outbox] = {}

    def queue(self, box: Outbox) -> None:
        """Give a stream its turn."""
        if not box.waiting and box.number not in self._stuck:
            box.waiting = True
            self._queue.append(box)

    def forget(self, box: Outbox) -> None:
        """Send nothing more of a stream."""
        self._stuck.pop(box.number, None)
        if box.waiting:
            box.waiting = False
            self._queue.remove(box)

    def opened(self, number: int) -> None:
        """Go on with a stream whose window has grown, or with all for number 0."""
        for each in [number] if number else list(self._stuck):
            box = self._stuck.pop(each, None)
            if box is not None:
                self.queue(box)

    def send(self, most: int) -> list[Outbox]:
        """Hand the library about so many bytes at most. Return the streams that have sent all they ever will."""
        done: list[Outbox] = []
        moved: list[Outbox] = []
        while self._queue and most > 0:
            box = self._queue.popleft()
            box.waiting = False
            if not alive(self._h2, box.number):
                continue
            room = min(self._h2.local_flow_control_window(box.number), self._h2.max_outbound_frame_size)
            if len(box) and room <= 0:
                self._stuck[box.number] = box
                continue
            piece = box.take(room)
            most -= len(piece)
            last = box.ended and not len(box)
            if piece or (last and not box.trailers):
                self._h2.send_data(box.number, piece, end_stream=last and not box.trailers)
                self._calm.earn(2 * CHORE)
            if last:
                if box.trailers:
                    self._h2.send_headers(box.number, box.trailers, end_stream=True)
                done.append(box)
            elif len(box):
                self.queue(box)
            moved.append(box)
        for box in moved:
            box.settle()  # may well add to it
        return done

    @property
    def busy(self) -> bool:
        """Whether something could be sent."""
        return bool(self._queue)
