"""The routes of environments (contract anthropic-vaults 2, E1 to E6)."""

from typing import final

from fastapi import Request, Response
from fastapi.routing import APIRouter

from strongroom.core.ids import EnvironmentId
from strongroom.crypto.tokens import PageTokens
from strongroom.dialects.anthropic import translate_environments as translate
from strongroom.dialects.anthropic import wire_environments as wire
from strongroom.dialects.anthropic.pages import DEFAULT_LIMIT, IncludeArchived, Limit, Listing, PageToken
from strongroom.dialects.door import CreateRoute, caller
from strongroom.dialects.replies import reply
from strongroom.services.environments import EnvironmentService


@final
class EnvironmentRoutes:
    """Endpoints on environments."""

    def __init__(self, *, environments: EnvironmentService, pages: PageTokens) -> None:
        self._environments = environments
        self._pages = pages

    def add_to(self, router: APIRouter) -> None:
        """Add the table."""
        add, here, one = router.add_api_route, "/v1/environments", "/v1/environments/{environment_id}"
        shape = wire.Environment
        add(here, self.create_environment, methods=["POST"], response_model=shape, route_class_override=CreateRoute)
        add(here, self.list_environments, methods=["GET"], response_model=wire.EnvironmentPage)
        add(one, self.retrieve_environment, methods=["GET"], response_model=shape)
        add(one, self.update_environment, methods=["POST"], response_model=shape)
        add(one, self.delete_environment, methods=["DELETE"], response_model=wire.DeletedEnvironment)
        add(f"{one}/archive", self.archive_environment, methods=["POST"], response_model=shape)

    async def create_environment(self, request: Request, sent: wire.NewEnvironment) -> Response:
        """Make an environment; without a configuration it is cloud and unrestricted."""
        environment = await self._environments.create(caller(request), translate.new(sent))
        return reply(translate.from_core(environment))

    async def list_environments(
        self,
        request: Request,
        limit: Limit = DEFAULT_LIMIT,
        page: PageToken = None,
        include_archived: IncludeArchived = False,  # noqa: FBT002 - a query parameter
    ) -> Response:
        """List environments, newest first."""
        principal = caller(request)
        listing = Listing(tokens=self._pages, collection="environments", scope=(principal.workspace,))
        query = listing.query(limit=limit, page=page, include_archived=include_archived)
        found = await self._environments.page(principal, query)
        body: wire.EnvironmentPage = {
            "data": [translate.from_core(environment) for environment in found.rows],
            "next_page": listing.next_page(query, found),
        }
        return reply(body)

    async def retrieve_environment(self, request: Request, environment_id: str) -> Response:
        """Return an environment."""
        environment = await self._environments.get(caller(request), EnvironmentId(environment_id))
        return reply(translate.from_core(environment))

    async def update_environment(self, request: Request, environment_id: str, sent: wire.EnvironmentUpdate) -> Response:
        """Change an environment; running sessions feel it at once."""
        change = translate.change(sent)
        after = await self._environments.update(caller(request), EnvironmentId(environment_id), change.applied)
        return reply(translate.from_core(after))

    async def delete_environment(self, request: Request, environment_id: str) -> Response:
        """Remove an environment that no session references."""
        await self._environments.delete(caller(request), EnvironmentId(environment_id))
        body: wire.DeletedEnvironment = {"id": environment_id, "type": "environment_deleted"}
        return reply(body)

    async def archive_environment(self, request: Request, environment_id: str) -> Response:
        """Make an environment read-only and close it to new sessions."""
        after = await self._environments.archive(caller(request), EnvironmentId(environment_id))
        return reply(translate.from_core(after))
