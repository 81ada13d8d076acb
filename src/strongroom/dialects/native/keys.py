"""API keys, and who the caller's key is."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from strongroom.core.actions import ALL_SCOPES, Scope
from strongroom.core.ids import KeyId, WorkspaceId
from strongroom.core.tenants import ApiKey
from strongroom.dialects.door import CreateRoute, caller
from strongroom.dialects.native.shapes import PREFIX, Answer, Asked, Moment, Text
from strongroom.dialects.validation import OURS
from strongroom.services.catalogue import Services

_MAX_NAME = 255
_SCOPES = [scope.value for scope in Scope if scope in ALL_SCOPES]
"""What a key can have; `egress` is for sessions."""


def _scope(text: object) -> Scope:
    if text not in _SCOPES:
        raise PydanticCustomError(OURS, "{rule}", {"rule": f"must be one of {', '.join(_SCOPES)}"})
    return Scope(str(text))


KeyScope = Annotated[Scope, BeforeValidator(_scope), WithJsonSchema({"type": "string", "enum": _SCOPES})]


class NewKeyBody(Asked):
    """A key to make."""

    name: Annotated[Text, Field(min_length=1, max_length=_MAX_NAME)] | None = None
    scopes: list[KeyScope] | None = Field(
        None, description="Without it: every scope of the key that makes it, but totp:read."
    )
    workspace_id: Text | None = Field(None, description="Without it: the workspace of the key that makes it.")


class KeyAnswer(Answer):
    """A key's description; of the key itself, how it begins and ends."""

    id: str
    name: str | None
    hint: str
    scopes: list[str]
    workspace_id: str
    created_at: Moment
    revoked_at: Moment | None


class MintedKeyAnswer(KeyAnswer):
    """A fresh key. `key` is shown this once."""

    key: str


class KeyList(Answer):
    """The workspace's keys, newest first, revoked ones included."""

    data: list[KeyAnswer]


class Me(Answer):
    """Who the caller is, and where its agents find the egress proxy."""

    id: str
    organization_id: str
    workspace_id: str
    scopes: list[str]
    proxy: str = Field(description="Host and port of the egress proxy.")


def add_keys(router: APIRouter, services: Services) -> None:
    """Add the routes."""

    async def create_key(request: Request, body: NewKeyBody) -> MintedKeyAnswer:
        """Make a key."""
        minted = await services.keys.create(
            caller(request),
            name=body.name,
            scopes=body.scopes,
            workspace=None if body.workspace_id is None else WorkspaceId(body.workspace_id),
        )
        return MintedKeyAnswer(**dict(_shown(minted.key)), key=minted.secret.reveal())

    async def list_keys(request: Request) -> KeyList:
        """List the workspace's keys."""
        return KeyList(data=[*map(_shown, await services.keys.page(caller(request)))])

    async def revoke_key(request: Request, key_id: str) -> KeyAnswer:
        """Revoke a key and end the sessions it opened, within a second. Repeating is harmless."""
        return _shown(await services.keys.revoke(caller(request), KeyId(key_id)))

    async def me(request: Request) -> Me:
        """Show who the caller is."""
        principal = caller(request)
        return Me(
            id=principal.id,
            organization_id=principal.organization,
            workspace_id=principal.workspace,
            scopes=sorted(principal.scopes),
            proxy=services.access.authority,
        )

    router.add_api_route(f"{PREFIX}/keys", create_key, methods=["POST"], route_class_override=CreateRoute)
    router.add_api_route(f"{PREFIX}/keys", list_keys, methods=["GET"])
    router.add_api_route(f"{PREFIX}/keys/{{key_id}}/revoke", revoke_key, methods=["POST"])
    router.add_api_route(f"{PREFIX}/keys/{{key_id}}", revoke_key, methods=["DELETE"], name="delete_key")
    router.add_api_route(f"{PREFIX}/me", me, methods=["GET"])


def _shown(key: ApiKey) -> KeyAnswer:
    return KeyAnswer(
        id=key.id,
        name=key.name,
        hint=key.hint,
        scopes=sorted(key.scopes),
        workspace_id=key.workspace,
        created_at=key.created_at,
        revoked_at=key.revoked_at,
    )
