"""Sessions: a running agent's binding to an environment and to vaults, in search order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import final

from strongroom.core.ids import EnvironmentId, KeyId, OrganizationId, SessionId, VaultId, WorkspaceId
from strongroom.core.mcp_tools import Tools
from strongroom.core.mcp_urls import McpUrl

MAX_VAULTS = 50
EXTERNAL_MODEL = "external"
"""Stands where nobody said which model the agent runs on."""


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

    def address(self) -> McpUrl:
        """Where it is, in the form in which servers are compared. Raises `Invalid`; a fragment says nothing."""
        return McpUrl.parse(self.url.partition("#")[0], insecure=True)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """What the caller says of the agent. We keep no agents; this is echoed."""

    id: str
    version: int = 1
    model: str = EXTERNAL_MODEL
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
    mcp_tools: Tools = field(default_factory=dict)
    """Of which MCP servers it may use which tools only."""

    def status(self, now: datetime) -> SessionStatus:
        """Idle until archived or expired, then terminated."""
        ended = self.archived_at is not None or now >= self.expires_at
        return SessionStatus.TERMINATED if ended else SessionStatus.IDLE
