"""What each session takes of the proxy, so that one cannot take all of it."""

from typing import final

from strongroom.core.failures import TooMany
from strongroom.delivery.egress.limits import Limits
from strongroom.services.live import LiveSession

_RETRY_SECONDS = 1


@final
class Share:
    """What one session takes now."""

    __slots__ = ("_limits", "connections", "gathered_bytes")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.connections = 0
        self.gathered_bytes = 0

    def hold(self, size: int) -> None:
        """Take room for bytes of a request body. Raises `TooMany` if the session has no more."""
        if self.gathered_bytes + size > self._limits.session_gathered_bytes:
            raise TooMany("the session has too many request bodies under way", retry_after=_RETRY_SECONDS)
        self.gathered_bytes += size

    def free(self, size: int) -> None:
        """Give room back."""
        self.gathered_bytes -= size


@final
class Shares:
    """The shares of all sessions that have a connection."""

    __slots__ = ("_limits", "_shares")

    def __init__(self, *, limits: Limits) -> None:
        self._limits = limits
        self._shares: dict[LiveSession, Share] = {}

    def of(self, live: LiveSession) -> Share:
        """Return the share of a session that has joined."""
        return self._shares[live]

    def join(self, live: LiveSession) -> None:
        """Count a connection of the session. Raises `TooMany` if it has as many as it may."""
        share = self._shares.setdefault(live, Share(self._limits))
        if share.connections >= self._limits.session_connections:
            raise TooMany("the session has too many connections", retry_after=_RETRY_SECONDS)
        share.connections += 1

    def leave(self, live: LiveSession) -> None:
        """Take a connection off."""
        share = self._shares[live]
        share.connections -= 1
        if not share.connections:
            del self._shares[live]
