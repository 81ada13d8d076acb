"""What a conversation answers, read as the parts that an HTTP/2 stream is made of.

A conversation's replies are well-formed, so this only cuts them; the length of a body is told again by the frames.
"""

from dataclasses import dataclass
from typing import final

from strongroom.delivery.egress.bodies import BodyReader, OpenReader, reply_body
from strongroom.delivery.egress.head import HeadBuffer, ReplyHead, parse_reply, value_of
from strongroom.delivery.egress.http2.fields import Fields, without_connection
from strongroom.delivery.egress.http2.keys import accepts
from strongroom.delivery.egress.refusals import bad_reply

_FINAL = 200
_SWITCHING = 101
_OF_THE_HANDSHAKE = frozenset({b"sec-websocket-accept"})


@final
@dataclass(slots=True)
class Heading:
    """A head: an interim one, or the one that the body follows."""

    fields: Fields
    interim: bool


@final
@dataclass(slots=True)
class Ending:
    """The end, with trailers or without."""

    trailers: Fields


Part = Heading | Ending | bytes


@final
class ReplyReader:
    """The reply on one stream: `feed` it what the conversation sends to its client."""

    __slots__ = ("_body", "_buffer", "_key", "_method", "_raw", "done")

    def __init__(self, method: bytes, *, websocket_key: bytes | None = None) -> None:
        self._method = method
        self._key = websocket_key
        self._buffer = HeadBuffer(1 << 30)  # the conversation bounds what it sends
        self._body: BodyReader | None = None
        self._raw = False
        self.done = False

    def feed(self, data: bytes) -> list[Part]:
        """Return the parts that are complete, in order."""
        parts: list[Part] = []
        if self._body is None and not self._raw:
            self._buffer.add(data)
            data = self._buffer.rest() if self._heads(parts) else b""
        if self._raw and data:
            parts.append(data)
        elif self._body is not None and not self.done:
            payload, _ = self._body.feed(data)
            if payload:
                parts.append(payload)
            if self._body.done:
                self._end(parts, [(line.partition(b":")[0], value_of(line)) for line in self._body.trailers])
        return parts

    def closed(self) -> list[Part]:
        """Return what the close of the connection means for the stream; nothing if the reply was cut short."""
        parts: list[Part] = []
        if not self.done and (self._raw or isinstance(self._body, OpenReader)):
            self._end(parts, [])
        return parts

    def _heads(self, parts: list[Part]) -> bool:
        """Read what heads there are; tell whether the final one is among them."""
        while (raw := self._buffer.head()) is not None:
            head = parse_reply(raw)
            if head.status == _SWITCHING and self._key is not None:
                self._switch(head, parts)
                return True
            parts.append(Heading(_fields(head), interim=head.status < _FINAL))
            if head.status >= _FINAL:
                self._body = reply_body(head, method=self._method)
                if self._body is None:
                    self._end(parts, [])
                return True
        return False

    def _switch(self, head: ReplyHead, parts: list[Part]) -> None:
        """Take the agreement to speak WebSocket (RFC 6455 4.1, RFC 8441 5). Raises a refusal if it is none."""
        if not accepts(head, self._key or b""):
            raise bad_reply("the upstream's answer to the WebSocket handshake does not fit the key that it was sent")
        self._raw = True
        fields = [field for field in _fields(head) if field[0] not in _OF_THE_HANDSHAKE]
        parts.append(Heading([(b":status", b"200"), *fields[1:]], interim=False))

    def _end(self, parts: list[Part], trailers: Fields) -> None:
        self.done = True
        parts.append(Ending(without_connection(trailers)))


def _fields(head: ReplyHead) -> Fields:
    lines = [(line.partition(b":")[0], value_of(line)) for line in head.lines]
    return [(b":status", b"%d" % head.status), *without_connection(lines)]
