"""Provider tokens: what another product (Skyvern) shows to keep its secrets here and read them back."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field

from strongroom.core.ids import ProviderTokenId
from strongroom.core.provider import MAX_NAMESPACE, ProviderToken
from strongroom.dialects.door import CreateRoute, caller
from strongroom.dialects.native.shapes import PREFIX, Answer, Asked, Moment, Text
from strongroom.services.catalogue import Services

_MAX_NAME = 255


class NewProviderTokenBody(Asked):
    """A token to make."""

    namespace: Annotated[Text, Field(min_length=1, max_length=MAX_NAMESPACE)] = Field(
        description="What the token reaches, and nothing beside it. Made if there is none of that name."
    )
    name: Annotated[Text, Field(min_length=1, max_length=_MAX_NAME)] | None = None


class ProviderTokenAnswer(Answer):
    """A token's description; of the token itself, how it begins and ends."""

    id: str
    namespace: str
    vault_id: str = Field(description="The vault that holds what is stored with it.")
    name: str | None
    hint: str
    created_at: Moment
    revoked_at: Moment | None


class MintedProviderTokenAnswer(ProviderTokenAnswer):
    """A fresh token. `token` is shown this once."""

    token: str


class ProviderTokenList(Answer):
    """The workspace's tokens, newest first, revoked ones included."""

    data: list[ProviderTokenAnswer]


def add_provider_tokens(router: APIRouter, services: Services) -> None:
    """Add the routes."""

    async def create_provider_token(request: Request, body: NewProviderTokenBody) -> MintedProviderTokenAnswer:
        """Make a token. Into a namespace that another key opened, only a key with the scope totp:read lets one more."""
        minted = await services.provider_tokens.create(caller(request), namespace=body.namespace, name=body.name)
        return MintedProviderTokenAnswer(**dict(_shown(minted.token)), token=minted.secret.reveal())

    async def list_provider_tokens(request: Request) -> ProviderTokenList:
        """List the workspace's tokens."""
        return ProviderTokenList(data=[*map(_shown, await services.provider_tokens.page(caller(request)))])

    async def revoke_provider_token(request: Request, token_id: str) -> ProviderTokenAnswer:
        """Revoke a token, at once. Repeating is harmless."""
        return _shown(await services.provider_tokens.revoke(caller(request), ProviderTokenId(token_id)))

    here = f"{PREFIX}/provider-tokens"
    router.add_api_route(here, create_provider_token, methods=["POST"], route_class_override=CreateRoute)
    router.add_api_route(here, list_provider_tokens, methods=["GET"])
    router.add_api_route(f"{here}/{{token_id}}/revoke", revoke_provider_token, methods=["POST"])
    router.add_api_route(
        f"{here}/{{token_id}}", revoke_provider_token, methods=["DELETE"], name="delete_provider_token"
    )


def _shown(token: ProviderToken) -> ProviderTokenAnswer:
    return ProviderTokenAnswer(
        id=token.id,
        namespace=token.namespace,
        vault_id=token.vault,
        name=token.name,
        hint=token.hint,
        created_at=token.created_at,
        revoked_at=token.revoked_at,
    )
