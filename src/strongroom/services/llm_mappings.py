"""Model mappings: made, listed, changed, put into another order, removed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import final

from strongroom.core.actions import Action
from strongroom.core.failures import Conflict, Invalid
from strongroom.core.grants import Principal, Target
from strongroom.core.llm.attribution import actor
from strongroom.core.llm.connections import Connection
from strongroom.core.llm.mappings import MappingChange, MappingKind, ModelMapping
from strongroom.core.llm.providers import Provider
from strongroom.core.sources import Clock, Entropy
from strongroom.core.uuids import uuid_from
from strongroom.services.contention import changed, later
from strongroom.services.gate import Gate
from strongroom.services.llm_connections import Forget
from strongroom.services.llm_ports import Connections, Mappings, Providers

MAX_REORDERED = 1000
_LEAST, _MOST = -(2**31), 2**31 - 1


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A mapping with where it leads."""

    mapping: ModelMapping
    provider: Provider
    connection: Connection | None


@final
class MappingService:
    """Use cases on model mappings."""

    def __init__(  # noqa: PLR0913 - one argument per port
        self,
        *,
        mappings: Mappings,
        providers: Providers,
        connections: Connections,
        gate: Gate,
        clock: Clock,
        entropy: Entropy,
        forget: Forget,
    ) -> None:
        self._mappings = mappings
        self._providers = providers
        self._connections = connections
        self._gate = gate
        self._clock = clock
        self._entropy = entropy
        self._forget = forget

    async def create(self, principal: Principal, provider: str, new: MappingChange) -> ModelMapping:
        """Make a mapping; a model that is enabled already is changed to what was sent (contract 2.7)."""
        id_ = uuid_from(self._entropy(16))
        await self._gate.admit(principal, Action.MAPPING_CREATE, _target(principal, id_), {"provider": provider})
        await self._providers.get(principal.workspace, provider)
        made = new.made(mapping_id=id_, of=principal, provider=provider, by=actor(principal), now=self._clock())

        async def attempt() -> ModelMapping | None:
            known = None
            if made.kind is MappingKind.MODEL:
                known = await self._mappings.enablement(principal.workspace, provider, made.upstream_model)
            if known is not None:
                return await self._written(principal, known, new)
            try:
                await self._mappings.add(made)
            except Conflict:
                if made.kind is MappingKind.MODEL and await self._mappings.enablement(
                    principal.workspace, provider, made.upstream_model
                ):
                    return None  # somebody else was first: theirs is changed
                raise
            return made

        done = await changed(attempt, what=f"model {made.upstream_model} of provider {provider}")
        self._forget(principal.workspace)
        return done

    async def all(self, principal: Principal) -> list[Placed]:
        """Return all of the workspace, oldest first."""
        await self._gate.admit(principal, Action.MAPPING_LIST, _target(principal, "model mappings"))
        providers = await self._providers.all(principal.workspace)
        return await self._placed(principal, providers, await self._mappings.all(principal.workspace))

    async def of_provider(self, principal: Principal, provider: str) -> list[Placed]:
        """Return a provider's. Raises `NotFound`."""
        await self._gate.admit(principal, Action.MAPPING_LIST, _target(principal, provider))
        found = await self._providers.get(principal.workspace, provider)
        return await self._placed(principal, [found], await self._mappings.all(principal.workspace, provider=provider))

    async def _placed(
        self, principal: Principal, providers: Iterable[Provider], mappings: Iterable[ModelMapping]
    ) -> list[Placed]:
        known = {each.id: each for each in providers}
        connections = {each.id: each for each in await self._connections.all(principal.workspace)}
        return [
            Placed(mapping=each, provider=provider, connection=connections.get(provider.connection or ""))
            for each in mappings
            if (provider := known.get(each.provider)) is not None
        ]

    async def update(self, principal: Principal, mapping: str, change: MappingChange) -> ModelMapping:
        """Apply a change. Raises `Invalid`, `NotFound` and `Conflict`."""
        await self._gate.admit(principal, Action.MAPPING_UPDATE, _target(principal, mapping))

        async def attempt() -> ModelMapping | None:
            before = await self._mappings.get(principal.workspace, mapping)
            return await self._written(principal, before, change)

        done = await changed(attempt, what=f"model mapping {mapping}")
        self._forget(principal.workspace)
        return done

    async def reorder(self, principal: Principal, priorities: Mapping[str, int]) -> None:
        """Set the priorities of several, all or none. Raises `NotFound`."""
        await self._gate.admit(principal, Action.MAPPING_UPDATE, _target(principal, "model mappings"))
        if len(priorities) > MAX_REORDERED:
            raise Invalid(f"must have at most {MAX_REORDERED} entries", field="entries")
        if not all(_LEAST <= priority <= _MOST for priority in priorities.values()):
            raise Invalid(f"must be {_LEAST} to {_MOST}", field="entries.priority")
        await self._mappings.reorder(principal.workspace, priorities, self._clock())
        self._forget(principal.workspace)

    async def delete(self, principal: Principal, mapping: str) -> None:
        """Remove a mapping; routes of a model that is no longer enabled go dark."""
        await self._gate.admit(principal, Action.MAPPING_DELETE, _target(principal, mapping))
        await self._mappings.delete(principal.workspace, mapping)
        self._forget(principal.workspace)

    async def _written(self, principal: Principal, before: ModelMapping, change: MappingChange) -> ModelMapping | None:
        now = later(self._clock(), than=before.updated_at)
        after = change.applied(before, by=actor(principal), now=now)
        done = after is before or await self._mappings.replace(after, expected=before.updated_at)
        return after if done else None


def _target(principal: Principal, name: str) -> Target:
    return Target(name=name, workspace=principal.workspace)
