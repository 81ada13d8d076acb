"""What each session and each key takes of the proxy, so that one cannot take all of it.

Rules kept here:
- a request is counted with a few additions and comparisons; nobody asks for the time: `refill` is told it now and then;
- who has used up what there is for a while is told when to come back; what has begun is finished;
- leaving and coming back gives nothing anew: a share is kept until all that was taken has come back.
"""

from dataclasses import dataclass
from math import ceil
from typing import final

from strongroom.core.failures import TooMany
from strongroom.core.ids import KeyId, SessionId
from strongroom.delivery.egress.limits import Limits
from strongroom.services.live import LiveSession

_RETRY_SECONDS = 1
_MINUTE = 60.0


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The most that a session, or a key with all its sessions, may take; `whose` names it in sentences."""

    whose: str
    requests_per_second: int
    concurrent_requests: int
    connections: int
    bytes_per_minute: int


@final
class Allowance:
    """What one session or key has left, and takes now."""

    __slots__ = ("bounds", "bytes_left", "connections", "most_running", "requests_left", "running")

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.connections = 0
        self.running = 0
        """Requests under way."""
        self.most_running = bounds.concurrent_requests
        self.requests_left = float(bounds.requests_per_second)
        self.bytes_left = float(bounds.bytes_per_minute)

    @property
    def exhausted(self) -> bool:
        """Whether one request more than was just counted was too many."""
        return self.requests_left < 0 or self.bytes_left < 0 or self.running > self.most_running

    @property
    def whole(self) -> bool:
        """Whether nothing is taken and all has come back."""
        bounds = self.bounds
        full = self.requests_left >= bounds.requests_per_second and self.bytes_left >= bounds.bytes_per_minute
        return full and not self.connections and not self.running

    def refill(self, seconds: float) -> None:
        """Give back what so many seconds bring."""
        rate, volume = self.bounds.requests_per_second, self.bounds.bytes_per_minute
        if self.requests_left < rate:
            self.requests_left = min(float(rate), self.requests_left + seconds * rate)
        if self.bytes_left < volume:
            self.bytes_left = min(float(volume), self.bytes_left + seconds * volume / _MINUTE)

    def refusal(self) -> TooMany:
        """Return what is said of a request too many, with the limit that it met."""
        bounds, whose = self.bounds, self.bounds.whose
        if self.running > bounds.concurrent_requests:
            sentence = f"{whose} has {bounds.concurrent_requests} requests under way, which is the most it may have"
            return TooMany(sentence, retry_after=_RETRY_SECONDS)
        if self.requests_left < 0:
            sentence = f"{whose} has sent more than {bounds.requests_per_second} requests in a second"
            return TooMany(sentence, retry_after=_RETRY_SECONDS)
        wait = ceil(-self.bytes_left * _MINUTE / bounds.bytes_per_minute)
        sentence = f"{whose} has moved more than {bounds.bytes_per_minute} bytes in a minute"
        return TooMany(sentence, retry_after=max(wait, _RETRY_SECONDS))


@final
class Share:
    """What one session takes, of its own and of its key's allowance."""

    __slots__ = ("_limits", "gathered_bytes", "key", "own")

    def __init__(self, limits: Limits, key: Allowance | None = None) -> None:
        self._limits = limits
        self.own = Allowance(session_bounds(limits))
        self.key = key if key is not None else Allowance(key_bounds(limits))
        self.gathered_bytes = 0

    def begin(self) -> None:
        """Count a request that begins. Raises `TooMany` if it is one too many, and then counts it as over."""
        own, key = self.own, self.key
        own.requests_left -= 1
        key.requests_left -= 1
        own.running += 1
        key.running += 1
        # `exhausted` of both, written out: this runs for every request.
        if (
            own.requests_left < 0
            or key.requests_left < 0
            or own.running > own.most_running
            or key.running > key.most_running
            or own.bytes_left < 0
            or key.bytes_left < 0
        ):
            raise self._refused(own if own.exhausted else key)

    def count(self) -> None:
        """Count a request of which only the beginning can be seen. Raises `TooMany` if it is one too many."""
        self.begin()
        self.end()

    def end(self) -> None:
        """Count a request as over."""
        self.own.running -= 1
        self.key.running -= 1

    def moved(self, size: int) -> None:
        """Count bytes that went through, in either direction."""
        self.own.bytes_left -= size
        self.key.bytes_left -= size

    def hold(self, size: int) -> None:
        """Take room for bytes of a request body. Raises `TooMany` if the session has no more."""
        self.room_for(size)
        self.gathered_bytes += size

    def room_for(self, size: int) -> None:
        """Raise `TooMany` if there is no room for so many bytes of a request body."""
        if size and self.gathered_bytes + size > self._limits.session_gathered_bytes:
            raise TooMany("the session has too many request bodies under way", retry_after=_RETRY_SECONDS)

    def spare(self, size: int) -> bool:
        """Take room for bytes that can be done without, if that leaves half of it to others; tell whether it is so."""
        if 2 * (self.gathered_bytes + size) > self._limits.session_gathered_bytes:
            return False
        self.gathered_bytes += size
        return True

    def free(self, size: int) -> None:
        """Give room back."""
        self.gathered_bytes -= size

    def _refused(self, whose: Allowance) -> TooMany:
        failure = whose.refusal()
        self.end()
        for each in (self.own, self.key):
            each.requests_left += 1  # what was refused is not counted: who goes on trying still gets what comes back
        return failure


