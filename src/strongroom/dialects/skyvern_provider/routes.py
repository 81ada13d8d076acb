"""The four calls that Skyvern makes (contract skyvern-credentials 7.1). There is no list: ids are all that it knows."""

from typing import Any

from fastapi import APIRouter, Request, Response

from strongroom.core.ids import CredentialId
from strongroom.dialects.door import CreateRoute, caller
from strongroom.dialects.replies import reply
from strongroom.dialects.skyvern_provider.wire import SHAPES, ItemBody, Status, Stored, read_item, write_item
from strongroom.services.provider_items import ProviderItemService

PREFIX = "/skyvern-provider/v1/credentials"
_CREATED = 201
_NO_CONTENT = 204


def add_items(router: APIRouter, items: ProviderItemService) -> None:
    """Add the routes. The collection answers with a slash behind it and without: nobody is redirected."""

    async def check_connection() -> Status:
        """Tell that the token is good. Nothing is listed."""
        return Status()

    async def store_item(request: Request, body: ItemBody) -> Stored:
        """Store an item."""
        return Stored(id=await items.store(caller(request), read_item(body)))

    async def read_one(request: Request, item_id: str) -> Response:
        """Return an item with its secrets."""
        credential, material = await items.read(caller(request), CredentialId(item_id), peer=_peer(request))
        answer = reply(write_item(credential, material))
        answer.headers["cache-control"] = "no-store"
        return answer

    async def delete_item(request: Request, item_id: str) -> Response:
        """Remove an item. One that is not there is gone already."""
        await items.delete(caller(request), CredentialId(item_id), peer=_peer(request))
        return Response(status_code=_NO_CONTENT)

    described: dict[int | str, dict[str, Any]] = {200: {"content": {"application/json": {"schema": SHAPES}}}}
    for where, shown in ((PREFIX, True), (f"{PREFIX}/", False)):
        router.add_api_route(where, check_connection, methods=["GET"], include_in_schema=shown)
        router.add_api_route(
            where,
            store_item,
            methods=["POST"],
            status_code=_CREATED,
            route_class_override=CreateRoute,
            include_in_schema=shown,
        )
    one = f"{PREFIX}/{{item_id}}"
    router.add_api_route(one, read_one, methods=["GET"], responses=described)
    router.add_api_route(one, delete_item, methods=["DELETE"], status_code=_NO_CONTENT)


def _peer(request: Request) -> str:
    """Return the address that the request came from; behind a reverse proxy it is that proxy's."""
    return "unknown" if request.client is None else request.client.host
