"""Logins: active credentials in a vault of logins, with what is kept beside them."""

from datetime import datetime
from functools import cache, partial
from typing import Any, final

from sqlalchemy import Connection, Select, Text, bindparam, or_, select, type_coerce, update

from strongroom.core.failures import NotFound
from strongroom.core.ids import CredentialId, FolderId, WorkspaceId
from strongroom.core.logins import StoredLogin
from strongroom.services.login_ports import LoginQuery
from strongroom.store import login_tables, tables
from strongroom.store.database import Database
from strongroom.store.login_rows import read_login
from strongroom.store.rows import Row, described, read_credential, reads

_CREDENTIALS, _LOGINS, _FOLDERS = tables.credentials, login_tables.logins, login_tables.folders
_NOT_SHOWN = {"custodian", "receipt", "custody_revision"}
_BESIDE = [
    type_coerce(column, Text).label(column.name) if column is _LOGINS.c.proxy_location else column
    for column in _LOGINS.c
    if column.name not in {"credential_id", "workspace_id", "created_at", "search"}
]
_LIVE = (
    select(*described(column for column in _CREDENTIALS.c if column.name not in _NOT_SHOWN), *_BESIDE)
    .join_from(_LOGINS, _CREDENTIALS, _LOGINS.c.credential_id == _CREDENTIALS.c.id)
    .where(_LOGINS.c.workspace_id == bindparam("workspace"), _CREDENTIALS.c.archived_at.is_(None))
)
_GET = _LIVE.where(_LOGINS.c.credential_id == bindparam("credential"))
_MOVE = update(_LOGINS).where(_LOGINS.c.credential_id == bindparam("credential")).values(folder_id=bindparam("folder"))
_MODIFIED = update(_CREDENTIALS).where(_CREDENTIALS.c.id == bindparam("credential")).values(updated_at=bindparam("at"))
_FOLDER_MODIFIED = (
    update(_FOLDERS)
    .where(_FOLDERS.c.id == bindparam("folder"), _FOLDERS.c.workspace_id == bindparam("workspace"))
    .values(modified_at=bindparam("at"))
)
LIKE_ESCAPE = "\\"


@final
class LoginStore:
    """Implements `Logins`."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    async def get(self, workspace: WorkspaceId, credential: CredentialId) -> StoredLogin:
        """Return one. Raises `NotFound`."""
        return await self._database.read(partial(_get, workspace, credential))

    async def page(self, workspace: WorkspaceId, query: LoginQuery) -> list[StoredLogin]:
        """Return some, newest first."""
        return await self._database.read(partial(_page, workspace, query))

    async def move(
        self, workspace: WorkspaceId, credential: CredentialId, folder: FolderId | None, at: datetime
    ) -> StoredLogin:
        """Put one into a folder, or into none. Raises `NotFound` for the login, then for the folder."""
        return await self._database.write(partial(_move, workspace, credential, folder, at))


def containing(text: str) -> str:
    """Return a LIKE pattern for texts that hold this one, whatever signs are in it."""
    for sign in (LIKE_ESCAPE, "%", "_"):
        text = text.replace(sign, LIKE_ESCAPE + sign)
    return f"%{text}%"


def _get(workspace: WorkspaceId, credential: CredentialId, connection: Connection) -> StoredLogin:
    row = connection.execute(_GET, {"workspace": workspace, "credential": credential}).one_or_none()
    if row is None:
        raise NotFound("credential", credential)
    return _read(row)


def _page(workspace: WorkspaceId, query: LoginQuery, connection: Connection) -> list[StoredLogin]:
    statement = _narrowed(
        query.kind is not None, query.custodian is not None, query.folder is not None, query.search is not None
    )
    parameters = {
        "workspace": workspace,
        "most": query.limit,
        "skipped": query.skipped,
        "kind": query.kind,
        "kept_with": query.custodian,
        "folder": query.folder,
        "named": query.search,
        "holds": None if query.search is None else containing(query.search),
    }
    return [_read(row) for row in connection.execute(statement, parameters)]


@cache
def _narrowed(kind: bool, custodian: bool, folder: bool, search: bool) -> Select[Any]:  # noqa: FBT001 - a shape
    statement = _LIVE
    if kind:
        statement = statement.where(_CREDENTIALS.c.kind == bindparam("kind"))
    if custodian:
        statement = statement.where(_CREDENTIALS.c.kept_with == bindparam("kept_with"))
    if folder:
        statement = statement.where(_LOGINS.c.folder_id == bindparam("folder"))
    if search:
        holds = _LOGINS.c.search.like(bindparam("holds"), escape=LIKE_ESCAPE)
        statement = statement.where(or_(holds, _LOGINS.c.credential_id == bindparam("named")))
    ordered = statement.order_by(_LOGINS.c.created_at.desc(), _LOGINS.c.credential_id.desc())
    return ordered.limit(bindparam("most")).offset(bindparam("skipped"))


def _move(
    workspace: WorkspaceId, credential: CredentialId, folder: FolderId | None, at: datetime, connection: Connection
) -> StoredLogin:
    _get(workspace, credential, connection)
    if folder is not None:
        touched = connection.execute(_FOLDER_MODIFIED, {"folder": folder, "workspace": workspace, "at": at})
        if touched.rowcount == 0:
            raise NotFound("folder", folder)
    connection.execute(_MOVE, {"credential": credential, "folder": folder})
    connection.execute(_MODIFIED, {"credential": credential, "at": at})
    return _get(workspace, credential, connection)


@reads("login")
def _read(row: Row) -> StoredLogin:
    return StoredLogin(credential=read_credential(row), login=read_login(row), folder=row.folder_id)
