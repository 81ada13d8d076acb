"""Agent identities: stored, described, archived, deleted. The vendor's shape has no words for them."""

import re
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from strongroom.core.credentials import Credential, NewCredential
from strongroom.core.credentials.agent_identity import AgentIdentity, AgentIdentityDetails
from strongroom.core.failures import Invalid
from strongroom.core.ids import CredentialId
from strongroom.core.mcp_urls import McpUrl
from strongroom.core.vaults import MAX_NAME
from strongroom.dialects.door import CreateRoute, caller
from strongroom.dialects.native.listing import DEFAULT_LIMIT, Limit, Listing
from strongroom.dialects.native.reference import vault_id
from strongroom.dialects.native.shapes import PREFIX, Answer, Asked, DeletedCredential, Metadata, Moment, Text
from strongroom.dialects.options import Options
from strongroom.dialects.validation import OURS
from strongroom.services.catalogue import Services

COLLECTION = "native/agent_identities"
_KINDS = frozenset({AgentIdentity.tag})
_MAX_URL = 2048
_VISIBLE = re.compile(r"[\x21-\x7e]+\Z")


def _audience(text: str) -> str:
    if not _VISIBLE.match(text):
        raise PydanticCustomError(OURS, "{rule}", {"rule": "must be visible ASCII characters, without blanks"})
    return text


class NewAgentIdentityBody(Asked):
    """A server that is to know the agent by a token that we sign."""

    mcp_server_url: Annotated[Text, Field(min_length=1, max_length=_MAX_URL)]
    audience: Annotated[str, Field(min_length=1, max_length=_MAX_URL), AfterValidator(_audience)] | None = Field(
        None, description="Whom the tokens are for, as the server demands it. Without it: its URL."
    )
    display_name: Annotated[Text, Field(max_length=MAX_NAME)] | None = None
    metadata: Metadata | None = None


class AgentIdentityAnswer(Answer):
    """What an agent identity is."""

    id: str
    type: str = "credential"
    vault_id: str
    kind: str
    mcp_server_url: str
    audience: str = Field(description="Whom its tokens are for.")
    issuer: str = Field(description="Who signs them: what a server has to trust. Its key set is found below this URL.")
    display_name: str | None
    metadata: dict[str, str]
    created_at: Moment
    updated_at: Moment
    archived_at: Moment | None


class AgentIdentityPage(Answer):
    """A page, newest first."""

    data: list[AgentIdentityAnswer]
    next_page: str | None


def add_agent_identities(router: APIRouter, services: Services, options: Options) -> None:
    """Add the routes."""
    credentials = services.credentials

    def shown(credential: Credential) -> AgentIdentityAnswer:
        return _shown(credential, services.identity_keys.issuer)

    async def create_agent_identity(request: Request, vault: str, body: NewAgentIdentityBody) -> AgentIdentityAnswer:
        """Have each session that holds the vault, named by id or name, sign in to a server as itself."""
        principal = caller(request)
        place = await vault_id(services.vaults, principal, vault, field="vault")
        _require_url(body.mcp_server_url, insecure=options.insecure_upstreams)
        new = NewCredential(
            details=AgentIdentityDetails(mcp_server_url=body.mcp_server_url, audience=body.audience),
            material=AgentIdentity(),
            display_name=body.display_name,
            metadata=body.metadata or {},
        )
        return shown(await credentials.create(principal, place, new))

    async def list_agent_identities(
        request: Request,
        vault: str,
        limit: Limit = DEFAULT_LIMIT,
        page: str | None = None,
        include_archived: Annotated[bool, Query(description="Archived ones too.")] = False,  # noqa: FBT002 - a query
    ) -> AgentIdentityPage:
        """List a vault's agent identities, newest first."""
        principal = caller(request)
        place = await vault_id(services.vaults, principal, vault, field="vault")
        listing = Listing(tokens=options.pages, collection=COLLECTION, scope=(principal.workspace, place))
        query = listing.query(limit=limit, page=page, include_archived=include_archived)
        found = await credentials.page(principal, place, query, kinds=_KINDS)
        return AgentIdentityPage(data=[*map(shown, found.rows)], next_page=listing.next_page(found))

    async def get_agent_identity(request: Request, vault: str, credential_id: str) -> AgentIdentityAnswer:
        """Describe an agent identity."""
        principal = caller(request)
        place = await vault_id(services.vaults, principal, vault, field="vault")
        return shown(await credentials.get(principal, place, CredentialId(credential_id), kinds=_KINDS))

    async def archive_agent_identity(request: Request, vault: str, credential_id: str) -> AgentIdentityAnswer:
        """Take an agent identity out of use: nothing is signed for it any more."""
        principal = caller(request)
        place = await vault_id(services.vaults, principal, vault, field="vault")
        return shown(await credentials.archive(principal, place, CredentialId(credential_id), kinds=_KINDS))

    async def delete_agent_identity(request: Request, vault: str, credential_id: str) -> DeletedCredential:
        """Remove an agent identity, for good."""
        principal = caller(request)
        place = await vault_id(services.vaults, principal, vault, field="vault")
        await credentials.delete(principal, place, CredentialId(credential_id), kinds=_KINDS)
        return DeletedCredential(id=credential_id)

    here = f"{PREFIX}/vaults/{{vault}}/agent-identities"
    one = f"{here}/{{credential_id}}"
    router.add_api_route(here, create_agent_identity, methods=["POST"], route_class_override=CreateRoute)
    router.add_api_route(here, list_agent_identities, methods=["GET"])
    router.add_api_route(one, get_agent_identity, methods=["GET"])
    router.add_api_route(f"{one}/archive", archive_agent_identity, methods=["POST"])
    router.add_api_route(one, delete_agent_identity, methods=["DELETE"])


def _require_url(url: str, *, insecure: bool) -> None:
    try:
        McpUrl.parse(url, insecure=insecure)
    except Invalid as refused:
        raise Invalid(refused.rule, field="mcp_server_url") from None


def _shown(credential: Credential, issuer: str) -> AgentIdentityAnswer:
    details = credential.details
    assert isinstance(details, AgentIdentityDetails)  # noqa: S101 - no other kind is asked for
    return AgentIdentityAnswer(
        id=credential.id,
        vault_id=credential.vault,
        kind=credential.kind,
        mcp_server_url=details.mcp_server_url,
        audience=details.intended,
        issuer=issuer,
        display_name=credential.display_name,
        metadata=dict(credential.metadata),
        created_at=credential.created_at,
        updated_at=credential.updated_at,
        archived_at=credential.archived_at,
    )
