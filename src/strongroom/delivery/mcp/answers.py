"""What a server's answer goes through on its way to the client: decoded, looked into, and cleaned of secrets.

Each piece is passed on as soon as it is settled; nothing waits for the end of an answer, and none is held as a whole.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import final

from strongroom.core.scrubbing import Sent
from strongroom.delivery.egress.decoding import decoder
from strongroom.delivery.mcp.ports import Rewriting

EVENTS = b"text/event-stream"
JSON = b"application/json"


def media_type(content_type: bytes) -> bytes:
    """Return a Content-Type without its parameters."""
    return content_type.partition(b";")[0].strip().lower()


@final
class AnswerBody:
    """One answer's body. Raises refusals for what cannot be decoded or understood."""

    __slots__ = ("_decoder", "_rewritings", "_scrub")

    def __init__(
        self, fields: Iterable[tuple[bytes, bytes]], *, sent: Sent, rewritings: Sequence[Rewriting] = ()
    ) -> None:
        codings = [value for name, value in fields if name.lower() == b"content-encoding"]
        self._decoder = decoder(codings)
        self._rewritings = rewritings
        self._scrub = sent.stream()

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Yield what is settled after a piece; what a little of it decodes to may be long."""
        if self._decoder is None:
            yield self._settled(piece)
            return
        self._decoder.feed(piece)
        while self._decoder.pending:
            yield self._settled(self._decoder.read())

    def finish(self) -> bytes:
        """Return the rest, now that nothing follows."""
        if self._decoder is not None:
            self._decoder.finish()
        rest = b""
        for rewriting in self._rewritings:
            rest = (rewriting.feed(rest) if rest else b"") + rewriting.finish()
        return self._scrub.feed(rest) + self._scrub.finish()

    def _settled(self, piece: bytes) -> bytes:
        for rewriting in self._rewritings:
            piece = rewriting.feed(piece)
        return self._scrub.feed(piece)
