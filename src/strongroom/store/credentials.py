"""Credentials: descriptions, and beside each the receipt for its material."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache, partial
from typing import Any, NamedTuple, final

from sqlalchemy import BindParameter, Connection, Select, bindparam, delete, false, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from strongroom.core.credentials import CAPPED, Credential
from strongroom.core.events import EventType
from strongroom.core.failures import Conflict, NotFound
from strongroom.core.ids import CredentialId, VaultId, WorkspaceId
from strongroom.core.logins import Login
from strongroom.core.pages import Page, PageQuery
from strongroom.services.ports import Change, Custody, Subject
from strongroom.store import keyset, tables
from strongroom.store.changes import ChangeFeed, News, Owner
from strongroom.store.custody_items import leave, settle
from strongroom.store.database import Database
from strongroom.store.login_rows import add_login, change_login
from strongroom.store.rows import Row, described, read_credential, write_credential
from strongroom.store.vaults import required as required_vault

_CREDENTIALS, _VAULTS = tables.credentials, tables.vaults
CUSTODY = (_CREDENTIALS.c.custodian, _CREDENTIALS.c.receipt, _CREDENTIALS.c.custody_revision)
DESCRIPTION = described(column for column in _CREDENTIALS.c if column.name not in {each.name for each in CUSTODY})
WHOLE = (*DESCRIPTION, *CUSTODY)
"""The columns of a credential together with its receipt, as `read_whole` wants them selected."""
_NO_CUSTODY = dict.fromkeys(CUSTODY)
_ACTIVE = _CREDENTIALS.c.archived_at.is_(None)
_IN_PLACE = (
    _CREDENTIALS.c.id == bindparam("credential"),
    _CREDENTIALS.c.vault_id == bindparam("vault"),
    _CREDENTIALS.c.workspace_id == bindparam("workspace"),
)
_NEW: dict[str, BindParameter[Any]] = {
    name: bindparam(f"new_{name}")
    for name in (
        "kind",
        "details",
        "unique_key",
        "display_name",
        "metadata",
        "networking",
        "surfaces",
        "placeholder",
        "kept_with",
        "revision",
        "updated_at",
    )
}

_ADD = insert(_CREDENTIALS)
_COUNT = select(func.count()).select_from(_CREDENTIALS).where(_CREDENTIALS.c.vault_id == bindparam("vault"), _ACTIVE)
_COUNT_CAPPED = _COUNT.where(_CREDENTIALS.c.kind.in_(sorted(CAPPED)))
_GET = select(*DESCRIPTION).where(*_IN_PLACE)
_LOCKED = _GET.with_for_update()
_HELD = select(*DESCRIPTION, *CUSTODY).where(*_IN_PLACE, _CREDENTIALS.c.receipt.is_not(None), _ACTIVE)
_RECEIPT = select(*CUSTODY).where(_CREDENTIALS.c.id == bindparam("credential"), _CREDENTIALS.c.receipt.is_not(None))
_OF_VAULT = select(*DESCRIPTION).where(
    _CREDENTIALS.c.vault_id == bindparam("vault"),
    _CREDENTIALS.c.workspace_id == bindparam("workspace"),
)
_REDESCRIBE = (
    update(_CREDENTIALS).where(*_IN_PLACE, _CREDENTIALS.c.revision == bindparam("expected"), _ACTIVE).values(**_NEW)
)
_REPLACE = _REDESCRIBE.values({column: bindparam(f"new_{column.name}") for column in CUSTODY})
_ARCHIVE = (
    update(_CREDENTIALS)
    .where(_CREDENTIALS.c.id == bindparam("credential"))
    .values(archived_at=bindparam("at"), updated_at=bindparam("at"), revision=bindparam("new_revision"))
    .values(_NO_CUSTODY)
)
_DELETE = delete(_CREDENTIALS).where(*_IN_PLACE).returning(_CREDENTIALS.c.organization_id)
_ACTIVE_IN = (
    select(*DESCRIPTION, *CUSTODY)
    .join_from(_CREDENTIALS, _VAULTS, _CREDENTIALS.c.vault_id == _VAULTS.c.id)
    .where(
        _CREDENTIALS.c.workspace_id == bindparam("workspace"),
        _CREDENTIALS.c.vault_id.in_(bindparam("vaults", expanding=True)),
        _CREDENTIALS.c.receipt.is_not(None),
        _VAULTS.c.archived_at.is_(None),
        _ACTIVE,
    )
    .order_by(_CREDENTIALS.c.created_at, _CREDENTIALS.c.id)
)


class _Place(NamedTuple):
    """Where a credential is looked for."""

    workspace: WorkspaceId
    vault: VaultId
    credential: CredentialId


@final
class CredentialStore:
    """Implements `Credentials`."""

    def __init__(self, *, database: Database, feed: ChangeFeed) -> None:
        self._database = database
        self._feed = feed

    async def add(self, credential: Credential, custody: Custody, *, login: Login | None = None) -> None:
        """Add a credential to an active vault, with what is kept beside it.

        In this order: `NotFound` for the vault, `Invalid` for an archived vault, `Invalid` where there is no room,
        `Conflict` for an active one with the same unique key.
        """
        await self._feed.write(partial(_add, credential, custody, login))

    async def get(self, workspace: WorkspaceId, vault: VaultId, credential: CredentialId) -> Credential:
        """Return a credential. Raises `NotFound` (for the vault, if that is what is missing)."""
        return await self._database.read(partial(_required, _Place(workspace, vault, credential)))

    async def custody(self, credential: CredentialId) -> Custody | None:
        """Return the receipt, or None once it was destroyed."""
        return await self._database.read(partial(_receipt, credential))

    async def held(
        self, workspace: WorkspaceId, vault: VaultId, credential: CredentialId
    ) -> tuple[Credential, Custody] | None:
        """Return an active credential with its receipt, read together; None if it is archived or gone."""
        return await self._database.read(partial(_held, _Place(workspace, vault, credential)))

    async def page(
        self, workspace: WorkspaceId, vault: VaultId, query: PageQuery, *, kinds: Collection[str]
    ) -> Page[Credential]:
        """Return a page of a vault's credentials of these kinds. Raises `NotFound` for the vault."""
        return await self._database.read(partial(_page, workspace, vault, query, tuple(sorted(kinds))))

    async def replace(
        self, credential: Credential, custody: Custody | None, *, expected: int, login: Login | None = None
    ) -> bool:
        """Write a changed credential if its revision is still `expected` and it is not archived.

        `custody` replaces the receipt and `login` what is kept beside it; None keeps. Tells whether it was written.
        Raises `Conflict` if its key has become that of another active credential.
        """
        change = partial(_replace, credential, custody, expected, login)
        return await self._feed.write(change, purges=custody is not None)

    async def archive(
        self, workspace: WorkspaceId, vault: VaultId, credential: CredentialId, at: datetime
    ) -> Credential:
        """Archive a credential and destroy its custody. An archived one is returned unchanged."""
        return await self._feed.write(partial(_archive, _Place(workspace, vault, credential), at), purges=True)

    async def delete(self, workspace: WorkspaceId, vault: VaultId, credential: CredentialId) -> None:
        """Remove a credential. Raises `NotFound`."""
        await self._feed.write(partial(_delete, _Place(workspace, vault, credential)), purges=True)

    async def active_in(self, workspace: WorkspaceId, vaults: Sequence[VaultId]) -> list[tuple[Credential, Custody]]:
        """Return the active credentials of active vaults among those given, with their receipts, oldest first."""
        return await self._database.read(partial(_active_in, workspace, vaults)) if vaults else []


