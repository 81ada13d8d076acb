"""A few named envelopes that belong to the installation."""

from functools import partial
from typing import final

from sqlalchemy import Connection, bindparam, select, update

from strongroom.store import tables
from strongroom.store.database import UPSERTS, Database

_SEALED = tables.sealed

_GET = select(_SEALED.c.envelope).where(_SEALED.c.name == bindparam("name"))
_PUT = {name: insert(_SEALED).on_conflict_do_nothing() for name, insert in UPSERTS.items()}
_REPLACE = (
    update(_SEALED)
    .where(_SEALED.c.name == bindparam("named"), _SEALED.c.envelope == bindparam("expected"))
    .values(envelope=bindparam("replacement"))
)


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

    async def replace(self, name: str, envelope: bytes, *, expected: bytes) -> bool:
        """Keep another envelope if the one of that name is still the expected one; tell whether."""
        return await self._database.write(partial(_replace, name, envelope, expected), purges=True)


def _get(name: str, connection: Connection) -> bytes | None:
    return connection.execute(_GET, {"name": name}).scalar_one_or_none()


def _put_if_absent(name: str, envelope: bytes, connection: Connection) -> bytes:
    connection.execute(_PUT[connection.dialect.name], {"name": name, "envelope": envelope})
    kept: bytes = connection.execute(_GET, {"name": name}).scalar_one()
    return kept


def _replace(name: str, envelope: bytes, expected: bytes, connection: Connection) -> bool:
    parameters = {"named": name, "expected": expected, "replacement": envelope}
    return connection.execute(_REPLACE, parameters).rowcount == 1
