"""Sessions: opened with vaults and environment by id, name or default; shown with what they did; ended."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request

from strongroom.core.audit import Entry, Outcome
from strongroom.core.ids import EnvironmentId, SessionId, VaultId
from strongroom.core.sessions import Agent, Session
from strongroom.dialects.door import CreateRoute, caller
from strongroom.dialects.native.listing import DEFAULT_LIMIT, Limit, Listing
from strongroom.dialects.native.reference import default_vault, environment_id, vault_id
from strongroom.dialects.native.session_shapes import (
    DecisionEvent,
    EgressAnswer,
    EventList,
    McpServerAnswer,
    NewSessionBody,
    OpenedSession,
    RefusalEvent,
    RefusalsAnswer,
    SessionAnswer,
    SessionPage,
    SessionWithUses,
    UseEvent,
    UsesAnswer,
)
from strongroom.dialects.native.shapes import PREFIX
from strongroom.dialects.options import Options
from strongroom.services.access import Egress, McpAddress
from strongroom.services.catalogue import Services
from strongroom.services.ports import SessionFilter
from strongroom.services.sessions import NewSession
from strongroom.services.usage_ports import Refused, Use

AGENT = Agent(id="external")
"""Sessions that are opened here are for whatever program the caller starts."""

COLLECTION = "native/sessions"


def add_sessions(router: APIRouter, services: Services, options: Options) -> None:
    """Add the routes."""

    async def create_session(request: Request, body: NewSessionBody) -> OpenedSession:
        """Open a session."""
        principal = caller(request)
        if body.vaults is None:
            vaults: tuple[VaultId, ...] = (await default_vault(services.vaults, principal, field="vaults"),)
        else:
            vaults = tuple(
                [
                    await vault_id(services.vaults, principal, wanted, field=f"vaults.{place}")
                    for place, wanted in enumerate(body.vaults)
                ]
            )
        if body.environment is None:
            environment: EnvironmentId = (await services.environments.default(principal)).id
        else:
            environment = await environment_id(services.environments, principal, body.environment, field="environment")
        opened = await services.sessions.open(
            principal,
            NewSession(
                agent=AGENT,
                environment=environment,
                vaults=vaults,
                title=body.title,
                metadata=body.metadata or {},
                mcp_tools=body.mcp_tools or {},
                lifetime=None if body.expires_in is None else timedelta(seconds=body.expires_in),
            ),
        )
        shown = _shown(opened.session, options.clock())
        egress = _egress(services.access.of(opened), opened.placeholders)
        return OpenedSession(**dict(shown), egress=egress)

    async def list_sessions(
        request: Request,
        limit: Limit = DEFAULT_LIMIT,
        page: str | None = None,
        include_archived: Annotated[bool, Query(description="Ended ones too.")] = False,  # noqa: FBT002 - a query
    ) -> SessionPage:
        """List sessions, newest first; without `include_archived`, those that have not ended."""
        principal = caller(request)
        listing = Listing(tokens=options.pages, collection=COLLECTION, scope=(principal.workspace,))
        query = listing.query(limit=limit, page=page, include_archived=include_archived)
        found = await services.sessions.page(principal, query, SessionFilter(live=None if include_archived else True))
        now = options.clock()
        return SessionPage(data=[_shown(session, now) for session in found.rows], next_page=listing.next_page(found))

    async def get_session(request: Request, session_id: str) -> SessionWithUses:
        """Show a session, the MCP servers that it can speak to, what it used and what it was refused."""
        principal = caller(request)
        session, servers = await services.sessions.with_servers(principal, SessionId(session_id))
        deeds = await services.audits.of_session(principal, session.id)
        shown = dict(_shown(session, options.clock()))
        return SessionWithUses(
            **shown,
            mcp_servers=[*map(_server_shown, services.access.mcp_servers(session.id, servers))],
            uses=_summed(deeds.uses),
            refusals=[*map(_refusals_shown, deeds.refusals)],
        )

    async def end_session(request: Request, session_id: str) -> SessionAnswer:
        """End a session: its proxy token and its placeholders are worthless within a second."""
        session = await services.sessions.archive(caller(request), SessionId(session_id))
        return _shown(session, options.clock())

    async def session_events(request: Request, session_id: str) -> EventList:
        """List what a session did, oldest first: decisions, security events, counted uses and refusals."""
        deeds = await services.audits.of_session(caller(request), SessionId(session_id))
        events: list[DecisionEvent | UseEvent | RefusalEvent] = [
            *map(_entry_event, deeds.entries),
            *map(_use_event, deeds.uses),
            *map(_refusal_event, deeds.refusals),
        ]
        return EventList(data=sorted(events, key=lambda event: event.at))

    router.add_api_route(f"{PREFIX}/sessions", create_session, methods=["POST"], route_class_override=CreateRoute)
    router.add_api_route(f"{PREFIX}/sessions", list_sessions, methods=["GET"])
    router.add_api_route(f"{PREFIX}/sessions/{{session_id}}", get_session, methods=["GET"])
    router.add_api_route(f"{PREFIX}/sessions/{{session_id}}/end", end_session, methods=["POST"])
    router.add_api_route(f"{PREFIX}/sessions/{{session_id}}/events", session_events, methods=["GET"])


def _shown(session: Session, now: datetime) -> SessionAnswer:
    return SessionAnswer(
        id=session.id,
        status=session.status(now),
        title=session.title,
        environment_id=session.environment,
        vault_ids=list(session.vaults),
        metadata=dict(session.metadata),
        mcp_tools={server: list(names) for server, names in session.mcp_tools.items()},
        opened_by=session.opened_by,
        created_at=session.created_at,
        updated_at=session.updated_at,
        expires_at=session.expires_at,
        archived_at=session.archived_at,
    )


def _egress(egress: Egress, placeholders: Iterable[str]) -> EgressAnswer:
    return EgressAnswer(
        proxy_url=egress.proxy_url,
        token=egress.token,
        env=dict(egress.env),
        ca_certificate=egress.ca_certificate,
        placeholders=list(placeholders),
        mcp_servers=[*map(_server_shown, egress.mcp_servers)],
    )


def _server_shown(server: McpAddress) -> McpServerAnswer:
    return McpServerAnswer(
        name=server.name,
        url=server.url,
        mcp_server_url=server.mcp_server_url,
        credential_id=server.credential_id,
    )


def _summed(uses: Sequence[Use]) -> list[UsesAnswer]:
    counts: defaultdict[tuple[str, str], int] = defaultdict(int)
    last: dict[tuple[str, str], datetime] = {}
    for use in uses:
        counts[use.credential, use.host] += use.count
        last[use.credential, use.host] = max(use.second, last.get((use.credential, use.host), use.second))
    return [
        UsesAnswer(credential_id=credential, host=host, count=count, last_used_at=last[credential, host])
        for (credential, host), count in counts.items()
    ]


def _entry_event(entry: Entry) -> DecisionEvent:
    record = entry.record
    return DecisionEvent(
        type="security_event" if record.outcome is Outcome.OBSERVED else "decision",
        at=record.at,
        id=record.id,
        sequence=entry.sequence,
        principal=record.principal,
        action=record.action,
        target=record.target,
        outcome=record.outcome,
        reason=record.reason,
        facts=dict(record.facts),
    )


def _use_event(use: Use) -> UseEvent:
    return UseEvent(at=use.second, credential_id=use.credential, host=use.host, count=use.count)


def _refusals_shown(refused: Refused) -> RefusalsAnswer:
    return RefusalsAnswer(
        code=refused.code,
        host=refused.host or None,
        count=refused.count,
        first_at=refused.first_at,
        last_at=refused.last_at,
    )


def _refusal_event(refused: Refused) -> RefusalEvent:
    return RefusalEvent(
        at=refused.last_at,
        first_at=refused.first_at,
        code=refused.code,
        host=refused.host or None,
        count=refused.count,
    )
