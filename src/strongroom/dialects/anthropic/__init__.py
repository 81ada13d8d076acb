"""The Anthropic Managed Agents surface: vaults, credentials, environments, sessions.

Normative is the contract; section numbers in this folder are its own.
"""

from strongroom.dialects.anthropic.headers import AnthropicConventions, owned
from strongroom.dialects.anthropic.routes_credentials import CredentialRoutes
from strongroom.dialects.anthropic.routes_environments import EnvironmentRoutes
from strongroom.dialects.anthropic.routes_sessions import SessionRoutes
from strongroom.dialects.anthropic.routes_vaults import VaultRoutes
from strongroom.dialects.dialect import Dialect
from strongroom.dialects.door import Door
from strongroom.dialects.manner import Manner
from strongroom.dialects.options import Options
from strongroom.services.catalogue import Services


def build(services: Services, options: Options) -> Door:
    """Return the application."""
    door = Door(
        title="Strongroom: Anthropic-compatible vaults",
        authentication=services.authentication,
        idempotency=services.idempotency,
        conventions=AnthropicConventions(strict_beta=options.strict_beta),
        new_id=options.new_id,
        rates=options.rates,
        manner=Manner(owned=owned),
    )
    VaultRoutes(vaults=services.vaults, pages=options.pages).add_to(door.router)
    CredentialRoutes(
        credentials=services.credentials,
        validation=services.validation,
        pages=options.pages,
        clock=options.clock,
        insecure_upstreams=options.insecure_upstreams,
    ).add_to(door.router)
    EnvironmentRoutes(environments=services.environments, pages=options.pages).add_to(door.router)
    SessionRoutes(sessions=services.sessions, access=services.access, pages=options.pages, clock=options.clock).add_to(
        door.router
    )
    return door


ANTHROPIC = Dialect(
    name="anthropic",
    prefixes=("/v1", "/v1/vaults", "/v1/environments", "/v1/sessions"),
    build=build,
    base="/anthropic",
)
