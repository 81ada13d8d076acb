"""A client's request on its way to the upstream: its body searched and framed anew.

Rules kept here:
- a body is searched unless it is compressed, which is counted;
- its length is exact wherever it can be known: a small body is gathered if its length may change, a large one goes out
  in chunks, and one in which nothing is replaced keeps the length it came with.
"""

from typing import final

from strongroom.core.needles import Stream
from strongroom.core.plans import Plan
from strongroom.core.substitution import body_encoding
from strongroom.core.surfaces import Surface
from strongroom.delivery.egress.bodies import LAST_CHUNK, BodyReader, chunk
from strongroom.delivery.egress.counters import Counters
from strongroom.delivery.egress.head import RequestHead
from strongroom.delivery.egress.limits import Limits
from strongroom.services.live import LivePlan

_IDENTITY = frozenset({b"", b"identity"})


@final
class Outgoing:
    """The body of one request: `begin` once, then `feed` its pieces. Both return what to send."""

    __slots__ = ("_chunked", "_gathered", "_length", "_lines", "_stream", "finished")

    def __init__(
        self, head: RequestHead, body: BodyReader, *, plan: LivePlan, limits: Limits, counters: Counters
    ) -> None:
        self.finished = False
        """Whether the last byte has been given out."""
        self._length = body.length
        self._chunked = body.length is None
        self._stream: Stream | None = None
        self._gathered: list[bytes] | None = None
        self._lines: list[bytes] = []
        if plan.plan.swaps or plan.plan.strays:
            self._search_body(head, plan, limits, counters)

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

    def begin(self, lines: list[bytes]) -> bytes:
        """Return the head, made of these lines, if it can be sent before the body."""
        self._lines = lines
        if self._gathered is not None:
            return b""
        if self._chunked:
            return self._head(b"Transfer-Encoding: chunked\r\n\r\n")
        return self._head(b"Content-Length: %d\r\n\r\n" % (self._length or 0))

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
        return b"\r\n".join([*self._lines, framing])


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
