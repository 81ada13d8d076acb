"""The LLM gateway with what it works with; in the server's own process, whoever runs the proxies."""

from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, final

from strongroom.assembly.ground import Ground
from strongroom.assembly.routing import Routing
from strongroom.assembly.site import Site
from strongroom.delivery.llm import Counters, Gateway, HealthNotes, Limits, Resting, Surroundings
from strongroom.delivery.llm.listing import ModelLister
from strongroom.outbound.llm_upstream import LlmUpstream
from strongroom.services.llm_checking import ProviderCheck


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Llm:
    """A gateway, and the parts that have to run beside it."""

    gateway: Gateway
    upstream: LlmUpstream
    counters: Counters
    check: ProviderCheck
    resting: Resting
    routing: Routing

    def works(self) -> Mapping[str, Coroutine[Any, Any, None]]:
        """Return what runs as long as the gateway does, by name."""
        return {"watch what the LLM gateway has under way": self.gateway.watch()}

    async def stop(self, grace: float) -> None:
        """Bring what is under way to an end."""
        await self.gateway.stop(grace)

    async def close(self) -> None:
        """Close the connections to vendors."""
        await self.upstream.close()


def llm(site: Site, ground: Ground, routing: Routing) -> Llm:
    """Put the gateway together."""
    edge, limits, counters = site.edge, Limits(), Counters()
    resting = Resting(clock=edge.clock)
    upstream = LlmUpstream(
        dialer=site.outside.dialer,
        guard=site.outside.guard,
        ssl_context=site.outside.context,
        connect_seconds=limits.connect_seconds,
        head_bytes=limits.head_bytes,
    )
    around = Surroundings(
        routes=routing.routes,
        secrets=routing.secrets,
        cloud=routing.clouds.credentials,
        upstream=upstream,
        counters=counters,
        resting=resting,
        health=HealthNotes(providers=ground.store.providers, clock=edge.clock, spawn=edge.spawn),
        clock=edge.clock,
        jitter=lambda: edge.entropy(1)[0] / 255,
        limits=limits,
    )
    gateway = Gateway(around=around, books=routing.books, new_id=edge.new_id, spawn=edge.spawn)
    check = ProviderCheck(
        table=ground.store.routing,
        custodian=ground.custodian,
        marks=routing.marks,
        gate=ground.gate,
        lister=ModelLister(upstream=upstream),
        clouds=routing.clouds.proofs,
    )
    return Llm(gateway=gateway, upstream=upstream, counters=counters, check=check, resting=resting, routing=routing)
