"""Sessions, with the hash of their proxy token and their sealed seed."""

from datetime import datetime
from functools import cache, partial
from typing import Any, final

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    delete,
    insert,
    or_,
    select,
    update,
)

from strongroom.core.events import EventType
from strongroom.core.failures import NotAuthenticated, NotFound
from strongroom.core.ids import SessionId, WorkspaceId
from strongroom.core.pages import Page, PageQuery
from strongroom.core.sessions import Session
from strongroom.services.ports import Change, SessionFilter, Subject
from strongroom.store import keyset, tables
from strongroom.store.changes import ChangeFeed, News, Owned, Owner
from strongroom.store.columns import Moment
from strongroom.store.database import Database
from strongroom.store.environments import required as required_environment
from strongroom.store.rows import read_session, write_session
from strongroom.store.vaults import required as required_vault

_SESSIONS, _KEYS = tables.sessions, tables.api_keys
_DESCRIPTION = [column for column in _SESSIONS.c if column.name not in {"token_digest", "seed"}]
_IN_PLACE = (_SESSIONS.c.id == bindparam("session"), _SESSIONS.c.workspace_id == bindparam("workspace"))
_NEW: dict[str, BindParameter[Any]] = {
    name: bindparam(f"new_{name}")
    for name in (
        "agent_id",
        "agent_version",
        "agent",
        "title",
        "metadata",
        "updated_at",
        "expires_at",
        "archived_at",
    )
}

_ADD = insert(_SESSIONS)
_OPENER = select(_KEYS.c.revoked_at).where(_KEYS.c.id == bindparam("key")).with_for_update(read=True)
_GET = select(*_DESCRIPTION).where(*_IN_PLACE)
_BY_TOKEN = select(*_DESCRIPTION, _SESSIONS.c.seed).where(_SESSIONS.c.token_digest == bindparam("token_digest"))
_OF_WORKSPACE = select(*_DESCRIPTION).where(_SESSIONS.c.workspace_id == bindparam("workspace"))
_REPLACE = (
    update(_SESSIONS)
    .where(
        *_IN_PLACE,
        _SESSIONS.c.updated_at == bindparam("expected", type_=Moment),
        _SESSIONS.c.archived_at.is_(None),
    )
    .values(**_NEW)
)
_DELETE = delete(_SESSIONS).where(*_IN_PLACE).returning(_SESSIONS.c.organization_id)

_LIVE = and_(_SESSIONS.c.archived_at.is_(None), _SESSIONS.c.expires_at > bindparam("now", type_=Moment))
_OVER = or_(_SESSIONS.c.archived_at.is_not(None), _SESSIONS.c.expires_at <= bindparam("now", type_=Moment))
_NARROWED: dict[str, ColumnElement[bool]] = {
    "agent_id": _SESSIONS.c.agent_id == bindparam("agent_id"),
    "agent_version": _SESSIONS.c.agent_version == bindparam("agent_version"),
    "created_gt": _SESSIONS.c.created_at > bindparam("created_gt", type_=Moment),
    "created_gte": _SESSIONS.c.created_at >= bindparam("created_gte", type_=Moment),
    "created_lt": _SESSIONS.c.created_at < bindparam("created_lt", type_=Moment),
    "created_lte": _SESSIONS.c.created_at <= bindparam("created_lte", type_=Moment),
}


@final
class SessionStore:
    """Implements `Sessions`."""

    def __init__(self, *, database: Database, feed: ChangeFeed) -> None:
        self._database = database
        self._feed = feed

    async def add(self, session: Session, *, token_digest: bytes, seed: bytes) -> None:
        """Add a session; `seed` is sealed.

        Raises `NotAuthenticated` if its key was revoked meanwhile, `NotFound` and `Invalid` for an
        environment or vault that is missing or archived.
        """
        await self._feed.write(partial(_add, session, token_digest, seed))

    async def get(self, workspace: WorkspaceId, session: SessionId) -> Session:
        """Return a session. Raises `NotFound`."""
        return await self._database.read(partial(_get, workspace, session))

    async def by_token(self, token_digest: bytes) -> tuple[Session, bytes] | None:
        """Return the session of a proxy token, archived ones included, with its sealed seed."""
        return await self._database.read(partial(_by_token, token_digest))

    async def page(self, workspace: WorkspaceId, query: PageQuery, narrowed: SessionFilter) -> Page[Session]:
        """Return a page of sessions. A filter by `live` needs its `now`."""
        return await self._database.read(partial(_page, workspace, query, narrowed))

    async def replace(self, session: Session, *, expected: datetime) -> bool:
        """Write a changed session if `updated_at` is still `expected` and it is not archived; tell whether."""
        return await self._feed.write(partial(_replace, session, expected))

    async def delete(self, workspace: WorkspaceId, session: SessionId) -> None:
        """Remove it. Raises `NotFound`."""
        await self._feed.write(partial(_delete, workspace, session), purges=True)


