"""Which routes rest after failures, in this process (contract 4.5). What follows from what is `core/llm/cooldowns.py`.

A state belongs to one secret at one model of one provider: a new secret begins anew, and where clients bring their own
token what one caller's token does is nobody else's matter.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import final

from strongroom.core.llm.connections import Connection
from strongroom.core.llm.cooldowns import RESTED, Cooldown
from strongroom.core.llm.routes import Route
from strongroom.core.sources import Clock
from strongroom.delivery.llm.refusals import Code, Turned
from strongroom.services.llm_route_health import Rest

MAX_RESTING = 10_000
Place = tuple[str, str, str | None, int | None, bytes]


@final
class Resting:
    """The states of all routes that have failed lately."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._states: OrderedDict[Place, Cooldown] = OrderedDict()
        self._probed: set[Place] = set()

    def place(self, route: Route, token: bytes) -> Place:
        """Return what a route's state is kept under; `token` is the digest of a client's own."""
        connection = None if route.connection is None else route.connection.id
        return route.provider.id, route.mapping.upstream_model, connection, route.secret_version, token

    def awake(self, routes: Iterable[tuple[Route, Place]]) -> Iterator[tuple[Route, Place]]:
        """Yield the routes to try: those that do not rest, and last those that somebody else is trying again."""
        now = self._clock()
        probed: list[tuple[Route, Place]] = []
        for route, place in routes:
            state = self._states.get(place)
            if state is None or not (state.is_suspended(now) or (state.is_recovering(now) and place in self._probed)):
                yield route, place
            elif not state.is_suspended(now):
                probed.append((route, place))
        yield from probed

    def begins(self, place: Place) -> bool:
        """Note that a route is tried; tell whether that probes one which has rested."""
        state = self._states.get(place)
        if state is None or place in self._probed or not state.is_recovering(self._clock()):
            return False
        self._probed.add(place)
        return True

    def probed(self, place: Place) -> None:
        """Note that the probe is over, however it went."""
        self._probed.discard(place)

    def state(self, place: Place) -> Cooldown:
        """Return a route's state."""
        return self._states.get(place, RESTED)

    def rest_of(self, provider: str, upstream_model: str, connection: Connection) -> Rest | None:
        """Implements `RouteHealth`; what a client's own token did is shown to nobody else."""
        now = self._clock()
        state = self.state((provider, upstream_model, connection.id, connection.secret_version, b""))
        if state.until is None or state.reason is None:
            return None
        return Rest(reason=state.reason, recovers_in=state.recovers_in(now))

    def becomes(self, place: Place, state: Cooldown) -> None:
        """Keep a route's state."""
        if state == RESTED:
            self._states.pop(place, None)
            return
        self._states[place] = state
        self._states.move_to_end(place)
        if len(self._states) > MAX_RESTING:
            self._states.popitem(last=False)

    def nobody_awake(self, places: Iterable[Place]) -> Turned:
        """Return the refusal of a request whose routes all rest, with when the first is back."""
        now: datetime = self._clock()
        soonest = min((self.state(place).recovers_in(now) for place in places), default=0)
        return Turned(Code.NO_ROUTE, "no route to the model is available now", retry_after=max(1, soonest))
