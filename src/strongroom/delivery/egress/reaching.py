"""How one client's requests come by connections to upstreams, kept ones and new ones, and give them back.

Rules kept here:
- a client of HTTP/1.1 is given HTTP/1.1, and HTTP/2 only where the upstream speaks nothing else;
- requests that may share a connection wait for one that is being made, instead of making one each.
"""

import asyncio
from typing import final

from strongroom.core.failures import OtherProtocol, TooMany, Unreachable
from strongroom.core.plans import Destination
from strongroom.delivery.egress.commands import OpenUpstream, Wanted
from strongroom.delivery.egress.dialling import dial
from strongroom.delivery.egress.http2.upstream_streams import UpstreamStream
from strongroom.delivery.egress.pool import Lane
from strongroom.delivery.egress.ports import HTTP_1, HTTP_2
from strongroom.delivery.egress.surroundings import Surroundings
from strongroom.delivery.egress.upstream import UpstreamConnection
from strongroom.services.live import LiveSession

Upstream = UpstreamConnection | UpstreamStream
"""What a request is sent on."""

_RETRY_SECONDS = 1


@final
class Reach:
    """Takes connections for one client and gives them back; remembers the lane used last."""

    __slots__ = ("_around", "_doubted", "_route")

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._route: tuple[LiveSession, Destination, Lane] | None = None
        self._doubted = False  # the last connection ended without a word, and without having agreed to HTTP/1.1

    def at_hand(self, live: LiveSession, destination: Destination) -> bool:
        """Tell whether the lane used last is this one, and holds a connection."""
        route = self._route
        return route is not None and route[0] is live and route[1] is destination and bool(route[2].idle)

    def take(self) -> UpstreamConnection | None:
        """Return the connection that is at hand."""
        kept = None if self._route is None else self._route[2].take()
        if kept is not None:
            self._around.counters.upstreams_reused += 1
        return kept

    def doubt(self) -> None:
        """Note that the upstream may speak HTTP/2 only: it has not chosen anything, and hung up on HTTP/1.1."""
        self._doubted = True

    def kept(self, command: OpenUpstream) -> Upstream | None:
        """Return a kept connection, unless it has to be a `fresh` one."""
        lane = self._lane(command)
        if command.fresh:
            return None
        kept: Upstream | None
        if command.wanted is Wanted.EITHER:
            kept = lane.stream() or lane.take()
        else:
            kept = lane.take()
            if kept is None and lane.shared and self._only_http_2(command):
                kept = lane.stream()
        if kept is not None:
            self._around.counters.upstreams_reused += 1
        return kept

    async def open(self, command: OpenUpstream) -> Upstream:
        """Return a new connection, or a stream on one that others have made meanwhile. Raises a failure."""
        lane = self._lane(command)
        while self._may_share(command):
            if lane.dialling is None or command.fresh:
                return await self._first(lane, command)
            await lane.dialling.wait()
            stream = lane.stream()
            if stream is not None:
                return stream
        return await self._dial(lane, command)

    def give_back(self, upstream: Upstream) -> None:
        """Keep a connection that is fit for another request of the same session."""
        if type(upstream) is UpstreamStream:
            upstream.drop()  # and with it only what is not complete
            return
        route = self._route
        if route is None or route[0].ended or upstream.congested or type(upstream) is not UpstreamConnection:
            upstream.drop()
        else:
            route[2].keep(upstream, self._around.pool.now)

    def _lane(self, command: OpenUpstream) -> Lane:
        route = self._route
        if route is None or route[0] is not command.live or route[1] is not command.destination:
            lane = self._around.pool.lane(command.live, command.destination)
            self._route = route = command.live, command.destination, lane
        return route[2]

    def _only_http_2(self, command: OpenUpstream) -> bool:
        spoken = self._around.pool.spoken(command.destination, self._around.loop.time())
        return spoken == HTTP_2 and command.wanted is not Wanted.HTTP_1_ALONE

    def _may_share(self, command: OpenUpstream) -> bool:
        if command.destination.scheme != "https":
            return False
        spoken = self._around.pool.spoken(command.destination, self._around.loop.time())
        return self._only_http_2(command) or (command.wanted is Wanted.EITHER and spoken != HTTP_1)

    async def _first(self, lane: Lane, command: OpenUpstream) -> Upstream:
        """Make a connection that others wait for."""
        made = lane.dialling = asyncio.Event()
        try:
            return await self._dial(lane, command)
        finally:
            if lane.dialling is made:
                lane.dialling = None
            made.set()

    def _offers(self, command: OpenUpstream) -> tuple[tuple[str, ...], ...]:
        """Return what to offer the upstream, one after the other."""
        doubted, self._doubted = self._doubted, False
        match command.wanted:
            case _ if command.destination.scheme != "https":
                return ((HTTP_1,),)
            case Wanted.HTTP_1_ALONE:
                return ((HTTP_1,),)
            case Wanted.EITHER:
                return ((HTTP_2, HTTP_1),)
            case _ if doubted or self._only_http_2(command):
                return ((HTTP_2,), (HTTP_1,))
            case _:
                return ((HTTP_1,), (HTTP_2,))

    async def _dial(self, lane: Lane, command: OpenUpstream) -> Upstream:
        around, destination = self._around, command.destination
        if len(lane.shared) >= around.limits.upstream_shared_connections:
            raise TooMany(f"too many requests to {destination.authority} are under way", retry_after=_RETRY_SECONDS)
        refused = OtherProtocol(f"{destination.authority} speaks no version of HTTP that would do")
        for offer in self._offers(command):
            try:
                made = await dial(around, destination, offer)
            except OtherProtocol as failure:
                refused = failure
                continue
            around.counters.upstreams_opened += 1
            if isinstance(made, UpstreamConnection):
                if HTTP_1 in offer:
                    if HTTP_2 in offer:
                        around.pool.note(destination, HTTP_1, around.loop.time())
                    return made
                made.drop()
                continue
            if HTTP_1 not in offer:
                around.pool.note(destination, HTTP_2, around.loop.time())
            lane.share(made)
            stream = made.stream()
            if stream is None:
                raise Unreachable(f"{destination.authority} closed the connection at once")
            return stream
        raise refused
