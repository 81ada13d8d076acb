"""What all client connections of a proxy share."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, final

from strongroom.core.sources import Entropy, Spawn
from strongroom.delivery.egress.counters import Counters
from strongroom.delivery.egress.limits import Limits
from strongroom.delivery.egress.pool import Pool
from strongroom.delivery.egress.ports import Authority, Delivery, Dialer
from strongroom.delivery.egress.shares import Shares

if TYPE_CHECKING:  # the two know each other
    from strongroom.delivery.egress.client import ClientConnection


@final
class Surroundings:
    """Handed to each client connection. Made when the proxy starts, for the loop that it runs in."""

    __slots__ = (
        "authority",
        "clients",
        "counters",
        "delivery",
        "departed",
        "dialer",
        "entropy",
        "limits",
        "loop",
        "pool",
        "shares",
        "spawn",
    )

    def __init__(  # noqa: PLR0913 - one argument per thing it works with
        self,
        *,
        delivery: Delivery,
        authority: Authority,
        dialer: Dialer,
        entropy: Entropy,
        counters: Counters,
        limits: Limits,
        spawn: Spawn,
        loop: asyncio.AbstractEventLoop,
        departed: Callable[[], None],
    ) -> None:
        self.delivery = delivery
        self.authority = authority
        self.dialer = dialer
        self.entropy = entropy
        self.counters = counters
        self.limits = limits
        self.spawn = spawn
        self.loop = loop
        self.departed = departed
        """Called when a client has gone."""
        self.pool = Pool(limits=limits, now=loop.time())
        self.shares = Shares(limits=limits)
        self.clients: set[ClientConnection] = set()
