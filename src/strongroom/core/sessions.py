"""Sessions: a running agent's binding to an environment and to vaults, in search order."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import final

from strongroom.core.ids import EnvironmentId, KeyId, OrganizationId, SessionId, VaultId, WorkspaceId

MAX_VAULTS = 50


class SessionStatus(StrEnum):
    """The vendor's vocabulary; ours are idle and terminated."""

    RESCHEDULING = "rescheduling"
    RUNNING = "running"
    IDLE = "idle"
    TERMINATED = "terminated"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class McpServer:
    """An MCP server that the session's agent declares."""

    name: str
    url: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """What the caller says of the agent. We keep no agents; this is echoed."""

    id: str
    version: int = 1
    model: str = "external"
    system: str | None = None
    mcp_servers: tuple[McpServer, ...] = ()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session as anyone who may read it sees it. `opened_by` is the key that created it."""

    id: SessionId
    organization: OrganizationId
    workspace: WorkspaceId
    agent: Agent
    environment: EnvironmentId
    vaults: tuple[VaultId, ...]
    title: str | None
    metadata: Mapping[str, str]
    opened_by: KeyId
    created_at: datetime
    updated_at: datetime
    expires_at: datetime
    archived_at: datetime | None = None

    def status(self, now: datetime) -> SessionStatus:
        """Idle until archived or expired, then terminated."""
        ended = self.archived_at is not None or now >= self.expires_at
        return SessionStatus.TERMINATED if ended else SessionStatus.IDLE
