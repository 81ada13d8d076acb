"""Requests to models, written in batches; and their sums by day."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache, partial
from typing import Any, final

from sqlalchemy import ColumnElement, Connection, Select, bindparam, delete, func, or_, select, tuple_

from strongroom.core.ids import WorkspaceId
from strongroom.core.llm.families import Operation
from strongroom.core.llm.sums import Place, Sums
from strongroom.core.llm.uses import Attempt, Finish, Tokens, Use
from strongroom.core.pages import Page, PageQuery, Position
from strongroom.services.llm_use_ports import Chosen, Grouped, Grouping, Taken
from strongroom.store.columns import Moment
from strongroom.store.database import UPSERTS, Database
from strongroom.store.keyset import page
from strongroom.store.llm_tables import gateway_keys
from strongroom.store.llm_use_tables import llm_days, llm_uses
from strongroom.store.rows import Row, reads

_COUNTS = ("requests", "failed", "untold", "input", "output", "cached", "cache_write", "charged")
_GROUPS: Mapping[Grouping, ColumnElement[Any]] = {
    Grouping.DAY: llm_days.c.day,
    Grouping.KEY: llm_days.c.key_id,
    Grouping.MODEL: llm_days.c.model,
    Grouping.CREDENTIAL: llm_days.c.connection_id,
}

_KEEP = {name: insert(llm_uses).on_conflict_do_nothing() for name, insert in UPSERTS.items()}
_ADD_UP = {
    name: (start := insert(llm_days)).on_conflict_do_update(
        index_elements=list(llm_days.primary_key.columns),
        set_={count: llm_days.c[count] + start.excluded[count] for count in _COUNTS},
    )
    for name, insert in UPSERTS.items()
}
_LIMITED = select(gateway_keys.c.id).where(
    or_(gateway_keys.c.tokens_per_day.is_not(None), gateway_keys.c.tokens_per_month.is_not(None))
)
_TAKEN = (
    select(llm_days.c.key_id, llm_days.c.day, func.sum(llm_days.c.charged).label("charged"))
    .where(llm_days.c.key_id.in_(_LIMITED), llm_days.c.day >= bindparam("since", type_=Moment))
    .group_by(llm_days.c.key_id, llm_days.c.day)
)
_KEY = tuple_(*llm_uses.primary_key.columns)
_OLDEST = (
    select(*llm_uses.primary_key.columns)
    .where(llm_uses.c.created_at < bindparam("before", type_=Moment))
    .order_by(llm_uses.c.created_at)
    .limit(bindparam("most"))
)
_PRUNE = delete(llm_uses).where(_KEY.in_(_OLDEST))


@final
class LlmUseStore:
    """Implements `LlmUses`."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    async def add(self, uses: Sequence[Use], sums: Mapping[Place, Sums]) -> None:
        """Write requests down, and add to the sums, in one transaction."""
        if uses or sums:
            await self._database.write(partial(_add, uses, sums))

    async def grouped(
        self, workspace: WorkspaceId, chosen: Chosen, by: Sequence[Grouping], limit: int
    ) -> list[Grouped]:
        """Return sums, in order of what they are told apart by, the latest day first."""
        return await self._database.read(partial(_grouped, workspace, chosen, tuple(by), limit))

    async def page(self, workspace: WorkspaceId, chosen: Chosen, *, limit: int, after: Position | None) -> Page[Use]:
        """Return requests, the latest first."""
        return await self._database.read(partial(_page, workspace, chosen, limit, after))

    async def taken(self, since: datetime) -> Taken:
        """Return what keys with a limit have taken on days since then, over all workspaces."""
        return await self._database.read(partial(_taken, since))

    async def prune(self, before: datetime, limit: int) -> int:
        """Remove requests of before that moment, but not their sums; tell how many were removed, at most `limit`."""
        return await self._database.write(partial(_prune, before, limit))


def _add(uses: Sequence[Use], sums: Mapping[Place, Sums], connection: Connection) -> None:
    dialect = connection.dialect.name
    if uses:
        connection.execute(_KEEP[dialect], [_row(use) for use in uses])
    if sums:
        rows = [_day(place, counts) for place, counts in sums.items()]
        connection.execute(_ADD_UP[dialect], rows)


def _row(use: Use) -> dict[str, object]:
    tokens = use.tokens
    return {
        "workspace_id": use.workspace,
        "created_at": use.at,
        "id": use.request_id,
        "organization_id": use.organization,
        "key_id": use.key,
        "user_id": use.user_id,
        "group_name": use.group_name,
        "operation": use.operation.value,
        "requested_model": use.requested_model,
        "provider_id": use.provider,
        "connection_id": use.connection,
        "secret_version": use.secret_version,
        "upstream_model": use.upstream_model,
        "attempts": [
            [each.provider, each.upstream_model, each.status, each.milliseconds, each.code] for each in use.attempts
        ],
        "status": use.status,
        "code": use.code,
        "ttfb_ms": use.ttfb_ms,
        "total_ms": use.total_ms,
        "is_stream": use.is_stream,
        "events": use.events,
        "input": tokens.input,
        "output": tokens.output,
        "cached": tokens.cached,
        "cache_write": tokens.cache_write,
        "bytes_in": use.bytes_in,
        "bytes_out": use.bytes_out,
        "finish": use.finish.value,
    }


