"""A request that is at hand as a whole: what it becomes, in one step.

Rules kept here:
- the same functions read, check, frame and write as on the long way, and give the same bytes; fields that the client
  repeats (`repeated.py`) have been through them before;
- what is not whole, not usual or wrong is left to the long way, which reads it anew: here nothing is said about it.
"""

from strongroom.delivery.egress.asked import Asked, asked_inside
from strongroom.delivery.egress.counters import Counters
from strongroom.delivery.egress.head import END, RequestHead
from strongroom.delivery.egress.limits import Limits
from strongroom.delivery.egress.outgoing import Outgoing, bounded
from strongroom.delivery.egress.refusals import Refusal
from strongroom.delivery.egress.repeated import Repeated
from strongroom.delivery.egress.request_lines import request_lines
from strongroom.delivery.egress.tunnel import Tunnel
from strongroom.services.live import LivePlan

_END = len(END)
_USUALLY_BODILESS = (b"GET ", b"HEAD ", b"DELETE ", b"OPTIONS ")
_EMPTY_LINE = (b"", b"")


def repeated_request(data: bytes, tunnel: Tunnel, plan: LivePlan, limits: Limits) -> tuple[Asked, bytes] | None:
    """Read a request and its body that has fields which the client has sent before, or return None where it has not."""
    known = tunnel.repeated.read(data, plan, limits)
    if known is None:
        return None
    (head, body, payload, lines), uses = known
    asked = Asked(head, body, tunnel.destination, head.target, tunnel.authority)
    asked.multiplexed = tunnel.multiplexed
    asked.written = lines, uses
    return asked, payload


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


def request_of(  # noqa: PLR0913 - the request, and what it is made under
    asked: Asked, payload: bytes, plan: LivePlan, *, repeated: Repeated, limits: Limits, counters: Counters
) -> bytes:
    """Return the request to send. Raises a refusal."""
    head, body = asked.head, asked.body
    outgoing = None if body is None else Outgoing(head, body, plan=plan, limits=limits, counters=counters)
    if asked.written is None:
        lines = _lines(head, asked, plan, outgoing)
        repeated.learn(head, plan, lambda others: _lines(others, asked, plan, outgoing))
    else:
        fields, uses = asked.written
        lines = [head.method + b" " + asked.target + b" HTTP/1.1", *fields]
        plan.count(uses)
    if outgoing is not None:
        return outgoing.start(lines, payload, last=True)
    lines += _EMPTY_LINE
    return bounded(b"\r\n".join(lines), limits)


def _lines(head: RequestHead, asked: Asked, plan: LivePlan, outgoing: Outgoing | None) -> list[bytes]:
    if outgoing is None:
        return request_lines(head, asked.target, authority=asked.authority, plan=plan)
    return request_lines(
        head,
        asked.target,
        authority=asked.authority,
        plan=plan,
        body_may_carry=plan.fills_bodies,
        expects=not outgoing.gathers,
    )
