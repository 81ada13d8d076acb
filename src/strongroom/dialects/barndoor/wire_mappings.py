"""Model mappings on the wire (contract 2.7)."""

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from strongroom.core.keeping import KEEP
from strongroom.core.llm.mappings import PATIENCE_FIELDS, MappingChange, MappingKind, ModelSource
from strongroom.dialects.barndoor.fields import Model, Uuid
from strongroom.dialects.barndoor.wire_connections import Attributed


class _MappingRequest(Model):
    """What may be said of a mapping, new or known."""

    bare_alias: bool | None = None
    enabled: bool | None = None
    priority: int | None = None
    retry_on_429_count: int | None = None
    retry_on_429_max_wait_secs: int | None = None
    request_timeout_secs: int | None = None
    stream_idle_timeout_secs: int | None = None
    cooldown_failure_threshold: int | None = None
    cooldown_window_secs: int | None = None
    cooldown_base_secs: int | None = None
    cooldown_max_secs: int | None = None
    cooldown_429_default_secs: int | None = None
    cooldown_overloaded_secs: int | None = None
    change_note: str | None = None

    def change(self, **more: Any) -> MappingChange:  # noqa: ANN401 - fields of the change
        """Return what it says; null and silence are two things for timeouts."""
        said = self.model_fields_set
        patience = ((name, getattr(self, name)) for name in PATIENCE_FIELDS)
        return MappingChange(
            bare_alias=self.bare_alias,
            enabled=self.enabled,
            priority=self.priority,
            request_timeout_secs=self.request_timeout_secs if "request_timeout_secs" in said else KEEP,
            stream_idle_timeout_secs=self.stream_idle_timeout_secs if "stream_idle_timeout_secs" in said else KEEP,
            patience=tuple((name, value) for name, value in patience if value is not None),
            note=self.change_note,
            **more,
        )


class CreateModelMappingRequest(_MappingRequest):
    """A mapping to be made."""

    provider_id: Uuid
    model_alias: str
    upstream_model: str
    kind: Literal["model", "route"] | None = None
    source: Literal["catalog", "custom"] | None = None

    def read(self) -> MappingChange:
        """Return what it says."""
        return self.change(
            model_alias=self.model_alias,
            upstream_model=self.upstream_model,
            kind=None if self.kind is None else MappingKind(self.kind),
            source=None if self.source is None else ModelSource(self.source),
        )


class UpdateModelMappingRequest(_MappingRequest):
    """A change; what is left out stays, the note excepted."""

    model_alias: str | None = None
    upstream_model: str | None = None

    def read(self) -> MappingChange:
        """Return what it says."""
        return self.change(model_alias=self.model_alias, upstream_model=self.upstream_model)


class ReorderEntry(Model):
    """A mapping's new place."""

    id: Uuid
    priority: int


class ReorderModelMappingsRequest(Model):
    """New places for several."""

    entries: list[ReorderEntry]


class Reordered(TypedDict):
    """It is done."""

    ok: Literal[True]


class ModelMapping(Attributed):
    """A mapping."""

    id: str
    provider_id: str
    model_alias: str
    upstream_model: str
    kind: str
    bare_alias: bool
    enabled: bool
    priority: int
    source: str
    request_timeout_secs: int | None
    stream_idle_timeout_secs: int | None
    retry_on_429_count: int
    retry_on_429_max_wait_secs: int
    cooldown_failure_threshold: int
    cooldown_window_secs: int
    cooldown_base_secs: int
    cooldown_max_secs: int
    cooldown_429_default_secs: int
    cooldown_overloaded_secs: int
    auto_disabled_reason: None


class Pricing(TypedDict):
    """What it costs: nobody here knows."""

    source: Literal["none"]


class RouteHealthStatus(TypedDict):
    """That a route rests after failures, or has rested and waits for a request that tries it."""

    state: Literal["suspended", "recovering"]
    reason: Literal["rate_limited", "provider_errors", "unavailable"]
    scope: Literal["all_users"]
    recovers_in_secs: int
    message: str


class PricedModelMapping(ModelMapping):
    """A mapping as a provider's list shows it."""

    effective_pricing: Pricing
    route_health_status: NotRequired[RouteHealthStatus]


class PlacedModelMapping(PricedModelMapping):
    """A mapping as the list of all shows it."""

    created_at: str
    provider_name: str
    provider_auth_type: str
