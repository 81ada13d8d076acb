"""Vaults: containers for one person's or one purpose's credentials."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import final

from strongroom.core import metadata as notes
from strongroom.core.failures import Invalid
from strongroom.core.ids import OrganizationId, VaultId, WorkspaceId

MAX_CREDENTIALS = 20
"""Active credentials per vault (contract anthropic-vaults 4.8)."""
MAX_NAME = 255


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Vault:
    """A vault as anyone who may read it sees it."""

    id: VaultId
    organization: OrganizationId
    workspace: WorkspaceId
    display_name: str
    metadata: Mapping[str, str]
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None = None

    def require_active(self) -> None:
        """Raise `Invalid` if the vault is archived."""
        if self.archived_at is not None:
            raise Invalid(f"vault {self.id} is archived")

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
