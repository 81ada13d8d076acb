"""Idle connections to upstreams, kept for the next request of the same session to the same destination.

Sessions do not share connections: an upstream may take a connection for an identity.
"""

from typing import final

from strongroom.core.plans import Destination
from strongroom.delivery.egress.limits import Limits
from strongroom.delivery.egress.upstream import UpstreamConnection
from strongroom.services.live import LiveSession


@final
class Lane:
    """The idle connections of one session to one destination; the one used last is used next."""

    __slots__ = ("_idle", "_most")

    def __init__(self, most: int) -> None:
        self._idle: list[UpstreamConnection] = []
        self._most = most

    def __len__(self) -> int:
        return len(self._idle)

    def take(self) -> UpstreamConnection | None:
        """Return a connection, which is the caller's from now on."""
        while self._idle:
            connection = self._idle.pop()
            connection.keeper = None
            if connection.usable:
                return connection
            connection.drop()
        return None

    def keep(self, connection: UpstreamConnection, now: float) -> None:
        """Take a connection back that is fit for another request."""
        if len(self._idle) >= self._most or not connection.usable:
            connection.drop()
            return
        connection.idle_since = now
        connection.keeper = self
        self._idle.append(connection)

    def lost(self, connection: UpstreamConnection) -> None:
        """Forget a connection that ended while it was idle."""
        self._idle.remove(connection)

    def expire(self, before: float) -> None:
        """Close what has been idle since before then."""
        expired = 0
        while expired < len(self._idle) and self._idle[expired].idle_since < before:
            expired += 1
        gone, self._idle[:expired] = self._idle[:expired], []
        for connection in gone:
            connection.drop()


@final
class Pool:
    """All lanes."""

    def __init__(self, *, limits: Limits) -> None:
        self._limits = limits
        self._lanes: dict[LiveSession, dict[Destination, Lane]] = {}

    def lane(self, live: LiveSession, destination: Destination) -> Lane:
        """Return the lane of a session to a destination. Use it at once: an empty one is forgotten."""
        lanes = self._lanes.get(live)
        if lanes is None:
            lanes = self._lanes[live] = {}
        lane = lanes.get(destination)
        if lane is None:
            lane = lanes[destination] = Lane(self._limits.upstream_idle_connections)
        return lane

    def sweep(self, now: float) -> None:
        """Close what has been idle too long, and everything of sessions that have ended. Call it every second or so."""
        for live, lanes in list(self._lanes.items()):
            oldest = float("inf") if live.ended else now - self._limits.upstream_idle_seconds
            for destination, lane in list(lanes.items()):
                lane.expire(oldest)
                if not len(lane):
                    del lanes[destination]
            if not lanes:
                del self._lanes[live]

    def close(self) -> None:
        """Close everything."""
        for lanes in self._lanes.values():
            for lane in lanes.values():
                lane.expire(float("inf"))
        self._lanes.clear()
