"""Providers: what models are reached through: a connection's upstream, or the provider's own variation of it (2.7).

What a provider does not say itself follows its connection, at every look: one connection stands behind any number.
"""

import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, final

from strongroom.core.failures import Invalid
from strongroom.core.ids import OrganizationId, WorkspaceId
from strongroom.core.keeping import KEEP, Keep, kept
from strongroom.core.llm import settings as rules
from strongroom.core.llm.attribution import Actor, Attribution, checked_name, checked_note
from strongroom.core.llm.connections import Connection
from strongroom.core.llm.families import FAMILIES
from strongroom.core.llm.mappings import require_timeouts
from strongroom.core.llm.schemes import WAYS, Scheme, require_vendor
from strongroom.core.llm.upstreams import Upstream, written

MAX_PROVIDERS = 1000
MAX_BILLING_NOTE = 200


@final
class HealthStatus(StrEnum):
    """What was last seen of an upstream."""

    UNVERIFIED = "unverified"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """And when, and why."""

    status: HealthStatus = HealthStatus.UNVERIFIED
    checked_at: datetime | None = None
    detail: str | None = None


@final
class BillingMode(StrEnum):
    """Whether traffic is counted for money."""

    PER_TOKEN = "per_token"  # noqa: S105 - a mode
    NOT_METERED = "not_metered"


