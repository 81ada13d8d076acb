"""One request and its reply: bytes from the client, bytes to the upstream, and back.

Rules kept here:
- nothing is sent before there is something to send, so a gathered body holds no connection;
- secrets are put in when there is a connection to send them on, under a plan that is alive then; until then the
  request is held as it came;
- a request is sent a second time only if the first connection was a kept one that died without a byte of reply, and
  the request may be repeated (RFC 9110 9.2.2) and has no body;
- or if the upstream rejected a token that was put in, and another was had: once, with a body that was kept whole;
- an upstream's connection is kept only if request and reply are both complete and nothing follows them.
"""

from collections.abc import Callable
from typing import final

from strongroom.core.failures import TooMany
from strongroom.delivery.egress.asked import Asked
from strongroom.delivery.egress.bodies import BodyReader
from strongroom.delivery.egress.commands import (
    AwaitClient,
    Command,
    DropUpstream,
    KeepUpstream,
    MakePlan,
    OpenUpstream,
    SendClient,
    SendUpstream,
    Wanted,
)
from strongroom.delivery.egress.counters import Counters
from strongroom.delivery.egress.handshake import Handshake, check_handshake, wants_websocket
from strongroom.delivery.egress.head import RequestHead
from strongroom.delivery.egress.incoming import Incoming
from strongroom.delivery.egress.limits import Limits
from strongroom.delivery.egress.message_relay import MessageRelay
from strongroom.delivery.egress.outgoing import Outgoing, bounded
from strongroom.delivery.egress.plain_relay import PlainRelay, needs_search
from strongroom.delivery.egress.refusals import Code, Refusal, refusal_of
from strongroom.delivery.egress.relaying import Close, Relay
from strongroom.delivery.egress.request_lines import request_lines
from strongroom.delivery.egress.second_try import SecondTry
from strongroom.delivery.egress.shares import Share
from strongroom.delivery.egress.signing import SignedOutgoing, Signing, find_signing
from strongroom.services.live import LivePlan, LiveSession, Rejected

