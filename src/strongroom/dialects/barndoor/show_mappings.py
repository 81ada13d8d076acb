"""Model mappings as this wire shows them."""

from dataclasses import asdict
from typing import cast

from strongroom.core.fields import write_time
from strongroom.core.llm import mappings as core
from strongroom.dialects.barndoor import wire_mappings as wire
from strongroom.dialects.barndoor.show_connections import attributed
from strongroom.services.llm_mappings import Placed


def from_core(mapping: core.ModelMapping) -> wire.ModelMapping:
    """Return a mapping's JSON."""
    shown = {
        "id": mapping.id,
        "provider_id": mapping.provider,
        "model_alias": mapping.model_alias,
        "upstream_model": mapping.upstream_model,
        "kind": mapping.kind.value,
        "bare_alias": mapping.bare_alias,
        "enabled": mapping.enabled,
        "priority": mapping.priority,
        "source": mapping.source.value,
        "request_timeout_secs": mapping.request_timeout_secs,
        "stream_idle_timeout_secs": mapping.stream_idle_timeout_secs,
        "auto_disabled_reason": None,
        **asdict(mapping.patience),
        **attributed(mapping.attribution),
    }
    return cast("wire.ModelMapping", shown)  # the fields of `Patience` are named as the wire names them


def priced(mapping: core.ModelMapping) -> wire.PricedModelMapping:
    """Return a mapping as a provider's list shows it."""
    return {**from_core(mapping), "effective_pricing": {"source": "none"}}


def placed(row: Placed) -> wire.PlacedModelMapping:
    """Return a mapping as the list of all shows it."""
    return {
        **priced(row.mapping),
        "created_at": write_time(row.mapping.created_at),
        "provider_name": row.provider.name,
        "provider_auth_type": row.provider.upstream(row.connection).auth_type,
    }