def add_credential(credential: Credential, custody: Custody, connection: Connection, news: News) -> None:
    """Add a credential to an active vault, in the caller's transaction. Raises as `CredentialStore.add` does."""
    _add(credential, custody, None, connection, news)


def _add(credential: Credential, custody: Custody, login: Login | None, connection: Connection, news: News) -> None:
    # The lock on the vault's row makes the count and the insert one step for every other writer.
    vault = required_vault(credential.workspace, credential.vault, connection, lock=True)
    vault.require_active()
    here = {"vault": credential.vault}
    vault.require_room(
        active=connection.execute(_COUNT, here).scalar_one(),
        capped=connection.execute(_COUNT_CAPPED, here).scalar_one() if credential.kind in CAPPED else None,
    )
    columns = write_credential(credential) | {
        "custodian": custody.custodian,
        "receipt": custody.receipt,
        "custody_revision": custody.revision,
    }
    try:
        connection.execute(_ADD, columns)
    except IntegrityError as error:
        raise _taken(credential, error) from None
    add_login(credential, vault, login, connection)
    settle(credential.id, custody, connection)
    news.append(_change(_place(credential)))
    news.tell(EventType.CREDENTIAL_CREATED, credential.id, credential, at=credential.created_at, vault=credential.vault)


def _required(place: _Place, connection: Connection, *, lock: bool = False) -> Credential:
    row = connection.execute(_LOCKED if lock else _GET, place._asdict()).one_or_none()
    if row is None:
        raise _missing(place, connection)
    return read_credential(row)


def _missing(place: _Place, connection: Connection) -> NotFound:
    required_vault(place.workspace, place.vault, connection)
    return NotFound("credential", place.credential)