@final
class BillingReason(StrEnum):
    """How the vendor bills."""

    SUBSCRIPTION = "subscription"
    LOCAL = "local"
    EXTERNAL = "external"
    OTHER = "other"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Billing:
    """Described, and acted upon by nobody here."""

    mode: BillingMode = BillingMode.PER_TOKEN
    reason: BillingReason | None = None
    note: str | None = None

    def checked(self) -> "Billing":
        """Return it. Raises `Invalid`."""
        if self.mode is BillingMode.NOT_METERED and self.reason is None:
            raise Invalid("is required where billing_mode is not_metered", field="billing_reason")
        note = (self.note or "").strip()
        if len(note) > MAX_BILLING_NOTE or "\0" in note:
            raise Invalid(f"must have at most {MAX_BILLING_NOTE} characters, none of them NUL", field="billing_note")
        return replace(self, note=note or None)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A row. `base_url` is its own, None where it follows; `auth_type` is its own where it has no connection."""

    id: str
    organization: OrganizationId
    workspace: WorkspaceId
    name: str
    model_provider: str
    connection: str | None
    auth_type: str | None
    base_url: str | None
    settings_json: str = "{}"
    enabled: bool = True
    enforce_health_check: bool = True
    health: Health = field(default_factory=Health)
    billing: Billing = field(default_factory=Billing)
    request_timeout_secs: int | None = None
    stream_idle_timeout_secs: int | None = None
    attribution: Attribution
    created_at: datetime
    updated_at: datetime

    @property
    def serves(self) -> bool:
        """Whether routes may lead here."""
        sick = self.enforce_health_check and self.health.status is HealthStatus.UNHEALTHY
        return self.enabled and not sick

    @property
    def settings(self) -> dict[str, Any]:
        """Its own overlay."""
        return dict(json.loads(self.settings_json))

    def whereabouts(self) -> tuple[str, ...]:
        """Return all that decides where a secret goes through it, for the mark that such rows are under."""
        texts = (self.connection, self.auth_type, self.base_url)
        return (self.id, self.workspace, self.model_provider, *(text or "" for text in texts), self.settings_json)

    def upstream(self, connection: Connection | None) -> Upstream:
        """Return what requests through it go to. Raises `Invalid` for settings that do not fit together."""
        below = None if connection is None else connection.upstream
        settings = {**({} if below is None else below.settings), **self.settings}
        auth_type = (self.auth_type or "") if below is None else below.auth_type
        if below is not None:
            settings = rules.normalised(
                settings, model_provider=self.model_provider, scheme=below.way.scheme, external_id=str
            )
        base_url = self.base_url or (None if below is None else below.base_url)
        base_url = base_url or FAMILIES[self.model_provider].base_url(settings)
        if base_url is None:
            raise Invalid("is required for this model_provider", field="base_url")
        return Upstream(
            model_provider=self.model_provider,
            auth_type=auth_type,
            base_url=base_url,
            settings_json=written(settings),
        )


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderChange:
    """What a caller sends for a provider, new or known; `KEEP`, and None where null clears nothing, keep."""

    name: str | None = None
    model_provider: str | None = None
    connection: str | Keep | None = KEEP
    auth_type: str | None = None
    base_url: str | None = None
    settings: object = None
    enabled: bool | None = None
    enforce_health_check: bool | None = None
    billing_mode: BillingMode | None = None
    billing_reason: BillingReason | Keep | None = KEEP
    billing_note: str | Keep | None = KEEP
    request_timeout_secs: int | Keep | None = KEEP
    stream_idle_timeout_secs: int | Keep | None = KEEP
    sends_secret: bool = False
    note: str | None = None

    def made(self, *, provider_id: str, of: Any, connection: Connection | None, by: Actor, now: datetime) -> Provider:  # noqa: ANN401 - whoever belongs to a workspace
        """Return a new row. Raises `Invalid`."""
        if self.name is None or self.model_provider is None:
            raise Invalid("is required", field="name" if self.name is None else "model_provider")
        require_vendor(self.model_provider)
        fresh = Provider(
            id=provider_id,
            organization=of.organization,
            workspace=of.workspace,
            name=self.name,
            model_provider=self.model_provider,
            connection=None,
            auth_type=None,
            base_url=None,
            attribution=Attribution(created_by=by, note=checked_note(self.note)),
            created_at=now,
            updated_at=now,
        )
        return self._laid_over(fresh, connection)

    def applied(self, before: Provider, connection: Connection | None, *, by: Actor, now: datetime) -> Provider:
        """Return the row after it; `connection` is the one that it will have. Raises `Invalid`."""
        after = self._laid_over(before, connection)
        if after == before and self.note is None:
            return before
        return replace(after, attribution=before.attribution.changed(by, now, checked_note(self.note)), updated_at=now)

    def _laid_over(self, before: Provider, connection: Connection | None) -> Provider:
        if self.sends_secret:
            raise Invalid("must be sent to a connection: a provider keeps no secret", field="api_key")
        if self.model_provider not in {None, before.model_provider}:
            raise Invalid("cannot be changed: it is immutable", field="model_provider")
        if connection is not None and connection.upstream.model_provider != before.model_provider:
            raise Invalid("must be a connection of the same model_provider", field="connection_id")
        settings = before.settings_json if self.settings is None else written(rules.checked(self.settings))
        billing = Billing(
            mode=self.billing_mode or before.billing.mode,
            reason=kept(self.billing_reason, before.billing.reason),
            note=kept(self.billing_note, before.billing.note),
        )
        after = replace(
            before,
            name=before.name if self.name is None else checked_name(self.name),
            connection=None if connection is None else connection.id,
            auth_type=self._own_auth_type(before) if connection is None else None,
            base_url=self._own_base_url(before, connection),
            settings_json=settings,
            enabled=before.enabled if self.enabled is None else self.enabled,
            enforce_health_check=before.enforce_health_check
            if self.enforce_health_check is None
            else self.enforce_health_check,
            billing=billing.checked(),
            request_timeout_secs=kept(self.request_timeout_secs, before.request_timeout_secs),
            stream_idle_timeout_secs=kept(self.stream_idle_timeout_secs, before.stream_idle_timeout_secs),
        )
        require_timeouts(after.request_timeout_secs, after.stream_idle_timeout_secs)
        _ = after.upstream(connection).base  # what is stored can be read
        return after

    def _own_auth_type(self, before: Provider) -> str:
        """A provider without connection keeps no secret, so its clients bring their own token (C9)."""
        chosen = self.auth_type or before.auth_type
        way = None if chosen is None else WAYS[before.model_provider].get(chosen)
        if chosen is None or way is None or way.scheme is not Scheme.OAUTH_PASSTHROUGH:
            raise Invalid("is required unless auth_type passes clients' own tokens through", field="connection_id")
        return chosen

    def _own_base_url(self, before: Provider, connection: Connection | None) -> str | None:
        """Empty means to follow, and so does the very URL of the connection: it moves along with it (2.3)."""
        own = before.base_url if self.base_url is None else self.base_url or None
        follows = connection is not None and own == connection.upstream.base_url
        return None if follows else own