def _day(place: Place, sums: Sums) -> dict[str, object]:
    return {
        "workspace_id": place.workspace,
        "day": place.day,
        "key_id": place.key,
        "model": place.model,
        "connection_id": place.connection,
        "organization_id": place.organization,
        **{count: getattr(sums, count) for count in _COUNTS},
    }


def _grouped(
    workspace: WorkspaceId, chosen: Chosen, by: tuple[Grouping, ...], limit: int, connection: Connection
) -> list[Grouped]:
    statement = _grouping(by, _given(chosen))
    found = connection.execute(statement, {"workspace": workspace, "most": limit, **_bound(chosen)})
    return [
        Grouped(
            day=row.day if Grouping.DAY in by else None,
            key=row.key_id if Grouping.KEY in by else None,
            model=row.model if Grouping.MODEL in by else None,
            connection=row.connection_id if Grouping.CREDENTIAL in by else None,
            sums=Sums(**{count: int(row._mapping[f"sum_{count}"]) for count in _COUNTS}),  # noqa: SLF001 - SQLAlchemy's way to columns by name
        )
        for row in found
    ]


def _page(
    workspace: WorkspaceId, chosen: Chosen, limit: int, after: Position | None, connection: Connection
) -> Page[Use]:
    query = PageQuery(limit=limit, after=after, include_archived=True)
    return page(connection, _rows(_given(chosen)), query, _read, {"workspace": workspace, **_bound(chosen)})


def _taken(since: datetime, connection: Connection) -> Taken:
    taken: dict[str, dict[datetime, int]] = {}
    for row in connection.execute(_TAKEN, {"since": since}):
        taken.setdefault(row.key_id, {})[row.day] = int(row.charged)
    return taken


def _prune(before: datetime, limit: int, connection: Connection) -> int:
    return connection.execute(_PRUNE, {"before": before, "most": limit}).rowcount


_Given = tuple[str, ...]


def _bound(chosen: Chosen) -> dict[str, object]:
    asked = {name: getattr(chosen, name) for name in ("begins", "ends", "key", "model", "connection")}
    return {name: value for name, value in asked.items() if value is not None}


def _given(chosen: Chosen) -> _Given:
    return tuple(_bound(chosen))


@cache
def _rows(given: _Given) -> Select[Any]:
    columns = llm_uses.c
    conditions = {
        "begins": columns.created_at >= bindparam("begins", type_=Moment),
        "ends": columns.created_at < bindparam("ends", type_=Moment),
        "key": columns.key_id == bindparam("key"),
        "model": columns.upstream_model == bindparam("model"),
        "connection": columns.connection_id == bindparam("connection"),
    }
    return select(llm_uses).where(columns.workspace_id == bindparam("workspace"), *(conditions[each] for each in given))


@cache
def _grouping(by: tuple[Grouping, ...], given: _Given) -> Select[Any]:
    columns = llm_days.c
    conditions = {
        "begins": columns.day >= bindparam("begins", type_=Moment),
        "ends": columns.day < bindparam("ends", type_=Moment),
        "key": columns.key_id == bindparam("key"),
        "model": columns.model == bindparam("model"),
        "connection": columns.connection_id == bindparam("connection"),
    }
    groups = [_GROUPS[each] for each in by]
    sums = [func.sum(columns[count]).label(f"sum_{count}") for count in _COUNTS]
    order = [group.desc() if each is Grouping.DAY else group for each, group in zip(by, groups, strict=True)]
    return (
        select(*groups, *sums)
        .where(columns.workspace_id == bindparam("workspace"), *(conditions[each] for each in given))
        .group_by(*groups)
        .order_by(*order)
        .limit(bindparam("most"))
    )


@reads("request")
def _read(row: Row) -> Use:
    return Use(
        request_id=row.id,
        at=row.created_at,
        organization=row.organization_id,
        workspace=row.workspace_id,
        key=row.key_id,
        user_id=row.user_id,
        group_name=row.group_name,
        operation=Operation(row.operation),
        requested_model=row.requested_model,
        provider=row.provider_id,
        connection=row.connection_id,
        secret_version=row.secret_version,
        upstream_model=row.upstream_model,
        attempts=tuple(
            Attempt(provider=provider, upstream_model=model, status=status, milliseconds=milliseconds, code=code)
            for provider, model, status, milliseconds, code in row.attempts
        ),
        status=row.status,
        code=row.code,
        ttfb_ms=row.ttfb_ms,
        total_ms=row.total_ms,
        is_stream=row.is_stream,
        events=row.events,
        tokens=Tokens(input=row.input, output=row.output, cached=row.cached, cache_write=row.cache_write),
        bytes_in=row.bytes_in,
        bytes_out=row.bytes_out,
        finish=Finish(row.finish),
    )
