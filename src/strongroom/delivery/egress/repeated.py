"""The fields that a client sends with each of its requests: read, checked and written once for all that repeat them.

Of the fields that a client sends in one tunnel few differ from one request to the next: the length of a body, the id of
a request. The compression of HTTP/2 counts on the same (RFC 7541 section 1). So the fields ahead of those that differ,
and those behind them, are known by comparing them with the last request's.

Rules kept here:
- only the same bytes are the same; what stands in between is read by the same grammar, and is nothing but fields that
  go out as they came: none that frames the message, concerns the hop or is written anew, and no placeholder in them;
- only what comes out the same each time is kept: not where a placeholder strays or stands in the target, where a secret
  changes with the clock, or where the target decides what is put in;
- each request counts what is put into it;
- what is kept holds under one plan, and until the session sends another secret to the host. Then it is forgotten.
"""

import re
from collections.abc import Callable
from typing import final

from strongroom.delivery.egress.bodies import LengthReader
from strongroom.delivery.egress.head import END, LINE, METHOD, VISIBLE, Fields, RequestHead, any_case, fields_of
from strongroom.delivery.egress.hops import HOP_BY_HOP, NEGOTIATED
from strongroom.delivery.egress.limits import Limits
from strongroom.services.live import LivePlan
from strongroom.services.usage import UseKey

_FIRST = re.compile(rb"(?!CONNECT )(%b) (/%b*+) HTTP/1\.1\r\n" % (METHOD, VISIBLE))
_WEIGHTY = HOP_BY_HOP | NEGOTIATED | {b"authorization", b"expect", b"host"}
_OTHERS = b"((?:(?!%b)%b)*+)" % (any_case(b"proxy-", *(name + b":" for name in sorted(_WEIGHTY))), LINE)
_BETWEEN = re.compile(rb"%b(?:%b[\t ]*+([0-9]++)\r\n)?%b" % (_OTHERS, any_case(b"content-length:"), _OTHERS))
_NAMES_NO_FIELD = frozenset({b"close", b"keep-alive"})
_MOST_BETWEEN = 4
_LONGEST = 8 * 1024
"""Longer heads are read anew each time: what is kept, is kept for each tunnel."""
_LONGEST_WAIT = 63
_GAP = b"\0:"
"""Stands for the lines in between. No line of a request is this."""

Write = Callable[[RequestHead], list[bytes]]
"""Returns the request line, and the lines that a head's fields become."""
Read = tuple[RequestHead, LengthReader | None, bytes, list[bytes]]
"""A request's head, the reader that has read its body, the body, and the lines to send behind the request line."""


@final
class Written:
    """The fields ahead of those that differ and behind them, as they came and as they are sent under one plan."""

    __slots__ = ("_ahead", "_behind", "_fields", "_has_body", "_parts", "_plan", "_scrubber", "_sent", "uses")

    def __init__(
        self, head: RequestHead, span: tuple[int, int], plan: LivePlan, *, sent: list[bytes], uses: list[UseKey]
    ) -> None:
        """Keep the fields of a head but for a span of lines; `sent` is what they become, with `_GAP` for the span."""
        begin, end = span
        ahead, behind = head.lines[:begin], head.lines[end:]
        self._ahead = b"".join([line + b"\r\n" for line in ahead])
        self._behind = b"".join([line + b"\r\n" for line in [*behind, b""]])
        self._fields = fields_of(ahead + behind)
        self._parts = fields_of(ahead), fields_of(behind)
        self._has_body = b"content-length" in head.names
        self._plan = plan
        self._scrubber = plan.sent.scrubber
        gap = sent.index(_GAP)
        self._sent = b"\r\n".join(sent[1:gap]), sent[gap + 1 :]
        self.uses = uses
        """What each request counts."""

    def holds(self, plan: LivePlan) -> bool:
        """Tell whether they would be written the same under a plan at this moment."""
        return plan is self._plan and plan.sent.scrubber is self._scrubber

    def read(self, data: bytes, limits: Limits) -> Read | None:
        """Read a whole request with these fields and nothing behind it; or return None if it is none."""
        found = _FIRST.match(data)
        if found is None:
            return None
        begin = found.end()
        if not data.startswith(self._ahead, begin):
            return None
        method, target = found.groups()
        if self._plan.substituter.concerns(target):
            return None
        begin += len(self._ahead)
        if not data.startswith(self._behind, begin):
            return self._with_others(data, begin, method, target, limits)
        if self._has_body or len(data) != begin + len(self._behind) or len(data) > limits.head_bytes:
            return None
        ahead, behind = self._sent
        return RequestHead.known(data, method, target, self._fields), None, b"", [ahead, *behind]

    def _with_others(self, data: bytes, begin: int, method: bytes, target: bytes, limits: Limits) -> Read | None:
        """Go on where fields are expected that were others in the last request."""
        end = data.find(END, begin) + len(END)
        between = data[begin : end - len(self._behind)]
        found = _BETWEEN.fullmatch(between)
        if found is None or not data.startswith(self._behind, begin + len(between)):
            return None
        others, number, more = found.groups()
        payload = data[end:]
        size = len(payload)
        if number != (b"%d" % size if self._has_body else None) or (size and number is None):
            return None
        if end > limits.head_bytes or size > limits.request_bytes or self._plan.substituter.concerns(between):
            return None
        head = RequestHead.known(data[:end], method, target, _joined(self._parts, between))
        ahead, behind = self._sent
        sent = [ahead, *(others + more).split(b"\r\n")[:-1], *behind]
        if number is None:
            return head, None, b"", sent
        body = LengthReader(size)
        body.feed(payload)
        return head, body, payload, sent


