"""Organizations, their workspaces, and keys by the hash of their text."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import final

from sqlalchemy import Connection, bindparam, insert, select, update

from strongroom.core.actions import Scope
from strongroom.core.failures import NotFound
from strongroom.core.ids import KeyId, OrganizationId, WorkspaceId
from strongroom.core.tenants import ApiKey, Organization, Workspace
from strongroom.core.uuids import uuid_for
from strongroom.services.ports import Change, Subject
from strongroom.store import tables
from strongroom.store.changes import ChangeFeed, News, Owner
from strongroom.store.database import UPSERTS, Database
from strongroom.store.rows import Row, reads
from strongroom.store.sessions import tell_ended

_ORGANIZATIONS, _WORKSPACES, _KEYS, _SESSIONS = (
    tables.organizations,
    tables.workspaces,
    tables.api_keys,
    tables.sessions,
)

_ADD_ORGANIZATION = insert(_ORGANIZATIONS)
_SETTLE_ORGANIZATION = {name: insert(_ORGANIZATIONS).on_conflict_do_nothing() for name, insert in UPSERTS.items()}
_ADD_WORKSPACE = insert(_WORKSPACES)
_ADD_KEY = insert(_KEYS)
_ALL_ORGANIZATIONS = select(_ORGANIZATIONS).order_by(_ORGANIZATIONS.c.created_at, _ORGANIZATIONS.c.id)
_ORGANIZATION = select(_ORGANIZATIONS).where(_ORGANIZATIONS.c.id == bindparam("organization"))
_BY_UUID = select(_ORGANIZATIONS).where(_ORGANIZATIONS.c.uuid == bindparam("uuid"))
_WORKSPACES_OF = (
    select(_WORKSPACES)
    .where(_WORKSPACES.c.organization_id == bindparam("organization"))
    .order_by(_WORKSPACES.c.created_at, _WORKSPACES.c.id)
)
_KEY_BY_DIGEST = select(_KEYS).where(_KEYS.c.digest == bindparam("digest"))
_KEYS_OF = (
    select(_KEYS)
    .where(_KEYS.c.workspace_id == bindparam("workspace"))
    .order_by(_KEYS.c.created_at.desc(), _KEYS.c.id.desc())
)
_KEY = select(_KEYS).where(_KEYS.c.id == bindparam("key"), _KEYS.c.workspace_id == bindparam("workspace"))
_LOCKED_KEY = _KEY.with_for_update()
_REVOKE = update(_KEYS).where(_KEYS.c.id == bindparam("key")).values(revoked_at=bindparam("at"))
_END_SESSIONS = (
    update(_SESSIONS)
    .where(
        _SESSIONS.c.opened_by == bindparam("key"),
        _SESSIONS.c.archived_at.is_(None),
        _SESSIONS.c.expires_at > bindparam("at", type_=_SESSIONS.c.expires_at.type),
    )
    .values(archived_at=bindparam("at"), updated_at=bindparam("at"))
    .returning(_SESSIONS.c.id, _SESSIONS.c.workspace_id)
)


@final
class TenantStore:
    """Implements `Tenants`."""

    def __init__(self, *, database: Database, feed: ChangeFeed) -> None:
        self._database = database
        self._feed = feed

    async def add_organization(self, organization: Organization, workspace: Workspace) -> None:
        """Add an organization with its first workspace."""
        await self._database.write(partial(_add_organization, organization, workspace))

    async def settle_organization(self, organization: Organization, workspace: Workspace) -> Organization:
        """Add one with its first workspace, unless there is one with that UUID; return the one there is then."""
        return await self._database.write(partial(_settle_organization, organization, workspace))

    async def organizations(self) -> list[Organization]:
        """Return all, oldest first."""
        return await self._database.read(_organizations)

    async def organization(self, organization: OrganizationId) -> Organization | None:
        """Return one, or None."""
        return await self._database.read(partial(_organization, organization))

    async def organization_by_uuid(self, uuid: str) -> Organization | None:
        """Return the one that is called so by wires that know organizations by UUID, or None."""
        return await self._database.read(partial(_organization_by_uuid, uuid))

    async def workspaces(self, organization: OrganizationId) -> list[Workspace]:
        """Return an organization's workspaces, oldest first."""
        return await self._database.read(partial(_workspaces, organization))

    async def add_key(self, key: ApiKey, digest: bytes) -> None:
        """Add a key by the SHA-256 of its text."""
        await self._database.write(partial(_add_key, key, digest))

    async def key_by_digest(self, digest: bytes) -> ApiKey | None:
        """Return the key with that digest, revoked ones included."""
        return await self._database.read(partial(_key_by_digest, digest))

    async def keys(self, workspace: WorkspaceId) -> list[ApiKey]:
        """Return a workspace's keys, newest first."""
        return await self._database.read(partial(_keys, workspace))

    async def revoke_key(self, workspace: WorkspaceId, key: KeyId, at: datetime) -> ApiKey:
        """Set `revoked_at` if unset and archive the sessions the key opened. Raises `NotFound`."""
        return await self._feed.write(partial(_revoke, workspace, key, at))


