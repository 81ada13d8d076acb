"""Keys of the LLM gateway, by the hash of their text; and all that they can reach, read at one moment."""

from datetime import datetime
from functools import partial
from typing import final

from sqlalchemy import Connection, bindparam, func, insert, select, update

from strongroom.core.failures import Conflict, NotFound
from strongroom.core.ids import WorkspaceId
from strongroom.core.llm.gateway_keys import MAX_KEYS, GatewayKey, GatewayKeyKind
from strongroom.core.llm.limits import Limits
from strongroom.services.llm_ports import Holdings
from strongroom.services.ports import Change, Subject
from strongroom.store import tables
from strongroom.store.changes import ChangeFeed, News
from strongroom.store.columns import Moment
from strongroom.store.database import Database
from strongroom.store.llm_connections import held_all
from strongroom.store.llm_mappings import all_mappings
from strongroom.store.llm_providers import all_marked
from strongroom.store.llm_tables import gateway_keys
from strongroom.store.rows import Row, reads

_OF_WORKSPACE = gateway_keys.c.workspace_id == bindparam("workspace")
_IN_PLACE = (_OF_WORKSPACE, gateway_keys.c.id == bindparam("key"))

_HOME = select(tables.workspaces.c.id).where(tables.workspaces.c.id == bindparam("workspace")).with_for_update()
_COUNT = select(func.count()).select_from(gateway_keys).where(_OF_WORKSPACE, gateway_keys.c.revoked_at.is_(None))
_ADD = insert(gateway_keys)
_ONE = select(gateway_keys).where(*_IN_PLACE)
_ALL = select(gateway_keys).where(_OF_WORKSPACE).order_by(gateway_keys.c.created_at, gateway_keys.c.id)
_BY_DIGEST = select(gateway_keys).where(gateway_keys.c.digest == bindparam("digest"))
_DISABLE = update(gateway_keys).where(*_IN_PLACE).values(disabled_at=bindparam("at"))
_REVOKE = (
    update(gateway_keys)
    .where(*_IN_PLACE)
    .values(revoked_at=func.coalesce(gateway_keys.c.revoked_at, bindparam("at", type_=Moment)))
)
_LIMIT = (
    update(gateway_keys).where(*_IN_PLACE).values(tokens_per_day=bindparam("day"), tokens_per_month=bindparam("month"))
)
_USED = update(gateway_keys).where(gateway_keys.c.id == bindparam("key")).values(last_used_at=bindparam("at"))


@final
class GatewayKeyStore:
    """Implements `GatewayKeys` and `RoutingTable`."""

    def __init__(self, *, database: Database, feed: ChangeFeed) -> None:
        self._database = database
        self._feed = feed

    async def add(self, key: GatewayKey, digest: bytes) -> None:
        """Add a key. Raises `Conflict` beyond `MAX_KEYS` of a workspace."""
        await self._database.write(partial(_add, key, digest))

    async def get(self, workspace: WorkspaceId, key: str) -> GatewayKey:
        """Return a key. Raises `NotFound`."""
        return await self._database.read(partial(_required, workspace, key))

    async def all(self, workspace: WorkspaceId) -> list[GatewayKey]:
        """Return all, oldest first, revoked ones included."""
        return await self._database.read(partial(_all, workspace))

    async def by_digest(self, digest: bytes) -> GatewayKey | None:
        """Return the key with that digest, whatever its state."""
        return await self._database.read(partial(_by_digest, digest))

    async def disable(self, workspace: WorkspaceId, key: str, at: datetime | None) -> None:
        """Switch a key off, or on again with None. Raises `NotFound`."""
        await self._feed.write(partial(_disable, workspace, key, at))

    async def revoke(self, workspace: WorkspaceId, key: str, at: datetime) -> None:
        """Revoke a key for ever; repeating is harmless. Raises `NotFound`."""
        await self._feed.write(partial(_revoke, workspace, key, at))

    async def limit(self, workspace: WorkspaceId, key: str, limits: Limits) -> GatewayKey:
        """Set what a key may take, and return it. Raises `NotFound`."""
        return await self._feed.write(partial(_limit, workspace, key, limits))

    async def used(self, key: str, at: datetime) -> None:
        """Write down when a key was last used."""
        await self._database.write(partial(_used, key, at))

    async def holdings(self, workspace: WorkspaceId) -> Holdings:
        """Return all of a workspace. A connection whose secret was destroyed has no receipt."""
        return await self._database.read(partial(_holdings, workspace))


