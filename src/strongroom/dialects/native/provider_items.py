"""What lies in a provider's namespace, what is shared into it, and when each item may be read."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from strongroom.core.fields import read_time
from strongroom.core.ids import CredentialId
from strongroom.core.provider import Item, checked_window
from strongroom.dialects.door import caller
from strongroom.dialects.native.shapes import PREFIX, Answer, Asked, Moment
from strongroom.dialects.validation import OURS
from strongroom.services.catalogue import Services


def _moment(text: object) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
        if moment is not None and moment.tzinfo is not None:
            return read_time(moment.isoformat())
    except (ValueError, OverflowError):
        pass
    raise PydanticCustomError(OURS, "{rule}", {"rule": "must be an RFC 3339 moment with its offset from UTC"})


Bound = Annotated[
    datetime | None,
    BeforeValidator(_moment),
    WithJsonSchema({"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]}),
]


class ProviderItemBody(Asked):
    """When an item may be read. Left out or null: without a bound."""

    opens_at: Bound = Field(None, description="From when on.")
    closes_at: Bound = Field(None, description="Until when.")


class ProviderItemAnswer(Answer):
    """An item as its namespace sees it; nothing of its secrets."""

    id: str
    kind: str
    display_name: str | None
    vault_id: str = Field(description="Where it lies.")
    shared: bool = Field(description="Whether it lies elsewhere and was shared into the namespace.")
    opens_at: Moment | None
    closes_at: Moment | None
    created_at: Moment


class ProviderItemList(Answer):
    """The active items of a namespace, newest first."""

    data: list[ProviderItemAnswer]


class WithdrawnProviderItem(Answer):
    """The answer to the end of a share."""

    id: str
    type: str = "provider_item_withdrawn"


def add_provider_items(router: APIRouter, services: Services) -> None:
    """Add the routes."""
    shares = services.provider_shares

    async def list_provider_items(request: Request, namespace: str) -> ProviderItemList:
        """List what a namespace can read."""
        return ProviderItemList(data=[*map(_shown, await shares.page(caller(request), namespace))])

    async def share_provider_item(
        request: Request, namespace: str, credential_id: str, body: ProviderItemBody
    ) -> ProviderItemAnswer:
        """Share a credential into a namespace, or say when one of its items may be read. Needs the scope totp:read."""
        window = checked_window(body.opens_at, body.closes_at)
        return _shown(await shares.share(caller(request), namespace, CredentialId(credential_id), window))

    async def withdraw_provider_item(request: Request, namespace: str, credential_id: str) -> WithdrawnProviderItem:
        """End a share; of the namespace's own item, forget when it may be read. Repeating is harmless."""
        await shares.withdraw(caller(request), namespace, CredentialId(credential_id))
        return WithdrawnProviderItem(id=credential_id)

    here = f"{PREFIX}/provider-namespaces/{{namespace}}/items"
    one = f"{here}/{{credential_id}}"
    router.add_api_route(here, list_provider_items, methods=["GET"])
    router.add_api_route(one, share_provider_item, methods=["POST"])
    router.add_api_route(one, withdraw_provider_item, methods=["DELETE"])


def _shown(item: Item) -> ProviderItemAnswer:
    credential = item.credential
    return ProviderItemAnswer(
        id=credential.id,
        kind=credential.kind,
        display_name=credential.display_name,
        vault_id=credential.vault,
        shared=item.shared,
        opens_at=item.window.opens_at,
        closes_at=item.window.closes_at,
        created_at=credential.created_at,
    )
