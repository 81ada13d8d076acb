"""Pages of lists: what clients ask for, and tokens that say where to go on (contract anthropic-vaults 1.9).

A token names a position and a direction. It is bound to its list (collection, workspace and what
else the list is of), not to the limit or to `include_archived`: those may change between pages.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Protocol, TypeVar, final

from fastapi import Query
from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from strongroom.core.fields import read_time, write_time
from strongroom.core.pages import Page, PageQuery, Position
from strongroom.crypto.tokens import PageTokens
from strongroom.dialects.validation import OURS

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
_ON, _BACK = "on", "back"
_INTEGER = re.compile(r"-?[0-9]{1,9}\Z")


class Listed(Protocol):
    """A thing that lists are made of."""

    @property
    def id(self) -> str:
        """Breaks ties of the order."""

    @property
    def created_at(self) -> datetime:
        """What lists are ordered by."""


Row = TypeVar("Row", bound=Listed)


def read_integer(text: object) -> object:
    """Read a decimal integer; other spellings of numbers are refused."""
    if isinstance(text, str):
        if not _INTEGER.match(text):
            raise PydanticCustomError(OURS, "{rule}", {"rule": "must be an integer"})
        return int(text)
    return text


def read_flag(text: object) -> object:
    """Read `true` or `false`."""
    if isinstance(text, str):
        if text not in {"true", "false"}:
            raise PydanticCustomError(OURS, "{rule}", {"rule": "must be true or false"})
        return text == "true"
    return text


Limit = Annotated[int, BeforeValidator(read_integer), Query(ge=1, le=MAX_LIMIT)]
PageToken = Annotated[str | None, Query(description="The `next_page` of the page before.")]
IncludeArchived = Annotated[bool, BeforeValidator(read_flag), Query(description="Whether archived ones are shown.")]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One list as one caller reads it; tokens of another one are refused."""

    tokens: PageTokens
    collection: str
    scope: tuple[str, ...]
    newest_first: bool = True

    def query(self, *, limit: int, page: str | None, include_archived: bool) -> PageQuery:
        """Return which rows are asked for. Raises `Invalid` for a token that this list did not return."""
        position, backwards = None, False
        if page is not None:
            direction, created_at, id_ = self.tokens.read(page, collection=self.collection, scope=self._scope)
            position, backwards = Position(read_time(created_at), id_), direction == _BACK
        return PageQuery(
            limit=limit,
            after=position,
            include_archived=include_archived,
            newest_first=self.newest_first,
            backwards=backwards,
        )

    def next_page(self, query: PageQuery, found: Page[Row]) -> str | None:
        """Return the token of the page after this one. None ends a client's walk, so an empty page has none."""
        follows = query.backwards or found.more
        return self._token(_ON, found.rows[-1]) if found.rows and follows else None

    def prev_page(self, query: PageQuery, found: Page[Row]) -> str | None:
        """Return the token of the page before this one; the first page has none."""
        precedes = found.more if query.backwards else query.after is not None
        return self._token(_BACK, found.rows[0]) if found.rows and precedes else None

    def _token(self, direction: str, row: Listed) -> str:
        position = (direction, write_time(row.created_at), row.id)
        return self.tokens.write(position, collection=self.collection, scope=self._scope)

    @property
    def _scope(self) -> tuple[str, ...]:
        return (*self.scope, "desc" if self.newest_first else "asc")
