"""Pages of our own lists, newest first: the token of a page says where the next one begins.

A token is bound to its list (collection, workspace, and what else the list is of).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Protocol, TypeVar, final

from fastapi import Query

from strongroom.core.fields import read_time, write_time
from strongroom.core.pages import Page, PageQuery, Position
from strongroom.crypto.tokens import PageTokens

DEFAULT_LIMIT = 20
Limit = Annotated[int, Query(ge=1, le=100)]


class Listed(Protocol):
    """A thing that lists are made of."""

    @property
    def id(self) -> str:
        """Breaks ties of the order."""

    @property
    def created_at(self) -> datetime:
        """What lists are ordered by."""


Row = TypeVar("Row", bound=Listed)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One list as one caller reads it; tokens of another one are refused."""

    tokens: PageTokens
    collection: str
    scope: tuple[str, ...]

    def query(self, *, limit: int, page: str | None, include_archived: bool) -> PageQuery:
        """Return which rows are asked for. Raises `Invalid` for a token that this list did not return."""
        after = None
        if page is not None:
            created_at, id_ = self.tokens.read(page, collection=self.collection, scope=self.scope)
            after = Position(read_time(created_at), id_)
        return PageQuery(limit=limit, after=after, include_archived=include_archived)

    def next_page(self, found: Page[Row]) -> str | None:
        """Return the token of the page after this one; the last page has none."""
        if not found.more:
            return None
        last = found.rows[-1]
        position = (write_time(last.created_at), last.id)
        return self.tokens.write(position, collection=self.collection, scope=self.scope)
