"""The doors of external custody: the journal of what lies in others' vaults, and what can be asked of those vaults.

As in `ports.py`: every store method is one transaction that is durable when it returns.

An item goes one way and never back:

    WRITING ──▶ KEPT ──▶ DROPPING ──▶ (gone)
       │                    ▲  │
       └────────────────────┘  └────▶ LOST

`WRITING` becomes `KEPT` only in the transaction that writes the credential, and `DROPPING` only in the one that
archives, deletes or replaces it, or by whoever finds that no such transaction came. So what a row of ours points to is
never dropped, and what no row points to always is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, final

from strongroom.core.custodians import Provider
from strongroom.core.ids import CredentialId, ItemId, OrganizationId, SettingsId

TOOK_TOO_LONG = "it took so long that what it was given is taken back: try again"
"""What is said of a write whose item was given up before a credential could have it."""


class Standing(StrEnum):
    """How an item stands."""

    WRITING = "writing"
    """It may lie there or not; no credential needs it yet."""
    KEPT = "kept"
    """A credential needs it."""
    DROPPING = "dropping"
    """No credential needs it: it has to go."""
    LOST = "lost"
    """It may lie there, but its vault never said under which name, and cannot be asked."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something that lies, or may lie, in another's vault. `reference` is what that vault calls it, once known."""

    id: ItemId
    organization: OrganizationId
    credential: CredentialId
    custodian: str
    reference: str | None = None
    attempts: int = 0
    """How often it was tried to drop it."""


class CustodyItems(Protocol):
    """The journal. Items of credentials move on in the transactions of `Credentials` and `Vaults`."""

    async def begin(self, item: Item, *, at: datetime, abandoned: datetime) -> None:
        """Write that an item is about to be written; from `abandoned` on it counts as left behind."""

    async def arrived(self, item: ItemId, reference: str) -> bool:
        """Write what the vault calls an item; tell whether it may still become a credential's."""

    async def give_up(self, item: ItemId, *, due: datetime) -> None:
        """Have an item dropped that no credential will need, once it is `due`."""

    async def is_due(self, now: datetime) -> bool:
        """Tell whether anything waits to be dropped."""

    async def claim(self, now: datetime, *, until: datetime, most: int) -> Sequence[Item]:
        """Take items that are due, each counted as tried once more; nobody else gets them before `until`."""

    async def postpone(self, item: ItemId, *, due: datetime, problem: str) -> None:
        """Have an item tried again later."""

    async def lose(self, item: ItemId, *, problem: str) -> None:
        """Write that an item cannot be found."""

    async def gone(self, item: ItemId) -> None:
        """Forget an item: nothing lies there."""

    async def counts(self) -> dict[Standing, int]:
        """Return how many items there are of each standing."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SealedSettings:
    """An organization's settings for a provider; `envelope` has all of them."""

    id: SettingsId
    organization: OrganizationId
    provider: Provider
    envelope: bytes
    created_at: datetime
    modified_at: datetime


class ProviderSettings(Protocol):
    """What organizations have configured, one row for each provider."""

    async def get(self, organization: OrganizationId, provider: Provider) -> SealedSettings | None:
        """Return the settings, or None."""

    async def put(self, settings: SealedSettings) -> None:
        """Keep settings in the place of those that are there."""

    async def remove(self, organization: OrganizationId, provider: Provider) -> None:
        """Forget the settings, if there are any."""


class Remover(Protocol):
    """What takes items out of others' vaults."""

    async def remove(self, item: Item) -> bool:
        """Destroy an item; one that is gone already is as good. False: its vault cannot tell which one it is.

        Raises `UpstreamFailure`, `NotPermitted` and `Invalid` where the vault cannot be asked for now.
        """
