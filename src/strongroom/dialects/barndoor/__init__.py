"""The Barndoor surface: connections to vendors of models, and what is reached through them.

Normative is the contract; section numbers in this folder are its own. Traffic of applications is not served here.
"""

from strongroom.dialects.barndoor.conventions import MAX_BODY, BarndoorConventions
from strongroom.dialects.barndoor.paths import NAMESPACE, Paths
from strongroom.dialects.barndoor.routes_connections import ConnectionRoutes
from strongroom.dialects.barndoor.routes_elsewhere import add_elsewhere
from strongroom.dialects.barndoor.routes_keys import KeyRoutes
from strongroom.dialects.barndoor.routes_mappings import MappingRoutes
from strongroom.dialects.barndoor.routes_providers import ProviderRoutes
from strongroom.dialects.bodies import parsed_strictly
from strongroom.dialects.dialect import Dialect
from strongroom.dialects.door import Door
from strongroom.dialects.manner import Manner
from strongroom.dialects.options import Options
from strongroom.services.catalogue import Services


def build(services: Services, options: Options) -> Door:
    """Return the application."""
    door = Door(
        title="Strongroom: Barndoor-compatible connections",
        authentication=services.authentication,
        idempotency=services.idempotency,
        conventions=BarndoorConventions(),
        new_id=options.new_id,
        rates=options.rates,
        manner=Manner(max_body=MAX_BODY, parse=parsed_strictly, ignores_stray_bodies=True),
    )
    paths = Paths(door.router, clock=options.clock)
    organizations = services.organizations
    ConnectionRoutes(connections=services.connections, organizations=organizations).add_to(paths)
    mappings, health = services.mappings, services.route_health
    ProviderRoutes(providers=services.providers, mappings=mappings, health=health, organizations=organizations).add_to(
        paths
    )
    MappingRoutes(mappings=mappings, health=health).add_to(paths)
    KeyRoutes(keys=services.gateway_keys, organizations=organizations).add_to(paths)
    add_elsewhere(paths)
    return door


BARNDOOR = Dialect(name="barndoor", prefixes=(NAMESPACE,), build=build)
