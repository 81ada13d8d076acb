"""Providers: made, shown, changed, removed. Each row is marked, so that nobody else's row takes a secret anywhere."""

from dataclasses import replace
from typing import final

from strongroom.core.actions import Action
from strongroom.core.failures import Invalid
from strongroom.core.grants import Principal, Target
from strongroom.core.hosts import HostSet
from strongroom.core.keeping import Keep
from strongroom.core.llm.attribution import actor
from strongroom.core.llm.connections import Connection
from strongroom.core.llm.hosts import require_inference_host
from strongroom.core.llm.mappings import MappingChange, ModelMapping
from strongroom.core.llm.providers import Health, Provider, ProviderChange
from strongroom.core.sources import Clock, Entropy
from strongroom.core.uuids import uuid_from
from strongroom.crypto.marks import Marks
from strongroom.services.contention import changed, later
from strongroom.services.gate import Gate
from strongroom.services.llm_connections import MOVED, Forget
from strongroom.services.llm_ports import Connections, Destinations, Providers

MAX_FIRST_MODELS = 500

Shown = tuple[Provider, Connection | None]
"""A provider and the connection that it follows: together they say what it is."""


@final
class ProviderService:
    """Use cases on providers."""

    def __init__(  # noqa: PLR0913 - one argument per port
        self,
        *,
        providers: Providers,
        connections: Connections,
        destinations: Destinations,
        marks: Marks,
        gate: Gate,
        clock: Clock,
        entropy: Entropy,
        forget: Forget,
        inference_hosts: HostSet,
        require_secret_on_host_change: bool,
    ) -> None:
        self._providers = providers
        self._connections = connections
        self._destinations = destinations
        self._marks = marks
        self._gate = gate
        self._clock = clock
        self._entropy = entropy
        self._forget = forget
        self._inference_hosts = inference_hosts
        self._require_secret = require_secret_on_host_change

    async def create(self, principal: Principal, new: ProviderChange, models: tuple[str, ...] = ()) -> Shown:
        """Make a provider, and enable its first models. Raises `Invalid`, `NotFound` and `Conflict`."""
        if len(models) > MAX_FIRST_MODELS:
            raise Invalid(f"must have at most {MAX_FIRST_MODELS} entries", field="models")
        provider_id = self._uuid()
        await self._gate.admit(principal, Action.PROVIDER_CREATE, _target(principal, provider_id))
        connection = await self._connection(principal, None if isinstance(new.connection, Keep) else new.connection)
        provider = new.made(
            provider_id=provider_id, of=principal, connection=connection, by=actor(principal), now=self._clock()
        )
        await self._require_allowed(principal, provider, connection, before=None)
        enabled = [self._enabled(principal, provider, name) for name in dict.fromkeys(models)]
        await self._providers.add(provider, self._marks.make(provider.whereabouts()), enabled)
        self._forget(principal.workspace)
        return provider, connection

    async def get(self, principal: Principal, provider: str) -> Shown:
        """Return a provider."""
        await self._gate.admit(principal, Action.PROVIDER_READ, _target(principal, provider))
        found = await self._providers.get(principal.workspace, provider)
        return found, await self._connection(principal, found.connection)

    async def all(self, principal: Principal) -> list[Shown]:
        """Return all, oldest first."""
        await self._gate.admit(principal, Action.PROVIDER_LIST, _target(principal, "providers"))
        connections = {each.id: each for each in await self._connections.all(principal.workspace)}
        found = await self._providers.all(principal.workspace)
        return [(each, connections.get(each.connection or "")) for each in found]

    async def update(self, principal: Principal, provider: str, change: ProviderChange) -> Shown:
        """Apply a change. Raises `Invalid`, `NotFound` and `Conflict`."""
        await self._gate.admit(principal, Action.PROVIDER_UPDATE, _target(principal, provider))

        async def attempt() -> Shown | None:
            before = await self._providers.get(principal.workspace, provider)
            wanted = before.connection if isinstance(change.connection, Keep) else change.connection
            connection = await self._connection(principal, wanted)
            now = later(self._clock(), than=before.updated_at)
            after = change.applied(before, connection, by=actor(principal), now=now)
            if after is before:
                return before, connection
            await self._require_allowed(principal, after, connection, before=before)
            if after.whereabouts() != before.whereabouts():
                after = replace(after, health=Health())  # that was another place's
            mark = self._marks.make(after.whereabouts())
            done = await self._providers.replace(after, mark, expected=before.updated_at)
            return (after, connection) if done else None

        done = await changed(attempt, what=f"provider {provider}")
        self._forget(principal.workspace)
        return done

    async def delete(self, principal: Principal, provider: str) -> None:
        """Remove a provider with its mappings, never its connection."""
        await self._gate.admit(principal, Action.PROVIDER_DELETE, _target(principal, provider))
        await self._providers.delete(principal.workspace, provider)
        self._forget(principal.workspace)

    async def _connection(self, principal: Principal, connection: str | None) -> Connection | None:
        return None if connection is None else await self._connections.get(principal.workspace, connection)

    async def _require_allowed(
        self, principal: Principal, provider: Provider, connection: Connection | None, *, before: Provider | None
    ) -> None:
        """Raise `Invalid` for a host that must not be asked, or not with this connection's secret."""
        upstream = provider.upstream(connection)
        scheme = upstream.way.scheme
        if scheme.is_cloud:
            require_inference_host(upstream.model_provider, upstream.base, others=self._inference_hosts)
        self._destinations.require_allowed(upstream.base)
        as_before = before is not None and before.whereabouts() == provider.whereabouts()
        if connection is None or not scheme.keeps_material or as_before:
            return
        if upstream.base.destination == connection.upstream.base.destination:
            return
        if self._require_secret:
            raise Invalid("must not lead to another host than the connection's", field="base_url")
        facts = {"connection": connection.id, "to": upstream.base.origin, "from": connection.upstream.base.origin}
        await self._gate.observe(principal, MOVED, provider.id, facts)

    def _enabled(self, principal: Principal, provider: Provider, model: str) -> ModelMapping:
        return MappingChange(model_alias=model, upstream_model=model).made(
            mapping_id=self._uuid(), of=principal, provider=provider.id, by=actor(principal), now=provider.created_at
        )

    def _uuid(self) -> str:
        return uuid_from(self._entropy(16))


def _target(principal: Principal, name: str) -> Target:
    return Target(name=name, workspace=principal.workspace)
