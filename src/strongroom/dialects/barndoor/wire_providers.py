"""Providers on the wire (contract 2.7)."""

from typing import Any, Literal

from strongroom.core.keeping import KEEP
from strongroom.core.llm.providers import BillingMode, BillingReason, ProviderChange
from strongroom.dialects.barndoor.fields import Credentials, Key, Model, Uuid
from strongroom.dialects.barndoor.wire_connections import Attributed

_MODES = Literal["per_token", "not_metered"]
_REASONS = Literal["subscription", "local", "external", "other"]


class _ProviderRequest(Model):
    """What may be said of a provider, new or known. `model_sync_mode` is off: there is no catalogue to follow."""

    base_url: str | None = None
    connection_id: Uuid | None = None
    api_key: Key | None = None
    credentials: Credentials | None = None
    auth_type: str | None = None
    settings: Any = None
    enforce_health_check: bool | None = None
    billing_mode: _MODES | None = None
    billing_reason: _REASONS | None = None
    billing_note: str | None = None
    request_timeout_secs: int | None = None
    stream_idle_timeout_secs: int | None = None
    model_sync_mode: Literal["off"] | None = None
    change_note: str | None = None

    def change(self, **more: Any) -> ProviderChange:  # noqa: ANN401 - fields of the change
        """Return what it says; null and silence are two things in some fields."""
        said = self.model_fields_set
        reason = None if self.billing_reason is None else BillingReason(self.billing_reason)
        return ProviderChange(
            connection=self.connection_id if "connection_id" in said else KEEP,
            auth_type=self.auth_type,
            base_url=self.base_url,
            settings=self.settings,
            enforce_health_check=self.enforce_health_check,
            billing_mode=None if self.billing_mode is None else BillingMode(self.billing_mode),
            billing_reason=reason if "billing_reason" in said else KEEP,
            billing_note=self.billing_note if "billing_note" in said else KEEP,
            request_timeout_secs=self.request_timeout_secs if "request_timeout_secs" in said else KEEP,
            stream_idle_timeout_secs=self.stream_idle_timeout_secs if "stream_idle_timeout_secs" in said else KEEP,
            sends_secret=self.api_key is not None or bool(self.credentials),
            note=self.change_note,
            **more,
        )


class CreateProviderRequest(_ProviderRequest):
    """A provider to be made, with models that are enabled at once."""

    name: str
    model_provider: str
    models: list[str] | None = None
    catalog_id: None = None

    def read(self) -> ProviderChange:
        """Return what it says."""
        return self.change(name=self.name, model_provider=self.model_provider)


class UpdateProviderRequest(_ProviderRequest):
    """A change; what is left out stays, the note excepted."""

    name: str | None = None
    model_provider: str | None = None
    enabled: bool | None = None

    def read(self) -> ProviderChange:
        """Return what it says."""
        return self.change(name=self.name, model_provider=self.model_provider, enabled=self.enabled)


class Provider(Attributed):
    """A provider as it works: what it does not say itself is its connection's."""

    id: str
    org_id: str
    name: str
    model_provider: str
    auth_type: str
    base_url: str
    settings: dict[str, Any]
    secret_path: str
    connection_id: str | None
    enabled: bool
    enforce_health_check: bool
    health_status: str
    health_checked_at: str | None
    health_detail: str | None
    billing_mode: str
    billing_reason: str | None
    billing_note: str | None
    model_sync_mode: Literal["off"]
    catalog_id: None
    catalog_slug: None
    request_timeout_secs: int | None
    stream_idle_timeout_secs: int | None
    created_at: str
    updated_at: str