def _add(session: Session, token_digest: bytes, seed: bytes, connection: Connection, news: News) -> None:
    # Revoking a key ends its sessions; without this look, one that is being opened would escape.
    opener = connection.execute(_OPENER, {"key": session.opened_by}).one_or_none()
    if opener is not None and opener.revoked_at is not None:
        raise NotAuthenticated(presented=True)
    # What it is opened on stays as it was looked at until the session is there to be seen.
    required_environment(session.workspace, session.environment, connection, lock=True).require_active()
    for vault in sorted(set(session.vaults)):
        required_vault(session.workspace, vault, connection, lock=True).require_active()
    connection.execute(_ADD, write_session(session) | {"token_digest": token_digest, "seed": seed})
    news.tell(EventType.SESSION_CREATED, session.id, session, at=session.created_at)


def _get(workspace: WorkspaceId, session: SessionId, connection: Connection) -> Session:
    row = connection.execute(_GET, {"session": session, "workspace": workspace}).one_or_none()
    if row is None:
        raise NotFound("session", session)
    return read_session(row)


def _by_token(token_digest: bytes, connection: Connection) -> tuple[Session, bytes] | None:
    row = connection.execute(_BY_TOKEN, {"token_digest": token_digest}).one_or_none()
    return None if row is None else (read_session(row), row.seed)


def _page(workspace: WorkspaceId, query: PageQuery, narrowed: SessionFilter, connection: Connection) -> Page[Session]:
    wanted = {name: value for name in _NARROWED if (value := getattr(narrowed, name)) is not None}
    rows = _narrowed(tuple(wanted), narrowed.live)
    bound = wanted | {"workspace": workspace} | ({} if narrowed.live is None else {"now": narrowed.now})
    return keyset.page(connection, rows, query, read_session, bound)


@cache
def _narrowed(names: tuple[str, ...], live: bool | None) -> Select[Any]:  # noqa: FBT001 - a field of the filter
    rows = _OF_WORKSPACE.where(*(_NARROWED[name] for name in names))
    if live is None:
        return rows
    return rows.where(_LIVE if live else _OVER)


def _replace(session: Session, expected: datetime, connection: Connection, news: News) -> bool:
    written = write_session(session)
    parameters = {f"new_{name}": written[name] for name in _NEW}
    parameters |= {"session": session.id, "workspace": session.workspace, "expected": expected}
    replaced = connection.execute(_REPLACE, parameters).rowcount == 1
    if replaced:
        news.append(_change(session.workspace, session.id))
        if session.archived_at is None:
            news.tell(EventType.SESSION_UPDATED, session.id, session, at=session.updated_at)
        else:  # an archived one is not written again
            tell_ended(news, session.id, session, at=session.archived_at)
    return replaced


def _delete(workspace: WorkspaceId, session: SessionId, connection: Connection, news: News) -> None:
    organization = connection.execute(_DELETE, {"session": session, "workspace": workspace}).scalar_one_or_none()
    if organization is None:
        raise NotFound("session", session)
    news.append(_change(workspace, session))
    news.tell(EventType.SESSION_DELETED, session, Owner(organization, workspace))


def tell_ended(news: News, session: SessionId, of: Owned, *, at: datetime) -> None:
    """Add the events of a session that was archived and so has ended."""
    news.tell(EventType.SESSION_ARCHIVED, session, of, at=at)
    news.tell(EventType.SESSION_TERMINATED, session, of, at=at)


def _change(workspace: WorkspaceId, session: SessionId) -> Change:
    return Change(subject=Subject.SESSION, workspace=workspace, id=session)
