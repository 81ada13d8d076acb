"""The short way through a conversation, for what is usual: a whole request that needs no question, and its whole reply.

Rules kept here:
- the short way decides nothing: who is not sure goes the long way (`receive`), which says what is wrong if anything is;
- both ways read, check, put in and take out with the same code and end in the same state: only events and commands,
  which cost more than what they carry, are left out;
- a plan that is not alive, one that may have to sign, a body, another protocol and whatever came ahead of its turn go
  the long way.
"""

from typing import final

from strongroom.core.failures import TooMany
from strongroom.delivery.egress.asked import Asked, asked_inside
from strongroom.delivery.egress.commands import Command
from strongroom.delivery.egress.conversation import Conversation
from strongroom.delivery.egress.events import UpstreamSent
from strongroom.delivery.egress.exchange import Exchange
from strongroom.delivery.egress.head import END
from strongroom.delivery.egress.refusals import STOPS, Refusal
from strongroom.delivery.egress.tunnel import Tunnel

_USUALLY_BODILESS = (b"GET ", b"HEAD ", b"DELETE ", b"OPTIONS ")  # others would be read twice for nothing


@final
class QuickConversation(Conversation):
    """A conversation that can be spoken to without events."""

    __slots__ = ()

    def begin_at_once(self, data: bytes) -> Exchange | None:
        """Begin the exchange of a whole request that needs no question; else change nothing and return None."""
        tunnel = self._tunnel
        if tunnel is None or not self._resting or len(data) > self._limits.head_bytes:
            return None
        plan = tunnel.plan
        if plan is None or not plan.live or plan.plan.signers:
            return None
        asked = _whole(data, tunnel)
        if asked is None:
            return None
        try:
            exchange = self._exchange_of(asked, plan, tunnel.live)
        except TooMany:
            return None  # said on the long way
        self._asked = asked
        self.head_due = False
        return exchange

    def request_at_once(self, exchange: Exchange) -> bytes | list[Command]:
        """Return the request of an exchange so begun, to be sent at once; what to do instead if it is refused."""
        try:
            return exchange.at_once()
        except STOPS as why:
            self._refuse(why)
            return self._commands()

    def reply_at_once(self, data: bytes) -> bytes | list[Command]:
        """Take what the upstream sent. Return the last of the reply if both connections go on; else what to do."""
        exchange = self._exchange
        if exchange is None or self.stopping or self._buffer.held:
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


def _whole(data: bytes, tunnel: Tunnel) -> Asked | None:
    """Read a request that is a head and nothing else."""
    if not data.startswith(_USUALLY_BODILESS) or data.find(END) != len(data) - len(END):
        return None
    try:
        asked = asked_inside(data, tunnel)
    except Refusal:
        return None
    return None if asked.body is not None or b"upgrade" in asked.head.names else asked