def _add_organization(organization: Organization, workspace: Workspace, connection: Connection) -> None:
    connection.execute(_ADD_ORGANIZATION, _write_organization(organization))
    connection.execute(_ADD_WORKSPACE, _write_workspace(workspace))


def _settle_organization(organization: Organization, workspace: Workspace, connection: Connection) -> Organization:
    connection.execute(_SETTLE_ORGANIZATION[connection.dialect.name], _write_organization(organization))
    there = _read_organization(connection.execute(_BY_UUID, {"uuid": organization.uuid}).one())
    if there.id == organization.id:
        connection.execute(_ADD_WORKSPACE, _write_workspace(workspace))
    return there


def _write_organization(organization: Organization) -> dict[str, object]:
    return {
        "id": organization.id,
        "name": organization.name,
        "created_at": organization.created_at,
        "uuid": organization.uuid,
    }


def _write_workspace(workspace: Workspace) -> dict[str, object]:
    return {
        "id": workspace.id,
        "organization_id": workspace.organization,
        "name": workspace.name,
        "created_at": workspace.created_at,
    }


def _organizations(connection: Connection) -> list[Organization]:
    return [_read_organization(row) for row in connection.execute(_ALL_ORGANIZATIONS)]


def _organization(organization: OrganizationId, connection: Connection) -> Organization | None:
    row = connection.execute(_ORGANIZATION, {"organization": organization}).one_or_none()
    return None if row is None else _read_organization(row)


def _organization_by_uuid(uuid: str, connection: Connection) -> Organization | None:
    row = connection.execute(_BY_UUID, {"uuid": uuid}).one_or_none()
    return None if row is None else _read_organization(row)


def _read_organization(row: Row) -> Organization:
    foreign = None if row.uuid == uuid_for(row.id) else row.uuid
    return Organization(id=row.id, name=row.name, created_at=row.created_at, foreign_uuid=foreign)


def _workspaces(organization: OrganizationId, connection: Connection) -> list[Workspace]:
    return [
        Workspace(id=row.id, organization=row.organization_id, name=row.name, created_at=row.created_at)
        for row in connection.execute(_WORKSPACES_OF, {"organization": organization})
    ]


def _add_key(key: ApiKey, digest: bytes, connection: Connection) -> None:
    connection.execute(
        _ADD_KEY,
        {
            "id": key.id,
            "organization_id": key.organization,
            "workspace_id": key.workspace,
            "name": key.name,
            "hint": key.hint,
            "scopes": sorted(key.scopes),
            "digest": digest,
            "created_at": key.created_at,
            "revoked_at": key.revoked_at,
        },
    )


def _key_by_digest(digest: bytes, connection: Connection) -> ApiKey | None:
    row = connection.execute(_KEY_BY_DIGEST, {"digest": digest}).one_or_none()
    return None if row is None else _read_key(row)


def _keys(workspace: WorkspaceId, connection: Connection) -> list[ApiKey]:
    return [_read_key(row) for row in connection.execute(_KEYS_OF, {"workspace": workspace})]


def _revoke(workspace: WorkspaceId, key: KeyId, at: datetime, connection: Connection, news: News) -> ApiKey:
    row = connection.execute(_LOCKED_KEY, {"key": key, "workspace": workspace}).one_or_none()
    if row is None:
        raise NotFound("key", key)
    found = _read_key(row)
    if found.revoked_at is None:
        connection.execute(_REVOKE, {"key": key, "at": at})
        found = replace(found, revoked_at=at)
        news.append(Change(subject=Subject.KEY, workspace=workspace, id=key))
    ended = connection.execute(_END_SESSIONS, {"key": key, "at": at}).all()
    news.extend(_ended(ended))
    for row in ended:
        tell_ended(news, row.id, Owner(found.organization, row.workspace_id), at=at)
    return found


def _ended(rows: Sequence[Row]) -> list[Change]:
    return [Change(subject=Subject.SESSION, workspace=row.workspace_id, id=row.id) for row in rows]


@reads("key")
def _read_key(row: Row) -> ApiKey:
    return ApiKey(
        id=row.id,
        organization=row.organization_id,
        workspace=row.workspace_id,
        name=row.name,
        hint=row.hint,
        scopes=frozenset(map(Scope, row.scopes)),
        created_at=row.created_at,
        revoked_at=row.revoked_at,
    )
