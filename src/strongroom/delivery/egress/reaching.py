"""How a client's connection comes by kept connections to upstreams, and gives them back."""

from typing import final

from strongroom.core.plans import Destination
from strongroom.delivery.egress.pool import Lane
from strongroom.delivery.egress.surroundings import Surroundings
from strongroom.delivery.egress.upstream import UpstreamConnection
from strongroom.services.live import LiveSession


@final
class Reach:
    """Takes connections for one client and gives them back; remembers the lane used last."""

    __slots__ = ("_around", "_route")

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._route: tuple[LiveSession, Destination, Lane] | None = None

    def at_hand(self, live: LiveSession, destination: Destination) -> bool:
        """Tell whether the lane used last is this one, and holds a connection."""
        route = self._route
        return route is not None and route[0] is live and route[1] is destination and route[2].filled

    def kept(self, live: LiveSession, destination: Destination, *, fresh: bool) -> UpstreamConnection | None:
        """Return a kept connection, unless it has to be a `fresh` one."""
        route = self._route
        if route is None or route[0] is not live or route[1] is not destination:
            self._route = route = live, destination, self._around.pool.lane(live, destination)
        kept = None if fresh else route[2].take()
        if kept is not None:
            self._around.counters.upstreams_reused += 1
        return kept

    def give_back(self, connection: UpstreamConnection) -> None:
        """Keep a connection that is fit for another request of the same session."""
        route = self._route
        if route is None or route[0].ended or connection.congested:
            connection.drop()
        else:
            route[2].keep(connection, self._around.loop.time())
