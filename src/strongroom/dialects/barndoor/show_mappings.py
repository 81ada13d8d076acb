"""Model mappings as this wire shows them."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Literal, cast

from strongroom.core.fields import write_time
from strongroom.core.llm import mappings as core
from strongroom.core.llm.cooldowns import Resting
from strongroom.dialects.barndoor import wire_mappings as wire
from strongroom.dialects.barndoor.show_connections import attributed
from strongroom.services.llm_mappings import Placed
from strongroom.services.llm_route_health import Rest, RouteHealth


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


def priced(row: Placed, health: RouteHealth) -> wire.PricedModelMapping:
    """Return a mapping as a provider's list shows it; of a route that is tried as usual there is no word of health."""
    shown = {**from_core(row.mapping), "effective_pricing": {"source": "none"}}
    if row.connection is not None:
        rest = health.rest_of(row.provider.id, row.mapping.upstream_model, row.connection)
        if rest is not None:
            shown["route_health_status"] = _resting(rest)
    return cast("wire.PricedModelMapping", shown)


def _resting(rest: Rest) -> wire.RouteHealthStatus:
    reason, because = _REASONS[rest.reason]
    again = f"tried again in {rest.recovers_in} s" if rest.recovers_in else "tried again by the next request"
    return {
        "state": "suspended" if rest.recovers_in else "recovering",
        "reason": reason,
        "scope": "all_users",
        "recovers_in_secs": rest.recovers_in,
        "message": f"{because}; {again}",
    }


_REASONS: Mapping[Resting, tuple[Literal["rate_limited", "provider_errors", "unavailable"], str]] = {
    Resting.RATE_LIMITED: ("rate_limited", "the provider's rate limit was reached"),
    Resting.PROVIDER_ERRORS: ("provider_errors", "the provider failed repeatedly"),
    Resting.AUTH_FAILED: ("provider_errors", "the provider rejected the stored credential repeatedly"),
    Resting.UNAVAILABLE: ("unavailable", "the provider is overloaded"),
}
"""A stored credential is everybody's: this vendor says `auth_failed` of a caller's own alone."""


def placed(row: Placed, health: RouteHealth) -> wire.PlacedModelMapping:
    """Return a mapping as the list of all shows it."""
    shown = {
        **priced(row, health),
        "created_at": write_time(row.mapping.created_at),
        "provider_name": row.provider.name,
        "provider_auth_type": row.provider.upstream(row.connection).auth_type,
    }
    return cast("wire.PlacedModelMapping", shown)  # a field that may be missing cannot be spread in the open
