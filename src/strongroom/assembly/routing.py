"""Connections, providers, model mappings and gateway keys, put together; and what routes requests by them."""

from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, final

from strongroom.assembly.clouds import CloudAccess, cloud_access
from strongroom.assembly.ground import Ground
from strongroom.assembly.site import Site
from strongroom.assembly.vaults import vaults
from strongroom.core.grants import Principal
from strongroom.core.hosts import HostSet
from strongroom.core.ids import VaultId
from strongroom.core.vaults import Purpose
from strongroom.crypto.marks import Marks
from strongroom.crypto.tokens import subkey
from strongroom.outbound.llm_destinations import GuardedDestinations
from strongroom.services.gateway_keys import GatewayKeyService
from strongroom.services.llm_books import Books
from strongroom.services.llm_connections import ConnectionService
from strongroom.services.llm_mappings import MappingService
from strongroom.services.llm_providers import ProviderService
from strongroom.services.llm_routing import Routes, Secrets
from strongroom.services.llm_usage import LlmUsageService
from strongroom.services.ports import Changes

VAULT_NAME = "Connections"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """The use cases, and what the LLM gateway stands on."""

    connections: ConnectionService
    providers: ProviderService
    mappings: MappingService
    keys: GatewayKeyService
    routes: Routes
    secrets: Secrets
    books: Books
    marks: Marks
    clouds: CloudAccess
    usage: LlmUsageService

    @asynccontextmanager
    async def opened(self, changes: Changes) -> AsyncIterator[Mapping[str, Coroutine[Any, Any, None]]]:
        """Open the books; what is yielded runs as long as the server does, by name."""
        async with self.books.opened():
            try:
                yield self._works(changes)
            finally:
                self.clouds.close()

    def _works(self, changes: Changes) -> Mapping[str, Coroutine[Any, Any, None]]:
        return {
            "follow changes for routes to models": self.routes.follow(changes),
            "write down requests to models": self.books.run(),
        }


def routing(site: Site, ground: Ground, *, installation_secret: bytes) -> Routing:
    """Put everything together."""
    settings, edge = site.settings, site.edge
    store, gate, clock, entropy = ground.store, ground.gate, edge.clock, edge.entropy
    marks = Marks(key=subkey(installation_secret, "provider marks"))
    routes = Routes(table=store.routing, keys=store.gateway_keys, marks=marks, clock=clock)
    books = Books(uses=store.llm_uses, clock=clock)
    clouds = cloud_access(site)
    hosts = HostSet.parse(settings.cloud_inference_hosts)
    destinations = GuardedDestinations(guard=site.outside.guard, has_private=bool(settings.egress_allow_private))

    vault_service = vaults(site, ground)

    async def home(principal: Principal) -> VaultId:
        return (await vault_service.home(principal, Purpose.CONNECTIONS, name=VAULT_NAME)).id

    return Routing(
        connections=ConnectionService(
            connections=store.connections,
            home=home,
            custodian=ground.custodian,
            destinations=destinations,
            identity=clouds.identity,
            gate=gate,
            clock=clock,
            entropy=entropy,
            forget=routes.forget,
            inference_hosts=hosts,
            require_secret_on_host_change=settings.require_secret_on_host_change,
        ),
        providers=ProviderService(
            providers=store.providers,
            connections=store.connections,
            destinations=destinations,
            marks=marks,
            gate=gate,
            clock=clock,
            entropy=entropy,
            forget=routes.forget,
            inference_hosts=hosts,
            require_secret_on_host_change=settings.require_secret_on_host_change,
        ),
        mappings=MappingService(
            mappings=store.mappings,
            providers=store.providers,
            connections=store.connections,
            gate=gate,
            clock=clock,
            entropy=entropy,
            forget=routes.forget,
        ),
        keys=GatewayKeyService(keys=store.gateway_keys, gate=gate, clock=clock, entropy=entropy, forget=routes.forget),
        routes=routes,
        secrets=Secrets(custodian=ground.custodian, gate=gate),
        books=books,
        marks=marks,
        clouds=clouds,
        usage=LlmUsageService(
            uses=store.llm_uses,
            keys=store.gateway_keys,
            books=books,
            gate=gate,
            clock=clock,
            forget=routes.forget,
        ),
    )
