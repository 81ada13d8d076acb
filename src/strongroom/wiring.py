"""The one place that sees all rooms: makes each thing in order, and closes it in reverse.

Used by the server, the command line and the tests alike. `ground.py` proves what must be proved at
start, `egress.py` puts the proxy together, which workers use as well.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import final
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry, generate_latest
from starlette.types import ASGIApp

from strongroom import data_dir
from strongroom.admitting import EntranceCounts, admitting, identity_keys, keep_signing_keys
from strongroom.consenting import Public, connecting
from strongroom.core.secret import Secret
from strongroom.crypto.tokens import PageTokens, mint_api_key, subkey
from strongroom.delivery import llm as llm_door
from strongroom.delivery.egress import CertificateAuthority
from strongroom.delivery.mcp import Endpoints
from strongroom.delivery.mcp.places import PREFIX
from strongroom.dialects import DIALECTS
from strongroom.dialects.front import Front
from strongroom.dialects.mounting import mounted
from strongroom.dialects.native.fill_counts import FillCounts
from strongroom.dialects.options import Options
from strongroom.dialects.rates import Rates, token
from strongroom.dialects.signing_in import signing_in
from strongroom.dialects.well_known import well_known
from strongroom.edge import Edge
from strongroom.egress import Egress, Exchanges, Proxies, assembled, assembled_refresher, control_client, custody_client
from strongroom.filling import filling
from strongroom.gateway import Mcp, gateway
from strongroom.ground import Doors, Ground, access_of, bracketed, opened, write_certificates
from strongroom.llm import Llm, llm
from strongroom.outbound import trust
from strongroom.outbound.mcp_probe import HttpMcpProbe
from strongroom.routing import Routing, routing
from strongroom.services.access import EgressAccess
from strongroom.services.audits import AuditService
from strongroom.services.catalogue import Services
from strongroom.services.credentials import CredentialService
from strongroom.services.deliverer import Deliverer
from strongroom.services.environments import EnvironmentService
from strongroom.services.folders import FolderService
from strongroom.services.idempotency import Idempotency
from strongroom.services.installation import AUTHORITY, Foundation, Installation
from strongroom.services.keys import KeyService
from strongroom.services.logins import LoginService
from strongroom.services.organizations import OrganizationService
from strongroom.services.ports import Store
from strongroom.services.provider_items import ProviderItemService
from strongroom.services.provider_shares import ProviderShareService
from strongroom.services.provider_tokens import ProviderAuthentication, ProviderTokenService
from strongroom.services.pushed_codes import PushedCodeService
from strongroom.services.refresh import Refresher
from strongroom.services.sessions import SessionService
from strongroom.services.sweeper import Sweeper
from strongroom.services.validation import ValidationService
from strongroom.services.vaults import VaultService
from strongroom.services.webhooks import WebhookService
from strongroom.settings import Settings
from strongroom.sweeping import Elsewhere, custodian_checks, provider_settings, sweeper
from strongroom.telling import Tries, deliverer


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
    routing: Routing
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
        roots = trust.system_roots(os.environ)
        control = custody_client(settings, doors, roots)
        ground = await stack.enter_async_context(opened(settings, edge, founds=True, control=control))
        house = await _furnished(settings, edge, doors, ground, roots, fleet)
        changes = ground.store.changes
        works = {"follow changes for known keys": house.services.authentication.follow(changes)}
        works |= {**house.mcp.works(changes), **house.llm.works()}
        works |= await stack.enter_async_context(house.routing.opened(changes))
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


async def _furnished(  # noqa: PLR0913 - what a house stands on
    settings: Settings, edge: Edge, doors: Doors, ground: Ground, roots: str, fleet: Proxies | None
) -> House:
    store, keyring = ground.store, ground.keyring
    organizations = OrganizationService(
        tenants=store.tenants, gate=ground.gate, clock=edge.clock, new_id=edge.new_id, entropy=edge.entropy
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
    await keep_signing_keys(installation, edge)
    files = write_certificates(settings.data_dir.resolve(), roots, authority.certificate)
    access = access_of(settings, doors, files, authority.certificate)
    refresher = assembled_refresher(settings, edge, doors, ground, roots)
    vaults = VaultService(vaults=store.vaults, gate=ground.gate, clock=edge.clock, new_id=edge.new_id)
    models = routing(settings, edge, doors, ground, roots, vaults=vaults, installation_secret=founded.secret)
    language = llm(settings, edge, doors, ground, roots, models)
    services = _services(
        settings, edge, doors, ground, roots, organizations, founded, access, refresher, vaults, models, language
    )
    telling = deliverer(settings, edge, doors, ground, roots)
    elsewhere = Elsewhere(sweeper(edge, ground))
    egress = fleet or assembled(settings, edge, doors, ground, authority, roots, refresher)
    proxied = egress.delivery if isinstance(egress, Egress) else None
    endpoints = Endpoints(
        tokens=PageTokens(key=subkey(founded.secret, "mcp endpoints")), base=urlsplit(access.gateway).path
    )
    mcp = gateway(settings, edge, doors, ground, roots, refresher, proxied, endpoints)
    return House(
        services=services,
        egress=egress,
        mcp=mcp,
        llm=language,
        routing=models,
        deliverer=telling,
        sweeper=elsewhere.sweeper,
        refresher=refresher,
        api=_api(
            settings,
            edge,
            Public.of(settings, doors),
            services,
            store,
            egress,
            mcp,
            language,
            Tries(telling),
            Exchanges(refresher),
            elsewhere,
            subkey(founded.secret, "page tokens"),
        ),
        api_url=f"http://{bracketed(settings.host)}:{doors.api[1]}{settings.path_prefix}",
        proxy_authority=access.authority,
        first_key=founded.first_key,
        broken=egress.broken,
    )


def _services(  # noqa: PLR0913 - what all use cases together stand on
    settings: Settings,
    edge: Edge,
    doors: Doors,
    ground: Ground,
    roots: str,
    organizations: OrganizationService,
    founded: Foundation,
    access: EgressAccess,
    refresher: Refresher,
    vaults: VaultService,
    models: Routing,
    language: Llm,
) -> Services:
    clock, new_id, entropy = edge.clock, edge.new_id, edge.entropy
    store, keyring, custodian, gate = ground.store, ground.keyring, ground.custodian, ground.gate
    admitted = admitting(settings, edge, doors, ground, roots, organizations)
    credentials = CredentialService(
        credentials=store.credentials,
        vaults=store.vaults,
        custodian=custodian,
        gate=gate,
        clock=clock,
        new_id=new_id,
        default_custodian=settings.default_custodian,
    )
    return Services(
        authentication=admitted.entrance,
        issuing=admitted.issuing,
        idempotency=Idempotency(
            replies=store.replies, seal=keyring, clock=clock, secret=subkey(founded.secret, "idempotency")
        ),
        vaults=vaults,
        credentials=credentials,
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
            log=store.audit,
            uses=store.uses,
            refusals=store.refusals,
            sessions=store.sessions,
            tenants=store.tenants,
            gate=gate,
        ),
        webhooks=WebhookService(
            webhooks=store.webhooks,
            seal=keyring,
            gate=gate,
            clock=clock,
            new_id=new_id,
            entropy=entropy,
            other_ports=bool(settings.egress_allow_private),
            insecure=settings.insecure_upstreams,
        ),
        connecting=connecting(
            settings, edge, doors, ground, roots, credentials=credentials, authentication=admitted.entrance
        ),
        identity_keys=identity_keys(settings, edge, doors, ground),
        validation=ValidationService(
            credentials=store.credentials,
            custodian=custodian,
            refresher=refresher,
            probe=HttpMcpProbe(client=control_client(settings, doors, roots)),
            gate=gate,
            clock=clock,
        ),
        provider_authentication=ProviderAuthentication(tokens=store.provider_tokens),
        provider_tokens=ProviderTokenService(
            tokens=store.provider_tokens,
            vaults=store.vaults,
            gate=gate,
            clock=clock,
            new_id=new_id,
            entropy=entropy,
        ),
        provider_items=ProviderItemService(
            tokens=store.provider_tokens,
            items=store.provider_items,
            credentials=credentials,
            custodian=custodian,
            gate=gate,
            clock=clock,
        ),
        provider_shares=ProviderShareService(
            tokens=store.provider_tokens,
            items=store.provider_items,
            credentials=store.credentials,
            gate=gate,
            clock=clock,
        ),
        provider_settings=provider_settings(settings, edge, doors, ground, roots),
        custodian_checks=custodian_checks(settings, ground),
        filling=filling(edge, ground),
        access=access,
        logins=LoginService(
            credentials=credentials,
            vaults=vaults,
            logins=store.logins,
            stored=store.credentials,
            custodian=custodian,
            gate=gate,
            clock=clock,
            entropy=entropy,
        ),
        folders=FolderService(folders=store.folders, gate=gate, clock=clock, new_id=new_id),
        pushed_codes=PushedCodeService(codes=store.pushed_codes, seal=keyring, gate=gate, clock=clock, new_id=new_id),
        connections=models.connections,
        providers=models.providers,
        mappings=models.mappings,
        gateway_keys=models.keys,
        llm_usage=models.usage,
        provider_check=language.check,
    )


def _api(  # noqa: PLR0913 - as above
    settings: Settings,
    edge: Edge,
    public: Public,
    services: Services,
    store: Store,
    egress: Proxies,
    mcp: Mcp,
    language: Llm,
    tries: Tries,
    exchanges: Exchanges,
    elsewhere: Elsewhere,
    page_key: bytes,
) -> ASGIApp:
    registry = CollectorRegistry()
    for counted in (
        egress,
        mcp.counters,
        language.counters,
        tries,
        exchanges,
        elsewhere,
        FillCounts(services.filling.fill),
        EntranceCounts(services.authentication),
    ):
        registry.register(counted)

    async def ready() -> None:
        await store.tenants.organizations()
        egress.require_serving()

    async def metrics() -> bytes:
        await egress.counted()
        return generate_latest(registry)

    options = Options(
        clock=edge.clock,
        new_id=edge.new_id,
        pages=PageTokens(key=page_key),
        insecure_upstreams=settings.insecure_upstreams,
        strict_beta=settings.strict_beta,
        path_prefix=settings.path_prefix,
        callback_url=public.callback,
        client_url=public.client,
        rates=Rates(
            creates_per_minute=settings.creates_per_minute,
            others_per_minute=settings.requests_per_minute,
            clock=edge.clock,
        ),
        provider_rates=Rates(
            creates_per_minute=settings.provider_requests_per_minute,
            others_per_minute=settings.provider_requests_per_minute,
            clock=edge.clock,
            by=token,
        ),
    )
    return Front(
        apps=mounted(DIALECTS.values(), services, options)
        | well_known(services.identity_keys.issuer, services.identity_keys.key_set)
        | signing_in(services.issuing, options)
        | {PREFIX: mcp.gateway, llm_door.PREFIX: language.gateway},
        ready=ready,
        metrics=metrics,
        path_prefix=settings.path_prefix,
    )


def _first_key(settings: Settings, edge: Edge) -> Secret:
    """Return the first key, which is in its file before anything is made with it: a crash then loses nothing."""
    path = settings.data_dir / data_dir.ADMIN_KEY
    key = settings.admin_key
    if key is None and path.exists():  # an earlier first start ended half-way
        key = Secret(path.read_text().strip())
    key = key or mint_api_key(edge.entropy)
    data_dir.write(path, key.reveal() + "\n")
    return key
