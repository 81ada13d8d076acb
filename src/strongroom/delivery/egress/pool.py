"""Connections to upstreams that the next request of the same session to the same destination may use.

Those of HTTP/1.1 are here while they are idle, those of HTTP/2 as long as they may carry one more request. Sessions do
not share connections: an upstream may take a connection for an identity.
"""

import asyncio
from collections import OrderedDict
from typing import final
from weakref import WeakValueDictionary

from strongroom.core.plans import Destination
from strongroom.delivery.egress.http2.upstream import UpstreamSession
from strongroom.delivery.egress.http2.upstream_streams import UpstreamStream
from strongroom.delivery.egress.limits import Limits
from strongroom.delivery.egress.upstream import UpstreamConnection
from strongroom.services.live import LiveSession

_REMEMBERED = 4096
_REMEMBERED_SECONDS = 600.0


@final
class Lane:
    """The idle connections of one session to one destination; the one used last is used next."""

    __slots__ = ("__weakref__", "_filled", "_most", "dialling", "idle", "shared")

    def __init__(self, most: int, filled: "set[Lane]") -> None:
        self._most = most
        self._filled = filled  # this lane is in there while it holds a connection
        self.idle: list[UpstreamConnection] = []
        """Connections that the next request may take."""
        self.shared: list[UpstreamSession] = []
        """Connections of HTTP/2."""
        self.dialling: asyncio.Event | None = None
        """Set when a connection that may become a shared one is made, or is not."""

    def share(self, session: UpstreamSession) -> None:
        """Take a connection of HTTP/2 in."""
        session.lane = self
        self.shared.append(session)
        self._filled.add(self)

    def stream(self) -> UpstreamStream | None:
        """Return a stream on a shared connection that has room for it."""
        for session in self.shared:
            stream = session.stream()
            if stream is not None:
                return stream
        return None

    def forget(self, session: UpstreamSession) -> None:
        """Ask a connection for no stream any more."""
        if session in self.shared:
            self.shared.remove(session)

    def take(self) -> UpstreamConnection | None:
        """Return a connection, which is the caller's from now on."""
        if not self.idle:
            return None
        connection = self.idle.pop()
        connection.keeper = None
        connection.reused = True
        return connection

    def keep(self, connection: UpstreamConnection, now: float) -> None:
        """Take a connection back that is fit for another request."""
        if len(self.idle) >= self._most or connection.gone:
            connection.drop()
            return
        connection.idle_since = now
        connection.keeper = self
        self.idle.append(connection)
        self._filled.add(self)

    def lost(self, connection: UpstreamConnection) -> None:
        """Forget a connection that ended while it was idle."""
        self.idle.remove(connection)

    def expire(self, before: float) -> None:
        """Close what has been idle since before then."""
        expired = sum(connection.idle_since < before for connection in self.idle)  # the oldest stand first
        gone, self.idle[:expired] = self.idle[:expired], []
        for connection in gone:
            connection.drop()
        for session in [each for each in self.shared if each.idle and each.idle_since < before]:
            session.drop()
        if not self.idle and not self.shared:
            self._filled.discard(self)


@final
class Pool:
    """All lanes. A lane lasts while it holds a connection or someone holds it."""

    def __init__(self, *, limits: Limits, now: float = 0.0) -> None:
        self._limits = limits
        self.now = now
        """The moment of the last sweep: near enough for how long a connection has been idle."""
        self._lanes = WeakValueDictionary[tuple[LiveSession, Destination], Lane]()
        self._filled: set[Lane] = set()
        self._parting: set[UpstreamConnection] = set()
        self._spoken: OrderedDict[Destination, tuple[float, str]] = OrderedDict()

    def spoken(self, destination: Destination, now: float) -> str | None:
        """Return the one version of HTTP that a destination is known to speak."""
        known = self._spoken.get(destination)
        return known[1] if known is not None and now < known[0] else None

    def note(self, destination: Destination, version: str, now: float) -> None:
        """Remember for a while that a destination speaks only this version of HTTP."""
        self._spoken[destination] = now + _REMEMBERED_SECONDS, version
        self._spoken.move_to_end(destination)
        if len(self._spoken) > _REMEMBERED:
            self._spoken.popitem(last=False)

    def lane(self, live: LiveSession, destination: Destination) -> Lane:
        """Return the lane of a session to a destination."""
        lane = self._lanes.get((live, destination))
        if lane is None:
            lane = self._lanes[live, destination] = Lane(self._limits.upstream_idle_connections, self._filled)
        return lane

    def part_with(self, connection: UpstreamConnection, now: float, *, ended: bool = False) -> None:
        """Take a connection on which everything is said, and give the other side some time to close it."""
        connection.finish(ended=ended)
        connection.idle_since = now
        self._parting.add(connection)

    def sweep(self, now: float) -> None:
        """Close what has been idle too long. Call it every second or so."""
        self.now = now
        for lane in list(self._filled):
            lane.expire(now - self._limits.upstream_idle_seconds)
        self._part(now - self._limits.linger_seconds)

    def close(self) -> None:
        """Close everything."""
        for lane in list(self._filled):
            for session in list(lane.shared):
                session.drop()
            lane.expire(float("inf"))
        self._part(float("inf"))

    def _part(self, before: float) -> None:
        """Close what has had its time since before then, and forget what has ended by itself."""
        for connection in [each for each in self._parting if each.gone or each.idle_since < before]:
            connection.drop()
            self._parting.discard(connection)
