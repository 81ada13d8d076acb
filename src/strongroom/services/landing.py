"""Puts fresh tokens where they belong: into a new credential, or into the one that the server has already.

A credential that is repaired keeps its id, its name and its URL as it was written; sessions that hold it go on. Its
refresh block is replaced as a whole, since the tokens may come from another client than before; a client that somebody
registered by hand is taken from there, where a server registers nobody by itself.
"""

from dataclasses import replace
from typing import final

from strongroom.core.actions import Action
from strongroom.core.credentials import CAPPED, Credential, Material, NewCredential
from strongroom.core.credentials.mcp_oauth import McpOAuth, McpOAuthDetails
from strongroom.core.discovery import Issuer
from strongroom.core.failures import Conflict, Invalid
from strongroom.core.grants import Principal, Target
from strongroom.core.ids import VaultId
from strongroom.services.credentials import CredentialService
from strongroom.services.gate import Gate
from strongroom.services.ports import Credentials, Custodian, Vaults
from strongroom.services.registering import Given

_TRIES = 3
"""Somebody else may make or remove the credential at the same moment; more than once is no coincidence."""


@final
class Landing:
    """Finds the place before anybody is asked, and fills it afterwards."""

    def __init__(
        self,
        *,
        service: CredentialService,
        credentials: Credentials,
        vaults: Vaults,
        custodian: Custodian,
        gate: Gate,
    ) -> None:
        self._service = service
        self._credentials = credentials
        self._vaults = vaults
        self._custodian = custodian
        self._gate = gate

    async def require_room(self, principal: Principal, vault: VaultId, server: str) -> Credential | None:
        """Return the credential that would be repaired, if there is one.

        Raises `NotFound` and `Invalid` for the vault, and `Conflict` where the server has a token of another kind.
        """
        place = await self._vaults.get(principal.workspace, vault)
        place.require_active()
        active = await self._credentials.active_in(principal.workspace, [vault])
        key = McpOAuthDetails(mcp_server_url=server).unique_key()
        for credential, _ in active:
            if credential.unique_key == key:
                if credential.kind != McpOAuth.tag:
                    raise Conflict(
                        f"credential {credential.id} holds a fixed token for this server: archive it first, "
                        "or connect into another vault"
                    )
                return credential
        capped = sum(credential.kind in CAPPED for credential, _ in active)
        try:
            place.require_room(active=len(active), capped=capped)
        except Invalid as refused:
            raise Invalid(refused.rule, field="vault") from None
        return None

    async def client_of(self, principal: Principal, present: Credential, issuer: Issuer) -> Given | None:
        """Return the client that a credential is renewed as, if that is a client of this very token endpoint."""
        details = present.details
        refresh = details.refresh if isinstance(details, McpOAuthDetails) else None
        if refresh is None or refresh.token_endpoint != issuer.token_endpoint.text:
            return None
        target = Target(name=present.id, workspace=principal.workspace, vault=present.vault)
        granted = await self._gate.admit(principal, Action.CREDENTIAL_UPDATE, target, {"vault": present.vault})
        custody = await self._credentials.custody(present.id)
        if custody is None:
            return None
        material = await self._custodian.open(granted, present, custody)
        return Given(id=refresh.client_id, secret=material.client_secret if isinstance(material, McpOAuth) else None)

    async def land(
        self,
        principal: Principal,
        vault: VaultId,
        tokens: tuple[McpOAuthDetails, McpOAuth],
        *,
        display_name: str | None,
    ) -> Credential:
        """Store the tokens. Raises what `require_room` does."""
        details, material = tokens
        for _ in range(_TRIES):
            present = await self.require_room(principal, vault, details.mcp_server_url)
            if present is not None:
                return await self._repaired(principal, present, details, material)
            new = NewCredential(details=details, material=material, display_name=display_name, metadata={})
            try:
                return await self._service.create(principal, vault, new)
            except Conflict:  # made by somebody else since we looked
                continue
        raise Conflict("the credential for this server is being changed by others: begin again")

    async def _repaired(
        self, principal: Principal, present: Credential, details: McpOAuthDetails, material: McpOAuth
    ) -> Credential:
        def change(before: Credential, _sealed: Material | None) -> tuple[Credential, Material | None]:
            stored = before.details
            assert isinstance(stored, McpOAuthDetails)  # noqa: S101 - the kind was looked at, and never changes
            return replace(before, details=replace(details, mcp_server_url=stored.mcp_server_url)), material

        return await self._service.update(principal, present.vault, present.id, change, needs_material=False)
