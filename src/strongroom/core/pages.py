"""Pages of a list: where a reader stands, what it asks for, what it gets."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar, final

T = TypeVar("T")


@final
@dataclass(frozen=True, slots=True)
class Position:
    """A place between two rows of a list ordered by creation time and id."""

    created_at: datetime
    id: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PageQuery:
    """Which rows: at most `limit` of them beyond `after` in the reading direction.

    `newest_first` is the order of the list. `backwards` asks for the rows just *before* `after`
    (still returned in the order of the list).
    """

    limit: int
    after: Position | None = None
    include_archived: bool = False
    newest_first: bool = True
    backwards: bool = False


@final
@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Rows in the order of the list; `more` tells whether rows follow in the reading direction."""

    rows: tuple[T, ...]
    more: bool
