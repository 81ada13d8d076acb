"""Who the installation belongs to: organizations, their workspaces, and the keys that act in those."""

from dataclasses import dataclass
from datetime import datetime
from typing import final

from strongroom.core.actions import Scope
from strongroom.core.ids import KeyId, OrganizationId, WorkspaceId


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """A tenant."""

    id: OrganizationId
    name: str
    created_at: datetime


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
