"""Whether a route rests after failures, as whoever administers it is shown (contract 4.5)."""

from dataclasses import dataclass
from typing import Protocol, final

from strongroom.core.llm.connections import Connection
from strongroom.core.llm.cooldowns import Resting


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """A route's: why, and in how many seconds it is tried again; 0 where it has rested and waits for a request."""

    reason: Resting
    recovers_in: int


class RouteHealth(Protocol):
    """Knows which routes rest in this process."""

    def rest_of(self, provider: str, upstream_model: str, connection: Connection) -> Rest | None:
        """Return a route's rest, for the secret that its connection has now; None for one that is tried as usual."""
