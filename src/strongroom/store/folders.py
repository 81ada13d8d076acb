"""Folders, and how many logins are in each."""

from datetime import datetime
from functools import cache, partial
from typing import Any, final

from sqlalchemy import Connection, Select, bindparam, delete, func, insert, select, update

from strongroom.core.failures import NotFound
from strongroom.core.ids import FolderId, WorkspaceId
from strongroom.core.logins import BETWEEN, Folder, folded
from strongroom.services.login_ports import FolderQuery
from strongroom.store import login_tables, tables
from strongroom.store.database import Database
from strongroom.store.logins import LIKE_ESCAPE, containing
from strongroom.store.rows import Row, reads

_FOLDERS, _LOGINS, _CREDENTIALS = login_tables.folders, login_tables.logins, tables.credentials
_HERE = (_FOLDERS.c.id == bindparam("folder"), _FOLDERS.c.workspace_id == bindparam("workspace"))
_INSIDE = (
    select(func.count())
    .select_from(_LOGINS)
    .join(_CREDENTIALS, _LOGINS.c.credential_id == _CREDENTIALS.c.id)
    .where(_LOGINS.c.folder_id == _FOLDERS.c.id, _CREDENTIALS.c.archived_at.is_(None))
    .scalar_subquery()
)

_ADD = insert(_FOLDERS)
_LIST = select(_FOLDERS, _INSIDE.label("inside")).where(_FOLDERS.c.workspace_id == bindparam("workspace"))
_GET = _LIST.where(_FOLDERS.c.id == bindparam("folder"))
_CHANGE = (
    update(_FOLDERS)
    .where(_FOLDERS.c.id == bindparam("folder"))
    .values(
        title=bindparam("new_title"),
        description=bindparam("new_description"),
        search=bindparam("new_search"),
        modified_at=bindparam("at"),
    )
)
_UNFILED = (
    update(_CREDENTIALS)
    .where(_CREDENTIALS.c.id.in_(select(_LOGINS.c.credential_id).where(_LOGINS.c.folder_id == bindparam("folder"))))
    .values(updated_at=bindparam("at"))
)
_DELETE = delete(_FOLDERS).where(*_HERE)


@final
class FolderStore:
    """Implements `Folders`."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    async def add(self, folder: Folder) -> None:
        """Add one."""
        await self._database.write(partial(_add, folder))

    async def get(self, workspace: WorkspaceId, folder: FolderId) -> Folder:
        """Return one with the count of what is in it. Raises `NotFound`."""
        return await self._database.read(partial(_get, workspace, folder))

    async def page(self, workspace: WorkspaceId, query: FolderQuery) -> list[Folder]:
        """Return some, the one that was modified last first."""
        return await self._database.read(partial(_page, workspace, query))

    async def change(
        self, workspace: WorkspaceId, folder: FolderId, *, title: str | None, description: str | None, at: datetime
    ) -> Folder:
        """Change what is not None; return it as it is then. Raises `NotFound`."""
        return await self._database.write(partial(_change, workspace, folder, title, description, at))

    async def delete(self, workspace: WorkspaceId, folder: FolderId, at: datetime) -> None:
        """Remove one; what was in it is in none then. Raises `NotFound`."""
        await self._database.write(partial(_delete, workspace, folder, at))


def _add(folder: Folder, connection: Connection) -> None:
    connection.execute(
        _ADD,
        {
            "id": folder.id,
            "organization_id": folder.organization,
            "workspace_id": folder.workspace,
            "title": folder.title,
            "description": folder.description,
            "search": _found_by(folder.title, folder.description),
            "created_at": folder.created_at,
            "modified_at": folder.modified_at,
        },
    )


def _get(workspace: WorkspaceId, folder: FolderId, connection: Connection) -> Folder:
    row = connection.execute(_GET, {"workspace": workspace, "folder": folder}).one_or_none()
    if row is None:
        raise NotFound("folder", folder)
    return _read(row)


def _page(workspace: WorkspaceId, query: FolderQuery, connection: Connection) -> list[Folder]:
    parameters = {"workspace": workspace, "most": query.limit, "skipped": query.skipped}
    if query.search is not None:
        parameters["holds"] = containing(query.search)
    return [_read(row) for row in connection.execute(_narrowed(query.search is not None), parameters)]


@cache
def _narrowed(search: bool) -> Select[Any]:  # noqa: FBT001 - a shape
    statement = _LIST.where(_FOLDERS.c.search.like(bindparam("holds"), escape=LIKE_ESCAPE)) if search else _LIST
    ordered = statement.order_by(_FOLDERS.c.modified_at.desc(), _FOLDERS.c.id.desc())
    return ordered.limit(bindparam("most")).offset(bindparam("skipped"))


def _change(  # noqa: PLR0913 - one argument per thing that can change
    workspace: WorkspaceId,
    folder: FolderId,
    title: str | None,
    description: str | None,
    at: datetime,
    connection: Connection,
) -> Folder:
    before = _get(workspace, folder, connection)
    title = before.title if title is None else title
    description = before.description if description is None else description
    connection.execute(
        _CHANGE,
        {
            "folder": folder,
            "new_title": title,
            "new_description": description,
            "new_search": _found_by(title, description),
            "at": at,
        },
    )
    return _get(workspace, folder, connection)


def _delete(workspace: WorkspaceId, folder: FolderId, at: datetime, connection: Connection) -> None:
    _get(workspace, folder, connection)
    connection.execute(_UNFILED, {"folder": folder, "at": at})
    connection.execute(_DELETE, {"folder": folder, "workspace": workspace})


def _found_by(title: str, description: str | None) -> str:
    return BETWEEN.join(folded(text) for text in (title, description) if text)


@reads("folder")
def _read(row: Row) -> Folder:
    return Folder(
        id=row.id,
        organization=row.organization_id,
        workspace=row.workspace_id,
        title=row.title,
        description=row.description,
        created_at=row.created_at,
        modified_at=row.modified_at,
        logins=row.inside,
    )
