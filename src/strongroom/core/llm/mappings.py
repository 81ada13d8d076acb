"""Model mappings: which name leads to which model of which provider, and how patiently (contract 2.7)."""

from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, final

from strongroom.core.failures import Invalid
from strongroom.core.ids import OrganizationId, WorkspaceId
from strongroom.core.keeping import KEEP, Keep, kept
from strongroom.core.llm.attribution import Actor, Attribution, checked_name, checked_note

MAX_MAPPINGS = 10_000
REQUEST_TIMEOUT, MAX_REQUEST_TIMEOUT = 120, 600
STREAM_IDLE_TIMEOUT, MAX_STREAM_IDLE_TIMEOUT = 180, 300
_PRIORITIES = 2**31


@final
class MappingKind(StrEnum):
    """An enablement says that a provider's model may be used; a route gives one a name of its own."""

    MODEL = "model"
    ROUTE = "route"


@final
class ModelSource(StrEnum):
    """Where the model's name came from."""

    CATALOG = "catalog"
    CUSTOM = "custom"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often and how long a route is tried, and how long it rests after failures."""

    retry_on_429_count: int = 0
    retry_on_429_max_wait_secs: int = 0
    cooldown_failure_threshold: int = 10
    cooldown_window_secs: int = 60
    cooldown_base_secs: int = 30
    cooldown_max_secs: int = 300
    cooldown_429_default_secs: int = 30
    cooldown_overloaded_secs: int = 10

    def checked(self) -> "Patience":
        """Return it. Raises `Invalid`."""
        for name, (least, most) in _BOUNDS.items():
            require_between(getattr(self, name), least, most, name)
        for name in ("cooldown_base_secs", "cooldown_429_default_secs", "cooldown_overloaded_secs"):
            if getattr(self, name) > self.cooldown_max_secs:
                raise Invalid("must be at most cooldown_max_secs", field=name)
        return self


_BOUNDS: Final = {
    "retry_on_429_count": (0, 10),
    "retry_on_429_max_wait_secs": (0, 180),
    "cooldown_failure_threshold": (0, 100),
    "cooldown_window_secs": (1, 3600),
    "cooldown_base_secs": (1, 3600),
    "cooldown_max_secs": (1, 86_400),
    "cooldown_429_default_secs": (1, 3600),
    "cooldown_overloaded_secs": (0, 3600),
}
PATIENCE_FIELDS = tuple(each.name for each in fields(Patience))


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ModelMapping:
    """A row. `bare_alias` says whether the alias alone leads to it."""

    id: str
    organization: OrganizationId
    workspace: WorkspaceId
    provider: str
    model_alias: str
    upstream_model: str
    kind: MappingKind
    bare_alias: bool
    enabled: bool = True
    priority: int = 0
    source: ModelSource = ModelSource.CATALOG
    request_timeout_secs: int | None = REQUEST_TIMEOUT
    stream_idle_timeout_secs: int | None = STREAM_IDLE_TIMEOUT
    patience: Patience = field(default_factory=Patience)
    attribution: Attribution
    created_at: datetime
    updated_at: datetime


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class MappingChange:
    """What a caller sends for a mapping, new or known; `KEEP` and, but for timeouts, None keep what is there."""

    model_alias: str | None = None
    upstream_model: str | None = None
    kind: MappingKind | None = None
    bare_alias: bool | None = None
    enabled: bool | None = None
    priority: int | None = None
    source: ModelSource | None = None
    request_timeout_secs: int | Keep | None = KEEP
    stream_idle_timeout_secs: int | Keep | None = KEEP
    patience: tuple[tuple[str, int], ...] = ()
    note: str | None = None

    def made(self, *, mapping_id: str, of: Any, provider: str, by: Actor, now: datetime) -> ModelMapping:  # noqa: ANN401 - whatever belongs to a workspace
        """Return a new row. Timeouts that are not said are written with their defaults. Raises `Invalid`."""
        alias, upstream = checked_model(self.model_alias, "model_alias"), checked_model(self.upstream_model)
        kind = self.kind or (
            MappingKind.MODEL if alias == upstream and self.bare_alias is not True else MappingKind.ROUTE
        )
        fresh = ModelMapping(
            id=mapping_id,
            organization=of.organization,
            workspace=of.workspace,
            provider=provider,
            model_alias=alias,
            upstream_model=upstream,
            kind=kind,
            bare_alias=kind is MappingKind.ROUTE if self.bare_alias is None else self.bare_alias,
            attribution=Attribution(created_by=by, note=checked_note(self.note)),
            created_at=now,
            updated_at=now,
        )
        timeouts = replace(
            self,
            request_timeout_secs=KEEP if self.request_timeout_secs is None else self.request_timeout_secs,
            stream_idle_timeout_secs=KEEP if self.stream_idle_timeout_secs is None else self.stream_idle_timeout_secs,
        )
        return timeouts.laid_over(fresh)

    def applied(self, before: ModelMapping, *, by: Actor, now: datetime) -> ModelMapping:
        """Return the row after it. Raises `Invalid`."""
        after = self.laid_over(before)
        if after == before and self.note is None:
            return before
        attribution = before.attribution.changed(by, now, checked_note(self.note))
        return replace(after, attribution=attribution, updated_at=now)

    def laid_over(self, before: ModelMapping) -> ModelMapping:
        """Return a row with what was sent, but for whoever sent it. Raises `Invalid`."""
        upstream = before.upstream_model if self.upstream_model is None else checked_model(self.upstream_model)
        alias = before.model_alias if self.model_alias is None else checked_model(self.model_alias, "model_alias")
        if before.kind is MappingKind.MODEL:
            alias = alias if self.model_alias is not None else upstream
            if alias != upstream:
                raise Invalid("must be the upstream_model for kind model", field="model_alias")
        after = replace(
            before,
            model_alias=alias,
            upstream_model=upstream,
            bare_alias=before.bare_alias if self.bare_alias is None else self.bare_alias,
            enabled=before.enabled if self.enabled is None else self.enabled,
            priority=before.priority if self.priority is None else self.priority,
            source=before.source if self.source is None else self.source,
            request_timeout_secs=kept(self.request_timeout_secs, before.request_timeout_secs),
            stream_idle_timeout_secs=kept(self.stream_idle_timeout_secs, before.stream_idle_timeout_secs),
            patience=replace(before.patience, **dict(self.patience)).checked(),
        )
        require_between(after.priority, -_PRIORITIES, _PRIORITIES - 1, "priority")
        require_timeouts(after.request_timeout_secs, after.stream_idle_timeout_secs)
        return after


def checked_model(name: str | None, field_name: str = "upstream_model") -> str:
    """Return a model's name. Raises `Invalid`."""
    if name is None:
        raise Invalid("is required", field=field_name)
    return checked_name(name, field=field_name)


def require_timeouts(request: int | None, idle: int | None) -> None:
    """Raise `Invalid` for timeouts that the platform does not have (C11)."""
    if request is not None:
        require_between(request, 1, MAX_REQUEST_TIMEOUT, "request_timeout_secs")
    if idle is not None:
        require_between(idle, 1, MAX_STREAM_IDLE_TIMEOUT, "stream_idle_timeout_secs")


def require_between(value: int, least: int, most: int, name: str) -> None:
    """Raise `Invalid` for a number out of bounds."""
    if not least <= value <= most:
        raise Invalid(f"must be {least} to {most}", field=name)
