"""A whole reply that has come at once, and in which nothing is found: what it becomes, in one step.

Rules kept here:
- what is not whole, may hold a secret, or is wrong is left to the long way, which reads it anew: here nothing is taken
  out, and nothing is said about what is wrong;
- a usual reply tells its length and has no field that concerns the hop or the coding of its body: that is found out by
  one expression, which holds the grammar of `head.py`, and it is passed on as it came;
- any other is read, checked, framed and written by the same functions as on the long way; all ways give the same bytes.
"""

import re

from strongroom.delivery.egress.bodies import reply_body
from strongroom.delivery.egress.decoding import MESSAGE_CODINGS
from strongroom.delivery.egress.head import END, LINE, TEXT, RequestHead, any_case, parse_reply
from strongroom.delivery.egress.hops import persists
from strongroom.delivery.egress.incoming import FINAL, NOT_FORWARDED, forwarded_head, of_messages
from strongroom.delivery.egress.limits import Limits
from strongroom.delivery.egress.refusals import Refusal
from strongroom.services.live import LivePlan

_END = len(END)
_ENCODED = frozenset({b"content-encoding", *MESSAGE_CODINGS})
_BLANK, _HIGH = 0x20, 0x80
"""Most bodies begin with a letter of ASCII. Messages of gRPC begin with a flag, which is none: they are looked at."""

_UNUSUAL = any_case(b"proxy-", *(name + b":" for name in sorted(NOT_FORWARDED | _ENCODED)))
_OTHER_LINES = b"(?:(?!%b)%b)*+" % (_UNUSUAL, LINE)
_LENGTH = any_case(b"content-length:") + rb"[\t ]*+([0-9]++)[\t ]*+\r\n"
_USUAL = re.compile(
    rb"HTTP/1\.1 (?!204|304)[2-9][0-9][0-9] %b*+\r\n%b(%b)%b\r\n" % (TEXT, _OTHER_LINES, _LENGTH, _OTHER_LINES)
)


def reply_of(data: bytes, request: RequestHead, plan: LivePlan, limits: Limits) -> bytes | None:
    """Return the reply to send to a client whose connection goes on, or None where that is not all there is to do."""
    reply = _usual(data, request, limits) or _unusual(data, request, limits)
    return None if reply is None or plan.sent.scrubber.concerns(reply) else reply


def _usual(data: bytes, request: RequestHead, limits: Limits) -> bytes | None:
    found = _USUAL.match(data)
    if found is None or request.method == b"HEAD" or not request.minor:
        return None
    end = found.end()
    size = len(data) - end
    if found[2] != b"%d" % size or end > limits.head_bytes or (size and not _BLANK <= data[end] < _HIGH):
        return None
    begin, behind = found.span(1)
    framing = b"Content-Length: %d\r\n\r\n" % size
    if data.startswith(framing, begin):
        return data
    return b"".join((data[:begin], data[behind : end - len(b"\r\n")], framing, data[end:]))


def _unusual(data: bytes, request: RequestHead, limits: Limits) -> bytes | None:
    end = data.find(END) + _END
    if not _END <= end <= limits.head_bytes:
        return None
    try:
        head = parse_reply(data[:end])
        if head.status < FINAL or not persists(head) or not _ENCODED.isdisjoint(head.names):
            return None
        body = reply_body(head, method=request.method)
        if body is None:
            return None
        payload, rest = body.feed(data[end:])
    except Refusal:
        return None
    if rest or not body.done or body.trailers or (payload and not _BLANK <= payload[0] < _HIGH and of_messages(head)):
        return None
    framing = b"Content-Length: %d\r\n" % len(payload)
    return forwarded_head(head, framing + (b"\r\n" if request.minor else b"Connection: keep-alive\r\n\r\n")) + payload
