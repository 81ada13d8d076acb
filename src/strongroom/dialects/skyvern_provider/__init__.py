"""Strongroom as the custom credential service of a Skyvern server (contract skyvern-credentials section 7).

The one surface that hands stored secrets out, to the product that stored them. It has tokens of its own: an API key is
nobody here, and its tokens are nobody everywhere else.
"""

from strongroom.dialects.dialect import Dialect
from strongroom.dialects.door import Door
from strongroom.dialects.manner import Manner
from strongroom.dialects.options import Options
from strongroom.dialects.presented import bearer
from strongroom.dialects.skyvern_provider.conventions import ProviderConventions
from strongroom.dialects.skyvern_provider.routes import PREFIX, add_items
from strongroom.services.catalogue import Services


def build(services: Services, options: Options) -> Door:
    """Return the application."""
    door = Door(
        title="Strongroom: credential service for Skyvern",
        authentication=services.provider_authentication,
        idempotency=services.idempotency,
        conventions=ProviderConventions(),
        new_id=options.new_id,
        rates=options.provider_rates,
        manner=Manner(presented=bearer),
    )
    add_items(door.router, services.provider_items)
    return door


SKYVERN_PROVIDER = Dialect(name="skyvern-provider", prefixes=(PREFIX,), build=build)
