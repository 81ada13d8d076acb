"""The fields that a client sends with each of its requests: read, checked and written once for all that repeat them.

What a client sends in one tunnel differs in its target and its body, and seldom in its fields; the compression of
HTTP/2 counts on the same (RFC 7541 section 1). So a request whose fields are byte for byte those of the one before is
known by comparing them.

Rules kept here:
- only the same bytes are the same: nothing but the method, the target and the number in Content-Length may differ;
- only what comes out the same each time is kept: not where a placeholder strays or stands in the target, where a secret
  changes with the clock, or where the target decides what is put in;
- each request counts what is put into it;
- what is kept holds under one plan, and until the session sends another secret to the host. Then it is forgotten.
"""

import re
from collections.abc import Callable
from typing import final

from strongroom.core.scrubbing import Scrubber
from strongroom.delivery.egress.bodies import LengthReader
from strongroom.delivery.egress.head import METHOD, VISIBLE, RequestHead
from strongroom.delivery.egress.limits import Limits
from strongroom.services.live import LivePlan
from strongroom.services.usage import UseKey

_LINE = re.compile(rb"(?!CONNECT )(%b) (/%b*+) HTTP/1\.1" % (METHOD, VISIBLE))
_LENGTH = re.compile(rb"\r\ncontent-length:[\t ]*+([0-9]++)", re.IGNORECASE)

_LONGEST = 8 * 1024
"""Longer heads are read anew each time: what is kept, is kept for each tunnel."""

Cut = tuple[bytes, bytes]
"""Fields up to the number in Content-Length, and from behind it; without one all of them, and nothing."""
Read = tuple[RequestHead, LengthReader | None, bytes]
"""A request's head, the reader that has read its body, and the body."""


@final
class Written:
    """Fields as they came, and as they are sent under one plan."""

    __slots__ = ("_after", "_before", "_head", "_name", "_number", "_plan", "_scrubber", "lines", "uses")

    def __init__(self, head: RequestHead, cut: Cut, plan: LivePlan, *, lines: bytes, uses: list[UseKey]) -> None:
        self._before, self._after = cut
        self._head = head
        self._number = head.names.index(b"content-length") if self._after else 0
        self._name = self._before[self._before.rfind(b"\n") + 1 :]  # of the field that holds the number
        self._plan = plan
        self._scrubber: Scrubber = plan.sent.scrubber
        self.lines = lines
        """What to send between the request line and what frames the body, without the last line's end."""
        self.uses = uses
        """What each request counts."""

    def holds(self, plan: LivePlan) -> bool:
        """Tell whether they would be written the same under a plan at this moment."""
        return plan is self._plan and plan.sent.scrubber is self._scrubber

    def read(self, data: bytes, limits: Limits) -> Read | None:
        """Read a whole request with these fields and nothing behind it; or return None if it is none."""
        found = _LINE.match(data)
        if found is None:
            return None
        line = found.end()
        if not data.startswith(self._before, line):
            return None
        method, target = found.groups()
        end = line + len(self._before)
        if self._after:
            return self._with_body(data, end, method, target, limits)
        if len(data) != end or end > limits.head_bytes or self._plan.substituter.concerns(target):
            return None
        return self._head.again(data, method, target), None, b""

    def _with_body(self, data: bytes, at: int, method: bytes, target: bytes, limits: Limits) -> Read | None:
        stop = data.find(b"\r", at)
        number = data[at:stop]
        end = stop + len(self._after)
        size = len(data) - end
        if number != b"%d" % size or not data.startswith(self._after, stop):
            return None
        if end > limits.head_bytes or size > limits.request_bytes or self._plan.substituter.concerns(target):
            return None
        head = self._head.again(data[:end], method, target)
        head.set_line(self._number, self._name + number)
        body, payload = LengthReader(size), data[end:]
        body.feed(payload)
        return head, body, payload


@final
class Repeated:
    """What one tunnel's client repeats."""

    __slots__ = ("_seen", "_written")

    def __init__(self) -> None:
        self._seen: Cut | None = None
        self._written: Written | None = None

    def written(self, plan: LivePlan) -> Written | None:
        """Return the fields that have come twice in a row, if they would still be written the same."""
        written = self._written
        if written is not None and not written.holds(plan):
            written = self._written = None
        return written

    def learn(self, head: RequestHead, plan: LivePlan, write: Callable[[], list[bytes]]) -> Written | None:
        """Take note of a request's fields. If they are those of the one before, return them as they are to be sent.

        `write` returns the request line and theirs; what it puts in is not counted.
        """
        cut = _cut(head)
        if cut != self._seen:
            self._seen = cut
            return None
        self._seen = self._written = None
        if _alike_each_time(head, plan):
            lines, uses = plan.rehearse(write)
            if uses is not None:
                self._written = Written(head, cut, plan, lines=b"\r\n".join(lines[1:]), uses=uses)
        return self._written


def _alike_each_time(head: RequestHead, plan: LivePlan) -> bool:
    """Tell whether the target and the length of the body have no say in what becomes of the fields."""
    if not plan.steady or plan.substituter.concerns(head.target):
        return False
    return head.minor == 1 and b"expect" not in head.names and len(head.raw) <= _LONGEST


def _cut(head: RequestHead) -> Cut:
    raw = head.raw
    line = raw.find(b"\r\n")
    number = _LENGTH.search(raw, line) if b"content-length" in head.names else None
    return (raw[line:], b"") if number is None else (raw[line : number.start(1)], raw[number.end(1) :])
