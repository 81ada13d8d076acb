"""What organizations configure of their own for others' vaults: sealed, replaced whole, shown without its secrets."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, final

from strongroom.core.actions import Action
from strongroom.core.custodians import SHAPES, Configured, CustomService, Provider, settings_binding
from strongroom.core.grants import Principal, Target
from strongroom.core.ids import SETTINGS, NewId, OrganizationId, SettingsId
from strongroom.core.sources import Clock
from strongroom.crypto.materials import read_fields, write_fields
from strongroom.services.custody_ports import ProviderSettings, SealedSettings
from strongroom.services.gate import Gate
from strongroom.services.ports import Seal


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """An organization's settings for a provider, opened."""

    id: SettingsId
    organization: OrganizationId
    configured: Configured
    created_at: datetime
    modified_at: datetime


@final
class SettingsBook:
    """Settings as they are stored: for custodians, which ask on nobody's behalf."""

    def __init__(self, *, rows: ProviderSettings, seal: Seal) -> None:
        self._rows = rows
        self._seal = seal

    async def find(self, organization: OrganizationId, provider: Provider) -> Settled | None:
        """Return an organization's settings for a provider, or None."""
        row = await self._rows.get(organization, provider)
        if row is None:
            return None
        written = await self._seal.open(settings_binding(organization, provider, row.id), row.envelope)
        return Settled(
            id=row.id,
            organization=organization,
            configured=read_fields(SHAPES[provider], written, what=f"settings are not those of {provider}"),
            created_at=row.created_at,
            modified_at=row.modified_at,
        )

    async def keep(self, provider: Provider, settled: Settled) -> None:
        """Seal settings and put them in the place of those that are there."""
        binding = settings_binding(settled.organization, provider, settled.id)
        await self._rows.put(
            SealedSettings(
                id=settled.id,
                organization=settled.organization,
                provider=provider,
                envelope=await self._seal.seal(binding, write_fields(settled.configured)),
                created_at=settled.created_at,
                modified_at=settled.modified_at,
            )
        )

    async def forget(self, organization: OrganizationId, provider: Provider) -> None:
        """Remove settings, if there are any."""
        await self._rows.remove(organization, provider)


class Listing(Protocol):
    """Lists what lies in a vault, without what is in it."""

    async def listed(self, organization: OrganizationId) -> Sequence[Mapping[str, str | None]] | None:
        """Return an organization's items; None if it has no vault of its own there. Raises `UpstreamFailure`."""


class ServiceCheck(Protocol):
    """Asks a custom credential service whether it answers."""

    async def check_service(self, service: CustomService) -> None:
        """Raise `UpstreamFailure`, `NotPermitted` or `Invalid` unless it does."""


@final
class ProviderSettingsService:
    """Use cases on an organization's own settings."""

    def __init__(  # noqa: PLR0913 - one argument per port
        self, *, book: SettingsBook, check: ServiceCheck, listing: Listing, gate: Gate, clock: Clock, new_id: NewId
    ) -> None:
        self._listing = listing
        self._book = book
        self._check = check
        self._gate = gate
        self._clock = clock
        self._new_id = new_id

    async def get(self, principal: Principal, provider: Provider) -> Settled | None:
        """Return the settings, or None. Whoever shows them leaves the secrets out."""
        await self._admit(principal, Action.CUSTODY_READ, provider)
        return await self._book.find(principal.organization, provider)

    async def put(self, principal: Principal, provider: Provider, configured: Configured) -> Settled:
        """Keep settings; those that were there are void."""
        await self._admit(principal, Action.CUSTODY_CONFIGURE, provider)
        now = self._clock()
        settled = Settled(
            id=SettingsId(self._new_id(SETTINGS)),
            organization=principal.organization,
            configured=configured,
            created_at=now,
            modified_at=now,
        )
        await self._book.keep(provider, settled)
        return settled

    async def remove(self, principal: Principal, provider: Provider) -> None:
        """Forget the settings, if there are any. What lies there stays, and is out of reach until they are back."""
        await self._admit(principal, Action.CUSTODY_CONFIGURE, provider)
        await self._book.forget(principal.organization, provider)

    async def may_test(self, principal: Principal) -> Callable[[CustomService], Awaitable[None]]:
        """Return what asks a custom service whether it would do; nothing is stored."""
        await self._admit(principal, Action.CUSTODY_CONFIGURE, Provider.CUSTOM)
        return self._check.check_service

    async def items(self, principal: Principal) -> Sequence[Mapping[str, str | None]] | None:
        """Return what the organization's Bitwarden holds, by name; None if it has none of its own."""
        await self._admit(principal, Action.CUSTODY_READ, Provider.BITWARDEN)
        return await self._listing.listed(principal.organization)

    async def _admit(self, principal: Principal, action: Action, provider: Provider) -> None:
        target = Target(name=provider.value, workspace=principal.workspace)
        await self._gate.admit(principal, action, target)
