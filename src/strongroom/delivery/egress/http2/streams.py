"""One client's stream: a request, its reply, and the conversation about them."""

from typing import Protocol, final

from h2.errors import ErrorCodes

from strongroom.core.hosts import Host
from strongroom.delivery.egress.answers import answer
from strongroom.delivery.egress.driver import Driver
from strongroom.delivery.egress.events import ClientSent
from strongroom.delivery.egress.head import readable
from strongroom.delivery.egress.http2.fields import Fields, Malformed
from strongroom.delivery.egress.http2.keys import new_key
from strongroom.delivery.egress.http2.replies import Ending, Heading, Part, ReplyReader
from strongroom.delivery.egress.http2.requests import Asking, asking
from strongroom.delivery.egress.http2.sending import Outbox
from strongroom.delivery.egress.refusals import Refusal, bad_request
from strongroom.delivery.egress.short_way import QuickConversation
from strongroom.delivery.egress.surroundings import Surroundings
from strongroom.delivery.egress.tallying import tally_inside
from strongroom.delivery.egress.tunnel import Tunnel

WINDOW = 64 * 1024
"""What a client may send on a stream before it is given more."""


class Edge(Protocol):
    """The connection that the stream is on."""

    def head(self, stream: "ClientStream", fields: Fields, *, last: bool) -> None:
        """Send a block of fields."""

    def more(self, stream: "ClientStream") -> None:
        """Send what is in the stream's box, when its turn comes."""

    def answered(self, stream: "ClientStream") -> None:
        """Note that the reply is complete."""

    def give_back(self, stream: "ClientStream", size: int) -> None:
        """Let the client send so many bytes more."""

    def reset(self, stream: "ClientStream", code: ErrorCodes) -> None:
        """Give the stream up."""


@final
class ClientStream:
    """One stream, from the fields that open it to its end. To its driver it is a client like any other."""

    __slots__ = (
        "_around",
        "_asked",
        "_edge",
        "_paused",
        "_reader",
        "_started",
        "_taken",
        "_tunnel",
        "box",
        "complete",
        "driver",
        "number",
        "touched",
    )

    def __init__(self, edge: Edge, number: int, around: Surroundings) -> None:
        self._edge = edge
        self._around = around
        self._tunnel: Tunnel | None = None
        self._asked: Asking | None = None
        self._reader = ReplyReader(b"")
        self._paused = False
        self._started = False  # the final head has been sent
        self._taken = 0  # bytes taken and not given back yet
        self.number = number
        self.box = Outbox(self._congested)
        self.box.number = number
        self.complete = False
        """Whether the client has sent all that it will."""
        self.driver: Driver | None = None
        self.touched = around.loop.time()

    # --- what the client sends ----------------------------------------------------------------------

    def open(self, fields: Fields, tunnel: Tunnel, *, last: bool) -> None:
        """Take the fields of a request."""
        self.complete = last
        self._tunnel = tunnel
        around = self._around
        try:
            asked = self._asked = asking(
                fields, ended=last, scheme=tunnel.destination.scheme, new_key=lambda: new_key(around.entropy)
            )
        except Refusal as refusal:
            self.refuse(refusal)
            return
        self._reader = ReplyReader(asked.method, websocket_key=asked.websocket_key)
        conversation = QuickConversation(limits=around.limits, counters=around.counters, inside=tunnel)
        self.driver = Driver(self, conversation, around)
        self.driver.happen(ClientSent(asked.head))

    def sent(self, payload: bytes, size: int, *, last: bool) -> None:
        """Take a piece of the body, which took `size` bytes of the window."""
        self.complete = last
        if self.driver is None or self._asked is None:
            return
        self._taken += size
        self.driver.touch()
        try:
            framed = self._asked.body.feed(payload, last=last)
        except Malformed as problem:
            self.refuse(bad_request(f"the HTTP/2 request {problem.sentence}"))
            return
        if framed:
            self.driver.happen(ClientSent(framed))
        if not self._paused:
            self._give_back()

    def gone(self) -> None:
        """Take the end of the stream; nothing more can be sent on it."""
        driver, self.driver = self.driver, None
        self._reader.done = True
        if driver is not None:
            driver.client_gone()

    def refuse(self, refusal: Refusal) -> None:
        """Answer with a refusal, or cut a reply that has begun."""
        if self._tunnel is not None:
            tally_inside(refusal.code, counters=self._around.counters, tunnel=self._tunnel)
        started, asked = self._started, self._asked
        self.gone()
        if started:
            self._edge.reset(self, ErrorCodes.PROTOCOL_ERROR)
            return
        self._reader = ReplyReader(b"" if asked is None else asked.method)
        self.send(answer(refusal, close=False, head=None if asked is None else readable(asked.head)))

    # --- what the driver asks for -------------------------------------------------------------------

    def send(self, data: bytes) -> None:
        """Send a part of the reply, in the form of HTTP/1.1."""
        if self._reader.done:
            return
        self.touched = self._around.loop.time()
        try:
            parts = self._reader.feed(data)
        except Refusal as refusal:
            self.refuse(refusal)
            return
        self._pass_on(parts)

    def steer(self, *, paused: bool) -> bool:
        """Let the client send no more than its window, or go on."""
        self._paused = paused
        if not paused:
            self._give_back()
        return True

    def start_tls(self, host: Host, early: bytes) -> None:
        """Refuse: there is TLS around the connection already, and a conversation inside a tunnel asks for none."""
        raise NotImplementedError

    def close(self, *, linger: bool) -> None:  # noqa: ARG002 - what a client still sends is told to stop
        """End the reply where it may end, or cut it."""
        parts = self._reader.closed()
        if parts:
            self._pass_on(parts)
        elif not self._reader.done:
            self.cut()

    def cut(self) -> None:
        """Reset, so that the client cannot take what it has got for complete."""
        self._reader.done = True
        self._edge.reset(self, ErrorCodes.INTERNAL_ERROR)

    # --- inside -------------------------------------------------------------------------------------

    def _pass_on(self, parts: list[Part]) -> None:
        for at, part in enumerate(parts):
            match part:
                case Heading():
                    self._started = self._started or not part.interim
                    following = parts[at + 1] if at + 1 < len(parts) else None
                    last = isinstance(following, Ending) and not following.trailers
                    self._edge.head(self, part.fields, last=last)
                    if last:
                        self._edge.answered(self)
                        return
                case Ending():
                    self.box.ended = True
                    self.box.trailers = part.trailers
                    self._edge.answered(self)
                case bytes():
                    self.box.add(part)
        if len(self.box) or self.box.ended:
            self._edge.more(self)

    def _congested(self, congested: bool) -> None:  # noqa: FBT001 - a box tells what is so
        if self.driver is not None:
            self.driver.client_congested(congested=congested)

    def _give_back(self) -> None:
        if self._taken >= WINDOW // 2 and not self.complete:
            self._edge.give_back(self, self._taken)
            self._taken = 0