def _joined(parts: tuple[Fields, Fields], between: bytes) -> Fields:
    (names, lines, lower), (more_names, more_lines, more_lower) = parts
    other_names, other_lines, other_lower = fields_of(between.split(b"\r\n")[:-1])
    return names + other_names + more_names, lines + other_lines + more_lines, lower + other_lower + more_lower


@final
class Repeated:
    """What one tunnel's client repeats."""

    __slots__ = ("_known", "_last", "_wait", "_waits")

    def __init__(self) -> None:
        self._last: list[bytes] = []
        self._known: Written | None = None
        self._wait = self._waits = 0  # requests until something is learnt again: longer and longer if it was in vain

    def read(self, data: bytes, plan: LivePlan, limits: Limits) -> tuple[Read, list[UseKey]] | None:
        """Read a whole request most of whose fields are known, or return None where there is no such thing."""
        known = self._known
        if known is None:
            return None
        if not known.holds(plan):
            self._known = None
            return None
        read = known.read(data, limits)
        if read is None:
            return None
        self._waits = 0
        return read, known.uses

    def learn(self, head: RequestHead, plan: LivePlan, write: Write) -> None:
        """Take note of the fields of a request that was not known."""
        last, self._last = self._last, head.lines if len(head.raw) <= _LONGEST else []
        if self._wait:
            self._wait -= 1
            return
        span = _differing(last, head)
        if span is None or not self._last or not _alike_each_time(head, plan):
            return
        begin, end = span
        if _BETWEEN.fullmatch(b"".join([line + b"\r\n" for line in head.lines[begin:end]])) is None:
            return  # without one of these a request would not have been in order, or become another one
        self._wait = self._waits
        self._waits = min(2 * self._waits + 1, _LONGEST_WAIT)
        fields = fields_of([*head.lines[:begin], _GAP, *head.lines[end:]])
        gapped = RequestHead.known(head.raw, head.method, head.target, fields)
        sent, uses = plan.rehearse(lambda: write(gapped))
        if uses is not None:
            self._known = Written(head, span, plan, sent=sent, uses=uses)


def _alike_each_time(head: RequestHead, plan: LivePlan) -> bool:
    """Tell whether what becomes of each field depends on the plan and on that field alone."""
    if not plan.steady or plan.substituter.concerns(head.target):
        return False
    if head.minor == 0 or b"expect" in head.names:
        return False
    return head.tokens(b"connection") <= _NAMES_NO_FIELD


def _differing(last: list[bytes], head: RequestHead) -> tuple[int, int] | None:
    """Return the lines of a head, from one to before another, that are not those of the last one, if they are few.

    Content-Length is always one of them.
    """
    lines = head.lines
    most = min(len(last), len(lines))
    same = next((at for at in range(most) if lines[at] != last[at]), most)
    behind = next((at for at in range(most - same) if lines[-1 - at] != last[-1 - at]), most - same)
    begin, end = same, len(lines) - behind
    if b"content-length" in head.names:
        number = head.names.index(b"content-length")
        begin, end = (min(begin, number), max(end, number + 1)) if begin < end else (number, number + 1)
    return (begin, end) if end - begin <= min(_MOST_BETWEEN, most) else None
