"""The one place that sees all rooms: makes each thing in order, and closes it in reverse.

Used by the server, the command line and the tests alike. What must be proved at start is proved
here, before anything is written: that the database is one we know, and that the root key opens it.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import final

from prometheus_client import CollectorRegistry, generate_latest
from starlette.types import ASGIApp

from strongroom import data_dir
from strongroom.core.failures import NotReady
from strongroom.core.secret import Secret
from strongroom.crypto.keyring import KeyRing
from strongroom.crypto.tokens import PageTokens, mint_api_key, subkey
from strongroom.custody import EnvelopeCustodian
from strongroom.custody.kek import open_kek
from strongroom.delivery.egress import CertificateAuthority, Counters, EgressProxy
from strongroom.dialects import DIALECTS
from strongroom.dialects.front import Front
from strongroom.dialects.mounting import mounted
from strongroom.dialects.options import Options
from strongroom.dialects.rates import Rates
from strongroom.edge import Edge
from strongroom.outbound import AddressGuard, Dialer, trust
from strongroom.services.access import EgressAccess
from strongroom.services.audits import AuditService
from strongroom.services.authentication import Authentication
from strongroom.services.catalogue import Services
from strongroom.services.credentials import CredentialService
from strongroom.services.delivery import Delivery
from strongroom.services.environments import EnvironmentService
from strongroom.services.gate import Gate
from strongroom.services.idempotency import Idempotency
from strongroom.services.installation import AUTHORITY, Foundation, Installation, require_right_key
from strongroom.services.keys import KeyService
from strongroom.services.organizations import OrganizationService
from strongroom.services.ports import Store
from strongroom.services.sessions import SessionService
from strongroom.services.usage import Meter
from strongroom.services.vaults import VaultService
from strongroom.settings import Settings
from strongroom.store import State, inspect, open_store

FIRST_TERM = 1


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """Where the two ports are bound, as address and number."""

    api: tuple[str, int]
    proxy: tuple[str, int]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Everything, built. `first_key` is there on the very first start only.

    `broken` is set when a part that revocation depends on has failed: stop, rather than go on without it.
    """

    services: Services
    delivery: Delivery
    meter: Meter
    api: ASGIApp
    proxy: EgressProxy
    api_url: str
    proxy_authority: str
    first_key: Secret | None
    broken: asyncio.Event


@asynccontextmanager
async def build(settings: Settings, edge: Edge, *, doors: Doors) -> AsyncIterator[House]:
    """Build the house for as long as the context lasts. Raises `NotReady` with what to do."""
    async with AsyncExitStack() as stack:
        data_dir.prepare(settings.data_dir)
        stack.enter_context(data_dir.held(settings.data_dir))
        where = settings.database_url or settings.data_dir / "strongroom.db"
        keyring = await _opened_keyring(settings, edge, where)
        store = await stack.enter_async_context(open_store(where, clock=edge.clock))
        house = await _furnished(settings, edge, doors, store, keyring)
        stack.push_async_callback(house.meter.flush)
        stack.push_async_callback(edge.background.close)
        edge.background.run(
            {
                "follow changes for warm plans": house.delivery.follow(store.changes),
                "write use counts": house.delivery.keep_count(),
                "follow changes for known keys": house.services.authentication.follow(store.changes),
            },
            ended=house.broken.set,
        )
        yield house


async def _opened_keyring(settings: Settings, edge: Edge, where: Path | str) -> KeyRing:
    """Prove the root key against the database before either is written to."""
    found = await inspect(where)
    found.require_usable()
    fresh = found.state is State.FRESH
    if fresh and settings.database_url is None and (settings.data_dir / data_dir.CERTIFICATE).exists():
        raise NotReady(
            f"{settings.data_dir} was used before but its database is missing: put strongroom.db back, "
            "or choose another --data-dir to begin anew"
        )
    holder = await open_kek(
        settings.root_key,
        data_dir=settings.data_dir,
        entropy=edge.entropy,
        passphrase=_asked_once(settings.root_passphrase),
        create=fresh,
    )
    keyring = KeyRing(holders={FIRST_TERM: holder}, entropy=edge.entropy)
    await require_right_key(keyring, found.installation)
    return keyring


def _asked_once(passphrase: Secret | None) -> Callable[[], Secret] | None:
    return None if passphrase is None else lambda: passphrase


