"""The egress proxy with what it works with, put together for a server of one process and for each worker alike."""

import asyncio
import socket
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol, final

from prometheus_client.core import Metric

from strongroom.assembly.ground import Ground, opened
from strongroom.assembly.refreshing import refresher
from strongroom.assembly.site import Site
from strongroom.core.hosts import HostSet
from strongroom.delivery.egress import CertificateAuthority, Counters, EgressProxy, Limits
from strongroom.services.delivery import Delivery
from strongroom.services.identities import Identities, IdentityRing
from strongroom.services.installation import AUTHORITY, kept
from strongroom.services.ports import Changes
from strongroom.services.refresh import Refresher
from strongroom.services.usage import Meter
from strongroom.settings import Settings


class Proxies(Protocol):
    """The egress proxy as a server sees it: run by its own process, or by workers."""

    @property
    def broken(self) -> asyncio.Event:
        """Set when a part that revocation depends on has failed: stop, rather than go on without it."""

    @property
    def failure(self) -> str:
        """What then is to be said."""

    async def start(self, bound: socket.socket) -> None:
        """Serve on a bound socket. Raises `NotReady`."""

    async def stop(self, grace: float) -> None:
        """Accept nothing more, let what is under way finish within the grace, and cut the rest."""

    def require_serving(self) -> None:
        """Raise `Unavailable` while nothing serves."""

    async def counted(self) -> None:
        """Return when `collect` tells how things stand now, or after a moment."""

    def collect(self) -> Iterable[Metric]:
        """Return the counts."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Egress:
    """A proxy of this process, and the parts that have to run beside it. Implements `Proxies`."""

    delivery: Delivery
    meter: Meter
    counters: Counters
    proxy: EgressProxy
    broken: asyncio.Event
    alone: bool
    """Whether no other process serves the same agents."""

    @property
    def failure(self) -> str:
        return "a part that revocation depends on has failed: see the log, then start the server again"

    def works(self, changes: Changes) -> Mapping[str, Coroutine[Any, Any, None]]:
        """Return what runs as long as the proxy does, by name."""
        return {
            "follow changes for warm plans": self.delivery.follow(changes),
            "write use counts": self.delivery.keep_count(),
        }

    async def start(self, bound: socket.socket) -> None:
        await self.proxy.start(bound, shared=not self.alone)

    async def stop(self, grace: float) -> None:
        await self.proxy.stop(grace)

    def require_serving(self) -> None:
        """It does, as long as the process is there to be asked."""

    async def counted(self) -> None:
        """The counts are those of this process."""

    def collect(self) -> Iterable[Metric]:
        return self.counters.collect()


@asynccontextmanager
async def worker(site: Site) -> AsyncIterator[Egress]:
    """Build what a worker needs and no more, on what the server has opened. Raises `NotReady`.

    The server holds the data directory, and has made all that is in it.
    """
    background = site.edge.background
    async with AsyncExitStack() as stack:
        ground = await stack.enter_async_context(opened(site, founds=False))
        authority = CertificateAuthority.load(
            await kept(AUTHORITY, sealed=ground.store.sealed, seal=ground.keyring), clock=site.edge.clock
        )
        renewing = refresher(site, ground)
        proxies = egress(site, ground, authority, renewing)
        stack.push_async_callback(proxies.meter.flush)
        stack.push_async_callback(background.close)
        stack.push_async_callback(renewing.close)
        background.run(proxies.works(ground.store.changes), ended=proxies.broken.set)
        yield proxies


def egress(site: Site, ground: Ground, authority: CertificateAuthority, refresher: Refresher) -> Egress:
    """Put a proxy together."""
    meter, delivery = delivering(site, ground, refresher)
    counters = Counters()
    return Egress(
        delivery=delivery,
        meter=meter,
        counters=counters,
        proxy=EgressProxy(
            delivery=delivery,
            authority=authority,
            dialer=site.outside.dialer,
            counters=counters,
            entropy=site.edge.entropy,
            spawn=site.edge.spawn,
            limits=limits_of(site.settings),
        ),
        broken=asyncio.Event(),
        alone=site.settings.workers == 1,
    )


def delivering(site: Site, ground: Ground, refresher: Refresher) -> tuple[Meter, Delivery]:
    """Put together what decides for one process which secrets go where, and what counts for it."""
    settings, edge = site.settings, site.edge
    meter = Meter(uses=ground.store.uses, refusals=ground.store.refusals, gate=ground.gate, clock=edge.clock)
    delivery = Delivery(
        sessions=ground.store.sessions,
        environments=ground.store.environments,
        credentials=ground.store.credentials,
        refresher=refresher,
        identities=identities(site, ground),
        seal=ground.keyring,
        gate=ground.gate,
        meter=meter,
        clock=edge.clock,
        alone=settings.workers == 1,
        pass_through=HostSet.parse(settings.egress_pass_through),
    )
    return meter, delivery


def limits_of(settings: Settings) -> Limits:
    """Return the proxy's limits, each as it is set."""
    return Limits(
        head_bytes=settings.egress_head_bytes,
        request_bytes=settings.egress_request_bytes,
        head_seconds=settings.egress_head_seconds,
        idle_seconds=settings.egress_idle_seconds,
        connect_seconds=settings.egress_connect_seconds,
        read_seconds=settings.egress_silence_seconds,
        exchange_seconds=settings.egress_exchange_seconds,
        connections=settings.egress_connections,
        session_connections=settings.egress_session_connections,
        session_concurrent_requests=settings.egress_session_concurrent_requests,
        session_requests_per_second=settings.egress_session_requests_per_second,
        session_bytes_per_minute=settings.egress_session_bytes_per_minute,
        key_connections=settings.egress_key_connections,
        key_concurrent_requests=settings.egress_key_concurrent_requests,
        key_requests_per_second=settings.egress_key_requests_per_second,
        key_bytes_per_minute=settings.egress_key_bytes_per_minute,
    )


def identities(site: Site, ground: Ground) -> Identities:
    """Put together what signs sessions' identities in this process."""
    ring = IdentityRing(sealed=ground.store.sealed, seal=ground.keyring)
    return Identities(ring=ring, clock=site.edge.clock, new_id=site.edge.new_id, issuer=site.public_url)
