"""The short way through a conversation, for what is usual: a whole request that needs no question, and its whole reply.

Rules kept here:
- the short way decides nothing: who is not sure goes the long way (`receive`), which says what is wrong if anything is;
- both ways read, check and put in with the same code and end in the same state: only events, commands and exchanges,
  which cost more than what they carry, are left out; a reply that holds anything to take out goes the long way;
- a plan that is not alive, one that may have to sign or to renew a token, another protocol and whatever came ahead of
  its turn go the long way;
- whatever happens before the whole reply is there finds an exchange, as if the request had gone the long way.
"""

from typing import final

from strongroom.core.failures import TooMany
from strongroom.core.overriding import override
from strongroom.delivery.egress.commands import Command
from strongroom.delivery.egress.conversation import Conversation
from strongroom.delivery.egress.counters import Counters
from strongroom.delivery.egress.events import Event, UpstreamSent
from strongroom.delivery.egress.limits import Limits
from strongroom.delivery.egress.phases import EXCHANGING, READING
from strongroom.delivery.egress.refusals import STOPS
from strongroom.delivery.egress.tunnel import Tunnel
from strongroom.delivery.egress.whole_replies import reply_of
from strongroom.delivery.egress.whole_requests import repeated_request, request_of, whole_request
from strongroom.services.live import LivePlan


@final
class QuickConversation(Conversation):
    """A conversation that can be spoken to without events."""

    __slots__ = ("_plan", "_request")

    def __init__(self, *, limits: Limits, counters: Counters, inside: Tunnel | None = None) -> None:
        super().__init__(limits=limits, counters=counters, inside=inside)
        self._plan: LivePlan | None = None  # of a request that has gone the short way and has no reply yet
        self._request = b""

    def begin_at_once(self, data: bytes) -> bytes | list[Command] | None:
        """Begin with a whole request that needs no question, and a connection that is at hand is taken for.

        Return what to send on it, or what to do if the request is refused; or change nothing and return None.
        """
        tunnel = self.tunnel
        if tunnel is None or self._phase is not READING or self._buffer.held:
            return None
        plan = tunnel.plan
        if plan is None or not plan.live or plan.takes_time:
            return None
        whole = repeated_request(data, tunnel, plan, self._limits) or whole_request(data, tunnel, self._limits)
        if whole is None:
            return None
        asked, payload = whole
        share = self.share
        try:
            share.room_for(len(payload))
            share.begin()
        except TooMany:
            return None  # said on the long way
        asked.live = tunnel.live
        self._asked = asked
        self._phase = EXCHANGING
        self._counters.requests += 1
        self.head_due = False
        try:
            request = request_of(
                asked, payload, plan, repeated=tunnel.repeated, limits=self._limits, counters=self._counters
            )
        except STOPS as why:
            self._exchange = self._made_exchange(asked, plan, tunnel.live)
            self._exchange.take_over(None)
            self._refuse(why)
            return self._commands()
        self._plan, self._request = plan, request
        return request

    def reply_at_once(self, data: bytes) -> bytes | list[Command]:
        """Take what the upstream sent. Return the last of the reply if both connections go on; else what to do."""
        plan, asked = self._plan, self._asked
        if self.stopping or self._buffer.held:
            return self.receive(UpstreamSent(data))
        if plan is not None and asked is not None and asked.keeps_client:
            reply = reply_of(data, asked.head, plan, self._limits)
            if reply is not None:
                self._plan = None
                self._rest()
                return reply
        self._look()
        exchange = self._exchange
        if exchange is None:
            return self.receive(UpstreamSent(data))
        try:
            out = exchange.incoming.feed(data)
            if exchange.over:
                self._rest()
                return out
            exchange.pass_on(out)
            self._settle(exchange)
        except STOPS as why:
            self._refuse(why)
        return self._commands()

    @override
    def receive(self, event: Event) -> list[Command]:
        """Take an event; return what to do, in order."""
        self._look()
        return super().receive(event)

    @property
    @override
    def under_way(self) -> object:
        """What has begun and has not ended: an exchange, or the other protocol that it became."""
        self._look()
        return super().under_way

    def _look(self) -> None:
        """Make the exchange of a request that has gone the short way, if there is one under way."""
        plan, asked = self._plan, self._asked
        if plan is None or asked is None or asked.live is None:
            return
        exchange = self._exchange = self._made_exchange(asked, plan, asked.live)
        exchange.take_over(self._request)
        self._plan, self._request = None, b""
