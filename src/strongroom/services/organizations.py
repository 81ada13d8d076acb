"""Organizations: separate tenants, each with a first workspace and a first key."""

from dataclasses import dataclass
from typing import final

from strongroom.core.actions import Action, Scope
from strongroom.core.grants import Principal, Target
from strongroom.core.ids import KEY, ORGANIZATION, WORKSPACE, KeyId, NewId, OrganizationId, WorkspaceId
from strongroom.core.secret import Secret
from strongroom.core.sources import Clock, Entropy
from strongroom.core.tenants import ApiKey, Organization, Workspace
from strongroom.core.uuids import uuid_for
from strongroom.core.vaults import checked_name
from strongroom.crypto.tokens import digest, hint, mint_api_key
from strongroom.services.gate import Gate
from strongroom.services.keys import ORDINARY_SCOPES
from strongroom.services.ports import Tenants

FIRST_WORKSPACE = "default"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class NewTenant:
    """A fresh organization with its workspace and first key. `secret` is shown this once."""

    organization: Organization
    workspace: Workspace
    key: ApiKey
    secret: Secret


@final
class OrganizationService:
    """Use cases on organizations."""

    def __init__(self, *, tenants: Tenants, gate: Gate, clock: Clock, new_id: NewId, entropy: Entropy) -> None:
        self._tenants = tenants
        self._gate = gate
        self._clock = clock
        self._new_id = new_id
        self._entropy = entropy
        self._uuids: dict[OrganizationId, str] = {}

    async def create(self, principal: Principal, *, name: str) -> NewTenant:
        """Make an organization; its first key reaches all of it and nothing beyond."""
        checked_name(name, field="name")
        await self._gate.admit(principal, Action.ORGANIZATION_CREATE, _target(principal))
        return await self.found(name, secret=mint_api_key(self._entropy), scopes=ORDINARY_SCOPES)

    async def page(self, principal: Principal) -> list[Organization]:
        """Return all organizations, oldest first."""
        await self._gate.admit(principal, Action.ORGANIZATION_LIST, _target(principal))
        return await self._tenants.organizations()

    async def uuid_of(self, principal: Principal) -> str:
        """Return what wires call the caller's organization that know organizations by UUID; it never changes."""
        known = self._uuids.get(principal.organization)
        if known is None:
            found = await self._tenants.organization(principal.organization)
            known = uuid_for(principal.organization) if found is None else found.uuid
            self._uuids[principal.organization] = known
        return known

    async def found(self, name: str, *, secret: Secret, scopes: frozenset[Scope]) -> NewTenant:
        """Make an organization without asking anyone: for the first start alone."""
        now = self._clock()
        organization = Organization(id=OrganizationId(self._new_id(ORGANIZATION)), name=name, created_at=now)
        workspace = Workspace(
            id=WorkspaceId(self._new_id(WORKSPACE)), organization=organization.id, name=FIRST_WORKSPACE, created_at=now
        )
        key = ApiKey(
            id=KeyId(self._new_id(KEY)),
            organization=organization.id,
            workspace=workspace.id,
            name="admin",
            hint=hint(secret),
            scopes=scopes,
            created_at=now,
        )
        await self._tenants.add_organization(organization, workspace)
        await self._tenants.add_key(key, digest(secret))
        return NewTenant(organization=organization, workspace=workspace, key=key, secret=secret)


def _target(principal: Principal) -> Target:
    return Target(name="organizations", workspace=principal.workspace)
