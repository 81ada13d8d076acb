"""Who the installation belongs to: organizations, their workspaces, and the keys that act in those."""

from dataclasses import dataclass
from datetime import datetime
from typing import final

from strongroom.core.actions import Scope
from strongroom.core.ids import KeyId, OrganizationId, WorkspaceId
from strongroom.core.uuids import uuid_for


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """A tenant. `foreign_uuid` is what an issuer of tokens calls it, where one knew it before us."""

    id: OrganizationId
    name: str
    created_at: datetime
    foreign_uuid: str | None = None

    @property
    def uuid(self) -> str:
        """What wires call it that know organizations by UUID."""
        return self.foreign_uuid or uuid_for(self.id)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A part of an organization that keys are bound to."""

    id: WorkspaceId
    organization: OrganizationId
    name: str
    created_at: datetime


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key's description. The key itself is nowhere, only its SHA-256 beside this."""

    id: KeyId
    organization: OrganizationId
    workspace: WorkspaceId
    name: str | None
    hint: str
    scopes: frozenset[Scope]
    created_at: datetime
    revoked_at: datetime | None = None
