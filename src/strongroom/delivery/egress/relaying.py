"""Both connections while another protocol is spoken: what a relay does, and which event is told to it how.

Rules kept here:
- what a relay is told, it answers with commands; when it cannot go on, it raises a refusal and is then told to end.
"""

from typing import Protocol, assert_never

from strongroom.delivery.egress.events import (
    ClientGone,
    ClientReady,
    ClientSent,
    Event,
    Failed,
    PlanMade,
    SessionFound,
    TimedOut,
    UpstreamGone,
    UpstreamOpened,
    UpstreamReady,
    UpstreamSent,
    Waiting,
)
from strongroom.delivery.egress.refusals import Code, Refusal, refusal_of
from strongroom.services.live import LivePlan


class Close(Protocol):
    """Closes the client's connection when everything is sent; `linger` if the client may still be sending."""

    def __call__(self, *, linger: bool) -> None: ...


class Relay(Protocol):
    """A relay. It ends with a call of `close`."""

    over: bool
    """Whether it has closed the client's connection."""

    @property
    def ahead(self) -> int:
        """How many bytes of the client's wait."""

    @property
    def dialling(self) -> bool:
        """Whether it waits for a connection to the upstream."""

    def client_sent(self, data: bytes) -> None:
        """Take what the client sent."""

    def upstream_opened(self) -> None:
        """Take that the upstream's connection is there, if it was asked for."""

    def upstream_sent(self, data: bytes) -> None:
        """Take what the upstream sent."""

    def client_ready(self) -> None:
        """Send the client more of what has arrived."""

    def upstream_ready(self) -> None:
        """Send the upstream more of what has arrived."""

    def planned(self, plan: LivePlan) -> None:
        """Go on under another plan."""

    def upstream_gone(self) -> None:
        """Take the end of the upstream's connection."""

    def refused(self, refusal: Refusal) -> None:
        """End it."""

    def client_gone(self) -> None:
        """End it with the client's connection."""


def tell(relay: Relay, event: Event) -> None:  # noqa: C901 - one line per event
    """Tell a relay what has happened. Raises a refusal."""
    match event:
        case ClientSent():
            relay.client_sent(event.data)
        case UpstreamOpened():
            relay.upstream_opened()
        case UpstreamSent():
            relay.upstream_sent(event.data)
        case ClientReady():
            relay.client_ready()
        case UpstreamReady():
            relay.upstream_ready()
        case PlanMade():
            relay.planned(event.plan)
        case Failed():
            raise refusal_of(event.failure, dialling=relay.dialling)
        case UpstreamGone():
            relay.upstream_gone()
        case TimedOut():
            raise _late(event.waiting)
        case SessionFound() | ClientGone():
            pass  # it does not ask for the one, and is left with the other
        case _:
            assert_never(event)


def _late(waiting: Waiting) -> Refusal:
    if waiting is Waiting.WHOLE:
        return Refusal(Code.REQUEST_TIMEOUT, "the WebSocket has been open for longer than it may be")
    if waiting is Waiting.HEAD:
        return Refusal(Code.REQUEST_TIMEOUT, "what TLS begins with was not complete in time")
    return Refusal(Code.UPSTREAM_TIMEOUT, "nothing was heard for too long")
