"""All that is said on one client connection, without I/O: events in, commands out.

    READING ──head──▶ ASKING ──plan──▶ EXCHANGING ──reply complete──▶ READING
                        │                   └──101──▶ RELAYING
                        └──plan of a CONNECT──▶ PEEKING ──first byte──▶ READING (inside the tunnel)

Rules kept here:
- one request at a time, in order; what a client sends ahead waits, and beyond a bound is not read;
- a request without a live plan asks for one; with one it runs without a question;
- a refusal after the reply has begun cuts the connection, so that the client cannot take a part for the whole;
- after a malformed or contradictory request nothing more is read from that client.
"""

from typing import assert_never

from strongroom.core.failures import Failure, NotAuthenticated
from strongroom.delivery.egress.answers import answer, is_last
from strongroom.delivery.egress.asked import Asked, asked_inside
from strongroom.delivery.egress.commands import (
    AbortClient,
    CloseClient,
    Command,
    FindSession,
    MakePlan,
    SendClient,
    StartTls,
)
from strongroom.delivery.egress.counters import Counters
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
from strongroom.delivery.egress.exchange import Exchange
from strongroom.delivery.egress.head import HeadBuffer
from strongroom.delivery.egress.lateness import too_late
from strongroom.delivery.egress.limits import Limits
from strongroom.delivery.egress.passage import Passage
from strongroom.delivery.egress.phases import ASKING, EXCHANGING, READING, Phase
from strongroom.delivery.egress.presented import presented_token
from strongroom.delivery.egress.refusals import STOPS, Refusal, bad_request, refusal_of
from strongroom.delivery.egress.relaying import Relay, tell
from strongroom.delivery.egress.shares import Share
from strongroom.delivery.egress.tallying import counted_if_refused, tally
from strongroom.delivery.egress.tunnel import Spoken, Tunnel, spoken
from strongroom.services.live import LivePlan, LiveSession

ESTABLISHED = b"HTTP/1.1 200 Connection Established\r\n\r\n"


