"""The embedded database: one file in the data directory, one writer, readers beside it.

Rules kept here:
- a write is answered after its fsync (`synchronous=FULL`); it takes the write lock when it begins;
- the writes of a process queue for one thread, so they wait their turn and never fail for it;
- the file is ours alone (0600, and SQLite gives its companions the same mode);
- what is deleted is overwritten with zeros, and a write that destroys material empties the
  write-ahead log before it is answered, unless a reader is in the way: then the next write tries.
"""

import asyncio
import logging
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, final
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import NullPool

from strongroom.core.failures import NotReady
from strongroom.store import schema
from strongroom.store.database import driver_errors, reason
from strongroom.store.lanes import Lane
from strongroom.store.schema import Inspection

T = TypeVar("T")

_log = logging.getLogger(__name__)

READERS = 4
_PATIENCE_MS = 5000
"""How long to wait for another process's write."""
_PURGE_PATIENCE_MS = 250
_MODE = 0o600
_HEADER = b"SQLite format 3\0"
_ALWAYS = ("foreign_keys=ON", "trusted_schema=OFF", "temp_store=MEMORY")
_WRITER = ("journal_mode=WAL", "synchronous=FULL", "fullfsync=ON", "secure_delete=ON")
_READER = ("query_only=ON",)


@final
class SqliteDatabase:
    """Implements `Database` on an open file."""

    def __init__(self, *, writer: Engine, readers: Engine) -> None:
        self._writer = writer
        self._readers = readers
        self._write_lane = Lane(name="sqlite-write", width=1)
        self._read_lane = Lane(name="sqlite-read", width=READERS)
        self._purge_due = False

    def read(self, query: Callable[[Connection], T]) -> asyncio.Future[T]:
        """Run a function that only reads, on one snapshot, beside other reads and writes."""
        return self._read_lane.run(partial(self._read, query))

    def write(self, change: Callable[[Connection], T], *, purges: bool = False) -> asyncio.Future[T]:
        """Run a function as one transaction, durable when answered; nothing is kept if it raises."""
        return self._write_lane.run(partial(self._write, change, purges))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Start the threads; at the end let queued work finish and close the file."""
        self._write_lane.start()
        self._read_lane.start()
        try:
            yield
        finally:
            await self._read_lane.close()
            await self._write_lane.close()
            self._readers.dispose()
            self._writer.dispose()

    def _read(self, query: Callable[[Connection], T]) -> T:
        with driver_errors(), self._readers.connect() as connection:
            return query(connection)

    def _write(self, change: Callable[[Connection], T], purges: bool) -> T:  # noqa: FBT001 - from `write`, by keyword
        with driver_errors():
            with self._writer.begin() as connection:
                answer = change(connection)
            if purges or self._purge_due:
                self._purge_due = not _emptied_log(self._writer)
            return answer


@final
class SqliteDriver:
    """Knows a file that may be there or not."""

    def __init__(self, *, path: Path) -> None:
        self._path = path

    @classmethod
    def from_url(cls, url: URL) -> "SqliteDriver":
        """Read `sqlite:///relative/path` or `sqlite:////absolute/path`."""
        if not url.database or url.database == ":memory:":
            raise NotReady("a sqlite URL names a file: sqlite:////var/lib/strongroom/strongroom.db")
        return cls(path=Path(url.database))

    async def inspect(self) -> Inspection:
        """Look at the file without changing it or anything beside it. Raises `NotReady`."""
        return await asyncio.to_thread(self._inspect)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[SqliteDatabase]:
        """Open the file, made if need be, and bring its schema forward. Raises `NotReady`."""
        (await self.inspect()).require_usable()
        await asyncio.to_thread(self._create)
        database = SqliteDatabase(
            writer=_engine(self._path, begin=_begin_write, pragmas=_ALWAYS + _WRITER, width=1),
            readers=_engine(self._path, begin=_begin_read, pragmas=_ALWAYS + _READER, width=READERS),
        )
        async with database.running():
            await asyncio.to_thread(self._migrate, database)
            yield database

    def _inspect(self) -> Inspection:
        if not self._is_database():
            return schema.FRESH
        engine = create_engine("sqlite://", creator=partial(_read_only, self._path), poolclass=NullPool)
        with self._not_ready("read"), engine.connect() as connection:
            return schema.inspected(connection)

    def _is_database(self) -> bool:
        """Tell a database from a missing or empty file. SQLite itself would take any few bytes for empty."""
        try:
            with self._path.open("rb") as file:
                begin = file.read(len(_HEADER))
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            raise NotReady(f"cannot read {self._path} ({error.strerror}): let this user read it") from None
        if begin not in {b"", _HEADER}:
            raise NotReady(f"{self._path} is not a usable database: restore a backup or choose another place")
        return begin == _HEADER

    def _create(self) -> None:
        try:
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, _MODE))
        except OSError as error:
            raise NotReady(
                f"cannot write to {self._path} ({error.strerror}): let this user write there or choose another place"
            ) from None

    def _migrate(self, database: SqliteDatabase) -> None:
        with self._not_ready("write to"), database._writer.begin() as connection:  # noqa: SLF001 - our own
            schema.migrate(connection)

    @contextmanager
    def _not_ready(self, verb: str) -> Iterator[None]:
        try:
            yield
        except OperationalError as error:
            _log.error("%s: %s", self._path, reason(error))
            raise NotReady(
                f"cannot {verb} {self._path} ({error.orig}): check that this user may and that nothing locks it"
            ) from None
        except DatabaseError as error:
            _log.error("%s: %s", self._path, reason(error))
            raise NotReady(
                f"{self._path} is not a usable database ({error.orig}): restore a backup or choose another place"
            ) from None


def _engine(path: Path, *, begin: Callable[[Connection], None], pragmas: tuple[str, ...], width: int) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        # Autocommit in the driver's words: SQLAlchemy alone says where transactions begin and end.
        connect_args={"isolation_level": None, "check_same_thread": False, "timeout": _PATIENCE_MS / 1000},
        pool_size=width,
        max_overflow=0,
        hide_parameters=True,
    )

    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", begin)
    return engine


def _begin_write(connection: Connection) -> None:
    """Take the write lock now: a transaction that first reads could no longer get it later."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_read(connection: Connection) -> None:
    """Begin a snapshot. It touches nothing yet, so it cannot fail, and SQLAlchemy's long way round is saved."""
    connection.connection.cursor().execute("BEGIN")


def _read_only(path: Path) -> sqlite3.Connection:
    """Connect without a trace: a file at rest (no log beside it) is read as if nothing could change it."""
    log = path.with_name(path.name + "-wal")
    resting = not log.exists() or log.stat().st_size == 0
    options = "mode=ro&immutable=1" if resting else "mode=ro"
    return sqlite3.connect(f"file:{quote(str(path.resolve()))}?{options}", uri=True, check_same_thread=False)


def _emptied_log(writer: Engine) -> bool:
    """Move the write-ahead log into the file and cut it to nothing; tell whether no reader was in the way."""
    held = writer.raw_connection()
    try:
        connection: Any = held.dbapi_connection
        connection.execute(f"PRAGMA busy_timeout={_PURGE_PATIENCE_MS}")
        (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        connection.execute(f"PRAGMA busy_timeout={_PATIENCE_MS}")
    except sqlite3.Error as error:
        _log.warning("the write-ahead log could not be emptied yet: %s", error)
        return False
    finally:
        held.close()
    return not busy
