"""Pages of a list in the order of creation: after a row that was seen, not after a count of rows.

So rows that come or go between two pages neither repeat others nor hide them. The id decides where
times are equal. Statements are built once for each shape of a question; SQLAlchemy then finds
their compiled form by identity.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, bindparam, tuple_

from strongroom.core.pages import Page, PageQuery
from strongroom.store.columns import ID, Moment
from strongroom.store.rows import Row

T = TypeVar("T")

_CREATED, _ID, _LIMIT = "keyset_created_at", "keyset_id", "keyset_limit"


def page(
    connection: Connection,
    rows: Select[Any],
    query: PageQuery,
    read: Callable[[Row], T],
    bound: Mapping[str, object],
) -> Page[T]:
    """Return a page of `rows`, a statement built once that selects from one table and binds `bound`."""
    descending = query.newest_first is not query.backwards
    statement = _shaped(rows, descending, query.include_archived, query.after is not None)
    parameters = {**bound, _LIMIT: query.limit + 1}
    if query.after is not None:
        parameters |= {_CREATED: query.after.created_at, _ID: query.after.id}
    found = connection.execute(statement, parameters).all()
    shown = [read(row) for row in found[: query.limit]]
    if query.backwards:
        shown.reverse()
    return Page(tuple(shown), more=len(found) > query.limit)


@cache
def _shaped(rows: Select[Any], descending: bool, archived: bool, beyond: bool) -> Select[Any]:  # noqa: FBT001
    table = rows.get_final_froms()[0].c
    if not archived:
        rows = rows.where(table.archived_at.is_(None))
    if beyond:
        rows = rows.where(_beyond(table, descending=descending))
    order = (table.created_at, table.id)
    ordered = rows.order_by(*(column.desc() if descending else column.asc() for column in order))
    return ordered.limit(bindparam(_LIMIT))


def _beyond(table: Any, *, descending: bool) -> ColumnElement[bool]:  # noqa: ANN401 - a table's columns, by name
    here = tuple_(table.created_at, table.id)
    there = tuple_(bindparam(_CREATED, type_=Moment), bindparam(_ID, type_=ID))
    return here < there if descending else here > there
