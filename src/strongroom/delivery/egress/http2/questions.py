"""What a conversation sends to its upstream, read as the parts that an HTTP/2 stream is made of.

Rules kept here:
- a field's value, which may hold a secret, enters the table that compresses later ones only if its name is one of a few
  (RFC 7541 7.1.3).
"""

from typing import final

from hpack import HeaderTuple, NeverIndexedHeaderTuple

from strongroom.delivery.egress.bodies import BodyReader, request_body
from strongroom.delivery.egress.head import HeadBuffer, RequestHead, parse_request, value_of
from strongroom.delivery.egress.http2.fields import Fields, without_connection
from strongroom.delivery.egress.http2.replies import Ending, Heading, Part

_INDEXED = frozenset(
    {
        b":authority",
        b":method",
        b":scheme",
        b"accept",
        b"accept-encoding",
        b"accept-language",
        b"content-type",
        b"te",
        b"user-agent",
    }
)


@final
class RequestReader:
    """The request on one stream: `feed` it what the conversation sends to its upstream."""

    __slots__ = ("_body", "_buffer", "_scheme", "done", "method")

    def __init__(self, scheme: str) -> None:
        self._scheme = scheme.encode()
        self._buffer = HeadBuffer(1 << 30)  # the conversation bounds what it sends
        self._body: BodyReader | None = None
        self.method = b""
        self.done = False

    def feed(self, data: bytes) -> list[Part]:
        """Return the parts that are complete, in order."""
        parts: list[Part] = []
        if not self.method:
            self._buffer.add(data)
            raw = self._buffer.head()
            if raw is None:
                return parts
            head = parse_request(raw)
            self.method = head.method
            self._body = request_body(head)
            parts.append(Heading(self._fields(head), interim=False))
            data = self._buffer.rest()
        if self._body is not None:
            payload, _ = self._body.feed(data)
            if payload:
                parts.append(payload)
        if not self.done and (self._body is None or self._body.done):
            self.done = True
            parts.append(Ending([]))
        return parts

    def _fields(self, head: RequestHead) -> Fields:
        pseudo = [
            (b":method", head.method),
            (b":scheme", self._scheme),
            (b":authority", head.one(b"host") or b""),
            (b":path", head.target),
        ]
        lines = [(line.partition(b":")[0], value_of(line)) for line in head.lines]
        fields = [*pseudo, *(field for field in without_connection(lines) if field[0] != b"host")]
        return [(HeaderTuple if field[0] in _INDEXED else NeverIndexedHeaderTuple)(*field) for field in fields]
