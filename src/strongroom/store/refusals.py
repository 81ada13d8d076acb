"""Counts of refusals: one row for each session, reason and host."""

from collections.abc import Sequence
from functools import partial
from typing import final

from sqlalchemy import Connection, bindparam, case, select

from strongroom.core.ids import SessionId, WorkspaceId
from strongroom.services.usage_ports import Refused
from strongroom.store import tables
from strongroom.store.database import UPSERTS, Database

_REFUSALS = tables.refusals

_ADD = {
    name: (start := insert(_REFUSALS)).on_conflict_do_update(
        index_elements=list(_REFUSALS.primary_key.columns),
        set_={
            "times": _REFUSALS.c.times + start.excluded.times,
            "last_at": case(
                (start.excluded.last_at > _REFUSALS.c.last_at, start.excluded.last_at), else_=_REFUSALS.c.last_at
            ),
        },
    )
    for name, insert in UPSERTS.items()
}
_OF_SESSION = (
    select(_REFUSALS)
    .where(_REFUSALS.c.session_id == bindparam("session"), _REFUSALS.c.workspace_id == bindparam("workspace"))
    .order_by(_REFUSALS.c.last_at.desc(), _REFUSALS.c.code, _REFUSALS.c.host)
)


@final
class RefusalStore:
    """Implements `Refusals`."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    async def add(self, refused: Sequence[Refused]) -> None:
        """Add counts to what is there, in one transaction."""
        if refused:
            await self._database.write(partial(_add, refused))

    async def of_session(self, workspace: WorkspaceId, session: SessionId) -> list[Refused]:
        """Return a session's counts, the latest first."""
        return await self._database.read(partial(_of_session, workspace, session))


def _add(refused: Sequence[Refused], connection: Connection) -> None:
    connection.execute(
        _ADD[connection.dialect.name],
        [
            {
                "session_id": each.session,
                "code": each.code,
                "host": each.host,
                "organization_id": each.organization,
                "workspace_id": each.workspace,
                "times": each.count,
                "first_at": each.first_at,
                "last_at": each.last_at,
            }
            for each in refused
        ],
    )


def _of_session(workspace: WorkspaceId, session: SessionId, connection: Connection) -> list[Refused]:
    return [
        Refused(
            organization=row.organization_id,
            workspace=row.workspace_id,
            session=row.session_id,
            code=row.code,
            host=row.host,
            count=row.times,
            first_at=row.first_at,
            last_at=row.last_at,
        )
        for row in connection.execute(_OF_SESSION, {"session": session, "workspace": workspace})
    ]
