"""The audit log, with everything that an entry's hash covers: clients verify it themselves."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from strongroom.core.audit import Entry, Outcome
from strongroom.core.ids import OrganizationId
from strongroom.dialects.door import caller
from strongroom.dialects.native.shapes import PREFIX, Answer, Moment
from strongroom.services.catalogue import Services

MAX_LIMIT = 1000
_MAX_SEQUENCE = 2**63 - 1  # what the databases count with


class EntryAnswer(Answer):
    """An entry; `hash` covers every other field, and through `previous` all entries before it."""

    sequence: int
    previous: str
    hash: str
    id: str
    at: Moment
    organization_id: str
    workspace_id: str | None
    principal: str
    action: str
    target: str
    outcome: Outcome
    reason: str | None
    facts: dict[str, str | int]


class EntryList(Answer):
    """Entries of one chain, oldest first. `next_after` is where to go on; null at the end."""

    data: list[EntryAnswer]
    next_after: int | None


class ChainAnswer(Answer):
    """How long an organization's chain is, and the hash it ends with."""

    organization_id: str
    entries: int
    hash: str


class ChainList(Answer):
    """The chains that the key may read."""

    data: list[ChainAnswer]


def add_audit(router: APIRouter, services: Services) -> None:
    """Add the routes."""

    async def list_entries(
        request: Request,
        after: Annotated[int, Query(ge=0, le=_MAX_SEQUENCE, description="Entries with a greater sequence.")] = 0,
        limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 100,
        newest: Annotated[bool, Query(description="The last ones instead.")] = False,  # noqa: FBT002 - a query
        organization_id: Annotated[str | None, Query(description="Another organization's; for the operator.")] = None,
    ) -> EntryList:
        """Read a chain, oldest entries first."""
        principal = caller(request)
        organization = None if organization_id is None else OrganizationId(organization_id)
        if newest:
            entries = await services.audits.newest(principal, organization=organization, limit=limit)
        else:
            entries = await services.audits.entries(principal, organization=organization, after=after, limit=limit)
        more = len(entries) == limit and not newest
        return EntryList(data=[*map(shown, entries)], next_after=entries[-1].sequence if more else None)

    async def list_chains(request: Request) -> ChainList:
        """Show how long each chain is and how it ends."""
        chains = await services.audits.chains(caller(request))
        return ChainList(
            data=[
                ChainAnswer(organization_id=chain.organization, entries=chain.head.entries, hash=chain.head.hash)
                for chain in chains
            ]
        )

    router.add_api_route(f"{PREFIX}/audit", list_entries, methods=["GET"])
    router.add_api_route(f"{PREFIX}/audit/chains", list_chains, methods=["GET"])


def shown(entry: Entry) -> EntryAnswer:
    """Return an entry as it travels."""
    record = entry.record
    return EntryAnswer(
        sequence=entry.sequence,
        previous=entry.previous,
        hash=entry.hash,
        id=record.id,
        at=record.at,
        organization_id=record.organization,
        workspace_id=record.workspace,
        principal=record.principal,
        action=record.action,
        target=record.target,
        outcome=record.outcome,
        reason=record.reason,
        facts=dict(record.facts),
    )
