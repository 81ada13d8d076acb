"""What the nouns of the store stand on: reads, writes, and one wall for a driver's errors.

A transaction is a plain function of a SQLAlchemy connection. The driver says where it runs: SQLite
in threads of its own, an asynchronous driver through `AsyncConnection.run_sync`. Either way the
function runs as one transaction and the answer comes once it is durable.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol, TypeVar

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from strongroom.core.failures import Invalid, Unavailable

T = TypeVar("T")

_log = logging.getLogger(__name__)

_NOT_UNICODE = "texts must be valid Unicode"


class Database(Protocol):
    """A database that is open, and whose schema is the one we know."""

    def read(self, query: Callable[[Connection], T]) -> asyncio.Future[T]:
        """Run a function that only reads, on one snapshot, beside other reads and writes."""

    def write(self, change: Callable[[Connection], T], *, purges: bool = False) -> asyncio.Future[T]:
        """Run a function as one transaction, durable when answered; nothing is kept if it raises.

        It runs to its end even if the caller stops waiting. With `purges` it destroys material, and
        the driver sees that no copy stays behind in its own files.
        """


UPSERTS: Mapping[str, Callable[..., sqlite.Insert | postgresql.Insert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}
"""`INSERT … ON CONFLICT`, which both write the same and SQLAlchemy keeps in two places."""


@contextmanager
def driver_errors() -> Iterator[None]:
    """Turn a driver's errors into `Unavailable`, with the reason to the log: it may quote what was stored."""
    try:
        yield
    except UnicodeEncodeError:
        raise Invalid(_NOT_UNICODE) from None
    except SQLAlchemyError as error:
        if isinstance(getattr(error, "orig", None), UnicodeEncodeError):
            raise Invalid(_NOT_UNICODE) from None
        _log.error("the database failed: %s", reason(error))
        raise Unavailable("the database does not answer") from None


def reason(error: SQLAlchemyError) -> str:
    """Say what the driver said, without statement and parameters."""
    cause = getattr(error, "orig", None) or error
    return f"{type(cause).__name__}: {cause.args[0] if cause.args else ''}"
