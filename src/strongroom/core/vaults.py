"""Vaults: containers for one person's or one purpose's credentials."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import final

from strongroom.core import metadata as notes
from strongroom.core.failures import Conflict, Invalid
from strongroom.core.ids import OrganizationId, VaultId, WorkspaceId

MAX_CREDENTIALS = 20
"""Active credentials of capped kinds in a general vault (contract anthropic-vaults 4.8)."""
MAX_HELD = 10_000
"""Active credentials in any vault: a session reads all of those that it is given."""
MAX_NAME = 255


@final
class Purpose(StrEnum):
    """What a vault is for. Those that are not general were made by us, for callers that know no vaults."""

    GENERAL = "general"
    LOGINS = "logins"
    PROVIDER = "provider"
    CONNECTIONS = "connections"


ALL_PURPOSES = frozenset(Purpose)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Vault:
    """A vault as anyone who may read it sees it.

    Of a vault with a `home` there is one in each workspace that is not archived, whoever asks for it first.
    """

    id: VaultId
    organization: OrganizationId
    workspace: WorkspaceId
    display_name: str
    metadata: Mapping[str, str]
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None = None
    purpose: Purpose = Purpose.GENERAL
    home: str | None = None

    def require_active(self) -> None:
        """Raise `Invalid` if the vault is archived."""
        if self.archived_at is not None:
            raise Invalid(f"vault {self.id} is archived")

    def require_removable(self) -> None:
        """Raise `Conflict` for one whose credentials are other things as well, which have to go first."""
        if self.purpose is Purpose.CONNECTIONS:
            raise Conflict(f"vault {self.id} holds the workspace's connections: delete those instead")

    def require_room(self, *, active: int, capped: int | None) -> None:
        """Raise `Invalid` if it holds too many for one more; `capped` is None where that one is of no capped kind."""
        if self.purpose is Purpose.GENERAL and capped is not None and capped >= MAX_CREDENTIALS:
            raise Invalid(f"vault {self.id} already holds {MAX_CREDENTIALS} active credentials")
        if active >= MAX_HELD:
            raise Invalid(f"vault {self.id} already holds {MAX_HELD} active credentials, which is as many as fit")

    def changed(self, now: datetime, *, display_name: str | None, metadata: Mapping[str, str | None] | None) -> "Vault":
        """Return the vault after an update; itself if the update changes nothing. `None` keeps."""
        after = replace(
            self,
            display_name=self.display_name if display_name is None else checked_name(display_name),
            metadata=self.metadata if metadata is None else notes.patched(self.metadata, metadata),
        )
        return self if after == self else replace(after, updated_at=now)


def checked_name(name: str, *, field: str = "display_name", most: int = MAX_NAME) -> str:
    """Return the name if it has 1 to `most` characters; raises `Invalid` otherwise."""
    if not 1 <= len(name) <= most:
        raise Invalid(f"must have 1 to {most} characters", field=field)
    return name
