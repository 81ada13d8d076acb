"""Model mappings."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any, final

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from strongroom.core.failures import Conflict, Invalid, NotFound
from strongroom.core.fields import from_plain, to_plain
from strongroom.core.ids import WorkspaceId
from strongroom.core.llm.attribution import Attribution
from strongroom.core.llm.mappings import MAX_MAPPINGS, MappingKind, ModelMapping, ModelSource, Patience
from strongroom.services.ports import Change, Subject
from strongroom.store.changes import ChangeFeed, News
from strongroom.store.columns import Moment
from strongroom.store.database import Database
from strongroom.store.llm_tables import ENABLEMENT_INDEX, model_mappings, providers
from strongroom.store.rows import Row, reads

_TABLE = model_mappings
_OF_WORKSPACE = _TABLE.c.workspace_id == bindparam("workspace")
_IN_PLACE = (_OF_WORKSPACE, _TABLE.c.id == bindparam("mapping"))
_CHANGEABLE = (
    "model_alias",
    "upstream_model",
    "bare_alias",
    "enabled",
    "priority",
    "source",
    "request_timeout_secs",
    "stream_idle_timeout_secs",
    "patience",
    "attribution",
    "updated_at",
)

_ALL = select(_TABLE).where(_OF_WORKSPACE).order_by(_TABLE.c.created_at, _TABLE.c.id)
_OF_PROVIDER = _ALL.where(_TABLE.c.provider_id == bindparam("provider"))
_ONE = select(_TABLE).where(*_IN_PLACE)
_ENABLEMENT = select(_TABLE).where(
    _OF_WORKSPACE,
    _TABLE.c.provider_id == bindparam("provider"),
    _TABLE.c.upstream_model == bindparam("model"),
    _TABLE.c.kind == MappingKind.MODEL.value,
)
_COUNT = select(func.count()).select_from(_TABLE).where(_OF_WORKSPACE)
_ADD = insert(_TABLE)
_REPLACE = (
    update(_TABLE)
    .where(*_IN_PLACE, _TABLE.c.updated_at == bindparam("expected", type_=Moment))
    .values({name: bindparam(f"new_{name}") for name in _CHANGEABLE})
)
_REORDER = update(_TABLE).where(*_IN_PLACE).values(priority=bindparam("new_priority"), updated_at=bindparam("at"))
_DELETE = delete(_TABLE).where(*_IN_PLACE)
_PROVIDER = (
    select(providers.c.id)
    .where(providers.c.id == bindparam("provider"), providers.c.workspace_id == bindparam("workspace"))
    .with_for_update()
)


@final
class MappingStore:
    """Implements `Mappings`."""

    def __init__(self, *, database: Database, feed: ChangeFeed) -> None:
        self._database = database
        self._feed = feed

    async def add(self, mapping: ModelMapping) -> None:
        """Add a mapping. Raises `Invalid`, `Conflict` and `NotFound`."""
        await self._feed.write(partial(_add, mapping))

    async def get(self, workspace: WorkspaceId, mapping: str) -> ModelMapping:
        """Return a mapping. Raises `NotFound`."""
        return await self._database.read(partial(_required, workspace, mapping))

    async def all(self, workspace: WorkspaceId, *, provider: str | None = None) -> list[ModelMapping]:
        """Return all, or those of one provider, oldest first."""
        return await self._database.read(partial(all_mappings, workspace, provider))

    async def enablement(self, workspace: WorkspaceId, provider: str, model: str) -> ModelMapping | None:
        """Return the row that enables a model of a provider."""
        return await self._database.read(partial(_enablement, workspace, provider, model))

    async def replace(self, mapping: ModelMapping, *, expected: datetime) -> bool:
        """Write a changed mapping if its `updated_at` is still `expected`; tell whether. Raises as `add` does."""
        return await self._feed.write(partial(_replace, mapping, expected))

    async def reorder(self, workspace: WorkspaceId, priorities: Mapping[str, int], at: datetime) -> None:
        """Set the priorities of several at once. Raises `NotFound` for one that is not there, and sets none."""
        await self._feed.write(partial(_reorder, workspace, priorities, at))

    async def delete(self, workspace: WorkspaceId, mapping: str) -> None:
        """Remove it. Raises `NotFound`."""
        await self._feed.write(partial(_delete, workspace, mapping))


def all_mappings(workspace: WorkspaceId, provider: str | None, connection: Connection) -> list[ModelMapping]:
    """Return all, or those of one provider, oldest first."""
    statement = _ALL if provider is None else _OF_PROVIDER
    return [_read(row) for row in connection.execute(statement, {"workspace": workspace, "provider": provider})]


def insert_mapping(mapping: ModelMapping, connection: Connection) -> None:
    """Write the row of a mapping whose provider was looked at. Raises `Conflict`."""
    row = {
        "id": mapping.id,
        "organization_id": mapping.organization,
        "workspace_id": mapping.workspace,
        "provider_id": mapping.provider,
        "kind": mapping.kind.value,
        "created_at": mapping.created_at,
    }
    try:
        connection.execute(_ADD, row | _write(mapping))
    except IntegrityError as error:
        raise _taken(error) from None


def _add(mapping: ModelMapping, connection: Connection, news: News) -> None:
    if connection.execute(_COUNT, {"workspace": mapping.workspace}).scalar_one() >= MAX_MAPPINGS:
        raise Conflict(f"there are {MAX_MAPPINGS} model mappings already: delete one first", code="limit_reached")
    place = {"provider": mapping.provider, "workspace": mapping.workspace}
    if connection.execute(_PROVIDER, place).one_or_none() is None:
        raise NotFound("provider", mapping.provider)
    _require_enabled(mapping, connection)
    insert_mapping(mapping, connection)
    news.append(_changed(mapping.workspace, mapping.id))


def _required(workspace: WorkspaceId, mapping: str, connection: Connection) -> ModelMapping:
    row = connection.execute(_ONE, {"workspace": workspace, "mapping": mapping}).one_or_none()
    if row is None:
        raise NotFound("model mapping", mapping)
    return _read(row)


def _enablement(workspace: WorkspaceId, provider: str, model: str, connection: Connection) -> ModelMapping | None:
    place = {"workspace": workspace, "provider": provider, "model": model}
    row = connection.execute(_ENABLEMENT, place).one_or_none()
    return None if row is None else _read(row)


def _replace(mapping: ModelMapping, expected: datetime, connection: Connection, news: News) -> bool:
    _require_enabled(mapping, connection)
    parameters = {"workspace": mapping.workspace, "mapping": mapping.id, "expected": expected}
    parameters |= {f"new_{name}": value for name, value in _write(mapping).items()}
    try:
        replaced = connection.execute(_REPLACE, parameters).rowcount == 1
    except IntegrityError as error:
        raise _taken(error) from None
    if replaced:
        news.append(_changed(mapping.workspace, mapping.id))
    return replaced


def _reorder(
    workspace: WorkspaceId, priorities: Mapping[str, int], at: datetime, connection: Connection, news: News
) -> None:
    for mapping, priority in priorities.items():
        parameters = {"workspace": workspace, "mapping": mapping, "new_priority": priority, "at": at}
        if not connection.execute(_REORDER, parameters).rowcount:
            raise NotFound("model mapping", mapping)
        news.append(_changed(workspace, mapping))


def _delete(workspace: WorkspaceId, mapping: str, connection: Connection, news: News) -> None:
    if not connection.execute(_DELETE, {"workspace": workspace, "mapping": mapping}).rowcount:
        raise NotFound("model mapping", mapping)
    news.append(_changed(workspace, mapping))


def _require_enabled(mapping: ModelMapping, connection: Connection) -> None:
    if mapping.kind is MappingKind.MODEL:
        return
    if _enablement(mapping.workspace, mapping.provider, mapping.upstream_model, connection) is None:
        raise Invalid("must be a model that is enabled on this provider: enable it first", field="upstream_model")


def _changed(workspace: WorkspaceId, mapping: str) -> Change:
    return Change(subject=Subject.ROUTES, workspace=workspace, id=mapping)


def _write(mapping: ModelMapping) -> dict[str, Any]:
    return {
        "model_alias": mapping.model_alias,
        "upstream_model": mapping.upstream_model,
        "bare_alias": mapping.bare_alias,
        "enabled": mapping.enabled,
        "priority": mapping.priority,
        "source": mapping.source.value,
        "request_timeout_secs": mapping.request_timeout_secs,
        "stream_idle_timeout_secs": mapping.stream_idle_timeout_secs,
        "patience": to_plain(mapping.patience),
        "attribution": to_plain(mapping.attribution),
        "updated_at": mapping.updated_at,
    }


@reads("model mapping")
def _read(row: Row) -> ModelMapping:
    return ModelMapping(
        id=row.id,
        organization=row.organization_id,
        workspace=row.workspace_id,
        provider=row.provider_id,
        model_alias=row.model_alias,
        upstream_model=row.upstream_model,
        kind=MappingKind(row.kind),
        bare_alias=row.bare_alias,
        enabled=row.enabled,
        priority=row.priority,
        source=ModelSource(row.source),
        request_timeout_secs=row.request_timeout_secs,
        stream_idle_timeout_secs=row.stream_idle_timeout_secs,
        patience=from_plain(Patience, row.patience),
        attribution=from_plain(Attribution, row.attribution),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _taken(error: IntegrityError) -> Exception:
    said = str(error.orig)
    if ENABLEMENT_INDEX in said or "upstream_model" in said:
        return Conflict("the model is enabled on this provider already")
    return error
