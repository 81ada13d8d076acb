"""A client's request on its way to the upstream: fields forwarded, placeholders replaced, body framed anew.

Rules kept here:
- the fields that frame or route a message (`LITERAL`) never take a secret in, nor does any field's name;
- Host is the dialled authority; what belongs to the hop to the proxy stays there;
- where a secret may be in the reply, the upstream is asked for plain bytes and for the whole: a compressed reply would
  have to be decoded, and a part of one could be cut through the middle of a secret;
- a body is searched unless it is compressed, which is counted; its length is exact wherever it can be known.
"""

from typing import final

from strongroom.core.needles import Stream
from strongroom.core.plans import Plan
from strongroom.core.substitution import body_encoding
from strongroom.core.surfaces import Surface
from strongroom.delivery.egress.bodies import LAST_CHUNK, BodyReader, chunk
from strongroom.delivery.egress.counters import Counters
from strongroom.delivery.egress.head import Field, RequestHead
from strongroom.delivery.egress.hops import one_hop
from strongroom.delivery.egress.limits import Limits
from strongroom.services.live import LivePlan

LITERAL = frozenset({b"expect", b"content-type", b"content-encoding"})
"""Forwarded as they are: they frame or describe the message."""

NEGOTIATED = frozenset({b"accept-encoding", b"range", b"if-range"})
"""Forwarded as they are where no secret can come back, and otherwise replaced by a wish for the whole, uncompressed."""

_IDENTITY = frozenset({b"", b"identity"})
_HOST = frozenset({b"host"})


@final
class Outgoing:
    """One request: `begin` once, then `feed` the pieces of its body. Both return what to send."""

    __slots__ = ("_chunked", "_fields", "_gathered", "_length", "_line", "_stream", "finished", "upgrading")

    def __init__(  # noqa: PLR0913 - the request, and what it is made under
        self,
        head: RequestHead,
        target: bytes,
        body: BodyReader | None,
        *,
        plan: LivePlan,
        limits: Limits,
        counters: Counters,
        upgrade: bytes | None = None,
    ) -> None:
        self.finished = body is None
        """Whether the last byte has been given out."""
        self._length = None if body is None else body.length
        self._chunked = body is not None and body.length is None
        self._stream: Stream | None = None
        self._gathered: list[bytes] | None = None
        if body is not None and (plan.plan.swaps or plan.plan.strays):
            self._search_body(head, plan, limits, counters)
        self._line = b"%b %b HTTP/1.1\r\n" % (head.method, plan.substituter.target(target))
        self._fields = _fields(head, target, plan, body_may_carry=self._stream is not None, expects=not self.gathers)
        self.upgrading = upgrade is not None
        if upgrade is not None:
            self._fields.append(b"Connection: Upgrade\r\nUpgrade: %b\r\n" % upgrade)

    @property
    def gathers(self) -> bool:
        """Whether nothing is sent before the body is complete."""
        return self._gathered is not None

    def _search_body(self, head: RequestHead, plan: LivePlan, limits: Limits, counters: Counters) -> None:
        if (head.one(b"content-encoding") or b"").lower() not in _IDENTITY:
            counters.unscanned_bodies += 1
            return
        self._stream = plan.substituter.body(body_encoding(head.one(b"content-type") or b""))
        if self._length is None or not body_swaps(plan.plan):
            return  # in chunks any length goes, and where nothing is replaced the length stays
        if self._length > limits.gathered_request_bytes:
            self._chunked = True
        else:
            self._gathered = []

    def begin(self) -> bytes:
        """Return the head, if it can be sent before the body."""
        if self._gathered is not None:
            return b""
        if self._chunked:
            return self._head(b"Transfer-Encoding: chunked\r\n\r\n")
        if self._length is not None:
            return self._head(b"Content-Length: %d\r\n\r\n" % self._length)
        return self._head(b"\r\n")

    def feed(self, payload: bytes, *, last: bool) -> bytes:
        """Take a piece of the body and return what to send."""
        self.finished = last
        stream = self._stream
        if stream is not None:
            payload = stream.feed(payload) + stream.finish() if last else stream.feed(payload)
        if self._gathered is not None:
            self._gathered.append(payload)
            if not last:
                return b""
            body, self._gathered = b"".join(self._gathered), None
            return self._head(b"Content-Length: %d\r\n\r\n" % len(body)) + body
        if self._chunked:
            return chunk(payload) + LAST_CHUNK if last else chunk(payload)
        return payload

    def _head(self, framing: bytes) -> bytes:
        return b"".join([self._line, *self._fields, framing])


def body_swaps(plan: Plan) -> bool:
    """Tell whether a secret may be put into a body under this plan."""
    return any(Surface.BODY in swap.surfaces for swap in plan.swaps)


def upgrades(head: RequestHead) -> bytes | None:
    """Return the protocol that a client asks to change to, if it is one that we treat as such.

    Only WebSocket is: an offer of h2c, which some clients add to every plain request, may be ignored (RFC 9110 7.8).
    """
    value = head.one(b"upgrade")
    if value is None or value.lower() != b"websocket" or b"upgrade" not in head.tokens(b"connection"):
        return None
    return value


def _fields(head: RequestHead, target: bytes, plan: LivePlan, *, body_may_carry: bool, expects: bool) -> list[bytes]:
    """Return the lines of the fields to send, Host first and without those that frame the message.

    Without `expects` the wish for a 100 is left out: the body goes with the head.
    """
    substituter = plan.substituter
    skipped = one_hop(head) | _HOST
    touched = substituter.concerns(head.raw)
    placed = substituter.placed(target.decode())
    lines = [b"Host: %b\r\n" % plan.destination.authority.encode()]
    negotiated: list[Field] = []
    placed_name = placed[0].lower().encode() if placed is not None else b""
    for lower, field in zip(head.names, head.fields, strict=True):
        if lower in skipped or lower == placed_name or lower[:6] == b"proxy-":
            continue
        if lower == b"expect" and not expects:
            continue
        if lower in NEGOTIATED:
            negotiated.append(field)
            continue
        name, value = field
        if lower == b"authorization" and value[:6].lower() == b"basic ":
            value = _basic(value, plan)
        elif touched and lower not in LITERAL:
            value = substituter.header_value(value)
        lines.append(b"%b: %b\r\n" % (name, value))
    if placed is not None:
        lines.append(b"%b: %b\r\n" % (placed[0].encode(), placed[1]))
    if plan.scrubber or (body_may_carry and body_swaps(plan.plan)):
        lines.append(b"Accept-Encoding: identity\r\n")
    else:
        lines += [b"%b: %b\r\n" % field for field in negotiated]
    return lines


def _basic(value: bytes, plan: LivePlan) -> bytes:
    """Replace inside the decoded pair or, where the secret is the encoded pair itself, the whole of it."""
    replaced = plan.substituter.basic(value)
    return plan.substituter.header_value(value) if replaced == value else replaced
