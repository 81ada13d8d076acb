"""All use cases, each put together with the ports that it needs."""

from strongroom.assembly.admitting import admitting, identity_keys
from strongroom.assembly.consenting import connecting
from strongroom.assembly.filling import filling
from strongroom.assembly.founding import Founded
from strongroom.assembly.ground import Ground
from strongroom.assembly.llm import Llm
from strongroom.assembly.site import Site
from strongroom.assembly.sweeping import custodian_checks, provider_settings
from strongroom.assembly.vaults import vaults
from strongroom.crypto.tokens import subkey
from strongroom.outbound.mcp_probe import HttpMcpProbe
from strongroom.services.audits import AuditService
from strongroom.services.catalogue import Services
from strongroom.services.credentials import CredentialService
from strongroom.services.environments import EnvironmentService
from strongroom.services.folders import FolderService
from strongroom.services.idempotency import Idempotency
from strongroom.services.keys import KeyService
from strongroom.services.logins import LoginService
from strongroom.services.provider_items import ProviderItemService
from strongroom.services.provider_shares import ProviderShareService
from strongroom.services.provider_tokens import ProviderAuthentication, ProviderTokenService
from strongroom.services.pushed_codes import PushedCodeService
from strongroom.services.refresh import Refresher
from strongroom.services.sessions import SessionService
from strongroom.services.validation import ValidationService
from strongroom.services.webhooks import WebhookService


def use_cases(site: Site, ground: Ground, founded: Founded, refresher: Refresher, llm: Llm) -> Services:
    """Put them together."""
    clock, new_id, entropy = site.edge.clock, site.edge.new_id, site.edge.entropy
    settings, models = site.settings, llm.routing
    store, keyring, custodian, gate = ground.store, ground.keyring, ground.custodian, ground.gate
    admitted, vault_service = admitting(site, ground, founded.organizations), vaults(site, ground)
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
        vaults=vault_service,
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
        organizations=founded.organizations,
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
        connecting=connecting(site, ground, credentials=credentials, authentication=admitted.entrance),
        identity_keys=identity_keys(site, ground),
        validation=ValidationService(
            credentials=store.credentials,
            custodian=custodian,
            refresher=refresher,
            probe=HttpMcpProbe(client=site.outside.control),
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
        provider_settings=provider_settings(site, ground),
        custodian_checks=custodian_checks(site, ground),
        filling=filling(site, ground),
        access=founded.access,
        logins=LoginService(
            credentials=credentials,
            vaults=vault_service,
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
        provider_check=llm.check,
        route_health=llm.resting,
    )
