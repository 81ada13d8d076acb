"""Credentials as a namespace of the provider sees them: those of its own vault, and those that were shared into it."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import final

from sqlalchemy import Connection, bindparam, delete, or_, select

from strongroom.core.failures import NotFound
from strongroom.core.ids import CredentialId, VaultId, WorkspaceId
from strongroom.core.provider import Item, Window
from strongroom.services.ports import Custody
from strongroom.store import tables
from strongroom.store.credentials import WHOLE, read_whole
from strongroom.store.database import UPSERTS, Database
from strongroom.store.rows import Row

_CREDENTIALS, _VAULTS, _ITEMS = tables.credentials, tables.vaults, tables.provider_items

_PUT_HERE = (_ITEMS.c.namespace_vault_id == bindparam("namespace")) & (_ITEMS.c.credential_id == _CREDENTIALS.c.id)
_SEEN = (
    select(
        *WHOLE,
        _ITEMS.c.opens_at,
        _ITEMS.c.closes_at,
        (_CREDENTIALS.c.vault_id != bindparam("namespace")).label("shared"),
    )
    .join_from(_CREDENTIALS, _VAULTS, _CREDENTIALS.c.vault_id == _VAULTS.c.id)
    .outerjoin(_ITEMS, _PUT_HERE)
    .where(
        _CREDENTIALS.c.workspace_id == bindparam("workspace"),
        or_(_CREDENTIALS.c.vault_id == bindparam("namespace"), _ITEMS.c.credential_id.is_not(None)),
        _CREDENTIALS.c.archived_at.is_(None),
        _CREDENTIALS.c.receipt.is_not(None),
        _VAULTS.c.archived_at.is_(None),
    )
)
_ONE = _SEEN.where(_CREDENTIALS.c.id == bindparam("credential"))
_ALL = _SEEN.order_by(_CREDENTIALS.c.created_at.desc(), _CREDENTIALS.c.id.desc())
_VAULT_OF = select(_CREDENTIALS.c.vault_id).where(
    _CREDENTIALS.c.id == bindparam("credential"), _CREDENTIALS.c.workspace_id == bindparam("workspace")
)
_PUT = {
    name: insert(_ITEMS).on_conflict_do_update(
        index_elements=[_ITEMS.c.namespace_vault_id, _ITEMS.c.credential_id],
        set_={"opens_at": bindparam("new_opens_at"), "closes_at": bindparam("new_closes_at")},
    )
    for name, insert in UPSERTS.items()
}
_TAKE = delete(_ITEMS).where(
    _ITEMS.c.namespace_vault_id == bindparam("namespace"), _ITEMS.c.credential_id == bindparam("credential")
)


@final
class ProviderItemStore:
    """Implements `ProviderItems`."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    async def held(
        self, workspace: WorkspaceId, namespace: VaultId, credential: CredentialId
    ) -> tuple[Item, Custody] | None:
        """Return an active item with its receipt, read together; None if the namespace has none of that id."""
        return await self._database.read(partial(_held, workspace, namespace, credential))

    async def page(self, workspace: WorkspaceId, namespace: VaultId) -> Sequence[Item]:
        """Return the active items of a namespace, newest first."""
        return await self._database.read(partial(_page, workspace, namespace))

    async def vault_of(self, workspace: WorkspaceId, credential: CredentialId) -> VaultId:
        """Return the vault that a credential lies in. Raises `NotFound`."""
        return await self._database.read(partial(_vault_of, workspace, credential))

    async def put(self, namespace: VaultId, credential: CredentialId, window: Window, at: datetime) -> None:
        """Share a credential into a namespace, or give an item of it another window. Repeating is harmless."""
        await self._database.write(partial(_put, namespace, credential, window, at))

    async def take(self, namespace: VaultId, credential: CredentialId) -> None:
        """Forget what was put: a share ends, a window opens. Repeating is harmless."""
        await self._database.write(partial(_take, namespace, credential))


def _held(
    workspace: WorkspaceId, namespace: VaultId, credential: CredentialId, connection: Connection
) -> tuple[Item, Custody] | None:
    place = {"workspace": workspace, "namespace": namespace, "credential": credential}
    row = connection.execute(_ONE, place).one_or_none()
    return None if row is None else _read(row)


def _page(workspace: WorkspaceId, namespace: VaultId, connection: Connection) -> Sequence[Item]:
    rows = connection.execute(_ALL, {"workspace": workspace, "namespace": namespace})
    return [_read(row)[0] for row in rows]


def _vault_of(workspace: WorkspaceId, credential: CredentialId, connection: Connection) -> VaultId:
    place = {"workspace": workspace, "credential": credential}
    vault: VaultId | None = connection.execute(_VAULT_OF, place).scalar_one_or_none()
    if vault is None:
        raise NotFound("credential", credential)
    return vault


def _put(namespace: VaultId, credential: CredentialId, window: Window, at: datetime, connection: Connection) -> None:
    columns = {
        "namespace_vault_id": namespace,
        "credential_id": credential,
        "opens_at": window.opens_at,
        "closes_at": window.closes_at,
        "created_at": at,
        "new_opens_at": window.opens_at,
        "new_closes_at": window.closes_at,
    }
    connection.execute(_PUT[connection.dialect.name], columns)


def _take(namespace: VaultId, credential: CredentialId, connection: Connection) -> None:
    connection.execute(_TAKE, {"namespace": namespace, "credential": credential})


def _read(row: Row) -> tuple[Item, Custody]:
    credential, custody = read_whole(row)
    window = Window(opens_at=row.opens_at, closes_at=row.closes_at)
    return Item(credential=credential, shared=bool(row.shared), window=window), custody
