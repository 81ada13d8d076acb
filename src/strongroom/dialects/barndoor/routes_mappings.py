"""The routes of model mappings (contract 1.2)."""

from typing import final

from fastapi import Request, Response

from strongroom.core.failures import Invalid
from strongroom.dialects.barndoor import wire_mappings as wire
from strongroom.dialects.barndoor.paths import ADMIN, Paths, uuid_of
from strongroom.dialects.barndoor.show_mappings import from_core, placed
from strongroom.dialects.barndoor.wire_connections import Deleted
from strongroom.dialects.door import caller
from strongroom.dialects.replies import reply
from strongroom.services.llm_mappings import MappingService
from strongroom.services.llm_route_health import RouteHealth


@final
class MappingRoutes:
    """Endpoints on model mappings."""

    def __init__(self, *, mappings: MappingService, health: RouteHealth) -> None:
        self._mappings = mappings
        self._health = health

    def add_to(self, paths: Paths) -> None:
        """Add the table; what has a name of its own comes before what has an id in its place."""
        self._paths = paths
        here = f"{ADMIN}/model-mappings"
        one = f"{here}/{{id}}"
        paths.get(here, self.list_all_model_mappings, list[wire.PlacedModelMapping])
        paths.create(here, self.create_model_mapping, wire.ModelMapping)
        paths.write("PUT", f"{here}/reorder", self.reorder_model_mappings, wire.Reordered)
        paths.write("PUT", one, self.update_model_mapping, wire.ModelMapping)
        paths.write("DELETE", one, self.delete_model_mapping, Deleted)

    async def list_all_model_mappings(self, request: Request) -> Response:
        """List all model mappings, oldest first."""
        return reply([placed(each, self._health) for each in await self._mappings.all(caller(request))])

    async def create_model_mapping(self, request: Request, sent: wire.CreateModelMappingRequest) -> Response:
        """Enable a model, or give an enabled one a name of its own."""
        principal = self._paths.writer(request)
        return reply(from_core(await self._mappings.create(principal, sent.provider_id, sent.read())))

    async def update_model_mapping(self, request: Request, id: str, sent: wire.UpdateModelMappingRequest) -> Response:  # noqa: A002 - the path's name for it
        """Change a model mapping."""
        principal = self._paths.writer(request)
        return reply(from_core(await self._mappings.update(principal, uuid_of(id), sent.read())))

    async def reorder_model_mappings(self, request: Request, sent: wire.ReorderModelMappingsRequest) -> Response:
        """Set the priorities of several at once."""
        priorities = {entry.id: entry.priority for entry in sent.entries}
        if len(priorities) != len(sent.entries):
            raise Invalid("must name each mapping once", field="entries")
        await self._mappings.reorder(self._paths.writer(request), priorities)
        body: wire.Reordered = {"ok": True}
        return reply(body)

    async def delete_model_mapping(self, request: Request, id: str) -> Response:  # noqa: A002 - as above
        """Remove a model mapping."""
        await self._mappings.delete(self._paths.writer(request), uuid_of(id))
        body: Deleted = {"deleted": True}
        return reply(body)
