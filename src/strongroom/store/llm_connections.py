"""Connections: a credential and its row beside, written and read together."""

from collections.abc import Sequence
from functools import partial
from typing import Any, final

from sqlalchemy import Connection as Database_
from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from strongroom.core.credentials import Credential
from strongroom.core.failures import Conflict, Invalid, NotFound
from strongroom.core.fields import from_plain, to_plain
from strongroom.core.ids import CredentialId, WorkspaceId
from strongroom.core.llm.attribution import Attribution
from strongroom.core.llm.connections import MAX_CONNECTIONS, Connection, comparable
from strongroom.core.llm.providers import HealthStatus
from strongroom.core.llm.schemes import Scheme
from strongroom.services.ports import Change, Custody, Subject
from strongroom.store import credentials as kept
from strongroom.store import tables
from strongroom.store.changes import ChangeFeed, News
from strongroom.store.database import Database
from strongroom.store.llm_tables import CONNECTION_NAME_INDEX, connections, providers
from strongroom.store.rows import Row, read_credential, reads
from strongroom.store.vaults import required as required_vault

_CREDENTIALS = tables.credentials
_BESIDE = (connections.c.key_last4, connections.c.secret_version, connections.c.attribution)
_JOINED = connections.c.credential_id == _CREDENTIALS.c.id
_OF_WORKSPACE = connections.c.workspace_id == bindparam("workspace")
_IN_PLACE = (_OF_WORKSPACE, connections.c.credential_id == bindparam("connection"))

_ALL = (
    select(*kept.DESCRIPTION, *_BESIDE)
    .join_from(connections, _CREDENTIALS, _JOINED)
    .where(_OF_WORKSPACE, _CREDENTIALS.c.archived_at.is_(None))
    .order_by(_CREDENTIALS.c.created_at, _CREDENTIALS.c.id)
)
_HELD_ALL = _ALL.add_columns(*kept.CUSTODY)
_ONE = _HELD_ALL.where(*_IN_PLACE)
_COUNT = select(func.count()).select_from(connections).where(_OF_WORKSPACE)
_ADD = insert(connections)
_REPLACE = (
    update(connections)
    .where(connections.c.credential_id == bindparam("connection"))
    .values(
        name_key=bindparam("new_name_key"),
        key_last4=bindparam("new_key_last4"),
        secret_version=bindparam("new_secret_version"),
        role_trust=bindparam("new_role_trust"),
        attribution=bindparam("new_attribution"),
    )
)
_UNVERIFIED = (
    update(providers)
    .where(providers.c.connection_id == bindparam("connection"))
    .values(health_status=HealthStatus.UNVERIFIED.value, health_checked_at=None, health_detail=None)
)
_LOCKED = select(connections.c.credential_id).where(*_IN_PLACE).with_for_update()
_USERS = (
    select(providers.c.name)
    .where(providers.c.connection_id == bindparam("connection"))
    .order_by(providers.c.created_at, providers.c.id)
)
_DELETE = delete(connections).where(connections.c.credential_id == bindparam("connection"))
_TRUSTED_BY_OTHERS = (
    select(connections.c.credential_id)
    .where(
        connections.c.role_trust == bindparam("trust"),
        connections.c.organization_id != bindparam("organization"),
    )
    .limit(1)
)


@final
class ConnectionStore:
    """Implements `Connections`."""

    def __init__(self, *, database: Database, feed: ChangeFeed) -> None:
        self._database = database
        self._feed = feed

    async def add(self, connection: Connection, custody: Custody) -> None:
        """Add a connection to an active vault."""
        await self._feed.write(partial(_add, connection, custody))

    async def get(self, workspace: WorkspaceId, connection: str) -> Connection:
        """Return a connection. Raises `NotFound`."""
        return (await self._database.read(partial(_one, workspace, connection)))[0]

    async def all(self, workspace: WorkspaceId) -> list[Connection]:
        """Return all, oldest first."""
        return await self._database.read(partial(_all, workspace))

    async def held(self, workspace: WorkspaceId, connection: str) -> tuple[Connection, Custody]:
        """Return a connection with its receipt, read together. Raises `NotFound`."""
        found, custody = await self._database.read(partial(_one, workspace, connection))
        if custody is None:
            raise NotFound("connection", connection)
        return found, custody

    async def replace(self, connection: Connection, custody: Custody | None, *, expected: int) -> bool:
        """Write a changed connection if its credential's revision is still `expected`; tell whether."""
        change = partial(_replace, connection, custody, expected)
        return await self._feed.write(change, purges=custody is not None)

    async def delete(self, workspace: WorkspaceId, connection: str) -> None:
        """Remove it with its secret. Raises `Conflict`, naming them, while providers use it."""
        await self._feed.write(partial(_delete, workspace, connection), purges=True)


