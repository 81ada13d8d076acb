"""The organization that a token names: one that is here already, or one that is made as soon as it is first named.

Known by the UUID that its issuer has for it, or by our own id. Rules kept here:
- making one is for persons whose token an issuer has vouched for, is recorded, and can be forbidden;
- of two that make it at once, one does;
- an id that is no UUID is turned into one under the issuer's name, so no two issuers mean the same by it.
"""

from typing import final

from strongroom.core.bearers import Bearer, Named
from strongroom.core.failures import NotPermitted, NotTaken
from strongroom.core.grants import Principal
from strongroom.core.ids import ORGANIZATION, WORKSPACE, NewId, OrganizationId, WorkspaceId
from strongroom.core.sources import Clock
from strongroom.core.tenants import Organization, Workspace
from strongroom.core.uuids import is_uuid, uuid_for
from strongroom.services.gate import Gate
from strongroom.services.organizations import FIRST_WORKSPACE
from strongroom.services.ports import Tenants

MAX_REMEMBERED = 10_000
MADE = "organization.first_seen"
Home = tuple[OrganizationId, WorkspaceId]


@final
class FirstSight:
    """Finds homes. `makes` says whether one that is not known is made; `otherwise` where tokens act that name none."""

    def __init__(  # noqa: PLR0913 - one argument per port and decision
        self, *, tenants: Tenants, gate: Gate, clock: Clock, new_id: NewId, makes: bool, otherwise: str | None
    ) -> None:
        self._tenants = tenants
        self._gate = gate
        self._clock = clock
        self._new_id = new_id
        self._makes = makes
        self._otherwise = otherwise
        self._homes: dict[tuple[str, str], Home] = {}

    async def home(self, bearer: Bearer) -> Home:
        """Return where somebody acts. Raises `NotPermitted`."""
        named = bearer.organization
        if named is None and self._otherwise is not None:
            named = Named(id=self._otherwise)
        if named is None:
            raise _refused(NotTaken.ORGANIZATION_MISSING)
        known = self._homes.get((bearer.issuer, named.id))
        if known is None:
            known = await self._found(bearer, named)
            if len(self._homes) >= MAX_REMEMBERED:
                self._homes.clear()
            self._homes[bearer.issuer, named.id] = known
        return known

    async def _found(self, bearer: Bearer, named: Named) -> Home:
        found = await self._tenants.organization(OrganizationId(named.id))
        if found is None:
            uuid = named.id.lower() if is_uuid(named.id) else uuid_for(f"{bearer.issuer}|organization|{named.id}")
            found = await self._tenants.organization_by_uuid(uuid) or await self._made(bearer, named, uuid)
        return found.id, (await self._tenants.workspaces(found.id))[0].id

    async def _made(self, bearer: Bearer, named: Named, uuid: str) -> Organization:
        if not self._makes or bearer.organization is None:
            raise _refused(NotTaken.ORGANIZATION_UNKNOWN)
        now = self._clock()
        new = Organization(
            id=OrganizationId(self._new_id(ORGANIZATION)), name=named.name or uuid, created_at=now, foreign_uuid=uuid
        )
        workspace = Workspace(
            id=WorkspaceId(self._new_id(WORKSPACE)), organization=new.id, name=FIRST_WORKSPACE, created_at=now
        )
        seen_by = Principal(
            id=bearer.principal, organization=new.id, workspace=workspace.id, scopes=frozenset(), person=bearer.person
        )
        await self._gate.observe(seen_by, MADE, new.id, {"uuid": uuid})  # first: nothing is made without its record
        return await self._tenants.settle_organization(new, workspace)


def _refused(why: NotTaken) -> NotPermitted:
    return NotPermitted(why.sentence, why=why)
