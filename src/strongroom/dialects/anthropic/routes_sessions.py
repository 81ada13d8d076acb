"""The routes of sessions (contract anthropic-vaults 2, S1 to S6)."""

from typing import final

from fastapi import Request, Response
from fastapi.routing import APIRouter

from strongroom.core.ids import SessionId
from strongroom.core.pages import Page
from strongroom.core.sessions import Session
from strongroom.core.sources import Clock
from strongroom.crypto.tokens import PageTokens
from strongroom.dialects.anthropic import session_query as asked
from strongroom.dialects.anthropic import translate_sessions as translate
from strongroom.dialects.anthropic import wire_sessions as wire
from strongroom.dialects.anthropic.pages import DEFAULT_LIMIT, IncludeArchived, Limit, Listing, PageToken
from strongroom.dialects.door import CreateRoute, caller
from strongroom.dialects.replies import reply
from strongroom.services.access import EgressAccess
from strongroom.services.sessions import SessionService


@final
class SessionRoutes:
    """Endpoints on sessions."""

    def __init__(self, *, sessions: SessionService, access: EgressAccess, pages: PageTokens, clock: Clock) -> None:
        self._sessions = sessions
        self._access = access
        self._pages = pages
        self._clock = clock

    def add_to(self, router: APIRouter) -> None:
        """Add the table."""
        add, here, one = router.add_api_route, "/v1/sessions", "/v1/sessions/{session_id}"
        made = wire.OpenedSession
        add(here, self.create_session, methods=["POST"], response_model=made, route_class_override=CreateRoute)
        add(here, self.list_sessions, methods=["GET"], response_model=wire.SessionPage)
        add(one, self.retrieve_session, methods=["GET"], response_model=wire.Session)
        add(one, self.update_session, methods=["POST"], response_model=wire.Session)
        add(one, self.delete_session, methods=["DELETE"], response_model=wire.DeletedSession)
        add(f"{one}/archive", self.archive_session, methods=["POST"], response_model=wire.Session)

    async def create_session(self, request: Request, sent: wire.NewSession) -> Response:
        """Bind an agent to an environment and to vaults; what its process needs is shown this once."""
        opened = await self._sessions.open(caller(request), translate.new(sent))
        return reply(translate.opened(opened.session, self._access.of(opened), self._clock()))

    async def list_sessions(  # noqa: PLR0913 - one argument per query parameter
        self,
        request: Request,
        limit: Limit = DEFAULT_LIMIT,
        page: PageToken = None,
        include_archived: IncludeArchived = False,  # noqa: FBT002 - a query parameter
        order: asked.Order = "desc",
        agent_id: str | None = None,
        agent_version: asked.AgentVersion = None,
        created_after: asked.CreatedAfter = None,
        created_from: asked.CreatedFrom = None,
        created_before: asked.CreatedBefore = None,
        created_until: asked.CreatedUntil = None,
        statuses: asked.Statuses = None,
        deployment_id: str | None = None,
        memory_store_id: str | None = None,
    ) -> Response:
        """List sessions in the order asked for, with ways on and back."""
        principal = caller(request)
        listing = Listing(
            tokens=self._pages, collection="sessions", scope=(principal.workspace,), newest_first=order == "desc"
        )
        query = listing.query(limit=limit, page=page, include_archived=include_archived)
        narrowed = asked.Wanted(
            agent_id=agent_id,
            agent_version=agent_version,
            after=created_after,
            at_or_after=created_from,
            before=created_before,
            at_or_before=created_until,
            statuses=statuses,
            deployment_id=deployment_id,
            memory_store_id=memory_store_id,
        ).filter()
        found: Page[Session] = Page((), more=False)
        if narrowed is not None:
            found = await self._sessions.page(principal, query, narrowed)
        now = self._clock()
        body: wire.SessionPage = {
            "data": [translate.from_core(session, now) for session in found.rows],
            "next_page": listing.next_page(query, found),
            "prev_page": listing.prev_page(query, found),
        }
        return reply(body)

    async def retrieve_session(self, request: Request, session_id: str) -> Response:
        """Return a session."""
        return self._shown(await self._sessions.get(caller(request), SessionId(session_id)))

    async def update_session(self, request: Request, session_id: str, sent: wire.SessionUpdate) -> Response:
        """Change a session's title, metadata or the MCP servers of its agent."""
        declared = "mcp_servers" in sent.agent.model_fields_set
        after = await self._sessions.update(
            caller(request),
            SessionId(session_id),
            title=sent.title,
            metadata=sent.metadata,
            mcp_servers=translate.servers(sent.agent.mcp_servers) if declared else None,
        )
        return self._shown(after)

    async def delete_session(self, request: Request, session_id: str) -> Response:
        """End a session and remove it."""
        await self._sessions.delete(caller(request), SessionId(session_id))
        body: wire.DeletedSession = {"id": session_id, "type": "session_deleted"}
        return reply(body)

    async def archive_session(self, request: Request, session_id: str) -> Response:
        """End a session: its proxy identity and placeholders are worthless from here on."""
        return self._shown(await self._sessions.archive(caller(request), SessionId(session_id)))

    def _shown(self, session: Session) -> Response:
        return reply(translate.from_core(session, self._clock()))
