"""Server-sent events in a stream that may be cut anywhere (WHATWG HTML 9.2.6).

Rules kept here:
- an event is given out with the line that ends it: nobody acts on one before that;
- its lines are those that were sent, byte for byte, with whatever ends them;
- an event has a bound, so that a stream that never ends one fills no memory.
"""

import re
from dataclasses import dataclass
from typing import final

from strongroom.delivery.egress.refusals import bad_reply

MOST_BYTES = 8 << 20
"""Of one event: more than one message of MCP ever has."""
_END = re.compile(rb"\r\n|\r|\n")
_BOM = b"\xef\xbb\xbf"


@final
@dataclass(frozen=True, slots=True)
class Event:
    """One event as it was sent, and what its lines say. A block of comments alone has no fields."""

    raw: bytes
    fields: tuple[tuple[bytes, bytes], ...]

    @property
    def kind(self) -> bytes:
        """Its type: that of the last `event` line, or `message`."""
        named = [value for name, value in self.fields if name == b"event"]
        return (named[-1] if named else b"") or b"message"

    @property
    def data(self) -> bytes:
        """Its data: the values of all `data` lines."""
        return b"\n".join(value for name, value in self.fields if name == b"data")


@final
class Events:
    """Cuts one stream into events. Raises a refusal for one that is too long."""

    __slots__ = ("_at_start", "_fields", "_lines", "_size", "_tail")

    def __init__(self) -> None:
        self._at_start = True
        self._tail = b""  # of a line that has not ended yet
        self._lines: list[bytes] = []
        self._fields: list[tuple[bytes, bytes]] = []
        self._size = 0

    def feed(self, piece: bytes) -> list[Event]:
        """Return the events that end in this piece."""
        events: list[Event] = []
        text, start = self._tail + piece, 0
        for end in _END.finditer(text, max(0, len(self._tail) - 1)):
            if end[0] == b"\r" and end.end() == len(text):
                break  # an LF may follow, which belongs to it
            line, raw = text[start : end.start()], text[start : end.end()]
            start = end.end()
            self._take(raw, line)
            if not line:
                events.append(self._event())
        self._tail = text[start:]
        if self._size + len(self._tail) > MOST_BYTES:
            raise bad_reply("the MCP server sends an event without an end")
        return events

    def finish(self) -> bytes:
        """Return what has come of an event that does not end: nobody acts on it."""
        rest = b"".join(self._lines) + self._tail
        self._lines, self._tail, self._size = [], b"", 0
        return rest

    def _take(self, raw: bytes, line: bytes) -> None:
        if self._at_start:
            line, self._at_start = line.removeprefix(_BOM), False
        self._lines.append(raw)
        self._size += len(raw)
        name, _, value = line.partition(b":")
        if name:
            self._fields.append((name, value.removeprefix(b" ")))

    def _event(self) -> Event:
        event = Event(b"".join(self._lines), tuple(self._fields))
        self._lines, self._fields, self._size = [], [], 0
        return event
