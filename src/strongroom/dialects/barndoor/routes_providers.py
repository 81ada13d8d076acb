"""The routes of providers (contract 1.2)."""

from typing import final

from fastapi import Request, Response

from strongroom.core.fields import write_time
from strongroom.core.llm import providers as core
from strongroom.core.llm.connections import Connection
from strongroom.dialects.barndoor import wire_mappings, wire_providers
from strongroom.dialects.barndoor.paths import ADMIN, Paths, uuid_of
from strongroom.dialects.barndoor.show_connections import attributed
from strongroom.dialects.barndoor.show_mappings import priced
from strongroom.dialects.barndoor.wire_connections import Deleted
from strongroom.dialects.door import caller
from strongroom.dialects.replies import reply
from strongroom.services.llm_mappings import MappingService
from strongroom.services.llm_providers import ProviderService
from strongroom.services.llm_route_health import RouteHealth
from strongroom.services.organizations import OrganizationService

WITH_CONNECTION = "pending"
"""What this vendor shows as the secret's path of a provider that has its secret from a connection."""


@final
class ProviderRoutes:
    """Endpoints on providers."""

    def __init__(
        self,
        *,
        providers: ProviderService,
        mappings: MappingService,
        health: RouteHealth,
        organizations: OrganizationService,
    ) -> None:
        self._providers = providers
        self._mappings = mappings
        self._health = health
        self._organizations = organizations

    def add_to(self, paths: Paths) -> None:
        """Add the table."""
        self._paths = paths
        here = f"{ADMIN}/providers"
        one = f"{here}/{{id}}"
        paths.get(here, self.list_providers, list[wire_providers.Provider])
        paths.create(here, self.create_provider, wire_providers.Provider)
        paths.get(one, self.get_provider, wire_providers.Provider)
        paths.write("PUT", one, self.update_provider, wire_providers.Provider)
        paths.write("DELETE", one, self.delete_provider, Deleted)
        mappings = f"{here}/{{provider_id}}/model-mappings"
        paths.get(mappings, self.list_model_mappings, list[wire_mappings.PricedModelMapping])

    async def list_providers(self, request: Request) -> Response:
        """List all providers, oldest first."""
        principal = caller(request)
        org_id = await self._organizations.uuid_of(principal)
        return reply([_shown(*each, org_id) for each in await self._providers.all(principal)])

    async def create_provider(self, request: Request, sent: wire_providers.CreateProviderRequest) -> Response:
        """Make a provider. Its secret is a connection's, or its clients bring one."""
        principal = self._paths.writer(request)
        org_id = await self._organizations.uuid_of(principal)
        made = await self._providers.create(principal, sent.read(), tuple(sent.models or ()))
        return reply(_shown(*made, org_id))

    async def get_provider(self, request: Request, id: str) -> Response:  # noqa: A002 - the path's name for it
        """Return a provider."""
        principal = caller(request)
        org_id = await self._organizations.uuid_of(principal)
        return reply(_shown(*await self._providers.get(principal, uuid_of(id)), org_id))

    async def update_provider(self, request: Request, id: str, sent: wire_providers.UpdateProviderRequest) -> Response:  # noqa: A002 - as above
        """Change a provider."""
        principal = self._paths.writer(request)
        org_id = await self._organizations.uuid_of(principal)
        return reply(_shown(*await self._providers.update(principal, uuid_of(id), sent.read()), org_id))

    async def delete_provider(self, request: Request, id: str) -> Response:  # noqa: A002 - as above
        """Remove a provider with its model mappings."""
        await self._providers.delete(self._paths.writer(request), uuid_of(id))
        body: Deleted = {"deleted": True}
        return reply(body)

    async def list_model_mappings(self, request: Request, provider_id: str) -> Response:
        """List a provider's model mappings, oldest first."""
        found = await self._mappings.of_provider(caller(request), uuid_of(provider_id))
        return reply([priced(each, self._health) for each in found])


def _shown(provider: core.Provider, connection: Connection | None, org_id: str) -> wire_providers.Provider:
    upstream = provider.upstream(connection)
    checked_at = provider.health.checked_at
    return {
        "id": provider.id,
        "org_id": org_id,
        "name": provider.name,
        "model_provider": provider.model_provider,
        "auth_type": upstream.auth_type,
        "base_url": upstream.base_url,
        "settings": upstream.settings,
        "secret_path": WITH_CONNECTION if connection is not None else f"orgs/{org_id}/providers/{provider.id}",
        "connection_id": provider.connection,
        "enabled": provider.enabled,
        "enforce_health_check": provider.enforce_health_check,
        "health_status": provider.health.status.value,
        "health_checked_at": None if checked_at is None else write_time(checked_at),
        "health_detail": provider.health.detail,
        "billing_mode": provider.billing.mode.value,
        "billing_reason": provider.billing.reason,
        "billing_note": provider.billing.note,
        "model_sync_mode": "off",
        "catalog_id": None,
        "catalog_slug": None,
        "request_timeout_secs": provider.request_timeout_secs,
        "stream_idle_timeout_secs": provider.stream_idle_timeout_secs,
        "created_at": write_time(provider.created_at),
        "updated_at": write_time(provider.updated_at),
        **attributed(provider.attribution),
    }
