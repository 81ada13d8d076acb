"""Vaults: core to wire."""

from strongroom.core.fields import write_time
from strongroom.core.vaults import Vault
from strongroom.dialects.anthropic import wire_vaults as wire
from strongroom.dialects.anthropic.moments import shown


def from_core(vault: Vault) -> wire.Vault:
    """Return a vault as it is shown."""
    return {
        "id": vault.id,
        "type": "vault",
        "display_name": vault.display_name,
        "metadata": dict(vault.metadata),
        "created_at": write_time(vault.created_at),
        "updated_at": write_time(vault.updated_at),
        "archived_at": shown(vault.archived_at),
    }
