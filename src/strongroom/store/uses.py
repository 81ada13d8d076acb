"""Counts of uses: one row for each session, credential, host and second."""

from collections.abc import Sequence
from functools import partial
from typing import final

from sqlalchemy import Connection, bindparam, select

from strongroom.core.ids import SessionId, WorkspaceId
from strongroom.services.usage_ports import Use
from strongroom.store import tables
from strongroom.store.database import UPSERTS, Database

_USES = tables.uses

_ADD = {
    name: (start := insert(_USES)).on_conflict_do_update(
        index_elements=list(_USES.primary_key.columns), set_={"times": _USES.c.times + start.excluded.times}
    )
    for name, insert in UPSERTS.items()
}
_OF_SESSION = (
    select(_USES)
    .where(_USES.c.session_id == bindparam("session"), _USES.c.workspace_id == bindparam("workspace"))
    .order_by(_USES.c.second, _USES.c.credential_id, _USES.c.host)
)


@final
class UseStore:
    """Implements `Uses`."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    async def add(self, uses: Sequence[Use]) -> None:
        """Add counts to what is there, in one transaction."""
        if uses:
            await self._database.write(partial(_add, uses))

    async def of_session(self, workspace: WorkspaceId, session: SessionId) -> list[Use]:
        """Return a session's counts, oldest first."""
        return await self._database.read(partial(_of_session, workspace, session))


def _add(uses: Sequence[Use], connection: Connection) -> None:
    connection.execute(
        _ADD[connection.dialect.name],
        [
            {
                "session_id": use.session,
                "second": use.second,
                "credential_id": use.credential,
                "host": use.host,
                "organization_id": use.organization,
                "workspace_id": use.workspace,
                "times": use.count,
            }
            for use in uses
        ],
    )


def _of_session(workspace: WorkspaceId, session: SessionId, connection: Connection) -> list[Use]:
    return [
        Use(
            organization=row.organization_id,
            workspace=row.workspace_id,
            session=row.session_id,
            credential=row.credential_id,
            host=row.host,
            second=row.second,
            count=row.times,
        )
        for row in connection.execute(_OF_SESSION, {"session": session, "workspace": workspace})
    ]
