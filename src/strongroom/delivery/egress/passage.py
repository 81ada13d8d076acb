"""What goes on in a tunnel to a host that the operator lets pass through: TLS from end to end, unseen by us.

Rules kept here:
- the name that the client asks TLS for is that of the tunnel (DESIGN section 5 line 4); without one it is an address;
- nobody is dialled before that is known, and nothing of the client's is sent, nor anybody dialled, under a plan that is
  over: it waits while another is asked for;
- the connection is this tunnel's alone: dialled for it, and closed with it;
- the end of either side is the end of both, but first the other side is sent what it has not got yet.
"""

from collections.abc import Callable
from typing import final

from strongroom.core.failures import Invalid
from strongroom.core.hosts import canonical_host, is_address
from strongroom.core.plans import Destination
from strongroom.delivery.egress.client_hello import ClientHello, Greeting
from strongroom.delivery.egress.commands import (
    Command,
    DropUpstream,
    FinishUpstream,
    OpenUpstream,
    SendClient,
    SendUpstream,
    Wanted,
)
from strongroom.delivery.egress.refusals import Code, Refusal, bad_request
from strongroom.delivery.egress.relaying import Close
from strongroom.delivery.egress.standing import Standing
from strongroom.services.live import LivePlan, LiveSession

DENIED = bytes((21, 3, 3, 0, 2, 2, 49))
"""A fatal alert, `access_denied` (RFC 8446 6.2): what can be said to a client that has just begun to speak TLS."""


@final
class Passage:
    """A relay of bytes that are not ours to read."""

    __slots__ = (
        "_answered",
        "_close",
        "_emit",
        "_greeted",
        "_greeting",
        "_held",
        "_live",
        "_opened",
        "_standing",
        "ahead",
        "dialling",
        "over",
    )

    def __init__(
        self,
        plan: LivePlan,
        live: LiveSession,
        *,
        emit: Callable[[Command], None],
        close: Close,
        greeted: Callable[[], None],
    ) -> None:
        """Begin; `greeted` is called when the client has said all that TLS begins with."""
        self._standing = Standing(plan, live, emit=emit)
        self._live = live
        self._emit = emit
        self._close = close
        self._greeting: ClientHello | None = ClientHello()
        self._greeted = greeted
        self._opened = False
        self._answered = False
        self._held: list[bytes] = []
        self.ahead = 0
        self.dialling = False
        self.over = False

    def client_sent(self, data: bytes) -> None:
        """Take what the client sent."""
        if data:
            self._held.append(data)
            self.ahead += len(data)
        if self._greeting is not None and not self._read(self._greeting, data):
            return
        self._send_on()

    def upstream_opened(self) -> None:
        """Send what was held."""
        self._opened, self.dialling = True, False
        self._send_on()

    def upstream_sent(self, data: bytes) -> None:
        """Take what the upstream sent."""
        if data:
            self._answered = True
            self._emit(SendClient(data))
        self._standing.holds()

    def client_ready(self) -> None:
        """Do nothing: it does not wait for the client."""

    def upstream_ready(self) -> None:
        """Do nothing: it does not wait for the upstream."""

    def planned(self, plan: LivePlan) -> None:
        """Go on under another plan, if that lets the host pass as well."""
        self._standing.renew(plan)
        if not plan.plan.passes_through:
            raise Refusal(Code.UNAVAILABLE, "the host is not let pass through any more; connect again")
        self._send_on()

    def upstream_gone(self) -> None:
        """Take the end of the upstream's connection."""
        self.over = True
        self._close(linger=True)

    def client_gone(self) -> None:
        """Take the end of the client's connection."""
        self.over = True
        self._emit(FinishUpstream(ended=True) if self._opened and not self._held else DropUpstream())

    def refused(self, refusal: Refusal) -> None:  # noqa: ARG002 - TLS has no words for it
        """End it; before the upstream has said anything, with an alert."""
        self.over = True
        if not self._answered:
            self._emit(SendClient(DENIED))
        self._emit(DropUpstream())
        self._close(linger=False)

    def _read(self, greeting: ClientHello, data: bytes) -> bool:
        """Read the client's greeting; tell whether it is whole. Raises a refusal."""
        match greeting.feed(data):
            case Greeting.INCOMPLETE:
                return False
            case Greeting.NONE:
                raise bad_request("what was sent in the tunnel is no TLS")
            case Greeting.READ:
                _require_named(greeting.name, self._standing.plan.destination)
                self._greeting = None
                self._greeted()
        return True

    def _send_on(self) -> None:
        if not self._held or self.dialling or not self._standing.holds():
            return
        if self._opened:
            self._emit(SendUpstream(b"".join(self._held)))
            self._held.clear()
            self.ahead = 0
            return
        self.dialling = True
        there = self._standing.plan.destination
        beneath = Destination("http", there.host, there.port)  # the client brings its own TLS
        self._emit(OpenUpstream(self._live, beneath, fresh=True, wanted=Wanted.HTTP_1_ALONE))


def _require_named(name: str | None, there: Destination) -> None:
    """Raise a refusal unless the name is that of the tunnel; one to an address has none (RFC 6066 3)."""
    try:
        agreed = is_address(there.host) if name is None else canonical_host(name) == there.host
    except Invalid:
        agreed = False
    if not agreed:
        raise bad_request("TLS in the tunnel asks for another name than that of the tunnel")
