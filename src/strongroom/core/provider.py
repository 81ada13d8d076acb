"""What lets another product keep its secrets here and read them back: namespaces, their tokens, and shared items.

A namespace is a name in a workspace and the vault behind it. A token is bound to one namespace for good. It is a class
of its own: no door takes it for an API key, and the provider's door takes no API key for one.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import final

from strongroom.core.credentials import Credential
from strongroom.core.failures import Invalid
from strongroom.core.ids import OrganizationId, PrincipalId, ProviderTokenId, VaultId, WorkspaceId

MAX_NAMESPACE = 255


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Namespace:
    """A name, and the vault that holds what is stored under it. `opened_by` is the key that made it."""

    organization: OrganizationId
    workspace: WorkspaceId
    name: str
    vault: VaultId
    opened_by: PrincipalId
    created_at: datetime


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderToken:
    """A token's description. The token itself is nowhere, only its SHA-256 beside this."""

    id: ProviderTokenId
    organization: OrganizationId
    workspace: WorkspaceId
    namespace: str
    vault: VaultId
    name: str | None
    hint: str
    created_at: datetime
    revoked_at: datetime | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """When an item may be read: from `opens_at` on and before `closes_at`; None does not narrow."""

    opens_at: datetime | None = None
    closes_at: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Tell whether an item may be read now."""
        return (self.opens_at is None or self.opens_at <= now) and (self.closes_at is None or now < self.closes_at)


OPEN = Window()
"""What an item has that nobody narrowed."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A credential as one namespace sees it: stored through it, or `shared` into it from another vault."""

    credential: Credential
    shared: bool
    window: Window = OPEN


def checked_namespace(name: str) -> str:
    """Return the name of a namespace. Raises `Invalid` for one that would look like another or like none."""
    if not 1 <= len(name) <= MAX_NAMESPACE or not name.isprintable() or name != name.strip():
        rule = f"must have 1 to {MAX_NAMESPACE} printable characters, no blanks at its ends"
        raise Invalid(rule, field="namespace")
    return name


def checked_window(opens_at: datetime | None, closes_at: datetime | None) -> Window:
    """Return a window. Raises `Invalid` for one that never is."""
    if opens_at is not None and closes_at is not None and closes_at <= opens_at:
        raise Invalid("must be after opens_at", field="closes_at")
    return Window(opens_at=opens_at, closes_at=closes_at)
