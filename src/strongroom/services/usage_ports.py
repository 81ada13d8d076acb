"""What the store keeps of how sessions used their credentials, and of what was refused to them: counts, in rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, final

from strongroom.core.ids import CredentialId, OrganizationId, SessionId, WorkspaceId


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """How often a credential was used by a session at a host within one second."""

    organization: OrganizationId
    workspace: WorkspaceId
    session: SessionId
    credential: CredentialId
    host: str
    second: datetime
    count: int


class Uses(Protocol):
    """Counts of uses, one row per session, credential, host and second."""

    async def add(self, uses: Sequence[Use]) -> None:
        """Add counts to what is there, in one transaction."""

    async def of_session(self, workspace: WorkspaceId, session: SessionId) -> list[Use]:
        """Return a session's counts, oldest first."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """How often the proxies refused a session something for one reason at one host, and when first and last.

    `host` is empty where the request named none that can be told, or where there were too many to tell apart.
    """

    organization: OrganizationId
    workspace: WorkspaceId
    session: SessionId
    code: str
    host: str
    count: int
    first_at: datetime
    last_at: datetime


class Refusals(Protocol):
    """Counts of refusals, one row per session, reason and host."""

    async def add(self, refused: Sequence[Refused]) -> None:
        """Add counts to what is there, in one transaction."""

    async def of_session(self, workspace: WorkspaceId, session: SessionId) -> list[Refused]:
        """Return a session's counts, the latest first."""
