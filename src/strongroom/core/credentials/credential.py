"""A credential's description. It has no secret field, so listing, logging and returning it are safe."""

import re
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
_OTHER = re.compile(r"[^A-Za-z0-9]+")
_LONGEST_NAME = 64
_TAIL = 12  # digits: that two ids in a session end alike is as likely as guessing a placeholder is not
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

    def variables(self, *, apart: bool = False) -> Mapping[str, str]:
        """Return the variables that an agent holds placeholders in, by name, with the parts that they stand for.

        Set `apart` for names that no other credential's variables have, where the kind leaves names to us.
        """
        named = _OTHER.sub("_", self.display_name or "").strip("_") or self.kind
        if not named[0].isalpha():
            named = f"{self.kind}_{named}"
        return self.details.variables(f"{named[:_LONGEST_NAME]}_{self.id[-_TAIL:]}" if apart else named[:_LONGEST_NAME])

    def require_active(self) -> None:
        """Raise `Invalid` if the credential is archived."""
        if self.archived_at is not None:
            raise Invalid(f"credential {self.id} is archived")
