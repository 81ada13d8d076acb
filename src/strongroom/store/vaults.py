"""Vaults. Archiving one takes its credentials along, in the same transaction and at the same moment."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from functools import cache, partial
from typing import Any, final

from sqlalchemy import Connection, Select, bindparam, delete, false, insert, or_, select, update

from strongroom.core.events import EventType
from strongroom.core.failures import NotFound
from strongroom.core.ids import VaultId, WorkspaceId
from strongroom.core.pages import Page, PageQuery
from strongroom.core.vaults import ALL_PURPOSES, Purpose, Vault
from strongroom.services.ports import Change, Subject
from strongroom.store import keyset, tables
from strongroom.store.changes import ChangeFeed, News
from strongroom.store.columns import Moment
from strongroom.store.custody_items import leave_all
from strongroom.store.database import UPSERTS, Database
from strongroom.store.rows import read_vault, write_vault

_VAULTS, _CREDENTIALS = tables.vaults, tables.credentials

_ADD = insert(_VAULTS)
_GET = select(_VAULTS).where(_VAULTS.c.id == bindparam("vault"), _VAULTS.c.workspace_id == bindparam("workspace"))
_LOCKED = _GET.with_for_update()
_OF_WORKSPACE = select(_VAULTS).where(_VAULTS.c.workspace_id == bindparam("workspace"))
_HOME = _OF_WORKSPACE.where(_VAULTS.c.home == bindparam("home"), _VAULTS.c.archived_at.is_(None))
_SETTLE = {name: insert(_VAULTS).on_conflict_do_nothing() for name, insert in UPSERTS.items()}
_REPLACE = (
    update(_VAULTS)
    .where(
        _VAULTS.c.id == bindparam("vault"),
        _VAULTS.c.workspace_id == bindparam("workspace"),
        _VAULTS.c.updated_at == bindparam("expected", type_=Moment),
        _VAULTS.c.archived_at.is_(None),
    )
    .values(
        display_name=bindparam("new_name"), metadata=bindparam("new_metadata"), updated_at=bindparam("new_updated_at")
    )
)
_ARCHIVE = (
    update(_VAULTS)
    .where(_VAULTS.c.id == bindparam("vault"))
    .values(archived_at=bindparam("at"), updated_at=bindparam("at"))
)
_ARCHIVE_CREDENTIALS = (
    update(_CREDENTIALS)
    .where(_CREDENTIALS.c.vault_id == bindparam("vault"), _CREDENTIALS.c.archived_at.is_(None))
    .values(
        archived_at=bindparam("at"),
        updated_at=bindparam("at"),
        revision=_CREDENTIALS.c.revision + 1,
        custodian=None,
        receipt=None,
        custody_revision=None,
    )
    .returning(_CREDENTIALS.c.id)
)
_DELETE_CREDENTIALS = (
    delete(_CREDENTIALS).where(_CREDENTIALS.c.vault_id == bindparam("vault")).returning(_CREDENTIALS.c.id)
)
_DELETE = delete(_VAULTS).where(_VAULTS.c.id == bindparam("vault"))


@final
class VaultStore:
    """Implements `Vaults`."""

    def __init__(self, *, database: Database, feed: ChangeFeed) -> None:
        self._database = database
        self._feed = feed

    async def add(self, vault: Vault) -> None:
        """Add a vault."""
        await self._feed.write(partial(_add, vault))

    async def get(self, workspace: WorkspaceId, vault: VaultId) -> Vault:
        """Return a vault. Raises `NotFound`."""
        return await self._database.read(partial(required, workspace, vault))

    async def home(self, workspace: WorkspaceId, home: str) -> Vault | None:
        """Return the vault that is not archived with that home, if there is one."""
        return await self._database.read(partial(_home, workspace, home))

    async def settle(self, vault: Vault) -> Vault:
        """Add a vault with a home, unless there is one that is not archived; return the one there is then."""
        return await self._feed.write(partial(_settle, vault))

    async def page(
        self, workspace: WorkspaceId, query: PageQuery, *, purposes: Collection[Purpose] = ALL_PURPOSES
    ) -> Page[Vault]:
        """Return a page of vaults of these purposes."""
        return await self._database.read(partial(_page, workspace, query, tuple(sorted(purposes))))

    async def replace(self, vault: Vault, *, expected: datetime) -> bool:
        """Write name and metadata if `updated_at` is still `expected` and the vault is not archived; tell whether."""
        return await self._database.write(partial(_replace, vault, expected))

    async def archive(self, workspace: WorkspaceId, vault: VaultId, at: datetime) -> Vault:
        """Archive the vault and all its active credentials, destroying their custody, in one transaction.

        An archived vault is returned unchanged. Raises `NotFound`.
        """
        return await self._feed.write(partial(_archive, workspace, vault, at), purges=True)

    async def delete(self, workspace: WorkspaceId, vault: VaultId) -> None:
        """Remove the vault and its credentials. Raises `NotFound`."""
        await self._feed.write(partial(_delete, workspace, vault), purges=True)


def required(workspace: WorkspaceId, vault: VaultId, connection: Connection, *, lock: bool = False) -> Vault:
    """Return a vault, kept from changing until the transaction ends if `lock`. Raises `NotFound`."""
    statement = _LOCKED if lock else _GET
    row = connection.execute(statement, {"vault": vault, "workspace": workspace}).one_or_none()
    if row is None:
        raise NotFound("vault", vault)
    return read_vault(row)


def _add(vault: Vault, connection: Connection, news: News) -> None:
    connection.execute(_ADD, write_vault(vault))
    news.tell(EventType.VAULT_CREATED, vault.id, vault, at=vault.created_at)


def _home(workspace: WorkspaceId, home: str | None, connection: Connection) -> Vault | None:
    row = connection.execute(_HOME, {"workspace": workspace, "home": home}).one_or_none()
    return None if row is None else read_vault(row)


def _settle(vault: Vault, connection: Connection, news: News) -> Vault:
    if connection.execute(_SETTLE[connection.dialect.name], write_vault(vault)).rowcount:
        news.tell(EventType.VAULT_CREATED, vault.id, vault, at=vault.created_at)
        return vault
    found = _home(vault.workspace, vault.home, connection)
    assert found is not None  # noqa: S101 - nothing but the home can conflict: the id is fresh
    return found


def _page(
    workspace: WorkspaceId, query: PageQuery, purposes: tuple[Purpose, ...], connection: Connection
) -> Page[Vault]:
    return keyset.page(connection, _of_purposes(purposes), query, read_vault, {"workspace": workspace})


@cache
def _of_purposes(purposes: tuple[Purpose, ...]) -> Select[Any]:
    """Narrow to purposes. Callers name the same few, and a list that expands would be written anew each time."""
    if ALL_PURPOSES.issubset(purposes):
        return _OF_WORKSPACE
    return _OF_WORKSPACE.where(or_(false(), *(_VAULTS.c.purpose == purpose.value for purpose in purposes)))


def _replace(vault: Vault, expected: datetime, connection: Connection) -> bool:
    parameters = {
        "vault": vault.id,
        "workspace": vault.workspace,
        "expected": expected,
        "new_name": vault.display_name,
        "new_metadata": dict(vault.metadata),
        "new_updated_at": vault.updated_at,
    }
    return connection.execute(_REPLACE, parameters).rowcount == 1


def _archive(workspace: WorkspaceId, vault: VaultId, at: datetime, connection: Connection, news: News) -> Vault:
    found = required(workspace, vault, connection, lock=True)
    if found.archived_at is not None:
        return found
    connection.execute(_ARCHIVE, {"vault": vault, "at": at})
    leave_all(vault, at, connection)
    archived = connection.execute(_ARCHIVE_CREDENTIALS, {"vault": vault, "at": at}).scalars().all()
    news.tell(EventType.VAULT_ARCHIVED, vault, found, at=at)
    for credential in sorted(archived):
        news.tell(EventType.CREDENTIAL_ARCHIVED, credential, found, at=at, vault=vault)
    news.append(Change(subject=Subject.VAULT, workspace=workspace, id=vault))
    return replace(found, archived_at=at, updated_at=at)


def _delete(workspace: WorkspaceId, vault: VaultId, connection: Connection, news: News) -> None:
    found = required(workspace, vault, connection, lock=True)
    leave_all(vault, news.now, connection)
    deleted = connection.execute(_DELETE_CREDENTIALS, {"vault": vault}).scalars().all()
    connection.execute(_DELETE, {"vault": vault})
    news.tell(EventType.VAULT_DELETED, vault, found)
    for credential in sorted(deleted):
        news.tell(EventType.CREDENTIAL_DELETED, credential, found, vault=vault)
    news.append(Change(subject=Subject.VAULT, workspace=workspace, id=vault))
