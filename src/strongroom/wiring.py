"""The one place that sees all rooms: makes each part in order, and closes it in reverse.

Used by the server, the command line and the tests alike. How each part is put together stands in
`assembly/`, of which workers use what they need.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import final
from urllib.parse import urlsplit

from starlette.types import ASGIApp

from strongroom import data_dir
from strongroom.assembly.admitting import EntranceCounts
from strongroom.assembly.api import api
from strongroom.assembly.doors import Doors
from strongroom.assembly.egress import Egress, Proxies, egress
from strongroom.assembly.founding import founded
from strongroom.assembly.ground import Ground, opened
from strongroom.assembly.llm import Llm, llm
from strongroom.assembly.mcp import Mcp, mcp
from strongroom.assembly.refreshing import Exchanges, refresher
from strongroom.assembly.routing import routing
from strongroom.assembly.signs import Signs
from strongroom.assembly.site import Site
from strongroom.assembly.sweeping import Elsewhere, sweeper
from strongroom.assembly.telling import Tries, deliverer
from strongroom.assembly.use_cases import use_cases
from strongroom.core.secret import Secret
from strongroom.crypto.tokens import PageTokens, subkey
from strongroom.delivery.llm import PREFIX as LLM
from strongroom.delivery.mcp import Endpoints
from strongroom.delivery.mcp.places import PREFIX as MCP
from strongroom.dialects.native.fill_counts import FillCounts
from strongroom.edge import Edge
from strongroom.services.catalogue import Services
from strongroom.services.deliverer import Deliverer
from strongroom.services.refresh import Refresher
from strongroom.services.sweeper import Sweeper
from strongroom.settings import Settings


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Everything, built. `first_key` is there on the very first start only.

    `broken` is set when a part that revocation depends on has failed: stop, rather than go on without it.
    """

    services: Services
    egress: Proxies
    mcp: Mcp
    llm: Llm
    deliverer: Deliverer
    sweeper: Sweeper
    refresher: Refresher
    api: ASGIApp
    api_url: str
    proxy_authority: str
    first_key: Secret | None
    broken: asyncio.Event


@asynccontextmanager
async def build(settings: Settings, edge: Edge, *, doors: Doors, fleet: Proxies | None = None) -> AsyncIterator[House]:
    """Build the house for as long as the context lasts; with a `fleet` of workers, all but the egress proxy.

    Raises `NotReady` with what to do.
    """
    async with AsyncExitStack() as stack:
        data_dir.prepare(settings.data_dir)
        stack.enter_context(data_dir.held(settings.data_dir))
        site = Site.of(settings, edge, doors)
        ground = await stack.enter_async_context(opened(site, founds=True))
        house = await _furnished(site, ground, fleet)
        changes = ground.store.changes
        works = {"follow changes for known keys": house.services.authentication.follow(changes)}
        works |= {**house.mcp.works(changes), **house.llm.works()}
        works |= await stack.enter_async_context(house.llm.routing.opened(changes))
        stack.push_async_callback(house.mcp.close)
        stack.push_async_callback(house.llm.close)
        if isinstance(house.egress, Egress):
            works |= house.egress.works(changes)
            stack.push_async_callback(house.egress.meter.flush)
        stack.push_async_callback(edge.background.close)
        stack.push_async_callback(house.deliverer.close)
        stack.push_async_callback(house.refresher.close)
        stack.callback(edge.spawn(house.deliverer.run(), "deliver webhooks").cancel)
        stack.callback(edge.spawn(house.services.pushed_codes.run(), "destroy codes that are over").cancel)
        stack.callback(edge.spawn(house.sweeper.run(), "drop what others keep for nobody").cancel)
        edge.background.run(works, ended=house.broken.set)
        yield house


async def _furnished(site: Site, ground: Ground, fleet: Proxies | None) -> House:
    found = await founded(site, ground)
    renewing, telling, sweeping = refresher(site, ground), deliverer(site, ground), sweeper(site, ground)
    proxies = fleet or egress(site, ground, found.authority, renewing)
    endpoints = Endpoints(
        tokens=PageTokens(key=subkey(found.secret, "mcp endpoints")), base=urlsplit(found.access.gateway).path
    )
    tools = mcp(site, ground, renewing, proxies.delivery if isinstance(proxies, Egress) else None, endpoints)
    models = llm(site, ground, routing(site, ground, installation_secret=found.secret))
    services = use_cases(site, ground, found, renewing, models)
    signs = Signs(
        tenants=ground.store.tenants,
        egress=proxies,
        counted=(
            proxies,
            tools.counters,
            models.counters,
            Tries(telling),
            Exchanges(renewing),
            Elsewhere(sweeping),
            FillCounts(services.filling.fill),
            EntranceCounts(services.authentication),
        ),
    )
    gateways: dict[str, ASGIApp] = {MCP: tools.gateway, LLM: models.gateway}
    return House(
        services=services,
        egress=proxies,
        mcp=tools,
        llm=models,
        deliverer=telling,
        sweeper=sweeping,
        refresher=renewing,
        api=api(site, services, gateways, signs, page_key=subkey(found.secret, "page tokens")),
        api_url=site.api_url(site.settings.host),
        proxy_authority=found.access.authority,
        first_key=found.first_key,
        broken=proxies.broken,
    )
