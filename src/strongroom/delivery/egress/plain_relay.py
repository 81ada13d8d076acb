"""Bytes between client and upstream as they come, after a handshake to a host for which a session holds nothing.

Rules kept here:
- nothing is looked for, so there may be nothing to look for: as soon as the session holds a credential, or has sent a
  secret to the host, the relay is ended. The client connects again, and from then on its messages are searched;
- nothing of the client's is sent under a plan that is over: it waits while another is asked for; a refusal ends it.
"""

from collections.abc import Callable
from typing import final

from strongroom.delivery.egress.commands import (
    Command,
    DropUpstream,
    SendClient,
    SendUpstream,
)
from strongroom.delivery.egress.refusals import Code, Refusal
from strongroom.delivery.egress.relaying import Close
from strongroom.delivery.egress.standing import Standing
from strongroom.services.live import LivePlan, LiveSession


def needs_search(plan: LivePlan) -> bool:
    """Tell whether there is anything to look for in what is sent under a plan, or comes back."""
    known = plan.plan
    return bool(known.swaps or known.strays or known.placements or known.signers or plan.scrubber)


@final
class PlainRelay:
    """A relay of bytes."""

    __slots__ = ("_close", "_emit", "_held", "_standing", "ahead", "over")

    def __init__(self, plan: LivePlan, live: LiveSession, *, emit: Callable[[Command], None], close: Close) -> None:
        self._standing = Standing(plan, live, emit=emit)
        self._emit = emit
        self._close = close
        self._held: list[bytes] = []
        self.ahead = 0
        self.over = False

    @property
    def dialling(self) -> bool:
        """Never: it goes on with a connection that is there."""
        return False

    def client_sent(self, data: bytes) -> None:
        """Take what the client sent."""
        if data:
            self._held.append(data)
            self.ahead += len(data)
        self._send_on()

    def upstream_opened(self) -> None:
        """Do nothing: it goes on with a connection that is there."""

    def upstream_sent(self, data: bytes) -> None:
        """Take what the upstream sent."""
        self._require_plain()
        if data:
            self._emit(SendClient(data))
        self._standing.holds()

    def client_ready(self) -> None:
        """Do nothing: it does not wait for the client."""

    def upstream_ready(self) -> None:
        """Do nothing: it does not wait for the upstream."""

    def planned(self, plan: LivePlan) -> None:
        """Go on under another plan, if there is still nothing to look for."""
        self._standing.renew(plan)
        self._require_plain()
        self._send_on()

    def upstream_gone(self) -> None:
        """Take the end of the upstream's connection."""
        self.over = True
        self._close(linger=False)

    def client_gone(self) -> None:
        """Take the end of the client's connection."""
        self.over = True
        self._emit(DropUpstream())

    def refused(self, refusal: Refusal) -> None:  # noqa: ARG002 - a close frame could come in the middle of another
        """End it, without words."""
        self.over = True
        self._emit(DropUpstream())
        self._close(linger=False)

    def _send_on(self) -> None:
        if self._held and self._standing.holds():
            self._emit(SendUpstream(b"".join(self._held)))
            self._held.clear()
            self.ahead = 0

    def _require_plain(self) -> None:
        if needs_search(self._standing.plan):
            raise Refusal(Code.UNAVAILABLE, "the session has got a credential for the host; connect again")
