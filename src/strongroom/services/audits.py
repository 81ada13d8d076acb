"""Reading the audit log: the newest entries, whole chains for verification, and what a session did."""

from dataclasses import dataclass
from typing import final

from strongroom.core.actions import Action, Scope
from strongroom.core.audit import Entry, Head
from strongroom.core.failures import NotPermitted
from strongroom.core.grants import Principal, Target
from strongroom.core.ids import OrganizationId, SessionId
from strongroom.services.gate import Gate
from strongroom.services.ports import AuditLog, Sessions, Tenants
from strongroom.services.usage_ports import Refusals, Refused, Use, Uses

PAGE = 1000
"""Entries read at once."""


@final
@dataclass(frozen=True, slots=True)
class Chain:
    """One organization's chain as it stood at a moment."""

    organization: OrganizationId
    head: Head


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Deeds:
    """What a session did: its entries, its counted uses, and what the proxies refused it, the latest first."""

    entries: list[Entry]
    uses: list[Use]
    refusals: list[Refused]


@final
class AuditService:
    """Use cases on the audit log. There is none that changes it."""

    def __init__(  # noqa: PLR0913 - one argument per port
        self,
        *,
        log: AuditLog,
        uses: Uses,
        refusals: Refusals,
        sessions: Sessions,
        tenants: Tenants,
        gate: Gate,
    ) -> None:
        self._log = log
        self._uses = uses
        self._refusals = refusals
        self._sessions = sessions
        self._tenants = tenants
        self._gate = gate

    async def chains(self, principal: Principal) -> list[Chain]:
        """Return the chains the caller may read: its organization's, or all for the operator."""
        await self._gate.admit(principal, Action.AUDIT_READ, _target(principal, "audit"))
        mine = [principal.organization]
        if Scope.ORGANIZATIONS_READ in principal.scopes:
            mine = [organization.id for organization in await self._tenants.organizations()]
        return [Chain(organization, await self._log.head(organization)) for organization in mine]

    async def entries(
        self, principal: Principal, *, organization: OrganizationId | None, after: int, limit: int
    ) -> list[Entry]:
        """Return entries of one chain with a greater sequence, oldest first. Others' chains are `NotPermitted`."""
        await self._gate.admit(principal, Action.AUDIT_READ, _target(principal, "audit"))
        chain = _readable(principal, organization)
        return await self._log.entries(chain, after=after, limit=limit)

    async def newest(self, principal: Principal, *, organization: OrganizationId | None, limit: int) -> list[Entry]:
        """Return the last entries of one chain, oldest first."""
        await self._gate.admit(principal, Action.AUDIT_READ, _target(principal, "audit"))
        return await self._log.newest(_readable(principal, organization), limit=limit)

    async def of_session(self, principal: Principal, session: SessionId) -> Deeds:
        """Return what a session did."""
        await self._gate.admit(principal, Action.SESSION_READ, _target(principal, session))
        await self._sessions.get(principal.workspace, session)
        entries: list[Entry] = []
        while page := await self._log.entries(
            principal.organization, session=session, after=entries[-1].sequence if entries else 0, limit=PAGE
        ):
            entries += page
        return Deeds(
            entries=entries,
            uses=await self._uses.of_session(principal.workspace, session),
            refusals=await self._refusals.of_session(principal.workspace, session),
        )


def _readable(principal: Principal, organization: OrganizationId | None) -> OrganizationId:
    chain = organization or principal.organization
    if chain != principal.organization and Scope.ORGANIZATIONS_READ not in principal.scopes:
        raise NotPermitted("this key reads the audit log of its own organization only")
    return chain


def _target(principal: Principal, name: str) -> Target:
    return Target(name=name, workspace=principal.workspace)
