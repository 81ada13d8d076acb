"""Providers, each with its mark."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any, final

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from strongroom.core.failures import Conflict, NotFound
from strongroom.core.fields import from_plain, to_plain
from strongroom.core.ids import WorkspaceId
from strongroom.core.llm.attribution import Attribution
from strongroom.core.llm.connections import comparable
from strongroom.core.llm.mappings import ModelMapping
from strongroom.core.llm.providers import MAX_PROVIDERS, Billing, Health, HealthStatus, Provider
from strongroom.services.ports import Change, Subject
from strongroom.store import tables
from strongroom.store.changes import ChangeFeed, News
from strongroom.store.columns import Moment
from strongroom.store.database import Database
from strongroom.store.llm_mappings import insert_mapping
from strongroom.store.llm_tables import PROVIDER_NAME_INDEX, connections, providers
from strongroom.store.rows import Row, reads

_OF_WORKSPACE = providers.c.workspace_id == bindparam("workspace")
_IN_PLACE = (_OF_WORKSPACE, providers.c.id == bindparam("provider"))
_CHANGEABLE = (
    "name",
    "name_key",
    "connection_id",
    "auth_type",
    "base_url",
    "settings",
    "mark",
    "enabled",
    "enforce_health_check",
    "health_status",
    "health_checked_at",
    "health_detail",
    "billing",
    "request_timeout_secs",
    "stream_idle_timeout_secs",
    "attribution",
    "updated_at",
)

_ALL = select(providers).where(_OF_WORKSPACE).order_by(providers.c.created_at, providers.c.id)
_ONE = select(providers).where(*_IN_PLACE)
_HOME = select(tables.workspaces.c.id).where(tables.workspaces.c.id == bindparam("workspace")).with_for_update()
_COUNT = select(func.count()).select_from(providers).where(_OF_WORKSPACE)
_ADD = insert(providers)
_REPLACE = (
    update(providers)
    .where(*_IN_PLACE, providers.c.updated_at == bindparam("expected", type_=Moment))
    .values({name: bindparam(f"new_{name}") for name in _CHANGEABLE})
)
_HEALTH = (
    update(providers)
    .where(*_IN_PLACE)
    .values(
        health_status=bindparam("status"),
        health_checked_at=bindparam("at"),
        health_detail=bindparam("detail"),
    )
)
_DELETE = delete(providers).where(*_IN_PLACE)
_CONNECTION = (
    select(connections.c.credential_id)
    .where(
        connections.c.credential_id == bindparam("connection"),
        connections.c.workspace_id == bindparam("workspace"),
    )
    .with_for_update(read=True)
)


@final
class ProviderStore:
    """Implements `Providers`."""

    def __init__(self, *, database: Database, feed: ChangeFeed) -> None:
        self._database = database
        self._feed = feed

    async def add(self, provider: Provider, mark: bytes, models: Sequence[ModelMapping]) -> None:
        """Add a provider with its first models. `Conflict` for a taken name, `NotFound` for the connection."""
        await self._feed.write(partial(_add, provider, mark, models))

    async def get(self, workspace: WorkspaceId, provider: str) -> Provider:
        """Return a provider. Raises `NotFound`."""
        return await self._database.read(partial(required_provider, workspace, provider))

    async def all(self, workspace: WorkspaceId) -> list[Provider]:
        """Return all, oldest first."""
        return [provider for provider, _ in await self._database.read(partial(all_marked, workspace))]

    async def replace(self, provider: Provider, mark: bytes, *, expected: datetime) -> bool:
        """Write a changed provider if its `updated_at` is still `expected`; tell whether. Raises as `add` does."""
        return await self._feed.write(partial(_replace, provider, mark, expected))

    async def note_health(self, workspace: WorkspaceId, provider: str, health: Health) -> None:
        """Write down what was seen of its upstream; nothing if it is gone."""
        await self._feed.write(partial(_note_health, workspace, provider, health))

    async def delete(self, workspace: WorkspaceId, provider: str) -> None:
        """Remove it with its mappings, never its connection. Raises `NotFound`."""
        await self._feed.write(partial(_delete, workspace, provider))


def required_provider(workspace: WorkspaceId, provider: str, connection: Connection) -> Provider:
    """Return a provider. Raises `NotFound`."""
    row = connection.execute(_ONE, {"workspace": workspace, "provider": provider}).one_or_none()
    if row is None:
        raise NotFound("provider", provider)
    return _read(row)


def all_marked(workspace: WorkspaceId, connection: Connection) -> list[tuple[Provider, bytes]]:
    """Return all with their marks, oldest first."""
    return [(_read(row), row.mark) for row in connection.execute(_ALL, {"workspace": workspace})]


def routes_changed(workspace: WorkspaceId, id_: str) -> Change:
    """Return the news that what gateway keys of a workspace can reach has changed."""
    return Change(subject=Subject.ROUTES, workspace=workspace, id=id_)


def _add(provider: Provider, mark: bytes, models: Sequence[ModelMapping], connection: Connection, news: News) -> None:
    # The lock on the workspace's row makes the count and the insert one step for every other writer.
    connection.execute(_HOME, {"workspace": provider.workspace})
    if connection.execute(_COUNT, {"workspace": provider.workspace}).scalar_one() >= MAX_PROVIDERS:
        raise Conflict(f"there are {MAX_PROVIDERS} providers already: delete one first", code="limit_reached")
    _require_connection(provider, connection)
    row = {
        "id": provider.id,
        "organization_id": provider.organization,
        "workspace_id": provider.workspace,
        "model_provider": provider.model_provider,
        "created_at": provider.created_at,
    }
    try:
        connection.execute(_ADD, row | _write(provider, mark))
    except IntegrityError as error:
        raise _taken(error) from None
    for model in models:
        insert_mapping(model, connection)
    news.append(routes_changed(provider.workspace, provider.id))


def _replace(provider: Provider, mark: bytes, expected: datetime, connection: Connection, news: News) -> bool:
    _require_connection(provider, connection)
    parameters = {"workspace": provider.workspace, "provider": provider.id, "expected": expected}
    parameters |= {f"new_{name}": value for name, value in _write(provider, mark).items()}
    try:
        replaced = connection.execute(_REPLACE, parameters).rowcount == 1
    except IntegrityError as error:
        raise _taken(error) from None
    if replaced:
        news.append(routes_changed(provider.workspace, provider.id))
    return replaced


def _note_health(workspace: WorkspaceId, provider: str, health: Health, connection: Connection, news: News) -> None:
    place = {"workspace": workspace, "provider": provider}
    seen = {"status": health.status.value, "at": health.checked_at, "detail": health.detail}
    if connection.execute(_HEALTH, place | seen).rowcount:
        news.append(routes_changed(workspace, provider))


def _delete(workspace: WorkspaceId, provider: str, connection: Connection, news: News) -> None:
    if not connection.execute(_DELETE, {"workspace": workspace, "provider": provider}).rowcount:
        raise NotFound("provider", provider)
    news.append(routes_changed(workspace, provider))


def _require_connection(provider: Provider, connection: Connection) -> None:
    if provider.connection is None:
        return
    place = {"connection": provider.connection, "workspace": provider.workspace}
    if connection.execute(_CONNECTION, place).one_or_none() is None:
        raise NotFound("connection", provider.connection)


def _write(provider: Provider, mark: bytes) -> dict[str, Any]:
    return {
        "name": provider.name,
        "name_key": comparable(provider.name),
        "connection_id": provider.connection,
        "auth_type": provider.auth_type,
        "base_url": provider.base_url,
        "settings": provider.settings_json,
        "mark": mark,
        "enabled": provider.enabled,
        "enforce_health_check": provider.enforce_health_check,
        "health_status": provider.health.status.value,
        "health_checked_at": provider.health.checked_at,
        "health_detail": provider.health.detail,
        "billing": to_plain(provider.billing),
        "request_timeout_secs": provider.request_timeout_secs,
        "stream_idle_timeout_secs": provider.stream_idle_timeout_secs,
        "attribution": to_plain(provider.attribution),
        "updated_at": provider.updated_at,
    }


@reads("provider")
def _read(row: Row) -> Provider:
    return Provider(
        id=row.id,
        organization=row.organization_id,
        workspace=row.workspace_id,
        name=row.name,
        model_provider=row.model_provider,
        connection=row.connection_id,
        auth_type=row.auth_type,
        base_url=row.base_url,
        settings_json=row.settings,
        enabled=row.enabled,
        enforce_health_check=row.enforce_health_check,
        health=Health(
            status=HealthStatus(row.health_status), checked_at=row.health_checked_at, detail=row.health_detail
        ),
        billing=from_plain(Billing, row.billing),
        request_timeout_secs=row.request_timeout_secs,
        stream_idle_timeout_secs=row.stream_idle_timeout_secs,
        attribution=from_plain(Attribution, row.attribution),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _taken(error: IntegrityError) -> Exception:
    said = str(error.orig)
    if PROVIDER_NAME_INDEX in said or "name_key" in said:
        return Conflict("there is a provider with this name already")
    return error
