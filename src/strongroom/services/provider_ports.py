"""The doors from the provider's use cases to the store: namespaces with their tokens, and the items in them."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from strongroom.core.ids import CredentialId, ProviderTokenId, VaultId, WorkspaceId
from strongroom.core.provider import Item, Namespace, ProviderToken, Window
from strongroom.core.vaults import Vault

if TYPE_CHECKING:  # `ports.py` gathers all ports, these among them
    from strongroom.services.ports import Custody


class ProviderTokens(Protocol):
    """Namespaces and their tokens; a token is kept as its SHA-256."""

    async def open(self, namespace: Namespace, vault: Vault) -> Namespace:
        """Add a namespace with its vault, unless the workspace has one of that name; return the one that is there."""

    async def namespace(self, workspace: WorkspaceId, name: str) -> Namespace:
        """Return a namespace. Raises `NotFound`."""

    async def add(self, token: ProviderToken, digest: bytes) -> None:
        """Add a token by the SHA-256 of its text."""

    async def by_digest(self, digest: bytes) -> ProviderToken | None:
        """Return the token with that digest, revoked ones included."""

    async def get(self, workspace: WorkspaceId, token: ProviderTokenId) -> ProviderToken:
        """Return a token. Raises `NotFound`."""

    async def page(self, workspace: WorkspaceId) -> list[ProviderToken]:
        """Return a workspace's tokens, newest first, revoked ones included."""

    async def revoke(self, workspace: WorkspaceId, token: ProviderTokenId, at: datetime) -> ProviderToken:
        """Set `revoked_at` if unset. Raises `NotFound`."""


class ProviderItems(Protocol):
    """Credentials as a namespace sees them: its own, and those that were shared into it."""

    async def held(
        self, workspace: WorkspaceId, namespace: VaultId, credential: CredentialId
    ) -> "tuple[Item, Custody] | None":
        """Return an active item with its receipt, read together; None if the namespace has none of that id."""

    async def page(self, workspace: WorkspaceId, namespace: VaultId) -> Sequence[Item]:
        """Return the active items of a namespace, newest first."""

    async def vault_of(self, workspace: WorkspaceId, credential: CredentialId) -> VaultId:
        """Return the vault that a credential lies in. Raises `NotFound`."""

    async def put(self, namespace: VaultId, credential: CredentialId, window: Window, at: datetime) -> None:
        """Share a credential into a namespace, or give an item of it another window. Repeating is harmless."""

    async def take(self, namespace: VaultId, credential: CredentialId) -> None:
        """Forget what was put: a share ends, a window opens. Repeating is harmless."""
