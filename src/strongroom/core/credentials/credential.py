"""A credential's description. It has no secret field, so listing, logging and returning it are safe."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import final

from strongroom.core.credentials.base import Details
from strongroom.core.failures import Invalid
from strongroom.core.ids import CredentialId, OrganizationId, VaultId, WorkspaceId
from strongroom.core.networking import Networking
from strongroom.core.placeholders import OPAQUE, Shape
from strongroom.core.surfaces import Surface

MAX_HOSTS = 16
OURS = "strongroom"
"""The custodian of what is kept in envelopes beside the descriptions."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What a credential is, where it may be used, and which revision it is at.

    `revision` counts changes and is what compare-and-swap compares. `custodian` is who keeps its material.
    """

    id: CredentialId
    organization: OrganizationId
    workspace: WorkspaceId
    vault: VaultId
    details: Details
    display_name: str | None
    metadata: Mapping[str, str]
    networking: Networking
    surfaces: frozenset[Surface]
    placeholder: Shape = OPAQUE
    custodian: str = OURS
    revision: int = 1
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None = None

    @property
    def kind(self) -> str:
        """The tag of the credential's kind."""
        return self.details.tag

    @property
    def unique_key(self) -> str:
        """What no other active credential of its vault may have: its own id where its kind shares nothing."""
        return self.details.unique_key() or f"id:{self.id}"

    def require_active(self) -> None:
        """Raise `Invalid` if the credential is archived."""
        if self.archived_at is not None:
            raise Invalid(f"credential {self.id} is archived")
