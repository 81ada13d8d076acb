"""One request to an upstream on a connection of HTTP/2. To whoever uses it, it is a connection like any other."""

from typing import Protocol, final

from h2.errors import ErrorCodes

from strongroom.core.failures import BadReply
from strongroom.delivery.egress.http2.answers import Answer
from strongroom.delivery.egress.http2.fields import Fields
from strongroom.delivery.egress.http2.questions import RequestReader
from strongroom.delivery.egress.http2.replies import Ending, Heading
from strongroom.delivery.egress.http2.sending import Outbox
from strongroom.delivery.egress.upstream import User

WINDOW = 256 * 1024
"""What an upstream may send on a stream before it is given more."""


class StreamUser(User, Protocol):
    """Who uses a stream."""

    def upstream_failed(self, failure: BadReply) -> None:
        """Take the end of a reply that cannot be understood."""


class Session(Protocol):
    """The connection that the stream is on."""

    def open(self, stream: "UpstreamStream", fields: Fields, *, last: bool) -> None:
        """Send the fields that open a stream."""

    def more(self, stream: "UpstreamStream") -> None:
        """Send what is in the stream's box, when its turn comes."""

    def give_back(self, stream: "UpstreamStream", size: int) -> None:
        """Let the upstream send so many bytes more."""

    def leave(self, stream: "UpstreamStream", code: ErrorCodes) -> None:
        """Let go of a stream; what is not complete of it is given up."""


@final
class UpstreamStream:
    """One stream, from the request that opens it to the end of its reply."""

    __slots__ = (
        "_answer",
        "_ended",
        "_left",
        "_paused",
        "_reader",
        "_session",
        "_taken",
        "box",
        "congested",
        "reused",
        "user",
    )

    def __init__(self, session: Session, scheme: str, *, reused: bool) -> None:
        self._session = session
        self._reader = RequestReader(scheme)
        self._answer = Answer(b"")
        self._left = False  # nobody uses it any more
        self._ended = False  # the upstream has said all that it will
        self._paused = False
        self._taken = 0
        self.box = Outbox(self._set_congested)
        self.congested = False
        """Whether the upstream does not take what is sent."""
        self.user: StreamUser | None = None
        self.reused = reused
        """Whether its connection has carried a request before."""

    # --- what its user asks for -------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Send a part of the request, in the form of HTTP/1.1."""
        parts = self._reader.feed(data)
        for at, part in enumerate(parts):
            match part:
                case Heading():
                    self._answer = Answer(self._reader.method)
                    last = at + 1 < len(parts) and isinstance(parts[at + 1], Ending)
                    self._session.open(self, part.fields, last=last)
                    if last:
                        return
                case Ending():
                    self.box.ended = True
                case bytes():
                    self.box.add(part)
        if len(self.box) or self.box.ended:
            self._session.more(self)

    def pause(self, *, paused: bool) -> None:
        """Let the upstream send no more than its window, or go on."""
        self._paused = paused
        if not paused:
            self._give_back()

    def drop(self) -> None:
        """Give the request up; nobody is told but the upstream."""
        self.user = None
        if not self._left:
            self._left = True
            self._session.leave(self, ErrorCodes.CANCEL)

    # --- what the upstream says -------------------------------------------------------------------------

    @property
    def complete(self) -> bool:
        """Whether both sides have said all that they will."""
        return self._ended and self._reader.done and not len(self.box)

    def interim(self, fields: Fields) -> None:
        """Take an interim head."""
        self._pass_on(self._answer.interim(fields))

    def headed(self, fields: Fields, *, last: bool) -> None:
        """Take the head of the reply."""
        self._ended = last
        self._pass_on(self._answer.head(fields, last=last))

    def sent(self, payload: bytes, size: int, *, last: bool) -> None:
        """Take a piece of the body, which took `size` bytes of the window."""
        self._ended = last
        self._taken += size
        self._pass_on(self._answer.body(payload, last=last))
        if not self._paused:
            self._give_back()

    def trailed(self, fields: Fields) -> None:
        """Take the fields that end the reply."""
        self._ended = True
        self._pass_on(self._answer.trailers(fields))

    def cut(self, *, unseen: bool) -> None:
        """Take the end of the stream; `unseen` if the upstream has not looked at the request."""
        user, self.user = self.user, None
        self.reused = self.reused or unseen
        if user is not None:
            user.upstream_gone(clean=False)

    def failed(self, failure: BadReply) -> None:
        """Take the end of a reply that cannot be understood."""
        user, self.user = self.user, None
        if user is not None:
            user.upstream_failed(failure)

    def _pass_on(self, data: bytes) -> None:
        if data and self.user is not None:
            self.user.upstream_sent(data)

    def _set_congested(self, congested: bool) -> None:  # noqa: FBT001 - a box tells what is so
        self.congested = congested
        if self.user is not None:
            self.user.upstream_congested(congested=congested)

    def _give_back(self) -> None:
        if self._taken >= WINDOW // 2 and not self._ended:
            self._session.give_back(self, self._taken)
            self._taken = 0
