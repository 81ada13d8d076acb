"""What the proxy needs of the rest of the house."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Protocol, TypeVar

from strongroom.core.hosts import Host
from strongroom.core.plans import Destination
from strongroom.core.secret import Secret
from strongroom.services.live import LivePlan, LiveSession, Rejected

P = TypeVar("P", bound=asyncio.Protocol)

HTTP_1, HTTP_2 = "http/1.1", "h2"
"""What TLS calls the versions of HTTP (RFC 7301 6, RFC 9113 3.2)."""


class Delivery(Protocol):
    """Which secrets go where. The two plain methods answer from memory, the other two ask."""

    def entered(self, token: Secret) -> LiveSession | None:
        """Return the session of a token if it is running here already."""

    async def enter(self, token: Secret) -> LiveSession:
        """Return the session of a token. Raises a failure."""

    def planned(self, live: LiveSession, destination: Destination) -> LivePlan | None:
        """Return the plan for a destination if it is warm."""

    async def plan(self, live: LiveSession, destination: Destination, *, rejected: Rejected | None = None) -> LivePlan:
        """Return the plan for a destination; after a token was rejected, with another if there is one.

        Raises a failure.
        """


class Dialer(Protocol):
    """The way out."""

    async def connect(
        self, destination: Destination, protocol_factory: Callable[[], P], offer: tuple[str, ...]
    ) -> tuple[asyncio.Transport, P]:
        """Connect to an address that passed the guard; for https with TLS, in which something of the offer is spoken.

        Raises `Unreachable`, and `OtherProtocol` from an upstream that refuses the offer.
        """


class Authority(Protocol):
    """Stands in for the hosts behind the proxy."""

    def context(self, host: Host) -> ssl.SSLContext:
        """Return how to speak TLS as this host."""
