"""The routes of credentials (contract anthropic-vaults 2, C1 to C7)."""

from typing import final

from fastapi import Request, Response
from fastapi.routing import APIRouter

from strongroom.core.ids import CredentialId, VaultId
from strongroom.core.sources import Clock
from strongroom.crypto.tokens import PageTokens
from strongroom.dialects.anthropic import show_validation
from strongroom.dialects.anthropic import wire_credential_replies as shown
from strongroom.dialects.anthropic import wire_credentials as wire
from strongroom.dialects.anthropic import wire_validation as validated
from strongroom.dialects.anthropic.pages import DEFAULT_LIMIT, IncludeArchived, Limit, Listing, PageToken
from strongroom.dialects.anthropic.show_credentials import SPOKEN, from_core
from strongroom.dialects.anthropic.translate_credentials import Reading
from strongroom.dialects.door import CreateRoute, caller
from strongroom.dialects.replies import reply
from strongroom.services.credentials import CredentialService
from strongroom.services.validation import ValidationService


@final
class CredentialRoutes:
    """Endpoints on credentials. `insecure_upstreams` admits MCP servers on plain http."""

    def __init__(
        self,
        *,
        credentials: CredentialService,
        validation: ValidationService,
        pages: PageTokens,
        clock: Clock,
        insecure_upstreams: bool,
    ) -> None:
        self._credentials = credentials
        self._validation = validation
        self._pages = pages
        self._clock = clock
        self._insecure = insecure_upstreams

    def add_to(self, router: APIRouter) -> None:
        """Add the table."""
        add, here = router.add_api_route, "/v1/vaults/{vault_id}/credentials"
        one, shape = f"{here}/{{credential_id}}", shown.Credential
        add(here, self.create_credential, methods=["POST"], response_model=shape, route_class_override=CreateRoute)
        add(here, self.list_credentials, methods=["GET"], response_model=shown.CredentialPage)
        add(one, self.retrieve_credential, methods=["GET"], response_model=shape)
        add(one, self.update_credential, methods=["POST"], response_model=shape)
        add(one, self.delete_credential, methods=["DELETE"], response_model=shown.DeletedCredential)
        seen = validated.CredentialValidation
        add(f"{one}/mcp_oauth_validate", self.validate_credential, methods=["POST"], response_model=seen)
        add(f"{one}/archive", self.archive_credential, methods=["POST"], response_model=shape)

    async def create_credential(self, request: Request, vault_id: str, sent: wire.NewCredential) -> Response:
        """Store a credential as it is given; nothing is tested and nobody is called."""
        new = self._reading().new(sent)
        return reply(from_core(await self._credentials.create(caller(request), VaultId(vault_id), new)))

    async def list_credentials(
        self,
        request: Request,
        vault_id: str,
        limit: Limit = DEFAULT_LIMIT,
        page: PageToken = None,
        include_archived: IncludeArchived = False,  # noqa: FBT002 - a query parameter
    ) -> Response:
        """List a vault's credentials, newest first."""
        principal = caller(request)
        listing = Listing(tokens=self._pages, collection="credentials", scope=(principal.workspace, vault_id))
        query = listing.query(limit=limit, page=page, include_archived=include_archived)
        found = await self._credentials.page(principal, VaultId(vault_id), query, kinds=SPOKEN)
        body: shown.CredentialPage = {
            "data": [from_core(credential) for credential in found.rows],
            "next_page": listing.next_page(query, found),
        }
        return reply(body)

    async def retrieve_credential(self, request: Request, vault_id: str, credential_id: str) -> Response:
        """Return a credential's description."""
        vault, credential = VaultId(vault_id), CredentialId(credential_id)
        found = await self._credentials.get(caller(request), vault, credential, kinds=SPOKEN)
        return reply(from_core(found))

    async def update_credential(
        self, request: Request, vault_id: str, credential_id: str, sent: wire.CredentialUpdate
    ) -> Response:
        """Change a credential: rotate its secret, its hosts, its locations, its name."""
        change = self._reading().change(sent)
        after = await self._credentials.update(
            caller(request),
            VaultId(vault_id),
            CredentialId(credential_id),
            change.applied,
            needs_material=change.needs_material,
            kinds=SPOKEN,
        )
        return reply(from_core(after))

    async def delete_credential(self, request: Request, vault_id: str, credential_id: str) -> Response:
        """Remove a credential."""
        vault, credential = VaultId(vault_id), CredentialId(credential_id)
        await self._credentials.delete(caller(request), vault, credential, kinds=SPOKEN)
        body: shown.DeletedCredential = {"id": credential_id, "type": "vault_credential_deleted"}
        return reply(body)

    async def archive_credential(self, request: Request, vault_id: str, credential_id: str) -> Response:
        """Archive a credential: its secret is destroyed, its key is free again."""
        vault, credential = VaultId(vault_id), CredentialId(credential_id)
        after = await self._credentials.archive(caller(request), vault, credential, kinds=SPOKEN)
        return reply(from_core(after))

    async def validate_credential(self, request: Request, vault_id: str, credential_id: str) -> Response:
        """Look whether an MCP server takes a credential's token, and if not, whether another can be had."""
        vault, credential = VaultId(vault_id), CredentialId(credential_id)
        found = await self._validation.validate(caller(request), vault, credential, kinds=SPOKEN)
        return reply(show_validation.from_core(found))

    def _reading(self) -> Reading:
        return Reading(now=self._clock(), insecure=self._insecure)
