"""Which schema a database has, found out without writing to it, and bringing it forward.

A release knows one schema number. A database with a smaller one is brought forward at start; one
with a greater one was written by a newer release and is left alone.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import final

from sqlalchemy import Connection, inspect, select, text

from strongroom.core.failures import NotReady
from strongroom.store import tables, whole_schema

CURRENT = 14
"""The schema that this release reads and writes: the newest file in `migrations/versions`."""

INSTALLATION = "installation"
"""The envelope that proves the root key."""

_VERSION_TABLE = "alembic_version"


class State(Enum):
    """How a database stands to this release."""

    FRESH = auto()
    OLDER = auto()
    CURRENT = auto()
    NEWER = auto()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What there is. `installation` is the envelope of that name, readable at every version."""

    state: State
    version: int = 0
    installation: bytes | None = None

    def require_usable(self) -> None:
        """Raise `NotReady` for a database that only a newer release understands."""
        if self.state is State.NEWER:
            raise NotReady(
                f"the database was written by a newer Strongroom (schema {self.version}, this one knows {CURRENT}):"
                " install that version or restore a backup"
            )


FRESH = Inspection(state=State.FRESH)


def inspected(connection: Connection) -> Inspection:
    """Look at a database. Raises `NotReady` for one that is not ours."""
    present = set(inspect(connection).get_table_names())
    if not present:
        return FRESH
    if _VERSION_TABLE not in present:
        raise NotReady("the database holds tables that are not Strongroom's: choose another database")
    version = _version(connection)
    if version is None:
        return FRESH
    statement = select(tables.sealed.c.envelope).where(tables.sealed.c.name == INSTALLATION)
    envelope = connection.scalar(statement) if tables.sealed.name in present else None
    return Inspection(state=_state(version), version=version, installation=envelope)


def migrate(connection: Connection) -> None:
    """Bring a database forward, inside the caller's transaction and under its lock."""
    found = inspected(connection)  # again: another process may have been here since the first look
    found.require_usable()
    if found.state is State.CURRENT:
        return
    if connection.dialect.name == "sqlite" and not inspect(connection).get_table_names():
        whole_schema.lay(connection)
        return
    from strongroom.store.migrations import upgrade  # noqa: PLC0415 - Alembic takes 0.3 s to load; most starts need none

    upgrade(connection)


def _version(connection: Connection) -> int | None:
    written = connection.scalar(text(f"SELECT version_num FROM {_VERSION_TABLE}"))  # noqa: S608 - a constant
    if written is None:
        return None
    try:
        return int(written)
    except ValueError:
        raise NotReady("the database's schema has a number that Strongroom never writes: restore a backup") from None


def _state(version: int) -> State:
    if version == CURRENT:
        return State.CURRENT
    return State.OLDER if version < CURRENT else State.NEWER