class Conversation:
    """One client connection. `receive` never raises for anything that a client or an upstream sends."""

    __slots__ = (
        "_asked",
        "_buffer",
        "_counters",
        "_exchange",
        "_limits",
        "_out",
        "_phase",
        "_relay",
        "head_due",
        "share",
        "stopping",
        "tunnel",
    )

    def __init__(self, *, limits: Limits, counters: Counters, inside: Tunnel | None = None) -> None:
        """Begin; `inside` a tunnel if the connection has opened one already."""
        self._limits = limits
        self._counters = counters
        self._out: list[Command] = []
        self._phase: Phase = READING
        self._buffer = HeadBuffer(limits.head_bytes)
        self.tunnel = inside
        """The tunnel that the client has opened."""
        self.share = Share(limits) if inside is None else inside.share
        self._asked: Asked | None = None
        self._exchange: Exchange | None = None
        self._relay: Relay | None = None
        self.head_due = True
        """Whether the client owes the rest of a head, so that its dribbling does not buy it time."""
        self.stopping = False
        """Set it to have the connection closed after the present exchange."""

    @property
    def waiting(self) -> Waiting:
        """Whom a silence is to be blamed on."""
        match self._phase:
            case Phase.READING | Phase.PEEKING | Phase.CLOSED:
                return Waiting.HEAD if self.head_due else Waiting.NEXT
            case Phase.ASKING:
                return Waiting.OURSELVES
            case Phase.EXCHANGING | Phase.RELAYING:
                return Waiting.HEAD if self.head_due else Waiting.ANSWER
            case _:
                assert_never(self._phase)

    @property
    def full(self) -> bool:
        """Whether no more should be read from the client for now."""
        under_way = self._relay if self._exchange is None else self._exchange
        ahead = 0 if under_way is None else under_way.ahead
        return max(ahead, len(self._buffer.held)) > self._limits.backlog_bytes

    @property
    def under_way(self) -> object:
        """What has begun and has not ended: an exchange, or the other protocol that it became."""
        return self._exchange if self._relay is None else self._relay

    @property
    def finishing(self) -> bool:
        """Whether there is an answer to come that nothing more from the client is needed for."""
        asked = self._asked
        under_way = self._phase is ASKING or self._phase is EXCHANGING
        return under_way and asked is not None and asked.complete and asked.head.method != b"CONNECT"

    @property
    def idle(self) -> bool:
        """Whether nothing is under way."""
        return self._phase in {Phase.READING, Phase.PEEKING, Phase.CLOSED} and not self._buffer.held

    def receive(self, event: Event) -> list[Command]:
        """Take an event; return what to do, in order."""
        relay = self._relay
        try:
            if relay is None or type(event) is ClientGone:
                self._take(event)
            else:
                tell(relay, event)
        except STOPS as why:
            self._refuse(why)
        while self._phase is READING and self._buffer.held:
            try:
                if not self._read_head():
                    break
            except STOPS as why:
                self._refuse(why)
        return self._commands()

    def _commands(self) -> list[Command]:
        out, self._out = self._out, []
        return out

    def _emit(self, command: Command) -> None:
        self._out.append(command)

    def _take(self, event: Event) -> None:  # noqa: C901 - one line per event
        match event:
            case ClientSent():
                self._client_sent(event.data)
            case UpstreamSent():
                self._upstream_sent(event.data)
            case UpstreamOpened():
                self._upstream_opened()
            case UpstreamGone():
                self._upstream_gone(event)
            case ClientReady():
                self._client_ready()
            case PlanMade():
                self._plan_made(event.plan)
            case SessionFound():
                self._session_found(event)
            case Failed():
                self._failed(event.failure)
            case ClientGone():
                self._client_gone()
            case TimedOut():
                self._timed_out(event.waiting)
            case UpstreamReady():
                pass  # only a relay awaits the upstream
            case _:
                assert_never(event)

    # --- the client -------------------------------------------------------------------------------

    def _client_sent(self, data: bytes) -> None:
        if self._phase is EXCHANGING and self._exchange is not None and not self._buffer.held:
            rest = self._exchange.client_sent(data)
            if rest:
                self._buffer.add(rest)
        elif self._phase is not Phase.CLOSED:  # where only a refused client still sends
            self._buffer.add(data)
            if self._phase is Phase.PEEKING:
                self._peek()

    def _read_head(self) -> bool:
        """Begin the next request, if its head is complete."""
        if self._buffer.held.startswith(b"\r\n") and not self._buffer.skip_empty_lines():
            return False
        self.head_due = True
        try:
            raw = self._buffer.head()
        except OverflowError:
            raise bad_request(f"the request head is longer than {self._limits.head_bytes} bytes") from None
        if raw is None:
            return False
        self.head_due = False
        tunnel = self.tunnel
        if tunnel is not None:
            self._ask_plan(asked_inside(raw, tunnel), tunnel.live, tunnel.plan)
            return True
        asked = self._asked = counted_if_refused(raw, self._emit)
        token = presented_token(asked.head)
        if token is None:
            raise refusal_of(NotAuthenticated(presented=False))
        self._phase = ASKING
        self._emit(FindSession(token))
        return True

    def _client_gone(self) -> None:
        if self._exchange is not None:
            self._exchange.release()
        if self._relay is not None:
            self._relay.client_gone()
        self._exchange, self._relay, self._phase = None, None, Phase.CLOSED

    # --- decisions --------------------------------------------------------------------------------

    def _session_found(self, event: SessionFound) -> None:
        if self._phase is ASKING and self._asked is not None:
            self.share = event.share
            self._ask_plan(self._asked, event.live, None)

    def _ask_plan(self, asked: Asked, live: LiveSession, plan: LivePlan | None) -> None:
        asked.live = live
        self._asked = asked
        if plan is not None and plan.live:
            self._exchange_under(plan, asked, live)
            return
        self._phase = ASKING
        self._emit(MakePlan(live, asked.destination))

    def _plan_made(self, plan: LivePlan) -> None:
        asked = self._asked
        if self._phase is not ASKING or asked is None or asked.live is None:
            return
        if asked.head.method != b"CONNECT":
            if self.tunnel is not None:
                self.tunnel.plan = plan
            self._exchange_under(plan, asked, asked.live)
            return
        if plan.plan.passes_through:  # what is asked inside cannot be counted
            self.share.count()
        self.tunnel = Tunnel(asked.live, asked.destination, plan, share=self.share)
        self._asked = None
        self._phase = Phase.PEEKING
        self.head_due = True
        self._emit(SendClient(ESTABLISHED))
        if self._buffer.held:
            self._peek()

    def _peek(self) -> None:
        """Tell by the first byte in a tunnel what is spoken there: TLS, or HTTP in clear (as `http://` URLs may be)."""
        tunnel = self.tunnel
        if tunnel is None or not self._buffer.held:
            return
        match spoken(self._buffer.held[0]):
            case Spoken.TLS if tunnel.plan is not None and tunnel.plan.plan.passes_through:
                self._phase = Phase.RELAYING
                self._relay = Passage(
                    tunnel.plan, tunnel.live, emit=self._emit, close=self._close, greeted=self._greeted
                )
                self._relay.client_sent(self._buffer.rest())
                return
            case Spoken.TLS:
                self._emit(StartTls(tunnel.destination.host, self._buffer.rest()))
            case Spoken.HTTP:
                tunnel.carry_plain_http()
            case Spoken.NEITHER:
                self._close(linger=False)
                return
        self._phase = READING

    def _greeted(self) -> None:
        self.head_due = False  # from here on, whatever the client sends is a sign of life

    def _failed(self, failure: Failure) -> None:
        if self._phase is ASKING:
            raise refusal_of(failure)
        if self._exchange is not None:
            raise refusal_of(failure, dialling=True)

    # --- the exchange -----------------------------------------------------------------------------

    def _exchange_under(self, plan: LivePlan, asked: Asked, live: LiveSession) -> None:
        self._phase = EXCHANGING
        if self._exchange is not None:
            rest = self._exchange.renew(plan, self._buffer.rest())
            self._settle(self._exchange)
        else:
            rest = self._exchange_of(asked, plan, live).begin(self._buffer.rest())
        if rest:
            self._buffer.add(rest)

    def _exchange_of(self, asked: Asked, plan: LivePlan, live: LiveSession) -> Exchange:
        self.share.begin()
        asked.live = live
        self._phase = EXCHANGING
        self._counters.requests += 1
        self._exchange = self._made_exchange(asked, plan, live)
        return self._exchange

    def _made_exchange(self, asked: Asked, plan: LivePlan, live: LiveSession) -> Exchange:
        return Exchange(
            asked, plan, live, share=self.share, limits=self._limits, counters=self._counters, emit=self._emit
        )

    def _rest(self) -> None:
        share = self.share
        share.own.running -= 1  # `end`, written out: this runs for every request
        share.key.running -= 1
        self._exchange = self._asked = None
        self._phase = READING

    def _upstream_opened(self) -> None:
        if self._exchange is not None and self._phase is EXCHANGING:
            self._exchange.opened()
            self._settle(self._exchange)

    def _upstream_sent(self, data: bytes) -> None:
        if self._exchange is not None:
            self._exchange.upstream_sent(data)
            self._settle(self._exchange)

    def _client_ready(self) -> None:
        if self._exchange is not None:
            self._exchange.client_ready()
            self._settle(self._exchange)

    def _upstream_gone(self, event: UpstreamGone) -> None:
        if self._exchange is not None:
            self._exchange.upstream_gone(clean=event.clean, reused=event.reused)
            self._settle(self._exchange)

    def _settle(self, exchange: Exchange) -> None:
        """Go on if the exchange is over, has become another protocol, or needs another plan."""
        incoming = exchange.incoming
        if exchange.asks():
            self._phase = ASKING
        elif incoming.switched is not None:
            self.share.end()
            self._exchange, self._phase = None, Phase.RELAYING
            relay = self._relay = exchange.relay(self._close)
            relay.upstream_sent(incoming.switched)
            if not relay.over:
                relay.client_sent(self._buffer.rest())
        elif incoming.done:
            self._exchange = self._asked = None
            exchange.release()
            if incoming.keep_client and not self.stopping:
                self._phase = READING
            else:
                self._close(linger=not exchange.asked.complete)

    # --- ends -------------------------------------------------------------------------------------

    def _refuse(self, why: Refusal | Failure) -> None:
        refusal = why if isinstance(why, Refusal) else refusal_of(why)
        exchange, asked = self._exchange, self._asked
        tally(refusal, counters=self._counters, tunnel=self.tunnel, asked=asked, emit=self._emit)
        self._exchange = self._asked = None
        if exchange is not None:
            exchange.release()
        if self._relay is not None:  # what is spoken there is not HTTP any more
            self._relay.refused(refusal)
            return
        if exchange is not None and exchange.incoming.started:
            self._phase = Phase.CLOSED
            self._emit(AbortClient())
            return
        close = self.stopping or is_last(refusal, asked, in_tunnel=self.tunnel is not None)
        self._emit(SendClient(answer(refusal, close=close, head=None if asked is None else asked.head)))
        if close:
            self._close(linger=True)
        else:
            self._phase = READING

    def _timed_out(self, waiting: Waiting) -> None:
        late = too_late(waiting, self._limits) if self._exchange is not None or self._buffer.held else None
        if late is not None:
            raise late
        self._close(linger=False)

    def _close(self, *, linger: bool) -> None:
        self._phase = Phase.CLOSED
        self._relay = None
        self._emit(CloseClient(linger=linger))
