"""The native API: what the vendors' shapes have no words for. Organizations, keys, sessions, webhooks, audit log."""

from strongroom.dialects.dialect import Dialect
from strongroom.dialects.door import Door
from strongroom.dialects.native.agent_identities import add_agent_identities
from strongroom.dialects.native.audit import add_audit
from strongroom.dialects.native.authorizations import add_authorizations
from strongroom.dialects.native.aws_keys import add_aws_keys
from strongroom.dialects.native.consent import public
from strongroom.dialects.native.conventions import NativeConventions
from strongroom.dialects.native.credentials import add_credentials
from strongroom.dialects.native.custodians import add_custodians
from strongroom.dialects.native.environments import add_environments
from strongroom.dialects.native.fill import add_fill
from strongroom.dialects.native.gateway_keys import add_gateway_keys
from strongroom.dialects.native.identity_keys import add_identity_keys
from strongroom.dialects.native.keys import add_keys
from strongroom.dialects.native.llm_checking import add_llm_checking
from strongroom.dialects.native.llm_usage import add_llm_usage
from strongroom.dialects.native.logins import add_logins
from strongroom.dialects.native.organizations import add_organizations
from strongroom.dialects.native.provider_items import add_provider_items
from strongroom.dialects.native.provider_tokens import add_provider_tokens
from strongroom.dialects.native.sessions import add_sessions
from strongroom.dialects.native.shapes import PREFIX
from strongroom.dialects.native.vaults import add_vaults
from strongroom.dialects.native.webhooks import add_webhooks
from strongroom.dialects.options import Options
from strongroom.services.catalogue import Services
from strongroom.services.fill_tokens import FillEntrance


def build(services: Services, options: Options) -> Door:
    """Build the application."""
    door = Door(
        title="Strongroom",
        authentication=services.authentication,
        filling=FillEntrance(keys=services.authentication, tokens=services.filling.tokens),
        idempotency=services.idempotency,
        conventions=NativeConventions(),
        new_id=options.new_id,
        rates=options.rates,
    )
    add_sessions(door.router, services, options)
    add_vaults(door.router, services, options)
    add_fill(door.router, services)
    add_credentials(door.router, services)
    add_logins(door.router, services, options)
    add_custodians(door.router, services)
    add_environments(door.router, services, options)
    add_aws_keys(door.router, services, options)
    add_agent_identities(door.router, services, options)
    add_identity_keys(door.router, services, options)
    add_keys(door.router, services)
    add_organizations(door.router, services)
    add_provider_tokens(door.router, services)
    add_provider_items(door.router, services)
    add_audit(door.router, services)
    add_webhooks(door.router, services)
    add_gateway_keys(door.router, services)
    add_llm_checking(door.router, services)
    add_llm_usage(door.router, services, options)
    add_authorizations(door.router, services)
    return door


NATIVE = Dialect(name="strongroom", prefixes=(PREFIX,), build=build, public=public)
