"""The MCP gateway with what it works with; in the server's own process, whoever runs the proxies."""

import contextlib
from collections.abc import Coroutine, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, final

from strongroom.assembly.egress import delivering, limits_of
from strongroom.assembly.ground import Ground
from strongroom.assembly.site import Site
from strongroom.core.failures import Unavailable
from strongroom.core.mcp_urls import McpUrl
from strongroom.delivery.mcp import Counters, Doorplate, Endpoints, Gateway, Limits
from strongroom.delivery.mcp.tools import screened
from strongroom.outbound.mcp_upstream import McpUpstream
from strongroom.services.delivery import Delivery
from strongroom.services.ports import Changes
from strongroom.services.refresh import Refresher
from strongroom.services.usage import Meter
from strongroom.settings import Settings


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Mcp:
    """A gateway, and the parts that have to run beside it."""

    gateway: Gateway
    upstream: McpUpstream
    counters: Counters
    own: tuple[Meter, Delivery] | None
    """What it runs by itself where the proxies are processes of their own."""

    def works(self, changes: Changes) -> Mapping[str, Coroutine[Any, Any, None]]:
        """Return what runs as long as the gateway does, by name."""
        works: dict[str, Coroutine[Any, Any, None]] = {"watch what the MCP gateway has under way": self.gateway.watch()}
        if self.own is not None:
            _, delivery = self.own
            works["follow changes for the MCP gateway's plans"] = delivery.follow(changes)
            works["write the MCP gateway's use counts"] = delivery.keep_count()
        return works

    async def stop(self, grace: float) -> None:
        """Bring what is under way to an end."""
        await self.gateway.stop(grace)

    async def close(self) -> None:
        """Close the connections to servers, and write what was counted last."""
        await self.upstream.close()
        if self.own is not None:
            with contextlib.suppress(Unavailable):  # nobody is left to be told
                await self.own[0].flush()


def mcp(site: Site, ground: Ground, refresher: Refresher, delivery: Delivery | None, endpoints: Endpoints) -> Mcp:
    """Put the gateway together, with the `delivery` of this process's proxy if it has one."""
    own = None
    if delivery is None:
        own = delivering(site, ground, refresher)
        delivery = own[1]
    limits = Limits(egress=limits_of(site.settings))
    upstream = McpUpstream(
        dialer=site.outside.dialer,
        ssl_context=site.outside.context,
        connect_seconds=limits.egress.connect_seconds,
        silence_seconds=limits.egress.read_seconds,
        head_bytes=limits.egress.head_bytes,
    )
    counters = Counters()
    return Mcp(
        gateway=Gateway(
            delivery=delivery,
            upstream=upstream,
            doorplate=Doorplate.of(_names(site.settings)),
            endpoints=endpoints,
            counters=counters,
            spawn=site.edge.spawn,
            limits=limits,
            insecure=site.settings.insecure_upstreams,
            screening=screened,
        ),
        upstream=upstream,
        counters=counters,
        own=own,
    )


def _names(settings: Settings) -> Iterator[str]:
    """Yield what the API's port is called."""
    yield settings.host
    if settings.advertise_host is not None:
        yield settings.advertise_host
    if settings.public_url is not None:
        yield McpUrl.parse(settings.public_url, insecure=True).host