def held_all(workspace: WorkspaceId, database: Database_) -> list[tuple[Connection, Custody | None]]:
    """Return all with their receipts; a destroyed one is None."""
    return [(_read(row), _custody(row)) for row in database.execute(_HELD_ALL, {"workspace": workspace})]


def _add(connection: Connection, custody: Custody, database: Database_, news: News) -> None:
    credential = connection.credential
    # The lock on the vault's row makes the count and the insert one step for every other writer.
    required_vault(credential.workspace, credential.vault, database, lock=True)
    if database.execute(_COUNT, {"workspace": credential.workspace}).scalar_one() >= MAX_CONNECTIONS:
        raise Conflict(f"there are {MAX_CONNECTIONS} connections already: delete one first", code="limit_reached")
    _require_own_trust(connection, database)
    kept.add_credential(credential, custody, database, news)
    row = {"credential_id": credential.id, "organization_id": credential.organization}
    try:
        database.execute(_ADD, row | {"workspace_id": credential.workspace} | _write(connection))
    except IntegrityError as error:
        raise _taken(error) from None


def _one(workspace: WorkspaceId, connection: str, database: Database_) -> tuple[Connection, Custody | None]:
    row = database.execute(_ONE, {"workspace": workspace, "connection": connection}).one_or_none()
    if row is None:
        raise NotFound("connection", connection)
    return _read(row), _custody(row)


def _all(workspace: WorkspaceId, database: Database_) -> list[Connection]:
    return [_read(row) for row in database.execute(_ALL, {"workspace": workspace})]


def _replace(connection: Connection, custody: Custody | None, expected: int, database: Database_, news: News) -> bool:
    credential = connection.credential
    _require_own_trust(connection, database)
    if not kept.rewrite(credential, custody, expected, database):
        return False
    try:
        values = {f"new_{name}": value for name, value in _write(connection).items()}
        database.execute(_REPLACE, {"connection": credential.id, **values})
    except IntegrityError as error:
        raise _taken(error) from None
    if custody is not None:  # what was seen of its upstreams was seen of another secret
        database.execute(_UNVERIFIED, {"connection": credential.id})
    news.append(_changed(credential))
    return True


def _delete(workspace: WorkspaceId, connection: str, database: Database_, news: News) -> None:
    place = {"workspace": workspace, "connection": connection}
    if database.execute(_LOCKED, place).one_or_none() is None:
        raise NotFound("connection", connection)
    users: Sequence[str] = database.execute(_USERS, place).scalars().all()
    if users:
        many = f"{len(users)} provider{'' if len(users) == 1 else 's'}"
        raise Conflict(f"the connection is used by {many}: {', '.join(users)}")
    found, _ = _one(workspace, connection, database)
    database.execute(_DELETE, {"connection": connection})
    kept.remove_credential(found.credential, database, news)


def _require_own_trust(connection: Connection, database: Database_) -> None:
    """Keep one tenant from riding on the trust that another's account puts in us (contract 3.4)."""
    trust = _role_trust(connection)
    if trust is None:
        return
    parameters = {"trust": trust, "organization": connection.credential.organization}
    if database.execute(_TRUSTED_BY_OTHERS, parameters).first() is not None:
        raise Invalid(
            "cannot be used with this iam_role_arn: leave it out, and one is made", field="settings.external_id"
        )


def _role_trust(connection: Connection) -> str | None:
    if connection.scheme is not Scheme.AWS_ROLE:
        return None
    settings = connection.upstream.settings
    return f"{settings['iam_role_arn']} {settings['external_id']}"


def _write(connection: Connection) -> dict[str, Any]:
    return {
        "name_key": comparable(connection.name),
        "key_last4": connection.key_last4,
        "secret_version": connection.secret_version,
        "role_trust": _role_trust(connection),
        "attribution": to_plain(connection.attribution),
    }


@reads("connection")
def _read(row: Row) -> Connection:
    return Connection(
        credential=read_credential(row),
        key_last4=row.key_last4,
        secret_version=row.secret_version,
        attribution=from_plain(Attribution, row.attribution),
    )


def _custody(row: Row) -> Custody | None:
    return None if row.receipt is None else Custody(row.custodian, row.receipt, row.custody_revision)


def _changed(credential: Credential) -> Change:
    id_: CredentialId = credential.id
    return Change(subject=Subject.CREDENTIAL, workspace=credential.workspace, id=id_, vault=credential.vault)


def _taken(error: IntegrityError) -> Exception:
    """Return `Conflict` if it was the name that is taken; both databases name its column or index."""
    said = str(error.orig)
    if CONNECTION_NAME_INDEX in said or "name_key" in said:
        return Conflict("there is a connection with this name already")
    return error