def _holdings(workspace: WorkspaceId, connection: Connection) -> Holdings:
    return Holdings(
        connections=held_all(workspace, connection),
        providers=all_marked(workspace, connection),
        mappings=all_mappings(workspace, None, connection),
    )


def _add(key: GatewayKey, digest: bytes, connection: Connection) -> None:
    # The lock on the workspace's row makes the count and the insert one step for every other writer.
    connection.execute(_HOME, {"workspace": key.workspace})
    if connection.execute(_COUNT, {"workspace": key.workspace}).scalar_one() >= MAX_KEYS:
        raise Conflict(f"there are {MAX_KEYS} gateway keys already: revoke one first", code="limit_reached")
    connection.execute(
        _ADD,
        {
            "id": key.id,
            "organization_id": key.organization,
            "workspace_id": key.workspace,
            "name": key.name,
            "kind": key.kind.value,
            "key_prefix": key.key_prefix,
            "digest": digest,
            "created_by_user_id": key.created_by_user_id,
            "user_id": key.user_id,
            "user_email": key.user_email,
            "group_name": key.group_name,
            "scopes": list(key.scopes),
            "created_at": key.created_at,
            "expires_at": key.expires_at,
        },
    )


def _required(workspace: WorkspaceId, key: str, connection: Connection) -> GatewayKey:
    row = connection.execute(_ONE, {"workspace": workspace, "key": key}).one_or_none()
    if row is None:
        raise NotFound("gateway key", key)
    return _read(row)


def _all(workspace: WorkspaceId, connection: Connection) -> list[GatewayKey]:
    return [_read(row) for row in connection.execute(_ALL, {"workspace": workspace})]


def _by_digest(digest: bytes, connection: Connection) -> GatewayKey | None:
    row = connection.execute(_BY_DIGEST, {"digest": digest}).one_or_none()
    return None if row is None else _read(row)


def _disable(workspace: WorkspaceId, key: str, at: datetime | None, connection: Connection, news: News) -> None:
    if not connection.execute(_DISABLE, {"workspace": workspace, "key": key, "at": at}).rowcount:
        raise NotFound("gateway key", key)
    news.append(_changed(workspace, key))


def _revoke(workspace: WorkspaceId, key: str, at: datetime, connection: Connection, news: News) -> None:
    if not connection.execute(_REVOKE, {"workspace": workspace, "key": key, "at": at}).rowcount:
        raise NotFound("gateway key", key)
    news.append(_changed(workspace, key))


def _limit(workspace: WorkspaceId, key: str, limits: Limits, connection: Connection, news: News) -> GatewayKey:
    connection.execute(_LIMIT, {"workspace": workspace, "key": key, "day": limits.day, "month": limits.month})
    limited = _required(workspace, key, connection)
    news.append(_changed(workspace, key))
    return limited


def _used(key: str, at: datetime, connection: Connection) -> None:
    connection.execute(_USED, {"key": key, "at": at})


def _changed(workspace: WorkspaceId, key: str) -> Change:
    return Change(subject=Subject.GATEWAY_KEY, workspace=workspace, id=key)


@reads("gateway key")
def _read(row: Row) -> GatewayKey:
    return GatewayKey(
        id=row.id,
        organization=row.organization_id,
        workspace=row.workspace_id,
        name=row.name,
        kind=GatewayKeyKind(row.kind),
        key_prefix=row.key_prefix,
        created_by_user_id=row.created_by_user_id,
        user_id=row.user_id,
        user_email=row.user_email,
        group_name=row.group_name,
        scopes=tuple(row.scopes),
        created_at=row.created_at,
        expires_at=row.expires_at,
        disabled_at=row.disabled_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
        limits=Limits(day=row.tokens_per_day, month=row.tokens_per_month),
    )
