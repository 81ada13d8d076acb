"""All use cases, as `wiring.py` hands them to the front doors."""

from dataclasses import dataclass
from typing import final

from strongroom.services.access import EgressAccess
from strongroom.services.audits import AuditService
from strongroom.services.connecting import Connecting
from strongroom.services.credentials import CredentialService
from strongroom.services.custodian_checks import CustodianChecks
from strongroom.services.entrance import Entrance
from strongroom.services.environments import EnvironmentService
from strongroom.services.fill import Filling
from strongroom.services.folders import FolderService
from strongroom.services.gateway_keys import GatewayKeyService
from strongroom.services.idempotency import Idempotency
from strongroom.services.identities import IdentityKeyService
from strongroom.services.issuing import Issuing
from strongroom.services.keys import KeyService
from strongroom.services.llm_checking import ProviderCheck
from strongroom.services.llm_connections import ConnectionService
from strongroom.services.llm_mappings import MappingService
from strongroom.services.llm_providers import ProviderService
from strongroom.services.llm_route_health import RouteHealth
from strongroom.services.llm_usage import LlmUsageService
from strongroom.services.logins import LoginService
from strongroom.services.organizations import OrganizationService
from strongroom.services.provider_items import ProviderItemService
from strongroom.services.provider_settings import ProviderSettingsService
from strongroom.services.provider_shares import ProviderShareService
from strongroom.services.provider_tokens import ProviderAuthentication, ProviderTokenService
from strongroom.services.pushed_codes import PushedCodeService
from strongroom.services.sessions import SessionService
from strongroom.services.validation import ValidationService
from strongroom.services.vaults import VaultService
from strongroom.services.webhooks import WebhookService


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """One of each; a front door takes from it what it speaks of."""

    authentication: Entrance
    issuing: Issuing | None
    idempotency: Idempotency
    vaults: VaultService
    credentials: CredentialService
    environments: EnvironmentService
    sessions: SessionService
    keys: KeyService
    organizations: OrganizationService
    audits: AuditService
    webhooks: WebhookService
    connecting: Connecting
    identity_keys: IdentityKeyService
    validation: ValidationService
    provider_authentication: ProviderAuthentication
    provider_tokens: ProviderTokenService
    provider_items: ProviderItemService
    provider_shares: ProviderShareService
    provider_settings: ProviderSettingsService
    custodian_checks: CustodianChecks
    filling: Filling
    access: EgressAccess
    logins: LoginService
    folders: FolderService
    pushed_codes: PushedCodeService
    connections: ConnectionService
    providers: ProviderService
    mappings: MappingService
    gateway_keys: GatewayKeyService
    llm_usage: LlmUsageService
    provider_check: ProviderCheck
    route_health: RouteHealth
