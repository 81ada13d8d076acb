"""A client's request on its way to the upstream: its body searched and framed anew.

Rules kept here:
- a body is searched unless it is compressed, which is counted; nothing is put in before it is sent;
- what is put in may not make it longer without bound;
- its length is exact wherever it can be known: a small body is gathered if its length may change, a large one goes out
  in chunks, and one in which nothing is replaced keeps the length it came with.
"""

from typing import final

from strongroom.core.length_prefixed import Piecewise
from strongroom.core.substitution import MESSAGES, body_encoding
from strongroom.delivery.egress.bodies import LAST_CHUNK, BodyReader, chunk
from strongroom.delivery.egress.counters import Counters
from strongroom.delivery.egress.head import RequestHead
from strongroom.delivery.egress.limits import Limits
from strongroom.delivery.egress.refusals import Code, Refusal
from strongroom.services.live import LivePlan

_SLICE = 16 * 1024
_IDENTITY = frozenset({b"", b"identity"})


@final
class Outgoing:
    """The body of one request: `start` once, then `feed` its pieces. Both return what to send, and raise a refusal."""

    held = 0
    """Bytes that wait here for more: none."""

    __slots__ = ("_chunked", "_grown", "_length", "_limits", "_stream", "gathers")

    def __init__(
        self, head: RequestHead, body: BodyReader, *, plan: LivePlan, limits: Limits, counters: Counters
    ) -> None:
        self.gathers = False
        """Whether to `start` only with the complete body."""
        self._limits = limits
        self._grown = 0
        self._length = body.length
        self._chunked = body.length is None
        self._stream: Piecewise | None = None
        if plan.plan.swaps or plan.plan.strays:
            self._search_body(head, plan, counters)

    def _search_body(self, head: RequestHead, plan: LivePlan, counters: Counters) -> None:
        if (head.one(b"content-encoding") or b"").lower() not in _IDENTITY:
            counters.unscanned_bodies += 1
            return
        encoding = body_encoding(head.one(b"content-type") or b"")
        if encoding is MESSAGES:
            self._stream = plan.substituter.messages()
            return  # nothing changes its length
        self._stream = plan.substituter.body(encoding)
        if self._length is None or not plan.fills_bodies:
            return  # in chunks any length goes, and where nothing is replaced the length stays
        self._chunked = self._length > self._limits.gathered_request_bytes
        self.gathers = not self._chunked

    def gather(self, payload: bytes) -> None:
        """Take note of a piece of the body that is held until it is complete: not needed here."""

    def start(self, lines: list[bytes], payload: bytes, *, last: bool) -> bytes:
        """Return the head, made of these lines, and behind it what has come of the body."""
        if self._chunked:
            framing = b"Transfer-Encoding: chunked\r\n\r\n"
            body = self.feed(payload, last=last)
        else:
            body = self.feed(payload, last=last)
            framing = b"Content-Length: %d\r\n\r\n" % (len(body) if self.gathers else self._length or 0)
        return bounded(b"\r\n".join([*lines, framing]), self._limits) + body

    def feed(self, payload: bytes, *, last: bool) -> bytes:
        """Take a piece of the body and return what to send."""
        if self._stream is not None:
            payload = self._put_in(self._stream, payload, last=last)
        if self._chunked:
            return chunk(payload) + LAST_CHUNK if last else chunk(payload)
        return payload

    def _put_in(self, stream: Piecewise, payload: bytes, *, last: bool) -> bytes:
        """Return a piece with its secrets. It is made slice by slice: a short one can become very long."""
        done: list[bytes] = []
        for at in range(0, len(payload) or 1, _SLICE):
            piece = payload[at : at + _SLICE]
            done.append(stream.feed(piece))
            self._grown += len(done[-1]) - len(piece)
            if self._grown > self._limits.grown_bytes:
                raise Refusal(Code.TOO_LARGE, "the request body is too large with the credentials put in")
        if last:
            done.append(stream.finish())
        return b"".join(done)


def bounded(head: bytes, limits: Limits) -> bytes:
    """Return the head as it is to be sent. Raises a refusal if it is too large."""
    if len(head) > limits.head_bytes:
        raise Refusal(Code.TOO_LARGE, "the request head is too large with the credentials put in")
    return head
