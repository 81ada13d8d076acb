"""Namespaces of the provider, each with its vault, and their tokens by the hash of their text."""

from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import final

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from strongroom.core.events import EventType
from strongroom.core.failures import NotFound
from strongroom.core.ids import ProviderTokenId, WorkspaceId
from strongroom.core.provider import Namespace, ProviderToken
from strongroom.core.vaults import Vault
from strongroom.store import tables
from strongroom.store.changes import ChangeFeed, News
from strongroom.store.database import UPSERTS, Database
from strongroom.store.rows import Row, reads, write_vault

_NAMESPACES, _TOKENS, _VAULTS = tables.provider_namespaces, tables.provider_tokens, tables.vaults

_NAMESPACE = select(_NAMESPACES).where(
    _NAMESPACES.c.workspace_id == bindparam("workspace"), _NAMESPACES.c.name == bindparam("name")
)
_ADD_VAULT = insert(_VAULTS)
_REMOVE_VAULT = delete(_VAULTS).where(_VAULTS.c.id == bindparam("vault"))
_ADD_NAMESPACE = {name: insert_(_NAMESPACES).on_conflict_do_nothing() for name, insert_ in UPSERTS.items()}
_ADD = insert(_TOKENS)
_BY_DIGEST = select(_TOKENS).where(_TOKENS.c.digest == bindparam("digest"))
_TOKEN = select(_TOKENS).where(_TOKENS.c.id == bindparam("token"), _TOKENS.c.workspace_id == bindparam("workspace"))
_LOCKED = _TOKEN.with_for_update()
_OF_WORKSPACE = (
    select(_TOKENS)
    .where(_TOKENS.c.workspace_id == bindparam("workspace"))
    .order_by(_TOKENS.c.created_at.desc(), _TOKENS.c.id.desc())
)
_REVOKE = update(_TOKENS).where(_TOKENS.c.id == bindparam("token")).values(revoked_at=bindparam("at"))


@final
class ProviderTokenStore:
    """Implements `ProviderTokens`."""

    def __init__(self, *, database: Database, feed: ChangeFeed) -> None:
        self._database = database
        self._feed = feed

    async def open(self, namespace: Namespace, vault: Vault) -> Namespace:
        """Add a namespace with its vault, unless the workspace has one of that name; return the one that is there."""
        return await self._feed.write(partial(_open, namespace, vault))

    async def namespace(self, workspace: WorkspaceId, name: str) -> Namespace:
        """Return a namespace. Raises `NotFound`."""
        return await self._database.read(partial(_namespace, workspace, name))

    async def add(self, token: ProviderToken, digest: bytes) -> None:
        """Add a token by the SHA-256 of its text."""
        await self._database.write(partial(_add, token, digest))

    async def by_digest(self, digest: bytes) -> ProviderToken | None:
        """Return the token with that digest, revoked ones included."""
        return await self._database.read(partial(_by_digest, digest))

    async def get(self, workspace: WorkspaceId, token: ProviderTokenId) -> ProviderToken:
        """Return a token. Raises `NotFound`."""
        return await self._database.read(partial(_required, workspace, token))

    async def page(self, workspace: WorkspaceId) -> list[ProviderToken]:
        """Return a workspace's tokens, newest first, revoked ones included."""
        return await self._database.read(partial(_page, workspace))

    async def revoke(self, workspace: WorkspaceId, token: ProviderTokenId, at: datetime) -> ProviderToken:
        """Set `revoked_at` if unset. Raises `NotFound`."""
        return await self._database.write(partial(_revoke, workspace, token, at))


def _open(namespace: Namespace, vault: Vault, connection: Connection, news: News) -> Namespace:
    known = {"workspace": namespace.workspace, "name": namespace.name}
    there = connection.execute(_NAMESPACE, known).one_or_none()
    if there is not None:
        return _read_namespace(there)
    connection.execute(_ADD_VAULT, write_vault(vault))
    columns = {
        "organization_id": namespace.organization,
        "workspace_id": namespace.workspace,
        "name": namespace.name,
        "vault_id": namespace.vault,
        "opened_by": namespace.opened_by,
        "created_at": namespace.created_at,
    }
    if connection.execute(_ADD_NAMESPACE[connection.dialect.name], columns).rowcount != 1:
        # Another node was first, since we looked: what it made is the namespace, and our vault is nobody's.
        connection.execute(_REMOVE_VAULT, {"vault": vault.id})
        return _read_namespace(connection.execute(_NAMESPACE, known).one())
    news.tell(EventType.VAULT_CREATED, vault.id, vault, at=vault.created_at)
    return namespace


def _namespace(workspace: WorkspaceId, name: str, connection: Connection) -> Namespace:
    row = connection.execute(_NAMESPACE, {"workspace": workspace, "name": name}).one_or_none()
    if row is None:
        raise NotFound("namespace", name)
    return _read_namespace(row)


def _add(token: ProviderToken, digest: bytes, connection: Connection) -> None:
    connection.execute(
        _ADD,
        {
            "id": token.id,
            "organization_id": token.organization,
            "workspace_id": token.workspace,
            "namespace": token.namespace,
            "vault_id": token.vault,
            "name": token.name,
            "hint": token.hint,
            "digest": digest,
            "created_at": token.created_at,
            "revoked_at": token.revoked_at,
        },
    )


def _by_digest(digest: bytes, connection: Connection) -> ProviderToken | None:
    row = connection.execute(_BY_DIGEST, {"digest": digest}).one_or_none()
    return None if row is None else _read_token(row)


def _page(workspace: WorkspaceId, connection: Connection) -> list[ProviderToken]:
    return [_read_token(row) for row in connection.execute(_OF_WORKSPACE, {"workspace": workspace})]


def _required(
    workspace: WorkspaceId, token: ProviderTokenId, connection: Connection, *, lock: bool = False
) -> ProviderToken:
    row = connection.execute(_LOCKED if lock else _TOKEN, {"token": token, "workspace": workspace}).one_or_none()
    if row is None:
        raise NotFound("provider token", token)
    return _read_token(row)


def _revoke(workspace: WorkspaceId, token: ProviderTokenId, at: datetime, connection: Connection) -> ProviderToken:
    found = _required(workspace, token, connection, lock=True)
    if found.revoked_at is not None:
        return found
    connection.execute(_REVOKE, {"token": token, "at": at})
    return replace(found, revoked_at=at)


def _read_namespace(row: Row) -> Namespace:
    return Namespace(
        organization=row.organization_id,
        workspace=row.workspace_id,
        name=row.name,
        vault=row.vault_id,
        opened_by=row.opened_by,
        created_at=row.created_at,
    )


@reads("provider token")
def _read_token(row: Row) -> ProviderToken:
    return ProviderToken(
        id=row.id,
        organization=row.organization_id,
        workspace=row.workspace_id,
        namespace=row.namespace,
        vault=row.vault_id,
        name=row.name,
        hint=row.hint,
        created_at=row.created_at,
        revoked_at=row.revoked_at,
    )