def _receipt(credential: CredentialId, connection: Connection) -> Custody | None:
    row = connection.execute(_RECEIPT, {"credential": credential}).one_or_none()
    return None if row is None else _read_custody(row)


def _page(
    workspace: WorkspaceId, vault: VaultId, query: PageQuery, kinds: tuple[str, ...], connection: Connection
) -> Page[Credential]:
    place = {"vault": vault, "workspace": workspace}
    page = keyset.page(connection, _of_kinds(kinds), query, read_credential, place)
    if not page.rows:
        required_vault(workspace, vault, connection)
    return page


def _held(place: _Place, connection: Connection) -> tuple[Credential, Custody] | None:
    row = connection.execute(_HELD, place._asdict()).one_or_none()
    return None if row is None else (read_credential(row), _read_custody(row))


@cache
def _of_kinds(kinds: tuple[str, ...]) -> Select[Any]:
    """Narrow to kinds. Callers name the same few over and over, and an expanding list is written anew each time."""
    return _OF_VAULT.where(or_(false(), *(_CREDENTIALS.c.kind == kind for kind in kinds)))


def _replace(  # noqa: PLR0913 - what is written, and where
    credential: Credential,
    custody: Custody | None,
    expected: int,
    login: Login | None,
    connection: Connection,
    news: News,
) -> bool:
    replaced = rewrite(credential, custody, expected, connection)
    if replaced:
        change_login(credential, login, connection)
        news.append(_change(_place(credential)))
    return replaced


def rewrite(credential: Credential, custody: Custody | None, expected: int, connection: Connection) -> bool:
    """Write a changed credential if its revision is still `expected` and it is not archived; tell whether it was."""
    columns = write_credential(credential)
    parameters = {**_place(credential)._asdict(), "expected": expected}
    parameters |= {f"new_{name}": columns[name] for name in _NEW}
    if custody is not None:
        parameters |= {
            "new_custodian": custody.custodian,
            "new_receipt": custody.receipt,
            "new_custody_revision": custody.revision,
        }
    try:
        written = connection.execute(_REDESCRIBE if custody is None else _REPLACE, parameters).rowcount == 1
    except IntegrityError as error:
        raise _taken(credential, error) from None
    if written and custody is not None and custody.item is not None:
        leave(credential.id, credential.updated_at, connection)
        settle(credential.id, custody, connection)
    return written


def _archive(place: _Place, at: datetime, connection: Connection, news: News) -> Credential:
    found = _required(place, connection, lock=True)
    if found.archived_at is not None:
        return found
    archived = replace(found, archived_at=at, updated_at=at, revision=found.revision + 1)
    connection.execute(_ARCHIVE, {"credential": found.id, "at": at, "new_revision": archived.revision})
    leave(found.id, at, connection)
    news.append(_change(place))
    news.tell(EventType.CREDENTIAL_ARCHIVED, found.id, found, at=at, vault=found.vault)
    return archived


def remove_credential(credential: Credential, connection: Connection, news: News) -> None:
    """Remove a credential, in the caller's transaction. Raises `NotFound`."""
    _delete(_place(credential), connection, news)


def _delete(place: _Place, connection: Connection, news: News) -> None:
    organization = connection.execute(_DELETE, place._asdict()).scalar_one_or_none()
    if organization is None:
        raise _missing(place, connection)
    leave(place.credential, news.now, connection)
    news.append(_change(place))
    news.tell(EventType.CREDENTIAL_DELETED, place.credential, Owner(organization, place.workspace), vault=place.vault)


def _active_in(
    workspace: WorkspaceId, vaults: Sequence[VaultId], connection: Connection
) -> list[tuple[Credential, Custody]]:
    rows = connection.execute(_ACTIVE_IN, {"workspace": workspace, "vaults": list(vaults)})
    return [(read_credential(row), _read_custody(row)) for row in rows]


def read_whole(row: Row) -> tuple[Credential, Custody]:
    """Read a credential with its receipt."""
    return read_credential(row), _read_custody(row)


def _read_custody(row: Row) -> Custody:
    return Custody(row.custodian, row.receipt, row.custody_revision)


def _place(credential: Credential) -> _Place:
    return _Place(credential.workspace, credential.vault, credential.id)


def _change(place: _Place) -> Change:
    return Change(subject=Subject.CREDENTIAL, workspace=place.workspace, id=place.credential, vault=place.vault)


def _taken(credential: Credential, error: IntegrityError) -> Exception:
    """Return `Conflict` if it was the key that is taken; both databases name its column or index."""
    if "unique_key" not in str(error.orig):
        return error
    of_server = credential.unique_key.startswith("mcp:")
    return Conflict(
        "A credential already exists for this MCP server URL."
        if of_server
        else "A credential already exists for this secret name."
    )
