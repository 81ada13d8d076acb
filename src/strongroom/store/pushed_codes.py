"""Codes that were pushed: envelopes that are destroyed when their time is over."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from functools import cache, partial
from typing import Any, final

from sqlalchemy import Connection, Select, bindparam, delete, func, insert, select, update

from strongroom.core.failures import TooMany
from strongroom.core.ids import WorkspaceId
from strongroom.core.pushed_codes import MAX_KEPT, CodeKind
from strongroom.services.login_ports import CodeQuery, SealedCode
from strongroom.store import login_tables, tables
from strongroom.store.database import Database
from strongroom.store.rows import Row, reads

_CODES, _WORKSPACES = login_tables.pushed_codes, tables.workspaces
_OF_WORKSPACE = (_CODES.c.workspace_id == bindparam("workspace"), _CODES.c.created_at >= bindparam("since"))

_HOME = select(_WORKSPACES.c.id).where(_WORKSPACES.c.id == bindparam("workspace")).with_for_update()
_COUNT = select(func.count()).select_from(_CODES).where(*_OF_WORKSPACE)
_ADD = insert(_CODES)
_FOUND = select(_CODES).where(*_OF_WORKSPACE, _CODES.c.kind.is_not(None))
_OVER = _CODES.c.created_at < bindparam("before")
_ANY_OVER = select(_CODES.c.id).where(_OVER, _CODES.c.code.is_not(None)).limit(1)
_ANY_GONE = select(_CODES.c.id).where(_OVER).limit(1)
_FORGET_CODES = update(_CODES).where(_OVER, _CODES.c.code.is_not(None)).values(code=None)
_FORGET = delete(_CODES).where(_OVER)


@final
class PushedCodeStore:
    """Implements `PushedCodes`."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    async def add(self, code: SealedCode, *, since: datetime, most: int = MAX_KEPT) -> None:
        """Add one. Raises `TooMany` if the workspace has `most` since that moment."""
        await self._database.write(partial(_add, code, since, most))

    async def page(self, workspace: WorkspaceId, query: CodeQuery) -> Sequence[SealedCode]:
        """Return some in which something was found, newest first."""
        return await self._database.read(partial(_page, workspace, query))

    async def forget(self, *, codes_before: datetime, all_before: datetime) -> None:
        """Destroy the codes of messages from before a moment, and whole messages from before another."""
        if await self._database.read(partial(_any_over, codes_before, all_before)):
            await self._database.write(partial(_forget, codes_before, all_before), purges=True)


def _add(code: SealedCode, since: datetime, most: int, connection: Connection) -> None:
    connection.execute(_HOME, {"workspace": code.workspace})  # locked: the count and the insert are one step
    if connection.execute(_COUNT, {"workspace": code.workspace, "since": since}).scalar_one() >= most:
        raise TooMany(f"{most} codes of the last day are kept already: wait", retry_after=60)
    fields = asdict(code)
    columns = {
        "organization_id": fields.pop("organization"),
        "workspace_id": fields.pop("workspace"),
        "task_id": fields.pop("task"),
        "workflow_id": fields.pop("workflow"),
        "workflow_run_id": fields.pop("workflow_run"),
        "kind": None if code.kind is None else code.kind.value,
    }
    connection.execute(_ADD, fields | columns)


def _page(workspace: WorkspaceId, query: CodeQuery, connection: Connection) -> list[SealedCode]:
    statement = _narrowed(query.compared is not None, query.workflow_run is not None, query.kind is not None)
    parameters = {
        "workspace": workspace,
        "since": query.since,
        "most": query.limit,
        "compared": query.compared,
        "workflow_run": query.workflow_run,
        "kind": query.kind,
    }
    return [_read(row) for row in connection.execute(statement, parameters)]


@cache
def _narrowed(compared: bool, workflow_run: bool, kind: bool) -> Select[Any]:  # noqa: FBT001 - a shape
    statement = _FOUND
    if compared:
        statement = statement.where(_CODES.c.compared == bindparam("compared"))
    if workflow_run:
        statement = statement.where(_CODES.c.workflow_run_id == bindparam("workflow_run"))
    if kind:
        statement = statement.where(_CODES.c.kind == bindparam("kind"))
    return statement.order_by(_CODES.c.created_at.desc(), _CODES.c.id.desc()).limit(bindparam("most"))


def _any_over(codes_before: datetime, all_before: datetime, connection: Connection) -> bool:
    over = connection.execute(_ANY_OVER, {"before": codes_before}).first()
    return over is not None or connection.execute(_ANY_GONE, {"before": all_before}).first() is not None


def _forget(codes_before: datetime, all_before: datetime, connection: Connection) -> None:
    connection.execute(_FORGET, {"before": all_before})
    connection.execute(_FORGET_CODES, {"before": codes_before})


@reads("pushed code")
def _read(row: Row) -> SealedCode:
    return SealedCode(
        id=row.id,
        organization=row.organization_id,
        workspace=row.workspace_id,
        identifier=row.identifier,
        compared=row.compared,
        content=row.content,
        code=row.code,
        kind=None if row.kind is None else CodeKind(row.kind),
        task=row.task_id,
        workflow=row.workflow_id,
        workflow_run=row.workflow_run_id,
        source=row.source,
        expired_at=row.expired_at,
        created_at=row.created_at,
    )