async def _furnished(settings: Settings, edge: Edge, doors: Doors, store: Store, keyring: KeyRing) -> House:
    custodian = EnvelopeCustodian(keyring=keyring)
    await custodian.check()
    gate = Gate(log=store.audit, clock=edge.clock, new_id=edge.new_id)
    organizations = OrganizationService(
        tenants=store.tenants, gate=gate, clock=edge.clock, new_id=edge.new_id, entropy=edge.entropy
    )
    installation = Installation(
        sealed=store.sealed,
        tenants=store.tenants,
        organizations=organizations,
        seal=keyring,
        entropy=edge.entropy,
    )
    founded = await installation.prepare(first_key=partial(_first_key, settings, edge))
    authority = CertificateAuthority.load(
        await installation.keep(AUTHORITY, CertificateAuthority.mint(now=edge.clock())),
        clock=edge.clock,
    )
    roots = trust.system_roots(os.environ)
    _write_certificates(settings.data_dir, roots, authority.certificate)
    access = _access(settings, doors, settings.data_dir / data_dir.BUNDLE, authority.certificate)
    services = _services(settings, edge, store, keyring, gate, organizations, custodian, founded, access)
    meter = Meter(uses=store.uses, gate=gate, clock=edge.clock)
    delivery = Delivery(
        sessions=store.sessions,
        environments=store.environments,
        credentials=store.credentials,
        custodian=custodian,
        seal=keyring,
        gate=gate,
        meter=meter,
        clock=edge.clock,
    )
    counters = Counters()
    registry = CollectorRegistry()
    registry.register(counters)
    return House(
        services=services,
        delivery=delivery,
        meter=meter,
        api=_api(settings, edge, services, store, registry, subkey(founded.secret, "page tokens")),
        proxy=EgressProxy(
            delivery=delivery,
            authority=authority,
            dialer=_dialer(settings, doors, roots),
            counters=counters,
            spawn=edge.spawn,
        ),
        api_url=f"http://{_host(settings.host)}:{doors.api[1]}{settings.path_prefix}",
        proxy_authority=access.authority,
        first_key=founded.first_key,
        broken=asyncio.Event(),
    )


def _services(  # noqa: PLR0913 - what all use cases together stand on
    settings: Settings,
    edge: Edge,
    store: Store,
    keyring: KeyRing,
    gate: Gate,
    organizations: OrganizationService,
    custodian: EnvelopeCustodian,
    founded: Foundation,
    access: EgressAccess,
) -> Services:
    clock, new_id, entropy = edge.clock, edge.new_id, edge.entropy
    return Services(
        authentication=Authentication(tenants=store.tenants),
        idempotency=Idempotency(
            replies=store.replies, seal=keyring, clock=clock, secret=subkey(founded.secret, "idempotency")
        ),
        vaults=VaultService(vaults=store.vaults, gate=gate, clock=clock, new_id=new_id),
        credentials=CredentialService(
            credentials=store.credentials,
            vaults=store.vaults,
            custodian=custodian,
            gate=gate,
            clock=clock,
            new_id=new_id,
        ),
        environments=EnvironmentService(environments=store.environments, gate=gate, clock=clock, new_id=new_id),
        sessions=SessionService(
            sessions=store.sessions,
            environments=store.environments,
            vaults=store.vaults,
            credentials=store.credentials,
            seal=keyring,
            gate=gate,
            clock=clock,
            new_id=new_id,
            entropy=entropy,
            lifetime=settings.session_lifetime,
        ),
        keys=KeyService(tenants=store.tenants, gate=gate, clock=clock, new_id=new_id, entropy=entropy),
        organizations=organizations,
        audits=AuditService(
            log=store.audit, uses=store.uses, sessions=store.sessions, tenants=store.tenants, gate=gate
        ),
        access=access,
    )


def _api(  # noqa: PLR0913 - as above
    settings: Settings, edge: Edge, services: Services, store: Store, registry: CollectorRegistry, page_key: bytes
) -> ASGIApp:
    async def ready() -> None:
        await store.tenants.organizations()

    options = Options(
        clock=edge.clock,
        new_id=edge.new_id,
        pages=PageTokens(key=page_key),
        insecure_upstreams=settings.insecure_upstreams,
        strict_beta=settings.strict_beta,
        path_prefix=settings.path_prefix,
        rates=Rates(
            creates_per_minute=settings.creates_per_minute,
            others_per_minute=settings.requests_per_minute,
            clock=edge.clock,
        ),
    )
    return Front(
        apps=mounted(DIALECTS.values(), services, options),
        ready=ready,
        metrics=lambda: generate_latest(registry),
        path_prefix=settings.path_prefix,
    )


def _dialer(settings: Settings, doors: Doors, roots: str) -> Dialer:
    """The one way out; it never leads back to our own doors."""
    guard = AddressGuard(allowed=settings.egress_allow_private, own_doors={doors.api, doors.proxy})
    if settings.upstream_ca_file is not None:
        roots += trust.read_certificates(settings.upstream_ca_file, setting="STRONGROOM_UPSTREAM_CA_FILE")
    return Dialer(guard=guard, ssl_context=trust.upstream_context(roots), resolve_pins=settings.resolve)


def _access(settings: Settings, doors: Doors, bundle: Path, certificate: str) -> EgressAccess:
    loopback = ip_address("127.0.0.1")
    return EgressAccess(
        authority=f"{_host(settings.agent_host)}:{doors.proxy[1]}",
        ca_certificate=certificate,
        bundle_path=str(bundle.resolve()),
        loopback_through_proxy=any(loopback in network for network in settings.egress_allow_private),
    )


def _write_certificates(folder: Path, roots: str, certificate: str) -> None:
    """Leave what clients on this machine read: our certificate, and the bundle with the system's roots."""
    data_dir.write(folder / data_dir.CERTIFICATE, certificate)
    data_dir.write(folder / data_dir.BUNDLE, trust.bundle(roots, certificate))


def _first_key(settings: Settings, edge: Edge) -> Secret:
    """Return the first key, which is in its file before anything is made with it: a crash then loses nothing."""
    path = settings.data_dir / data_dir.ADMIN_KEY
    key = settings.admin_key
    if key is None and path.exists():  # an earlier first start ended half-way
        key = Secret(path.read_text().strip())
    key = key or mint_api_key(edge.entropy)
    data_dir.write(path, key.reveal() + "\n")
    return key


def _host(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
