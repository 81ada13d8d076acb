"""What the gateway needs of the rest of the house, and the one hook for whoever looks into messages."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, final

from strongroom.core.ids import SessionId
from strongroom.core.mcp_servers import Served
from strongroom.core.plans import Destination
from strongroom.core.secret import Secret
from strongroom.core.sessions import Session
from strongroom.delivery.mcp.refusals import Turned
from strongroom.services.live import LivePlan, LiveSession, Rejected


class Delivery(Protocol):
    """Who is calling, what servers there are for them, and which secret goes where."""

    async def enter(self, token: Secret) -> LiveSession:
        """Return the session of a token. Raises a failure."""

    async def servers(self, live: LiveSession) -> tuple[Served, ...]:
        """Return the servers that the session can speak to. Raises a failure."""

    async def plan(self, live: LiveSession, destination: Destination, *, rejected: Rejected | None = None) -> LivePlan:
        """Return the plan for a destination. Raises a failure.

        A token that a server has `rejected` is renewed first if it can be; if not, the plan is the same as before.
        """


class Reply(Protocol):
    """A server's answer, as it arrives."""

    @property
    def status(self) -> int:
        """Its status."""

    @property
    def fields(self) -> Sequence[tuple[bytes, bytes]]:
        """Its header fields as they came."""

    async def piece(self) -> bytes:
        """Return the next piece of the body, nothing at its end. Raises `BadReply`; `TimeoutError` if it is silent."""

    def close(self) -> None:
        """Give it up, and its connection unless all of it was read."""


class Upstream(Protocol):
    """The way to MCP servers."""

    async def send(  # noqa: PLR0913 - a request has these parts
        self,
        whose: SessionId,
        destination: Destination,
        method: str,
        target: str,
        fields: Sequence[tuple[str, str]],
        body: bytes,
    ) -> Reply:
        """Send a request and return the answer as soon as its head is there.

        Connections are kept for the session that opened them and for no other. Raises `NotPermitted` for an address
        that may not be dialled, `Unreachable`, `BadReply`; `TimeoutError` if there is no answer in time.
        """


class Rewriting(Protocol):
    """Changes one answer's body: feed pieces, then finish. Both return what is settled, and may raise a refusal."""

    def feed(self, piece: bytes) -> bytes:
        """Take a piece."""

    def finish(self) -> bytes:
        """Return what was held back, now that nothing follows."""


@final
@dataclass(frozen=True, slots=True)
class Passed:
    """A request's body as the server is to get it."""

    body: bytes


@final
@dataclass(frozen=True, slots=True)
class Answered:
    """What the client gets, as JSON, for a request that does not reach the server, and the refusal that it tells."""

    body: bytes
    refusal: Turned


class Screen(Protocol):
    """Looks into the messages of one exchange. Made for one request; does no I/O, and may raise refusals."""

    def request(self, fields: Iterable[tuple[bytes, bytes]], body: bytes) -> Passed | Answered:
        """Take the request's header fields and its whole body: of a POST; other methods have none and do not ask."""

    def reply(self, content_type: bytes) -> Rewriting | None:
        """Return what changes the body of an answer of this media type; None where nothing is to be changed."""


Screening = Callable[[Session, Served], Screen | None]
"""Returns the screen for one exchange; None where nobody looks into its messages."""


def unscreened(_session: Session, _server: Served) -> None:
    """Let all messages pass."""
