"""Counts what the proxies do, in memory, and writes the counts once a second.

So recording a use never costs a write per request, and a crash loses at most the counts of the
last second (DESIGN section 8). A stray placeholder, one that was sent where it does not belong, is
a security event: it is recorded with how often it happened in that second.
"""

from collections import Counter
from dataclasses import dataclass
from typing import final

from strongroom.core.grants import Principal
from strongroom.core.hosts import Host
from strongroom.core.ids import CredentialId, SessionId
from strongroom.core.sources import Clock
from strongroom.core.surfaces import Surface
from strongroom.services.gate import Gate
from strongroom.services.ports import Use, Uses

STRAYED = "placeholder.strayed"
"""The security event: a live placeholder was sent to a host or on a surface it does not belong to."""


@final
@dataclass(frozen=True, slots=True)
class UseKey:
    """What is counted together: who used which credential where."""

    principal: Principal
    session: SessionId
    credential: CredentialId
    host: Host


@final
class Meter:
    """The counters of one process."""

    def __init__(self, *, uses: Uses, gate: Gate, clock: Clock) -> None:
        self._store = uses
        self._gate = gate
        self._clock = clock
        self._uses: Counter[tuple[SessionId, CredentialId, Host]] = Counter()
        self._keys: dict[tuple[SessionId, CredentialId, Host], UseKey] = {}
        self._strays: Counter[tuple[UseKey, Surface]] = Counter()

    def used(self, key: UseKey) -> None:
        """Count one use."""
        short = (key.session, key.credential, key.host)
        self._uses[short] += 1
        self._keys[short] = key

    def strayed(self, key: UseKey, surface: Surface) -> None:
        """Count one stray placeholder."""
        self._strays[key, surface] += 1

    async def flush(self) -> None:
        """Write what was counted. On failure the counts are kept for the next time."""
        uses, self._uses = self._uses, Counter()
        strays, self._strays = self._strays, Counter()
        try:
            await self._write_uses(uses)
            uses.clear()
            for (key, surface), count in list(strays.items()):
                await self._report(key, surface, count)
                del strays[key, surface]
        finally:
            self._uses.update(uses)
            self._strays.update(strays)

    async def _write_uses(self, uses: Counter[tuple[SessionId, CredentialId, Host]]) -> None:
        if not uses:
            return
        second = self._clock().replace(microsecond=0)
        rows = [
            Use(
                organization=self._keys[short].principal.organization,
                workspace=self._keys[short].principal.workspace,
                session=short[0],
                credential=short[1],
                host=short[2],
                second=second,
                count=count,
            )
            for short, count in uses.items()
        ]
        await self._store.add(rows)
        for short in uses:
            if short not in self._uses:
                del self._keys[short]

    async def _report(self, key: UseKey, surface: Surface, count: int) -> None:
        facts = {"session": key.session, "host": key.host, "surface": surface.value, "count": count}
        await self._gate.observe(key.principal, STRAYED, key.credential, facts)
