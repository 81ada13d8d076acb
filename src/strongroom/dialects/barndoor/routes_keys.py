"""The routes of gateway keys (contract 1.2): the one place that shows such a key, and once."""

from typing import Literal, final

from fastapi import Request, Response
from typing_extensions import TypedDict

from strongroom.core.fields import write_time
from strongroom.core.llm.gateway_keys import GatewayKey, NewGatewayKey
from strongroom.dialects.barndoor.fields import Model, Moment, Uuid
from strongroom.dialects.barndoor.paths import ADMIN, USER, Paths, uuid_of
from strongroom.dialects.door import caller
from strongroom.dialects.replies import reply
from strongroom.services.gateway_keys import GatewayKeyService, MintedGatewayKey
from strongroom.services.organizations import OrganizationService


class CreateOwnApiKeyRequest(Model):
    """A key for whoever asks."""

    name: str
    expires_at: Moment | None = None

    def read(self) -> NewGatewayKey:
        """Return what it says."""
        return NewGatewayKey(name=self.name, expires_at=self.expires_at)


class CreateApiKeyRequest(Model):
    """A key for a person, a group or a machine."""

    name: str
    user_id: Uuid | None = None
    user_email: str | None = None
    group_name: str | None = None
    scopes: list[str] | None = None
    expires_at: Moment | None = None

    def read(self) -> NewGatewayKey:
        """Return what it says."""
        return NewGatewayKey(
            name=self.name,
            user_id=self.user_id,
            user_email=self.user_email,
            group_name=self.group_name,
            scopes=tuple(self.scopes or ()),
            expires_at=self.expires_at,
        )


class SetApiKeyDisabledRequest(Model):
    """Off or on."""

    disabled: bool


class CreatedApiKey(TypedDict):
    """A fresh key. `key` is shown this once."""

    id: str
    key: str
    key_prefix: str
    name: str
    scopes: list[str]
    group_name: str | None
    created_at: str
    expires_at: str | None


class ApiKey(TypedDict):
    """A key's description."""

    id: str
    org_id: str
    name: str
    kind: str
    key_prefix: str
    scopes: list[str]
    user_id: str | None
    group_name: str | None
    created_by_user_id: str
    created_at: str
    expires_at: str | None
    disabled_at: str | None
    revoked_at: str | None
    last_used_at: str | None


class Disabled(TypedDict):
    """Whether it is off now."""

    disabled: bool


class Revoked(TypedDict):
    """It is gone."""

    revoked: Literal[True]


@final
class KeyRoutes:
    """Endpoints on gateway keys."""

    def __init__(self, *, keys: GatewayKeyService, organizations: OrganizationService) -> None:
        self._keys = keys
        self._organizations = organizations

    def add_to(self, paths: Paths) -> None:
        """Add the table."""
        self._paths = paths
        here = f"{ADMIN}/api-keys"
        one = f"{here}/{{id}}"
        paths.get(here, self.list_api_keys, list[ApiKey])
        paths.create(here, self.create_api_key, CreatedApiKey)
        paths.get(one, self.get_api_key, ApiKey)
        paths.write("PATCH", one, self.set_api_key_disabled, Disabled)
        paths.write("DELETE", one, self.revoke_api_key, Revoked)
        paths.create(f"{USER}/api-keys", self.create_own_api_key, CreatedApiKey)

    async def list_api_keys(self, request: Request) -> Response:
        """List all keys, oldest first, revoked ones included."""
        principal = caller(request)
        org_id = await self._organizations.uuid_of(principal)
        return reply([_shown(each, org_id) for each in await self._keys.all(principal)])

    async def create_api_key(self, request: Request, sent: CreateApiKeyRequest) -> Response:
        """Make a key that applications show to the gateway."""
        return _minted(await self._keys.create(self._paths.writer(request), sent.read()))

    async def create_own_api_key(self, request: Request, sent: CreateOwnApiKeyRequest) -> Response:
        """Make a key for oneself."""
        return _minted(await self._keys.create_own(self._paths.writer(request), sent.read()))

    async def get_api_key(self, request: Request, id: str) -> Response:  # noqa: A002 - the path's name for it
        """Describe a key."""
        principal = caller(request)
        org_id = await self._organizations.uuid_of(principal)
        return reply(_shown(await self._keys.get(principal, uuid_of(id)), org_id))

    async def set_api_key_disabled(self, request: Request, id: str, sent: SetApiKeyDisabledRequest) -> Response:  # noqa: A002 - as above
        """Switch a key off, or on again."""
        await self._keys.disable(self._paths.writer(request), uuid_of(id), disabled=sent.disabled)
        body: Disabled = {"disabled": sent.disabled}
        return reply(body)

    async def revoke_api_key(self, request: Request, id: str) -> Response:  # noqa: A002 - as above
        """Revoke a key for ever."""
        await self._keys.revoke(self._paths.writer(request), uuid_of(id))
        body: Revoked = {"revoked": True}
        return reply(body)


def _minted(minted: MintedGatewayKey) -> Response:
    key = minted.key
    body: CreatedApiKey = {
        "id": key.id,
        "key": minted.secret.reveal(),
        "key_prefix": key.key_prefix,
        "name": key.name,
        "scopes": list(key.scopes),
        "group_name": key.group_name,
        "created_at": write_time(key.created_at),
        "expires_at": None if key.expires_at is None else write_time(key.expires_at),
    }
    return reply(body)


def _shown(key: GatewayKey, org_id: str) -> ApiKey:
    return {
        "id": key.id,
        "org_id": org_id,
        "name": key.name,
        "kind": key.kind.value,
        "key_prefix": key.key_prefix,
        "scopes": list(key.scopes),
        "user_id": key.user_id,
        "group_name": key.group_name,
        "created_by_user_id": key.created_by_user_id,
        "created_at": write_time(key.created_at),
        "expires_at": None if key.expires_at is None else write_time(key.expires_at),
        "disabled_at": None if key.disabled_at is None else write_time(key.disabled_at),
        "revoked_at": None if key.revoked_at is None else write_time(key.revoked_at),
        "last_used_at": None if key.last_used_at is None else write_time(key.last_used_at),
    }
