"""What goes on between client and upstream after a handshake: WebSocket messages, searched in both directions.

Rules kept here:
- placeholders in what the client sends become secrets where the body may carry them; control frames never take one in;
- what the upstream sends is scrubbed of all that the session has sent to the host by then, control frames included;
- nothing of the client's is sent under a plan that is over: it waits while another is asked for, and a refusal ends
  the relay; what the upstream sends makes us ask, too, so that a client that only listens is not overlooked;
- whoever breaks RFC 6455, both sides are told with a close frame, and nothing more is passed on;
- who reads slowly is sent no more than fits, and then the other side is not read.
"""

from collections.abc import Callable
from typing import final

from wsproto.frame_protocol import CloseReason, FrameProtocol

from strongroom.core.surfaces import Surface
from strongroom.delivery.egress.commands import (
    AwaitClient,
    AwaitUpstream,
    Command,
    DropUpstream,
    FinishUpstream,
    SendClient,
    SendUpstream,
)
from strongroom.delivery.egress.filling import Filling
from strongroom.delivery.egress.limits import Limits
from strongroom.delivery.egress.messages import Way
from strongroom.delivery.egress.refusals import Code, Refusal
from strongroom.delivery.egress.relaying import Close
from strongroom.delivery.egress.standing import Standing
from strongroom.services.live import LivePlan, LiveSession

_CLOSE_CODES = {
    Code.AUTHENTICATION_REQUIRED: CloseReason.POLICY_VIOLATION,
    Code.HOST_NOT_ALLOWED: CloseReason.POLICY_VIOLATION,
    Code.PLACEHOLDER_NOT_ALLOWED: CloseReason.POLICY_VIOLATION,
    Code.REQUEST_TIMEOUT: CloseReason.GOING_AWAY,
    Code.UPSTREAM_TIMEOUT: CloseReason.GOING_AWAY,
}
"""What a close frame says of a refusal (RFC 6455 7.4.1); of any other that it may be better to try again later."""


@final
class MessageRelay:
    """A relay of messages."""

    __slots__ = (
        "_client_awaited",
        "_close",
        "_emit",
        "_far",
        "_near",
        "_standing",
        "_to_client",
        "_to_upstream",
        "_upstream_awaited",
        "over",
    )

    def __init__(
        self,
        plan: LivePlan,
        live: LiveSession,
        *,
        limits: Limits,
        emit: Callable[[Command], None],
        close: Close,
    ) -> None:
        standing = self._standing = Standing(plan, live, emit=emit)
        self._emit = emit
        self._close = close
        self._client_awaited = False
        self._upstream_awaited = False
        self.over = False
        self._near = FrameProtocol(client=False, extensions=[])  # toward the client we are the server
        self._far = FrameProtocol(client=True, extensions=[])
        self._to_upstream = Way(
            self._near,
            self._far,
            begin=lambda: Filling(lambda: standing.plan, most=limits.grown_bytes),
            control=lambda said: _reported(standing.plan, said),
        )
        self._to_client = Way(
            self._far,
            self._near,
            begin=lambda: standing.plan.sent.stream(),  # noqa: PLW0108 - the plan that stands then
            control=lambda said: standing.plan.scrubber.clean(said),  # noqa: PLW0108 - as above
        )

    @property
    def ahead(self) -> int:
        """How many bytes of the client's wait."""
        return self._to_upstream.ahead

    @property
    def dialling(self) -> bool:
        """Never: it goes on with a connection that is there."""
        return False

    def client_sent(self, data: bytes) -> None:
        """Take what the client sent."""
        self._to_upstream.feed(data)
        self._send_on()

    def upstream_ready(self) -> None:
        """Send the upstream more of what has arrived."""
        self._upstream_awaited = False
        self._send_on()

    def upstream_opened(self) -> None:
        """Do nothing: it goes on with a connection that is there."""

    def upstream_sent(self, data: bytes) -> None:
        """Take what the upstream sent."""
        self._to_client.feed(data)
        self._deliver()
        if not self.over:
            self._standing.holds()

    def client_ready(self) -> None:
        """Send the client more of what has arrived."""
        self._client_awaited = False
        self._deliver()

    def planned(self, plan: LivePlan) -> None:
        """Go on under another plan."""
        self._standing.renew(plan)
        self._send_on()

    def upstream_gone(self) -> None:
        """Take the end of the upstream's connection, and hand on what came before it."""
        while self._to_client.pending and not self.over:
            self._client_awaited = False
            self._deliver()
        if not self.over:
            self.over = True
            self._close(linger=False)

    def client_gone(self) -> None:
        """Take the end of the client's connection; it may have said goodbye in the same breath."""
        self.over = True
        self._emit(FinishUpstream() if self._to_upstream.closed else DropUpstream())

    def refused(self, refusal: Refusal) -> None:
        """Tell both sides why it ends, but for one that has been told before."""
        broken = self._to_upstream.broken or self._to_client.broken
        close_code = broken or _CLOSE_CODES.get(refusal.code, CloseReason.TRY_AGAIN_LATER)
        if not self._to_client.closed:
            self._emit(SendClient(bytes(self._near.close(close_code, refusal.sentence))))
        if not self._to_upstream.closed:
            self._emit(SendUpstream(bytes(self._far.close(close_code, refusal.sentence))))
        self._leave(linger=True)

    def _send_on(self) -> None:
        way = self._to_upstream
        if self.over or self._upstream_awaited or not way.pending or not self._standing.holds():
            return
        out = way.run()
        if out:
            self._emit(SendUpstream(out))
        if way.broken is not None:
            raise _refusal(way.broken, Code.BAD_REQUEST, "the client")
        if way.failure is not None:
            raise way.failure
        if way.pending:
            self._upstream_awaited = True
            self._emit(AwaitUpstream())
        self._settle()

    def _deliver(self) -> None:
        way = self._to_client
        if self.over or self._client_awaited or not way.pending:
            return
        out = way.run()
        if out:
            self._emit(SendClient(out))
        if way.broken is not None:
            raise _refusal(way.broken, Code.UPSTREAM_BAD_REPLY, "the upstream")
        if way.pending:
            self._client_awaited = True
            self._emit(AwaitClient())
        self._settle()

    def _settle(self) -> None:
        if self._to_client.closed and self._to_upstream.closed:
            self._leave(linger=False)

    def _leave(self, *, linger: bool) -> None:
        self.over = True
        self._emit(FinishUpstream())
        self._close(linger=linger)


def _reported(plan: LivePlan, said: bytes) -> bytes:
    """Return what a control frame says as it is: it has no room for a secret."""
    plan.substituter.report(said, Surface.BODY)
    return said


def _refusal(broken: CloseReason, code: Code, who: str) -> Refusal:
    match broken:
        case CloseReason.MESSAGE_TOO_BIG:
            return Refusal(Code.TOO_LARGE, "the message is too large with the credentials put in")
        case CloseReason.INVALID_FRAME_PAYLOAD_DATA:
            return Refusal(code, f"{who} sent a text that is not UTF-8")
        case _:
            return Refusal(code, f"{who} sent a frame that breaks the rules of RFC 6455")
