"""Tells the admin's pages what was seen of an upstream, lazily: nothing is asked only to know (contract 5).

An answer makes a provider healthy; three rejections of its key in a row make it unhealthy, in our words.
"""

import contextlib
from typing import final

from strongroom.core.failures import Failure
from strongroom.core.llm.providers import Health, HealthStatus, Provider
from strongroom.core.llm.routes import Route
from strongroom.core.sources import Clock, Spawn
from strongroom.services.llm_ports import Providers

REJECTIONS = 3
DETAIL = "upstream rejected the credential"
_MOST = 10_000


@final
class HealthNotes:
    """Writes only what is news."""

    def __init__(self, *, providers: Providers, clock: Clock, spawn: Spawn) -> None:
        self._providers = providers
        self._clock = clock
        self._spawn = spawn
        self._rejections: dict[tuple[str, int | None], int] = {}
        self._writing: set[tuple[str, HealthStatus]] = set()

    def answered(self, route: Route) -> None:
        """Note a good answer."""
        if self._rejections:
            self._rejections.pop((route.provider.id, route.secret_version), None)
        if route.provider.health.status is not HealthStatus.HEALTHY:
            self._note(route.provider, HealthStatus.HEALTHY, None)

    def rejected(self, route: Route) -> None:
        """Note that a key of ours was rejected."""
        if len(self._rejections) >= _MOST:
            self._rejections.clear()
        place = route.provider.id, route.secret_version
        count = self._rejections[place] = self._rejections.get(place, 0) + 1
        if count >= REJECTIONS and route.provider.health.status is not HealthStatus.UNHEALTHY:
            self._note(route.provider, HealthStatus.UNHEALTHY, DETAIL)

    def _note(self, provider: Provider, status: HealthStatus, detail: str | None) -> None:
        if (provider.id, status) not in self._writing:
            self._writing.add((provider.id, status))
            health = Health(status=status, checked_at=self._clock(), detail=detail)
            _writing = self._spawn(self._write(provider, health), "note the health of a provider of models")

    async def _write(self, provider: Provider, health: Health) -> None:
        try:
            with contextlib.suppress(Failure):  # the next request tells it again
                await self._providers.note_health(provider.workspace, provider.id, health)
        finally:
            self._writing.discard((provider.id, health.status))
