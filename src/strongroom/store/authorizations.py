"""Authorizations under way. A step forward is one statement that names where it steps from, so one caller takes it."""

from datetime import datetime
from functools import partial
from typing import final

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from strongroom.core.authorization import KEPT, MAX_PENDING, Authorization, Flow, Standing
from strongroom.core.failures import NotFound, TooMany
from strongroom.core.ids import AuthorizationId, CredentialId, WorkspaceId
from strongroom.services.authorization_ports import Asking, Waiting
from strongroom.store import tables
from strongroom.store.database import Database
from strongroom.store.rows import Row, reads

_TABLE, _WORKSPACES = tables.authorizations, tables.workspaces
_BY_ID = _TABLE.c.id == bindparam("authorization")
_PENDING = _TABLE.c.standing == Standing.PENDING.value
_UNSETTLED = _TABLE.c.standing.in_((Standing.PENDING.value, Standing.TAKEN.value))

_HOME = select(_WORKSPACES.c.id).where(_WORKSPACES.c.id == bindparam("workspace")).with_for_update()
_FORGET = delete(_TABLE).where(_TABLE.c.expires_at < bindparam("before"))
_COUNT = (
    select(func.count())
    .select_from(_TABLE)
    .where(_TABLE.c.workspace_id == bindparam("workspace"), _PENDING, _TABLE.c.expires_at > bindparam("now"))
)
_ADD = insert(_TABLE)
_GET = select(_TABLE).where(_BY_ID, _TABLE.c.workspace_id == bindparam("workspace"))
_BY_STATE = select(_TABLE).where(_TABLE.c.state == bindparam("state"))
_TAKE = update(_TABLE).where(_BY_ID, _PENDING, _TABLE.c.expires_at > bindparam("now"))
_TAKEN = _TAKE.values(standing=Standing.TAKEN.value)
_ASK = _TAKE.where(_TABLE.c.ask_at <= bindparam("now")).values(ask_at=bindparam("next_at"))
_SLOW_DOWN = update(_TABLE).where(_BY_ID, _PENDING).values(ask_at=bindparam("at"), ask_every=bindparam("every"))
_SETTLE = (
    update(_TABLE)
    .where(_BY_ID, _UNSETTLED)
    .values(
        standing=bindparam("outcome"), credential_id=bindparam("credential"), problem=bindparam("words"), sealed=None
    )
)


@final
class AuthorizationStore:
    """Implements `Authorizations`."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    async def add(self, waiting: Waiting) -> None:
        """Add one. Raises `TooMany` beyond `MAX_PENDING` of the workspace that are under way."""
        await self._database.write(partial(_add, waiting), purges=True)

    async def get(self, workspace: WorkspaceId, authorization: AuthorizationId) -> Waiting:
        """Return one. Raises `NotFound`."""
        return await self._database.read(partial(_get, workspace, authorization))

    async def by_state(self, state: bytes) -> Waiting | None:
        """Return the one that a state's digest belongs to."""
        return await self._database.read(partial(_by_state, state))

    async def take(self, authorization: AuthorizationId, *, now: datetime) -> bool:
        """Take a pending one that has not run out, so that nobody else redeems its answer; tell whether it is ours."""
        return await self._database.write(partial(_take, authorization, now))

    async def ask(self, authorization: AuthorizationId, *, now: datetime, next_at: datetime) -> bool:
        """Claim the next question of a device flow if its time has come; tell whether it is ours."""
        return await self._database.write(partial(_ask, authorization, now, next_at))

    async def slow_down(self, authorization: AuthorizationId, asking: Asking) -> None:
        """Write when the server of a device flow may be asked from now on."""
        await self._database.write(partial(_slow_down, authorization, asking))

    async def settle(
        self, authorization: AuthorizationId, *, credential: CredentialId | None = None, problem: str | None = None
    ) -> None:
        """Write the outcome of one that has none, and drop what was sealed: connected, or failed with a sentence."""
        await self._database.write(partial(_settle, authorization, credential, problem), purges=True)


def _add(waiting: Waiting, connection: Connection) -> None:
    new = waiting.authorization
    connection.execute(_HOME, {"workspace": new.workspace})  # locked: the count and the insert are one step
    connection.execute(_FORGET, {"before": new.created_at - KEPT})
    pending = connection.execute(_COUNT, {"workspace": new.workspace, "now": new.created_at}).scalar_one()
    if pending >= MAX_PENDING:
        raise TooMany(f"{MAX_PENDING} authorizations are under way already: finish them, or wait", retry_after=60)
    connection.execute(
        _ADD,
        {
            "id": new.id,
            "organization_id": new.organization,
            "workspace_id": new.workspace,
            "vault_id": new.vault,
            "opened_by": new.opened_by,
            "flow": new.flow.value,
            "mcp_server_url": new.mcp_server_url,
            "standing": new.standing.value,
            "credential_id": new.credential,
            "problem": new.problem,
            "created_at": new.created_at,
            "expires_at": new.expires_at,
            "state": waiting.state,
            "sealed": waiting.sealed,
            "ask_at": None if waiting.asking is None else waiting.asking.at,
            "ask_every": None if waiting.asking is None else waiting.asking.interval,
        },
    )


def _get(workspace: WorkspaceId, authorization: AuthorizationId, connection: Connection) -> Waiting:
    row = connection.execute(_GET, {"workspace": workspace, "authorization": authorization}).one_or_none()
    if row is None:
        raise NotFound("authorization", authorization)
    return _read(row)


def _by_state(state: bytes, connection: Connection) -> Waiting | None:
    row = connection.execute(_BY_STATE, {"state": state}).one_or_none()
    return None if row is None else _read(row)


def _take(authorization: AuthorizationId, now: datetime, connection: Connection) -> bool:
    return connection.execute(_TAKEN, {"authorization": authorization, "now": now}).rowcount == 1


def _ask(authorization: AuthorizationId, now: datetime, next_at: datetime, connection: Connection) -> bool:
    parameters = {"authorization": authorization, "now": now, "next_at": next_at}
    return connection.execute(_ASK, parameters).rowcount == 1


def _slow_down(authorization: AuthorizationId, asking: Asking, connection: Connection) -> None:
    connection.execute(_SLOW_DOWN, {"authorization": authorization, "at": asking.at, "every": asking.interval})


def _settle(
    authorization: AuthorizationId, credential: CredentialId | None, problem: str | None, connection: Connection
) -> None:
    outcome = Standing.FAILED if credential is None else Standing.CONNECTED
    connection.execute(
        _SETTLE,
        {"authorization": authorization, "outcome": outcome.value, "credential": credential, "words": problem},
    )


@reads("authorization")
def _read(row: Row) -> Waiting:
    authorization = Authorization(
        id=row.id,
        organization=row.organization_id,
        workspace=row.workspace_id,
        vault=row.vault_id,
        opened_by=row.opened_by,
        flow=Flow(row.flow),
        mcp_server_url=row.mcp_server_url,
        standing=Standing(row.standing),
        credential=row.credential_id,
        problem=row.problem,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
    asking = None if row.ask_at is None else Asking(at=row.ask_at, interval=row.ask_every)
    return Waiting(authorization=authorization, state=row.state, sealed=row.sealed, asking=asking)
