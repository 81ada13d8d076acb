"""Tokens of clouds, kept until shortly before their end, and got by one at a time.

Rules kept here (contract barndoor-credentials 3.5):
- for one key there is one flight, whoever waits for it; nobody who gives up ends it for the others;
- a token is renewed five minutes before its end, while the old one goes on being used;
- a failure is told to those who waited and is not kept: there is a token, or an error, and never an empty one;
- the end is told by two clocks: whichever says first that a token is old is believed.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar, final

from strongroom.core.llm.schemes import Scheme
from strongroom.core.sources import Clock, Spawn
from strongroom.services.llm_cloud import CredentialUnavailable, ExchangeRefused

T = TypeVar("T")

RENEWED_BEFORE = timedelta(minutes=5)
LONGEST = timedelta(hours=1)
"""A token is used for no longer, whatever its issuer says."""
ACQUISITION_SECONDS = 5.0
REJECTED_AGAIN_SECONDS = 60.0
"""A token that was got because another was rejected is not given up for being rejected within this time."""
RETRY_SECONDS = 30.0
"""After a renewal that failed, while there is time left."""
MOST = 1000


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TokenKey:
    """What a token is good for, and whose secret it came from."""

    connection: str
    version: int
    scheme: Scheme
    place: str = ""
    """The region, or the scope."""
    target: tuple[str, ...] = ()
    """Whom it stands for: a role with its external id, an account."""


@final
@dataclass(frozen=True, slots=True)
class Minted(Generic[T]):
    """A fresh token, and when its issuer says that it ends."""

    token: T
    expires_at: datetime


Mint = Callable[[], Awaitable[Minted[T]]]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class _Held(Generic[T]):
    token: T
    due_at: datetime
    ends_at: datetime
    due: float
    ends: float
    instead: float | None
    """When it was got in the place of a rejected one."""


@final
@dataclass(slots=True, eq=False)
class _Flight(Generic[T]):
    task: "asyncio.Task[None]"
    outcome: T | Exception | None = None


@final
class Tokens(Generic[T]):
    """Keeps tokens by key; at most `most`, the least recently used going first."""

    def __init__(
        self,
        *,
        clock: Clock,
        monotonic: Callable[[], float],
        spawn: Spawn,
        seconds: float = ACQUISITION_SECONDS,
        most: int = MOST,
    ) -> None:
        self._clock = clock
        self._monotonic = monotonic
        self._spawn = spawn
        self._seconds = seconds
        self._most = most
        self._held: OrderedDict[TokenKey, _Held[T]] = OrderedDict()
        self._flights: dict[TokenKey, _Flight[T]] = {}
        self._failed: dict[TokenKey, float] = {}

    async def get(self, key: TokenKey, mint: Mint[T], *, rejected: bool = False) -> T:
        """Return a token, got by `mint` if there is none. Raises `CredentialUnavailable` and `ExchangeRefused`.

        `rejected` says that the last one was not taken.
        """
        held = self._held.get(key)
        if held is not None and not self._is_over(held) and not (rejected and self._is_given_up(held)):
            self._held.move_to_end(key)
            if self._is_due(held) and self._monotonic() >= self._failed.get(key, 0.0):
                self._begin(key, mint, instead=False)
            return held.token
        flight = self._begin(key, mint, instead=rejected)
        await asyncio.wait({flight.task})  # whoever is cancelled here leaves it running
        match flight.outcome:
            case CredentialUnavailable() | ExchangeRefused() as failure:
                raise type(failure)(*failure.args)  # each who waited gets one of their own
            case None | Exception():  # a crash is logged where tasks end, and its words may hold secrets
                raise CredentialUnavailable("this server failed to get a token")
            case token:
                return token

    def _begin(self, key: TokenKey, mint: Mint[T], *, instead: bool) -> _Flight[T]:
        found = self._flights.get(key)
        if found is None:
            # the task begins after this step, so it finds its flight in place
            found = _Flight(self._spawn(self._fly(key, mint, instead=instead), f"get a token of {key.scheme.value}"))
            self._flights[key] = found
        return found

    async def _fly(self, key: TokenKey, mint: Mint[T], *, instead: bool) -> None:
        flight = self._flights[key]
        try:
            async with asyncio.timeout(self._seconds):
                minted = await mint()
            self._keep(key, minted, instead=instead)
            flight.outcome = minted.token
        except (CredentialUnavailable, ExchangeRefused) as failure:
            flight.outcome = failure
        except TimeoutError:
            flight.outcome = CredentialUnavailable(f"no token came in {self._seconds:g} seconds")
        finally:
            del self._flights[key]
            if key in self._held and (flight.outcome is None or isinstance(flight.outcome, Exception)):
                self._failed[key] = self._monotonic() + RETRY_SECONDS

    def _keep(self, key: TokenKey, minted: Minted[T], *, instead: bool) -> None:
        now, moment = self._clock(), self._monotonic()
        lasts = min(minted.expires_at - now, LONGEST)
        if lasts <= timedelta(0):
            raise CredentialUnavailable("the token that came is over: compare this machine's clock with the world's")
        due = lasts - min(RENEWED_BEFORE, lasts / 2)
        others = [known for known in self._held if known.connection == key.connection]
        if any(known.version > key.version for known in others):
            return  # its secret was replaced meanwhile: it serves who asked for it, and nobody after
        for known in others:
            if known.version < key.version:
                self._drop(known)
        self._failed.pop(key, None)
        self._held[key] = _Held(
            token=minted.token,
            due_at=now + due,
            ends_at=now + lasts,
            due=moment + due.total_seconds(),
            ends=moment + lasts.total_seconds(),
            instead=moment if instead else None,
        )
        self._held.move_to_end(key)
        for known in [known for known, held in self._held.items() if self._is_over(held)]:
            self._drop(known)
        while len(self._held) > self._most:
            self._drop(next(iter(self._held)))

    def _drop(self, key: TokenKey) -> None:
        self._held.pop(key, None)
        self._failed.pop(key, None)

    def _is_due(self, held: _Held[T]) -> bool:
        return self._clock() >= held.due_at or self._monotonic() >= held.due

    def _is_over(self, held: _Held[T]) -> bool:
        return self._clock() >= held.ends_at or self._monotonic() >= held.ends

    def _is_given_up(self, held: _Held[T]) -> bool:
        return held.instead is None or self._monotonic() - held.instead >= REJECTED_AGAIN_SECONDS
