"""Counts what the proxies do, in memory, and writes the counts once a second.

So recording a use never costs a write per request, and a crash loses at most the counts of the
last second (DESIGN section 8). A stray placeholder, one that was sent where it does not belong, is
a security event: it is recorded with how often it happened in that second. What the proxies refused
to a session is counted by reason and host.
"""

from collections import Counter
from dataclasses import dataclass
from typing import final

from strongroom.core.events import STRAYED
from strongroom.core.grants import Principal
from strongroom.core.hosts import Host
from strongroom.core.ids import CredentialId, SessionId, VaultId
from strongroom.core.sources import Clock
from strongroom.core.surfaces import Surface
from strongroom.services.gate import Gate
from strongroom.services.usage_ports import Refusals, Refused, Use, Uses


@final
@dataclass(frozen=True, slots=True)
class UseKey:
    """What is counted together: who used which credential, of which vault, where."""

    principal: Principal
    session: SessionId
    credential: CredentialId
    host: Host
    vault: VaultId | None = None


@final
@dataclass(frozen=True, slots=True)
class RefusalKey:
    """What is counted together: whom the proxy refused something, why, and at which host."""

    principal: Principal
    session: SessionId
    code: str
    host: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """The security event in full: how often, since the last report, whose placeholder was sent where."""

    key: UseKey
    surface: Surface
    refused: bool
    """Whether the requests were refused; otherwise they went out with the worthless literal."""
    count: int


@final
class Meter:
    """The counters of one process."""

    def __init__(self, *, uses: Uses, refusals: Refusals, gate: Gate, clock: Clock) -> None:
        self._store = uses
        self._refusals = refusals
        self._gate = gate
        self._clock = clock
        self._uses: dict[tuple[SessionId, CredentialId, Host], int] = {}
        self._keys: dict[tuple[SessionId, CredentialId, Host], UseKey] = {}
        self._strays: Counter[tuple[UseKey, Surface, bool]] = Counter()
        self._turned_away: Counter[RefusalKey] = Counter()

    def used(self, key: UseKey) -> None:
        """Count one use."""
        short = (key.session, key.credential, key.host)
        uses = self._uses
        uses[short] = uses.get(short, 0) + 1  # a plain dictionary: `Counter` takes twice as long
        self._keys[short] = key

    def strayed(self, key: UseKey, surface: Surface, *, refused: bool) -> None:
        """Count one stray placeholder, and whether its request was refused."""
        self._strays[key, surface, refused] += 1

    def turned_away(self, key: RefusalKey) -> None:
        """Count one refusal."""
        self._turned_away[key] += 1

    async def flush(self) -> None:
        """Write what was counted. On failure the counts are kept for the next time."""
        uses, self._uses = self._uses, {}
        strays, self._strays = self._strays, Counter()
        refused, self._turned_away = self._turned_away, Counter()
        try:
            await self._write_uses(uses)
            uses.clear()
            await self._write_refusals(refused)
            refused.clear()
            for (key, surface, was_refused), count in list(strays.items()):
                await self._report(Stray(key=key, surface=surface, refused=was_refused, count=count))
                del strays[key, surface, was_refused]
        finally:
            for short, count in uses.items():
                self._uses[short] = self._uses.get(short, 0) + count
            self._strays.update(strays)
            self._turned_away.update(refused)

    async def _write_uses(self, uses: dict[tuple[SessionId, CredentialId, Host], int]) -> None:
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

    async def _write_refusals(self, refused: Counter[RefusalKey]) -> None:
        if not refused:
            return
        now = self._clock()
        rows = [
            Refused(
                organization=key.principal.organization,
                workspace=key.principal.workspace,
                session=key.session,
                code=key.code,
                host=key.host,
                count=count,
                first_at=now,
                last_at=now,
            )
            for key, count in refused.items()
        ]
        await self._refusals.add(rows)

    async def _report(self, stray: Stray) -> None:
        """Report one security event: the only place that does."""
        key = stray.key
        facts = {
            "session": key.session,
            "host": key.host,
            "surface": stray.surface.value,
            "count": stray.count,
            "answer": "refused" if stray.refused else "sent",
        } | ({} if key.vault is None else {"vault": key.vault})
        await self._gate.observe(key.principal, STRAYED, key.credential, facts)
