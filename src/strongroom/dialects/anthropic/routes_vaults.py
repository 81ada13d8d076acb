"""The routes of vaults (contract anthropic-vaults 2, V1 to V6)."""

from typing import final

from fastapi import Request, Response
from fastapi.routing import APIRouter

from strongroom.core.ids import VaultId
from strongroom.core.vaults import Purpose
from strongroom.crypto.tokens import PageTokens
from strongroom.dialects.anthropic import wire_vaults as wire
from strongroom.dialects.anthropic.pages import DEFAULT_LIMIT, IncludeArchived, Limit, Listing, PageToken
from strongroom.dialects.anthropic.show_vaults import from_core
from strongroom.dialects.door import CreateRoute, caller
from strongroom.dialects.replies import reply
from strongroom.services.vaults import VaultService

_SHOWN = frozenset({Purpose.GENERAL})
"""The vendor knows no others, and neither do its clients."""


@final
class VaultRoutes:
    """Endpoints on vaults."""

    def __init__(self, *, vaults: VaultService, pages: PageTokens) -> None:
        self._vaults = vaults
        self._pages = pages

    def add_to(self, router: APIRouter) -> None:
        """Add the table."""
        add, here, one = router.add_api_route, "/v1/vaults", "/v1/vaults/{vault_id}"
        add(here, self.create_vault, methods=["POST"], response_model=wire.Vault, route_class_override=CreateRoute)
        add(here, self.list_vaults, methods=["GET"], response_model=wire.VaultPage)
        add(one, self.retrieve_vault, methods=["GET"], response_model=wire.Vault)
        add(one, self.update_vault, methods=["POST"], response_model=wire.Vault)
        add(one, self.delete_vault, methods=["DELETE"], response_model=wire.DeletedVault)
        add(f"{one}/archive", self.archive_vault, methods=["POST"], response_model=wire.Vault)

    async def create_vault(self, request: Request, sent: wire.NewVault) -> Response:
        """Make a vault."""
        vault = await self._vaults.create(caller(request), display_name=sent.display_name, metadata=sent.metadata or {})
        return reply(from_core(vault))

    async def list_vaults(
        self,
        request: Request,
        limit: Limit = DEFAULT_LIMIT,
        page: PageToken = None,
        include_archived: IncludeArchived = False,  # noqa: FBT002 - a query parameter
    ) -> Response:
        """List vaults, newest first."""
        principal = caller(request)
        listing = Listing(tokens=self._pages, collection="vaults", scope=(principal.workspace,))
        query = listing.query(limit=limit, page=page, include_archived=include_archived)
        found = await self._vaults.page(principal, query, purposes=_SHOWN)
        body: wire.VaultPage = {
            "data": [from_core(vault) for vault in found.rows],
            "next_page": listing.next_page(query, found),
        }
        return reply(body)

    async def retrieve_vault(self, request: Request, vault_id: str) -> Response:
        """Return a vault."""
        return reply(from_core(await self._vaults.get(caller(request), VaultId(vault_id))))

    async def update_vault(self, request: Request, vault_id: str, sent: wire.VaultUpdate) -> Response:
        """Change a vault's name or metadata."""
        vault = await self._vaults.update(
            caller(request), VaultId(vault_id), display_name=sent.display_name, metadata=sent.metadata
        )
        return reply(from_core(vault))

    async def delete_vault(self, request: Request, vault_id: str) -> Response:
        """Remove a vault and everything in it."""
        await self._vaults.delete(caller(request), VaultId(vault_id))
        body: wire.DeletedVault = {"id": vault_id, "type": "vault_deleted"}
        return reply(body)

    async def archive_vault(self, request: Request, vault_id: str) -> Response:
        """Archive a vault and every credential in it; their secrets are destroyed."""
        return reply(from_core(await self._vaults.archive(caller(request), VaultId(vault_id))))
