"""Credentials whose tokens are fresh: renewed before they end, and once after a server has rejected one.

Whoever asks in this process while a renewal is under way waits for it and shares its result; `renewal.py` sees to it
that other processes do so too. A renewal that has begun ends, even if everybody who waited has gone: an exchange that
is cut off may have used a refresh token up.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import final

from strongroom.core.credentials import Credential, Material
from strongroom.core.credentials.mcp_oauth import McpOAuthDetails
from strongroom.core.failures import Failure, Unavailable
from strongroom.core.grants import Granted
from strongroom.core.ids import CredentialId
from strongroom.core.oauth import due
from strongroom.core.secret import Secret
from strongroom.core.sources import Clock, Spawn
from strongroom.services.ports import Custodian, Custody
from strongroom.services.renewal import Held, Renewals, Trial

CLOSE_SECONDS = 15.0
"""How long a process that stops waits for renewals that have begun."""

OUTCOMES = ("refreshed", "rejected", "try_later")
"""How an exchange can end, as metrics name it."""


@final
@dataclass(frozen=True, slots=True)
class _Flight:
    """A renewal under way, and the token that was rejected if that is why."""

    landed: "asyncio.Future[Held | None]"
    rejected: Secret | None


@final
class Refresher:
    """Hands out material that is fresh."""

    def __init__(self, *, renewals: Renewals, custodian: Custodian, clock: Clock, spawn: Spawn) -> None:
        self._renewals = renewals
        self._custodian = custodian
        self._clock = clock
        self._spawn = spawn
        self._flights: dict[CredentialId, _Flight] = {}
        self._attempts: set[asyncio.Future[Held | None]] = set()

    @property
    def counts(self) -> Mapping[str, int]:
        """How exchanges of this process ended, by the names in `OUTCOMES`."""
        counts: Counter[str] = self._renewals.counts
        return {name: counts[name] for name in OUTCOMES}

    async def fresh(self, granted: Granted, credential: Credential, custody: Custody) -> tuple[Credential, Material]:
        """Return a credential with its material, renewed first if it is due; else as it was handed in.

        What cannot be renewed now is returned as it is stored: an expiry is only the issuer's estimate.
        """
        held: Held | None = (credential, custody)
        details = credential.details
        if isinstance(details, McpOAuthDetails) and due(details, self._clock()):
            held = await self._flown(granted, credential, None)
        credential, custody = held or (credential, custody)
        return credential, await self._custodian.open(granted, credential, custody)

    async def renew(self, granted: Granted, credential: Credential, *, rejected: Secret) -> bool:
        """Renew a credential whose token a server has rejected; tell whether another token is stored now.

        Nothing is asked if that is so already, or if the token is so new that a third would fare no better.
        """
        held = await self._flown(granted, credential, rejected)
        return held is not None and (await self._custodian.open(granted, *held)).bearer() != rejected

    async def attempt(self, granted: Granted, credential: Credential, rejected: Secret, trial: Trial) -> Held | None:
        """Try a renewal to see what comes of it; return the credential with its other token, or None.

        It goes its own way, and not with others that are under way: the lease in the store keeps them apart.
        """
        done: asyncio.Future[Held | None] = asyncio.get_running_loop().create_future()
        done.add_done_callback(lambda over: over.exception())
        self._attempts.add(done)
        done.add_done_callback(self._attempts.discard)
        run = self._renewals.run(granted, credential, rejected, trial)
        _trying = self._spawn(_told(run, done), f"try to renew {credential.id}")
        held = await asyncio.shield(done)
        if held is None or (await self._custodian.open(granted, *held)).bearer() == rejected:
            return None
        return held

    async def close(self) -> None:
        """Wait, within a bound, for what has begun."""
        begun = [*self._attempts, *(flight.landed for flight in self._flights.values())]
        if begun:
            await asyncio.wait(begun, timeout=CLOSE_SECONDS)

    async def _flown(self, granted: Granted, credential: Credential, rejected: Secret | None) -> Held | None:
        """Join the flight that is under way if it serves, else fly. A failure of somebody else's is not ours."""
        while (flight := self._flights.get(credential.id)) is not None:
            try:
                held = await asyncio.shield(flight.landed)
            except Failure:
                continue
            if rejected is None or flight.rejected == rejected:
                return held
        flight = _Flight(asyncio.get_running_loop().create_future(), rejected)
        flight.landed.add_done_callback(lambda landed: landed.exception())  # seen, even if nobody waits any more
        self._flights[credential.id] = flight
        _flying = self._spawn(self._fly(flight, granted, credential), f"renew {credential.id}")
        return await asyncio.shield(flight.landed)

    async def _fly(self, flight: _Flight, granted: Granted, credential: Credential) -> None:
        try:
            await _told(self._renewals.run(granted, credential, flight.rejected), flight.landed)
        finally:
            del self._flights[credential.id]


async def _told(run: Awaitable[Held | None], whom: "asyncio.Future[Held | None]") -> None:
    """Tell how a renewal ends, however it does."""
    try:
        held = await run
    except Failure as failure:
        whom.set_exception(failure)
    except BaseException:
        whom.set_exception(Unavailable("a renewal was cut off"))
        raise
    else:
        whom.set_result(held)
