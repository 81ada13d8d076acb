"""A request that is at hand as a whole, and a whole reply in which nothing is found: what each becomes, in one step.

Rules kept here:
- the same functions read, check, frame and write as on the long way, and give the same bytes;
- what is not whole, not usual, or may hold a secret is left to the long way, which reads it anew: here nothing is taken
  out, and nothing is said about what is wrong.
"""

from strongroom.delivery.egress.asked import Asked, asked_inside
from strongroom.delivery.egress.bodies import reply_body
from strongroom.delivery.egress.counters import Counters
from strongroom.delivery.egress.decoding import MESSAGE_CODINGS
from strongroom.delivery.egress.head import END, RequestHead, parse_reply
from strongroom.delivery.egress.hops import persists
from strongroom.delivery.egress.incoming import FINAL, forwarded_head, of_messages
from strongroom.delivery.egress.limits import Limits
from strongroom.delivery.egress.outgoing import Outgoing, bounded
from strongroom.delivery.egress.refusals import Refusal
from strongroom.delivery.egress.request_lines import request_lines
from strongroom.delivery.egress.tunnel import Tunnel
from strongroom.services.live import LivePlan

_END = len(END)
_USUALLY_BODILESS = (b"GET ", b"HEAD ", b"DELETE ", b"OPTIONS ")
_ENCODED = frozenset({b"content-encoding", *MESSAGE_CODINGS})
_EMPTY_LINE = (b"", b"")
_BLANK, _HIGH = 0x20, 0x80
"""Most bodies begin with a letter of ASCII. Messages of gRPC begin with a flag, which is none: they are looked at."""


def whole_request(data: bytes, tunnel: Tunnel, limits: Limits) -> tuple[Asked, bytes] | None:
    """Read a request and its body, or return None where something is missing, left over or wrong."""
    end = data.find(END) + _END
    size = len(data) - end
    if not _END <= end <= limits.head_bytes or size > limits.request_bytes:
        return None
    if not size and not data.startswith(_USUALLY_BODILESS):
        return None  # its body is on the way: the head would be read twice for nothing
    try:
        asked = asked_inside(data[:end] if size else data, tunnel)
    except Refusal:
        return None
    body = asked.body
    if b"upgrade" in asked.head.names or (0 if body is None else body.length) != size:
        return None
    return asked, b"" if body is None else body.feed(data[end:])[0]


def request_of(asked: Asked, payload: bytes, plan: LivePlan, *, limits: Limits, counters: Counters) -> bytes:
    """Return the request to send. Raises a refusal."""
    head, body = asked.head, asked.body
    if body is None:
        lines = request_lines(head, asked.target, authority=asked.authority, plan=plan)
        lines += _EMPTY_LINE
        return bounded(b"\r\n".join(lines), limits)
    outgoing = Outgoing(head, body, plan=plan, limits=limits, counters=counters)
    lines = request_lines(
        head,
        asked.target,
        authority=asked.authority,
        plan=plan,
        body_may_carry=plan.fills_bodies,
        expects=not outgoing.gathers,
    )
    return outgoing.start(lines, payload, last=True)


def reply_of(data: bytes, request: RequestHead, plan: LivePlan, limits: Limits) -> bytes | None:
    """Return the reply to send to a client whose connection goes on, or None where that is not all there is to do."""
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
    reply = forwarded_head(head, framing + (b"\r\n" if request.minor else b"Connection: keep-alive\r\n\r\n")) + payload
    return None if plan.sent.scrubber.concerns(reply) else reply
