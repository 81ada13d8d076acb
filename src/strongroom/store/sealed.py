"""A few named envelopes that belong to the installation."""

from functools import partial
from typing import final

from sqlalchemy import Connection, bindparam, select

from strongroom.store import tables
from strongroom.store.database import UPSERTS, Database

_SEALED = tables.sealed

_GET = select(_SEALED.c.envelope).where(_SEALED.c.name == bindparam("name"))
_PUT = {name: insert(_SEALED).on_conflict_do_nothing() for name, insert in UPSERTS.items()}


@final
class SealedStore:
    """Implements `Sealed`."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    async def get(self, name: str) -> bytes | None:
        """Return an envelope, or None."""
        return await self._database.read(partial(_get, name))

    async def put_if_absent(self, name: str, envelope: bytes) -> bytes:
        """Keep an envelope if there is none of that name; return the one that is there now."""
        return await self._database.write(partial(_put_if_absent, name, envelope))


def _get(name: str, connection: Connection) -> bytes | None:
    return connection.execute(_GET, {"name": name}).scalar_one_or_none()


def _put_if_absent(name: str, envelope: bytes, connection: Connection) -> bytes:
    connection.execute(_PUT[connection.dialect.name], {"name": name, "envelope": envelope})
    kept: bytes = connection.execute(_GET, {"name": name}).scalar_one()
    return kept
