"""Placeholders of logins by the digest of their text, and the tokens of the programs that fill them in.

A placeholder is redeemed by the one statement that finds it unredeemed, so that of two tries at once one succeeds.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import final

from sqlalchemy import Connection, bindparam, delete, exists, func, insert, select, update

from strongroom.core.failures import NotFound, TooMany
from strongroom.core.ids import SessionId, WorkspaceId
from strongroom.services.fill_ports import MAX_OFFERED, Claim, Offered
from strongroom.store import fill_tables, tables
from strongroom.store.columns import Moment
from strongroom.store.database import Database

KEPT = timedelta(days=1)
"""How long it is remembered that a placeholder was used, or ran out."""

_FILLS, _TOKENS, _SESSIONS = fill_tables.fills, fill_tables.fill_tokens, tables.sessions
_OTHERS = _FILLS.alias("others")

_ADD_TOKEN = insert(_TOKENS)
_SESSION = select(_SESSIONS.c.id).where(
    _SESSIONS.c.id == bindparam("session"), _SESSIONS.c.workspace_id == bindparam("workspace")
)
_BY_TOKEN = select(_TOKENS.c.workspace_id, _TOKENS.c.session_id).where(_TOKENS.c.digest == bindparam("token"))

_ADD = insert(_FILLS)
_PRUNE = delete(_FILLS).where(_FILLS.c.expires_at < bindparam("before", type_=Moment))
_WAITING = select(func.count()).where(
    _FILLS.c.session_id == bindparam("session"),
    _FILLS.c.expires_at > bindparam("now", type_=Moment),
    _FILLS.c.redeemed_at.is_(None),
)
_FIND = select(*(column for column in _FILLS.c if column.name != "step")).where(
    _FILLS.c.digest == bindparam("placeholder"), _FILLS.c.session_id == bindparam("session")
)
_UNREDEEMED = (_FILLS.c.digest == bindparam("placeholder"), _FILLS.c.redeemed_at.is_(None))
_CLAIM = update(_FILLS).where(*_UNREDEEMED).values(redeemed_at=bindparam("at", type_=Moment), step=bindparam("number"))
_CLAIM_CODE = _CLAIM.where(
    ~exists().where(_OTHERS.c.credential_id == _FILLS.c.credential_id, _OTHERS.c.step == bindparam("number"))
)
_STILL_GOOD = select(_FILLS.c.digest).where(*_UNREDEEMED)


@final
class FillTokenStore:
    """Implements `FillTokens`."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    async def add(self, workspace: WorkspaceId, session: SessionId, digest: bytes, at: datetime) -> None:
        """Add one. Raises `NotFound` for the session."""
        await self._database.write(partial(_add_token, workspace, session, digest, at))

    async def session(self, digest: bytes) -> tuple[WorkspaceId, SessionId] | None:
        """Return whose token it is."""
        return await self._database.read(partial(_by_token, digest))


@final
class FillStore:
    """Implements `Fills`."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    async def add(self, offered: Sequence[Offered]) -> None:
        """Add those of one offer, and forget old ones. Raises `TooMany` beyond `MAX_OFFERED` of the session."""
        if offered:
            await self._database.write(partial(_add, offered))

    async def find(self, session: SessionId, digest: bytes) -> Offered | None:
        """Return a placeholder that was given to this session."""
        return await self._database.read(partial(_find, session, digest))

    async def claim(self, digest: bytes, *, at: datetime, step: int | None = None) -> Claim:
        """Redeem a placeholder that was not before. `step` numbers a code of the credential: each comes once."""
        return await self._database.write(partial(_claim, digest, at, step))


def _add_token(workspace: WorkspaceId, session: SessionId, digest: bytes, at: datetime, connection: Connection) -> None:
    if connection.execute(_SESSION, {"session": session, "workspace": workspace}).one_or_none() is None:
        raise NotFound("session", session)
    row = {"digest": digest, "workspace_id": workspace, "session_id": session, "created_at": at}
    connection.execute(_ADD_TOKEN, row)


def _by_token(digest: bytes, connection: Connection) -> tuple[WorkspaceId, SessionId] | None:
    row = connection.execute(_BY_TOKEN, {"token": digest}).one_or_none()
    return None if row is None else (WorkspaceId(row.workspace_id), SessionId(row.session_id))


def _add(offered: Sequence[Offered], connection: Connection) -> None:
    first = offered[0]
    connection.execute(_PRUNE, {"before": first.created_at - KEPT})
    waiting = connection.scalar(_WAITING, {"session": first.session, "now": first.created_at}) or 0
    if waiting + len(offered) > MAX_OFFERED:
        raise TooMany(
            f"the session has {MAX_OFFERED} placeholders on offer already; they run out by themselves", retry_after=60
        )
    connection.execute(_ADD, [_written(each) for each in offered])


def _find(session: SessionId, digest: bytes, connection: Connection) -> Offered | None:
    row = connection.execute(_FIND, {"session": session, "placeholder": digest}).one_or_none()
    if row is None:
        return None
    return Offered(
        digest=row.digest,
        session=row.session_id,
        workspace=row.workspace_id,
        vault=row.vault_id,
        credential=row.credential_id,
        field=row.field,
        site=row.site,
        created_at=row.created_at,
        expires_at=row.expires_at,
        redeemed_at=row.redeemed_at,
    )


def _claim(digest: bytes, at: datetime, step: int | None, connection: Connection) -> Claim:
    bound = {"placeholder": digest, "at": at, "number": step}
    if connection.execute(_CLAIM if step is None else _CLAIM_CODE, bound).rowcount == 1:
        return Claim.MINE
    good = connection.execute(_STILL_GOOD, {"placeholder": digest}).one_or_none()
    return Claim.USED if good is None else Claim.CODE_USED


def _written(offered: Offered) -> dict[str, object]:
    return {
        "digest": offered.digest,
        "session_id": offered.session,
        "workspace_id": offered.workspace,
        "vault_id": offered.vault,
        "credential_id": offered.credential,
        "field": offered.field,
        "site": offered.site,
        "created_at": offered.created_at,
        "expires_at": offered.expires_at,
        "redeemed_at": offered.redeemed_at,
    }
