"""Who keeps vaults, put together. It remembers nothing between calls: whoever asks gets one of its own."""

from strongroom.assembly.ground import Ground
from strongroom.assembly.site import Site
from strongroom.services.vaults import VaultService


def vaults(site: Site, ground: Ground) -> VaultService:
    """Put it together."""
    return VaultService(vaults=ground.store.vaults, gate=ground.gate, clock=site.edge.clock, new_id=site.edge.new_id)
