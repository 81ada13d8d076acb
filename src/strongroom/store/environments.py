"""Environments."""

from datetime import datetime
from functools import partial
from typing import Any, final

from sqlalchemy import BindParameter, Connection, bindparam, delete, insert, select, update

from strongroom.core.environments import Environment
from strongroom.core.events import EventType
from strongroom.core.failures import Conflict, NotFound
from strongroom.core.ids import EnvironmentId, WorkspaceId
from strongroom.core.pages import Page, PageQuery
from strongroom.services.ports import Change, Subject
from strongroom.store import keyset, tables
from strongroom.store.changes import ChangeFeed, News, Owner
from strongroom.store.columns import Moment
from strongroom.store.database import Database
from strongroom.store.rows import read_environment, write_environment

_ENVIRONMENTS, _SESSIONS = tables.environments, tables.sessions
_IN_PLACE = (
    _ENVIRONMENTS.c.id == bindparam("environment"),
    _ENVIRONMENTS.c.workspace_id == bindparam("workspace"),
)
_NEW: dict[str, BindParameter[Any]] = {
    name: bindparam(f"new_{name}")
    for name in ("name", "description", "config", "metadata", "updated_at", "archived_at", "stray_placeholders")
}

_ADD = insert(_ENVIRONMENTS)
_GET = select(_ENVIRONMENTS).where(*_IN_PLACE)
_OF_WORKSPACE = select(_ENVIRONMENTS).where(_ENVIRONMENTS.c.workspace_id == bindparam("workspace"))
_REPLACE = (
    update(_ENVIRONMENTS)
    .where(
        *_IN_PLACE,
        _ENVIRONMENTS.c.updated_at == bindparam("expected", type_=Moment),
        _ENVIRONMENTS.c.archived_at.is_(None),
    )
    .values(**_NEW)
)
_LOCKED = _GET.with_for_update(read=True)
_DELETE = delete(_ENVIRONMENTS).where(*_IN_PLACE).returning(_ENVIRONMENTS.c.organization_id)
_IN_USE = (
    select(_SESSIONS.c.id)
    .where(_SESSIONS.c.environment_id == bindparam("environment"), _SESSIONS.c.archived_at.is_(None))
    .limit(1)
)


@final
class EnvironmentStore:
    """Implements `Environments`."""

    def __init__(self, *, database: Database, feed: ChangeFeed) -> None:
        self._database = database
        self._feed = feed

    async def add(self, environment: Environment) -> None:
        """Add an environment."""
        await self._feed.write(partial(_add, environment))

    async def get(self, workspace: WorkspaceId, environment: EnvironmentId) -> Environment:
        """Return an environment. Raises `NotFound`."""
        return await self._database.read(partial(required, workspace, environment))

    async def page(self, workspace: WorkspaceId, query: PageQuery) -> Page[Environment]:
        """Return a page of environments."""
        return await self._database.read(partial(_page, workspace, query))

    async def replace(self, environment: Environment, *, expected: datetime) -> bool:
        """Write a changed environment if `updated_at` is still `expected` and it is not archived; tell whether."""
        return await self._feed.write(partial(_replace, environment, expected))

    async def delete(self, workspace: WorkspaceId, environment: EnvironmentId) -> None:
        """Remove it. Raises `NotFound`; `Conflict` while a session that is not archived references it."""
        await self._feed.write(partial(_delete, workspace, environment))


def _add(environment: Environment, connection: Connection, news: News) -> None:
    connection.execute(_ADD, write_environment(environment))
    news.tell(EventType.ENVIRONMENT_CREATED, environment.id, environment, at=environment.created_at)


def required(
    workspace: WorkspaceId, environment: EnvironmentId, connection: Connection, *, lock: bool = False
) -> Environment:
    """Return an environment, kept from changing until the transaction ends if `lock`. Raises `NotFound`."""
    row = connection.execute(
        _LOCKED if lock else _GET, {"environment": environment, "workspace": workspace}
    ).one_or_none()
    if row is None:
        raise NotFound("environment", environment)
    return read_environment(row)


def _page(workspace: WorkspaceId, query: PageQuery, connection: Connection) -> Page[Environment]:
    return keyset.page(connection, _OF_WORKSPACE, query, read_environment, {"workspace": workspace})


def _replace(environment: Environment, expected: datetime, connection: Connection, news: News) -> bool:
    written = write_environment(environment)
    parameters = {f"new_{name}": written[name] for name in _NEW}
    parameters |= {"environment": environment.id, "workspace": environment.workspace, "expected": expected}
    replaced = connection.execute(_REPLACE, parameters).rowcount == 1
    if replaced:
        news.append(_change(environment.workspace, environment.id))
        archived = environment.archived_at is not None  # an archived one is not written again
        type_ = EventType.ENVIRONMENT_ARCHIVED if archived else EventType.ENVIRONMENT_UPDATED
        news.tell(type_, environment.id, environment, at=environment.updated_at)
    return replaced


def _delete(workspace: WorkspaceId, environment: EnvironmentId, connection: Connection, news: News) -> None:
    parameters = {"environment": environment, "workspace": workspace}
    organization = connection.execute(_DELETE, parameters).scalar_one_or_none()
    if organization is None:
        raise NotFound("environment", environment)
    if connection.execute(_IN_USE, {"environment": environment}).first() is not None:
        raise Conflict(f"environment {environment} is in use by a session")
    news.append(_change(workspace, environment))
    news.tell(EventType.ENVIRONMENT_DELETED, environment, Owner(organization, workspace))


def _change(workspace: WorkspaceId, environment: EnvironmentId) -> Change:
    return Change(subject=Subject.ENVIRONMENT, workspace=workspace, id=environment)