_REPEATABLE = frozenset({b"GET", b"HEAD", b"OPTIONS", b"PUT", b"DELETE", b"TRACE"})
_MOST_PLANS = 4
_EMPTY_LINE = (b"", b"")
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@final
class Exchange:
    """Follows one request from its plan to the last byte of the reply. Raises refusals."""

    __slots__ = (
        "_asking",
        "_chunk_bytes",
        "_counters",
        "_emit",
        "_held",
        "_held_bytes",
        "_limits",
        "_outgoing",
        "_plan",
        "_plans",
        "_replay",
        "_second",
        "_sending",
        "_share",
        "_signing",
        "_tried",
        "_upstream_ended",
        "_uses_upstream",
        "asked",
        "incoming",
        "live",
        "received",
    )

    def __init__(  # noqa: PLR0913 - one argument per thing it works with
        self,
        asked: Asked,
        plan: LivePlan,
        live: LiveSession,
        *,
        share: Share,
        limits: Limits,
        counters: Counters,
        emit: Callable[[Command], None],
    ) -> None:
        self.asked = asked
        self._plan = plan
        self.live = live
        self._limits = limits
        self.incoming = self._awaited(plan)
        self._counters = counters
        self._emit = emit
        self._share = share
        self._plans = 1
        self._held: list[bytes] = []  # what has come of the body and is not sent, as it came
        self._held_bytes = 0
        self._sending = False
        self.received = 0
        """Bytes of the body that have come, with their framing."""
        self._outgoing: Outgoing | SignedOutgoing | None = None
        self._signing: Signing | None = None
        self._chunk_bytes = 0  # what waits in `_outgoing`
        self._replay: bytes | None = None
        self._uses_upstream = False
        self._asking = False
        self._second: SecondTry | None = None
        self._tried = False
        self._upstream_ended: bool | None = None  # while a reply is held back; cleanly or not

    def begin(self, early: bytes) -> bytes:
        """Start, with what has arrived behind the head; return what does not belong to the body."""
        asked = self.asked
        head = asked.head
        if b"upgrade" in head.names and wants_websocket(head):
            check_handshake(asked)
        self._signing = find_signing(asked, self._plan) if self._plan.plan.signers else None
        body = asked.body
        if body is None:
            self._open()
            return early
        self._require_size(body.length or 0)
        outgoing = self._outgoing = self._made_outgoing(head, body)
        if not outgoing.gathers or body.done:
            self._open()
        elif not early and not self._held and b"expect" in head.names:
            self._emit(SendClient(_CONTINUE))  # the upstream will see head and body together
        return self.client_sent(early) if early else early

    def client_sent(self, data: bytes) -> bytes:
        """Take bytes of the request's body; return what does not belong to it."""
        body, outgoing = self.asked.body, self._outgoing
        if body is None or outgoing is None or self.asked.complete:
            return data
        payload, rest = body.feed(data)
        self.received += len(data) - len(rest)
        self._require_size(self.received)
        if self._sending:
            self._send_body(outgoing, payload, last=body.done)
            return rest
        if outgoing.gathers:
            outgoing.gather(payload)
        self._hold(payload)
        if body.done and outgoing.gathers:
            self._open()
        return rest

    def _require_size(self, size: int) -> None:
        if size > self._limits.request_bytes:
            raise Refusal(Code.TOO_LARGE, f"the request body is longer than {self._limits.request_bytes} bytes")

    @property
    def ahead(self) -> int:
        """How many bytes wait for the upstream's connection."""
        return self._held_bytes if self._uses_upstream else 0

    def asks(self) -> bool:
        """Tell whether it waits for another plan, which it asks for: go on with `renew`."""
        second = self._second
        if self.incoming.held_back is not None and second is not None and not self._asking:
            self._asking = True
            rejected = Rejected(self._plan, second.placement)
            self._emit(MakePlan(self.live, self.asked.destination, rejected))
        return self._asking

    def opened(self) -> None:
        """Send what there is, under a plan that is alive; else ask for another."""
        if not self._plan.live:
            self._emit(DropUpstream())
            self._uses_upstream = False
            self._replay = None
            if self._plans >= _MOST_PLANS:
                raise Refusal(
                    Code.UNAVAILABLE, "the credentials changed while the request was under way; send it again"
                )
            self._asking = True
            self._emit(MakePlan(self.live, self.asked.destination))
            return
        self._sending = True
        self._prepare_second_try()
        body, outgoing = self.asked.body, self._outgoing
        if body is None or outgoing is None:
            again, self._replay = self._replay, None  # a second time, and no third
            request = again or self._bodiless()
            self._emit(SendUpstream(request))
            self.incoming.request_complete()
            return
        held = b"".join(self._held)
        self._let_go()
        self._keep(held)
        lines = request_lines(
            self.asked.head,
            self.asked.target,
            authority=self.asked.authority,
            plan=self._plan,
            signing=self._signing,
            body_may_carry=self._signing is None and self._plan.fills_bodies,
            expects=not outgoing.gathers,
        )
        self._emit(SendUpstream(outgoing.start(lines, held, last=body.done)))
        self._account(outgoing)
        if body.done:
            self.incoming.request_complete()

    def renew(self, plan: LivePlan, early: bytes) -> bytes:
        """Start again under another plan: nothing was sent under the last one, or what was sent was rejected."""
        self._asking = False
        if self.incoming.held_back is not None and not self._forget_rejected(plan):
            return early
        self._plan = plan
        self._plans += 1
        self.incoming = self._awaited(plan)
        self._outgoing = None
        self._sending = False
        return self.begin(early)

    def _prepare_second_try(self) -> None:
        placement = None if self._tried or self._signing else self._plan.renewable(self.asked.target.decode())
        if placement is not None:
            self._second = SecondTry(placement, self._share)
            self.incoming.holds_back = True

    def _keep(self, payload: bytes) -> None:
        if self._second is not None:
            self._second.keep(payload)
            self.incoming.holds_back = self._second.possible

    def _forget_rejected(self, plan: LivePlan) -> bool:
        """Make ready for the second try if the plan has another token; else pass the first reply on."""
        second, self._second, self._tried = self._second, None, True
        again = plan.renewable(self.asked.target.decode())
        if second is None or again is None or again.secret == second.placement.secret:
            if second is not None:
                second.let_go()
            self.pass_on(self.incoming.pass_back())
            if self._upstream_ended is not None:
                self.pass_on(self.incoming.ended(clean=self._upstream_ended))
            return False
        if self._uses_upstream:
            self._emit(DropUpstream())
            self._uses_upstream = False
        self._replay = None
        self._hold(second.take())
        return True

    def _awaited(self, plan: LivePlan) -> Incoming:
        """Return what is to become of the reply."""
        asked = self.asked
        return Incoming(
            asked.head,
            plan,
            limits=self._limits,
            keep_client=asked.keeps_client,
            keep_trailers=asked.takes_trailers,
        )

    def _bodiless(self) -> bytes:
        asked, plan = self.asked, self._plan
        head = asked.head
        signing = self._signing
        lines = request_lines(head, asked.target, authority=asked.authority, plan=plan, signing=signing)
        if b"upgrade" in head.names and wants_websocket(head):
            handshake = self.incoming.handshake = Handshake(head, searched=needs_search(plan))
            lines = handshake.request_lines(lines)
        if signing is not None:
            lines = signing.signed(lines)
        lines += _EMPTY_LINE
        request = bounded(b"\r\n".join(lines), self._limits)
        if head.method in _REPEATABLE:
            self._replay = request
        return request

    def _made_outgoing(self, head: RequestHead, body: BodyReader) -> Outgoing | SignedOutgoing:
        plan, limits, counters = self._plan, self._limits, self._counters
        if self._signing is None:
            return Outgoing(head, body, plan=plan, limits=limits, counters=counters)
        outgoing = SignedOutgoing(head, body, self._signing, plan=plan, limits=limits, counters=counters)
        for payload in self._held if outgoing.gathers else ():  # under an earlier plan
            outgoing.gather(payload)
        return outgoing

    def _send_body(self, outgoing: Outgoing | SignedOutgoing, payload: bytes, *, last: bool) -> None:
        out = outgoing.feed(payload, last=last)
        self._keep(payload)
        if outgoing.held != self._chunk_bytes:
            self._account(outgoing)
        if out:
            self._emit(SendUpstream(out))
        if last:
            self.incoming.request_complete()

    def _account(self, outgoing: Outgoing | SignedOutgoing) -> None:
        """Count what waits for the rest of its chunk."""
        self._share.free(self._chunk_bytes)
        self._chunk_bytes = 0
        self._take_room(outgoing.held)
        self._chunk_bytes = outgoing.held

    def _take_room(self, size: int) -> None:
        try:
            self._share.hold(size)
        except TooMany as failure:
            raise refusal_of(failure) from None

    def _hold(self, payload: bytes) -> None:
        self._take_room(len(payload))
        self._held.append(payload)
        self._held_bytes += len(payload)

    def _let_go(self) -> None:
        if self._held_bytes:
            self._share.free(self._held_bytes)
            self._held_bytes = 0
        self._held.clear()
        if self._chunk_bytes:
            self._share.free(self._chunk_bytes)
            self._chunk_bytes = 0

    def take_over(self, request: bytes | None) -> None:
        """Go on with a request that has been sent as a whole, or refused when a connection was taken for it."""
        self._uses_upstream = True
        if request is None:
            return
        self._sending = True
        self.incoming.request_complete()
        if self.asked.body is None and self.asked.head.method in _REPEATABLE:
            self._replay = request

    @property
    def over(self) -> bool:
        """Whether all is done, and both connections may carry another exchange."""
        incoming = self.incoming
        return (
            incoming.done
            and incoming.reusable
            and incoming.keep_client
            and self._uses_upstream
            and self._second is None
        )

    def upstream_sent(self, data: bytes) -> None:
        """Take bytes of the reply."""
        self.pass_on(self.incoming.feed(data))

    def pass_on(self, out: bytes) -> None:
        """Send the client a part of the reply, and the next as soon as it has room if there is one."""
        if out:
            self._emit(SendClient(out))
        if self.incoming.pending:
            self._emit(AwaitClient())

    def client_ready(self) -> None:
        """Send the client more of what has arrived."""
        self.pass_on(self.incoming.resume())

    def upstream_gone(self, *, clean: bool, reused: bool) -> None:
        """Take the end of the upstream's connection; `reused` if it had carried other requests before."""
        self._uses_upstream = False
        if self.incoming.held_back is not None:
            self._upstream_ended = clean
            return
        if self.incoming.untouched:
            if not reused or self._replay is None:
                raise Refusal(Code.UPSTREAM_UNREACHABLE, "the upstream closed the connection without a reply")
            self._open(fresh=True)
            return
        out = self.incoming.ended(clean=clean)
        if out:
            self._emit(SendClient(out))

    def release(self) -> None:
        """Give the upstream's connection back, or up if it is not fit for another request."""
        self._let_go()
        if self._second is not None:
            self._second.let_go()
        self._share.end()
        if self._uses_upstream:
            incoming = self.incoming
            self._emit(KeepUpstream() if incoming.done and incoming.reusable else DropUpstream())
            self._uses_upstream = False

    def relay(self, close: Close) -> Relay:
        """Return what goes on with both connections after the change of protocol; it ends with a call of `close`."""
        handshake = self.incoming.handshake
        if handshake is not None and not handshake.searched:
            return PlainRelay(self._plan, self.live, emit=self._emit, close=close)
        return MessageRelay(self._plan, self.live, limits=self._limits, emit=self._emit, close=close)

    def _open(self, *, fresh: bool = False) -> None:
        self._uses_upstream = True
        asked = self.asked
        wanted = Wanted.EITHER if asked.multiplexed else Wanted.HTTP_1
        if b"upgrade" in asked.head.names and wants_websocket(asked.head):
            wanted = Wanted.HTTP_1_ALONE
        self._emit(OpenUpstream(self.live, asked.destination, fresh, wanted))
