"""The egress proxy with what it works with, put together for a server of one process and for each worker alike."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol, final

from prometheus_client.core import CounterMetricFamily, Metric

from strongroom.core.hosts import HostSet
from strongroom.delivery.egress import CertificateAuthority, Counters, EgressProxy, Limits
from strongroom.edge import Edge
from strongroom.ground import Doors, Ground, opened, public_url
from strongroom.outbound import AddressGuard, Dialer, trust
from strongroom.outbound.control import ControlClient
from strongroom.outbound.token_endpoint import HttpTokenEndpoint
from strongroom.services.delivery import Delivery
from strongroom.services.identities import Identities, IdentityRing
from strongroom.services.installation import AUTHORITY, kept
from strongroom.services.ports import Changes
from strongroom.services.refresh import Refresher
from strongroom.services.renewal import Renewals
from strongroom.services.usage import Meter
from strongroom.settings import Settings

CUSTODY_SECONDS = 30.0
"""How long another vault may take for one call (contract skyvern-credentials 7.4)."""


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
async def worker(settings: Settings, edge: Edge, *, doors: Doors) -> AsyncIterator[Egress]:
    """Build what a worker needs and no more, on what the server has opened. Raises `NotReady`.

    The server holds the data directory, and has made all that is in it.
    """
    async with AsyncExitStack() as stack:
        roots = trust.system_roots(os.environ)
        control = custody_client(settings, doors, roots)
        ground = await stack.enter_async_context(opened(settings, edge, founds=False, control=control))
        authority = CertificateAuthority.load(
            await kept(AUTHORITY, sealed=ground.store.sealed, seal=ground.keyring), clock=edge.clock
        )
        refresher = assembled_refresher(settings, edge, doors, ground, roots)
        egress = assembled(settings, edge, doors, ground, authority, roots, refresher)
        stack.push_async_callback(egress.meter.flush)
        stack.push_async_callback(edge.background.close)
        stack.push_async_callback(refresher.close)
        edge.background.run(egress.works(ground.store.changes), ended=egress.broken.set)
        yield egress


def assembled(  # noqa: PLR0913 - what a proxy stands on
    settings: Settings,
    edge: Edge,
    doors: Doors,
    ground: Ground,
    authority: CertificateAuthority,
    roots: str,
    refresher: Refresher,
) -> Egress:
    """Put a proxy together. Nothing runs yet."""
    meter, delivery = delivering(settings, edge, doors, ground, refresher)
    counters = Counters()
    return Egress(
        delivery=delivery,
        meter=meter,
        counters=counters,
        proxy=EgressProxy(
            delivery=delivery,
            authority=authority,
            dialer=dialer(settings, doors, roots),
            counters=counters,
            entropy=edge.entropy,
            spawn=edge.spawn,
            limits=limits_of(settings),
        ),
        broken=asyncio.Event(),
        alone=settings.workers == 1,
    )


def delivering(
    settings: Settings, edge: Edge, doors: Doors, ground: Ground, refresher: Refresher
) -> tuple[Meter, Delivery]:
    """Put together what decides for one process which secrets go where, and what counts for it."""
    meter = Meter(uses=ground.store.uses, refusals=ground.store.refusals, gate=ground.gate, clock=edge.clock)
    delivery = Delivery(
        sessions=ground.store.sessions,
        environments=ground.store.environments,
        credentials=ground.store.credentials,
        refresher=refresher,
        identities=identities(settings, edge, doors, ground),
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


def dialer(settings: Settings, doors: Doors, roots: str) -> Dialer:
    """The one way out."""
    contexts = trust.upstream_contexts(trusted(settings, roots))
    return Dialer(guard=guard(settings, doors), ssl_contexts=contexts, resolve_pins=settings.resolve)


def identities(settings: Settings, edge: Edge, doors: Doors, ground: Ground) -> Identities:
    """Put together what signs sessions' identities in this process."""
    ring = IdentityRing(sealed=ground.store.sealed, seal=ground.keyring)
    return Identities(ring=ring, clock=edge.clock, new_id=edge.new_id, issuer=public_url(settings, doors))


def assembled_refresher(settings: Settings, edge: Edge, doors: Doors, ground: Ground, roots: str) -> Refresher:
    """Put together what renews tokens in this process. Nothing runs yet."""
    renewals = Renewals(
        credentials=ground.store.credentials,
        refreshes=ground.store.refreshes,
        custodian=ground.custodian,
        endpoint=HttpTokenEndpoint(client=control_client(settings, doors, roots)),
        gate=ground.gate,
        clock=edge.clock,
        entropy=edge.entropy,
    )
    return Refresher(renewals=renewals, custodian=ground.custodian, clock=edge.clock, spawn=edge.spawn)


@final
class Exchanges:
    """How exchanges with token endpoints ended in this process, for a Prometheus registry to collect."""

    def __init__(self, refresher: Refresher) -> None:
        self._refresher = refresher

    def collect(self) -> Iterable[Metric]:
        """Yield the counts."""
        ended = CounterMetricFamily(
            "strongroom_token_exchanges", "Renewals asked of token endpoints, by how they ended.", labels=["outcome"]
        )
        for outcome, count in self._refresher.counts.items():
            ended.add_metric([outcome], count)
        yield ended


def control_client(settings: Settings, doors: Doors, roots: str) -> ControlClient:
    """Return what our own short calls are sent with: the same guard, the same trust, the same pins."""
    context = trust.upstream_context(trusted(settings, roots))
    judge = guard(settings, doors)
    return ControlClient(
        dialer=Dialer(guard=judge, ssl_contexts={trust.OFFERS[0]: context}, resolve_pins=settings.resolve),
        guard=judge,
        ssl_context=context,
        insecure=settings.insecure_upstreams,
    )


def custody_client(settings: Settings, doors: Doors, roots: str) -> ControlClient:
    """Return what other vaults are asked with: the same, but for http to addresses that are listed, and slower."""
    context = trust.upstream_context(trusted(settings, roots))
    judge = guard(settings, doors)
    return ControlClient(
        dialer=Dialer(guard=judge, ssl_contexts={trust.OFFERS[0]: context}, resolve_pins=settings.resolve),
        guard=judge,
        ssl_context=context,
        insecure=True,  # every such call says `ordinary_only`
        timeout=CUSTODY_SECONDS,
    )


def guard(settings: Settings, doors: Doors) -> AddressGuard:
    """Return what judges every address that we dial; none leads back to our own doors."""
    return AddressGuard(allowed=settings.egress_allow_private, own_doors={doors.api, doors.proxy})


def trusted(settings: Settings, roots: str) -> str:
    """Return the roots that upstreams are verified with: the system's, and the operator's own."""
    if settings.upstream_ca_file is None:
        return roots
    return roots + trust.read_certificates(settings.upstream_ca_file, setting="STRONGROOM_UPSTREAM_CA_FILE")