@final
class Shares:
    """The shares of all sessions that have a connection, or have not got back all that they took."""

    __slots__ = ("_keys", "_limits", "_shares")

    def __init__(self, *, limits: Limits) -> None:
        self._limits = limits
        self._shares: dict[SessionId, Share] = {}
        self._keys: dict[KeyId, Allowance] = {}

    def __len__(self) -> int:
        return len(self._shares)

    def of(self, live: LiveSession) -> Share:
        """Return the share of a session that has joined."""
        return self._shares[live.session.id]

    def join(self, live: LiveSession) -> None:
        """Count a connection of the session. Raises `TooMany` if it or its key has as many as it may."""
        share = self._shares.get(live.session.id)
        if share is None:
            opened_by = live.session.opened_by
            key = self._keys.setdefault(opened_by, Allowance(key_bounds(self._limits)))
            share = self._shares[live.session.id] = Share(self._limits, key)
        for allowance in (share.own, share.key):
            if allowance.connections >= allowance.bounds.connections:
                raise TooMany(
                    f"{allowance.bounds.whose} has {allowance.bounds.connections} connections, which is the most it "
                    "may have",
                    retry_after=_RETRY_SECONDS,
                )
        share.own.connections += 1
        share.key.connections += 1

    def leave(self, live: LiveSession) -> None:
        """Take a connection off."""
        share = self._shares[live.session.id]
        share.own.connections -= 1
        share.key.connections -= 1

    def refill(self, seconds: float) -> None:
        """Give back what so many seconds bring, and forget who has all of it."""
        for session, share in list(self._shares.items()):
            share.own.refill(seconds)
            if share.own.whole:
                del self._shares[session]
        used = {share.key for share in self._shares.values()}
        for key, allowance in list(self._keys.items()):
            allowance.refill(seconds)
            if allowance.whole and allowance not in used:
                del self._keys[key]


def session_bounds(limits: Limits) -> Bounds:
    """Return what a session may take."""
    return Bounds(
        whose="the session",
        requests_per_second=limits.session_requests_per_second,
        concurrent_requests=limits.session_concurrent_requests,
        connections=limits.session_connections,
        bytes_per_minute=limits.session_bytes_per_minute,
    )


def key_bounds(limits: Limits) -> Bounds:
    """Return what a key may take."""
    return Bounds(
        whose="the API key that opened the session",
        requests_per_second=limits.key_requests_per_second,
        concurrent_requests=limits.key_concurrent_requests,
        connections=limits.key_connections,
        bytes_per_minute=limits.key_bytes_per_minute,
    )
