"""What organizations have configured of their own: one sealed row for each organization and provider."""

from functools import partial
from typing import final

from sqlalchemy import Connection, bindparam, delete, select

from strongroom.core.custodians import Provider
from strongroom.core.ids import OrganizationId
from strongroom.services.custody_ports import SealedSettings
from strongroom.store import tables
from strongroom.store.database import UPSERTS, Database

_SETTINGS = tables.provider_settings
_THIS = (
    _SETTINGS.c.organization_id == bindparam("organization"),
    _SETTINGS.c.provider == bindparam("its_provider"),
)
_NEW = ("id", "envelope", "created_at", "modified_at")

_GET = select(_SETTINGS).where(*_THIS)
_REMOVE = delete(_SETTINGS).where(*_THIS)

_PUT = {
    name: (put := insert(_SETTINGS)).on_conflict_do_update(
        index_elements=[_SETTINGS.c.organization_id, _SETTINGS.c.provider],
        set_={column: put.excluded[column] for column in _NEW},
    )
    for name, insert in UPSERTS.items()
}


@final
class ProviderSettingsStore:
    """Implements `ProviderSettings`."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    async def get(self, organization: OrganizationId, provider: Provider) -> SealedSettings | None:
        """Return the settings, or None."""
        return await self._database.read(partial(_get, organization, provider))

    async def put(self, settings: SealedSettings) -> None:
        """Keep settings in the place of those that are there."""
        await self._database.write(partial(_put, settings), purges=True)

    async def remove(self, organization: OrganizationId, provider: Provider) -> None:
        """Forget the settings, if there are any."""
        await self._database.write(partial(_remove, organization, provider), purges=True)


def _get(organization: OrganizationId, provider: Provider, connection: Connection) -> SealedSettings | None:
    row = connection.execute(_GET, {"organization": organization, "its_provider": provider.value}).one_or_none()
    if row is None:
        return None
    return SealedSettings(
        id=row.id,
        organization=row.organization_id,
        provider=provider,
        envelope=row.envelope,
        created_at=row.created_at,
        modified_at=row.modified_at,
    )


def _put(settings: SealedSettings, connection: Connection) -> None:
    columns = {
        "organization_id": settings.organization,
        "provider": settings.provider.value,
        "id": settings.id,
        "envelope": settings.envelope,
        "created_at": settings.created_at,
        "modified_at": settings.modified_at,
    }
    connection.execute(_PUT[connection.dialect.name], columns)


def _remove(organization: OrganizationId, provider: Provider, connection: Connection) -> None:
    connection.execute(_REMOVE, {"organization": organization, "its_provider": provider.value})
