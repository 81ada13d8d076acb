"""Environments: network policies, changed in place and felt by running sessions at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import final

from strongroom.core import metadata as notes
from strongroom.core.actions import Action
from strongroom.core.environments import (
    MAX_NAME,
    NO_PACKAGES,
    CloudConfig,
    Environment,
    EnvironmentConfig,
    StrayPlaceholders,
)
from strongroom.core.grants import Principal, Target
from strongroom.core.ids import ENVIRONMENT, EnvironmentId, NewId
from strongroom.core.pages import Page, PageQuery, Position
from strongroom.core.sources import Clock
from strongroom.core.vaults import checked_name
from strongroom.services.contention import changed, later
from strongroom.services.gate import Gate
from strongroom.services.ports import Environments

DEFAULT_NAME = "default"

Change = Callable[[Environment], Environment]
"""A pure function from an environment to itself after the change. Raises `Invalid`."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class NewEnvironment:
    """What a caller says of an environment to make. Without a configuration it is cloud and unrestricted."""

    name: str
    description: str | None = None
    config: EnvironmentConfig = field(default_factory=lambda: CloudConfig(packages=NO_PACKAGES))
    metadata: Mapping[str, str]
    stray_placeholders: StrayPlaceholders = StrayPlaceholders.REPORT


@final
class EnvironmentService:
    """Use cases on environments."""

    def __init__(self, *, environments: Environments, gate: Gate, clock: Clock, new_id: NewId) -> None:
        self._environments = environments
        self._gate = gate
        self._clock = clock
        self._new_id = new_id

    async def create(self, principal: Principal, new: NewEnvironment) -> Environment:
        """Make an environment. Names need not be unique."""
        now = self._clock()
        environment = Environment(
            id=EnvironmentId(self._new_id(ENVIRONMENT)),
            organization=principal.organization,
            workspace=principal.workspace,
            name=checked_name(new.name, field="name", most=MAX_NAME),
            description=new.description,
            config=new.config,
            metadata=notes.checked(new.metadata),
            stray_placeholders=new.stray_placeholders,
            created_at=now,
            updated_at=now,
        )
        await self._gate.admit(principal, Action.ENVIRONMENT_CREATE, _target(principal, environment.id))
        await self._environments.add(environment)
        return environment

    async def default(self, principal: Principal) -> Environment:
        """Return the workspace's oldest active environment named `default`; make an unrestricted one if none is."""
        after: Position | None = None
        while True:
            page = await self._environments.page(
                principal.workspace, PageQuery(limit=100, after=after, newest_first=False)
            )
            for environment in page.rows:
                if environment.name == DEFAULT_NAME:
                    return environment
            if not page.more:
                break
            after = Position(page.rows[-1].created_at, page.rows[-1].id)
        return await self.create(principal, NewEnvironment(name=DEFAULT_NAME, metadata={}))

    async def get(self, principal: Principal, environment: EnvironmentId) -> Environment:
        """Return an environment."""
        await self._gate.admit(principal, Action.ENVIRONMENT_READ, _target(principal, environment))
        return await self._environments.get(principal.workspace, environment)

    async def page(self, principal: Principal, query: PageQuery) -> Page[Environment]:
        """Return a page of environments."""
        await self._gate.admit(principal, Action.ENVIRONMENT_LIST, _target(principal, "environments"))
        return await self._environments.page(principal.workspace, query)

    async def update(self, principal: Principal, environment: EnvironmentId, change: Change) -> Environment:
        """Apply a change. Raises `Invalid` for an archived environment."""
        await self._gate.admit(principal, Action.ENVIRONMENT_UPDATE, _target(principal, environment))

        async def attempt() -> Environment | None:
            before = await self._environments.get(principal.workspace, environment)
            before.require_active()
            after = change(before)
            if after == before:
                return before
            after = replace(after, updated_at=later(self._clock(), than=before.updated_at))
            return after if await self._environments.replace(after, expected=before.updated_at) else None

        return await changed(attempt, what=f"environment {environment}")

    async def archive(self, principal: Principal, environment: EnvironmentId) -> Environment:
        """Make it read-only and closed to new sessions; running ones go on. Repeating is harmless."""
        await self._gate.admit(principal, Action.ENVIRONMENT_ARCHIVE, _target(principal, environment))

        async def attempt() -> Environment | None:
            before = await self._environments.get(principal.workspace, environment)
            if before.archived_at is not None:
                return before
            now = later(self._clock(), than=before.updated_at)
            after = replace(before, archived_at=now, updated_at=now)
            return after if await self._environments.replace(after, expected=before.updated_at) else None

        return await changed(attempt, what=f"environment {environment}")

    async def delete(self, principal: Principal, environment: EnvironmentId) -> None:
        """Remove it. Raises `Conflict` while a session that is not archived references it."""
        await self._gate.admit(principal, Action.ENVIRONMENT_DELETE, _target(principal, environment))
        await self._environments.delete(principal.workspace, environment)


def _target(principal: Principal, name: str) -> Target:
    return Target(name=name, workspace=principal.workspace)
