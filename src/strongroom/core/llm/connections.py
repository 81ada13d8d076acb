"""Connections: one upstream key or cloud identity that any number of providers use (contract 2.1 to 2.3)."""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, final

from strongroom.core.credentials import KINDS, Credential, Details
from strongroom.core.credentials.connection import ConnectionDetails
from strongroom.core.failures import Invalid
from strongroom.core.llm import settings as rules
from strongroom.core.llm.attribution import Actor, Attribution, checked_name, checked_note
from strongroom.core.llm.families import FAMILIES
from strongroom.core.llm.schemes import Scheme, Way, named, way_of
from strongroom.core.llm.sent import Sent, Taken, require_material, take
from strongroom.core.llm.upstreams import Upstream, written

MAX_CONNECTIONS = 1000

MakeExternalId = Callable[[], str]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A credential, and what this wire says of it beside. `secret_version` counts the secrets that it has had."""

    credential: Credential
    attribution: Attribution
    key_last4: str | None = None
    secret_version: int = 1

    @property
    def id(self) -> str:
        """Its UUID."""
        return self.credential.id

    @property
    def name(self) -> str:
        """What people call it."""
        return self.credential.display_name or ""

    @property
    def upstream(self) -> Upstream:
        """Where its secret goes."""
        details = self.credential.details
        assert isinstance(details, ConnectionDetails)  # noqa: S101 - all kinds of connections have them
        return details.upstream

    @property
    def way(self) -> Way:
        """How it authenticates."""
        return self.upstream.way

    @property
    def scheme(self) -> Scheme:
        """What is kept of it."""
        return self.way.scheme


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class NewConnection:
    """What a caller says of a connection to be made."""

    name: str
    model_provider: str
    auth_type: str | None = None
    base_url: str | None = None
    settings: object = None
    sent: Sent = field(default_factory=Sent)
    note: str | None = None

    def read(self, external_id: MakeExternalId) -> tuple[Upstream, Taken]:
        """Return what it comes to. Raises `Invalid` by every rule but the host's."""
        checked_name(self.name)
        checked_note(self.note)
        auth_type = named(self.model_provider, self.auth_type)
        scheme = way_of(self.model_provider, auth_type).scheme
        settings = rules.checked(self.settings)
        taken = take(scheme, self.sent)
        require_material(scheme, taken)
        settings = _hoisted(settings, taken, scheme)
        settings = rules.normalised(
            settings, model_provider=self.model_provider, scheme=scheme, external_id=external_id
        )
        base_url = self.base_url or FAMILIES[self.model_provider].base_url(settings)
        if not base_url:
            raise Invalid("is required for this model_provider", field="base_url")
        upstream = Upstream(
            model_provider=self.model_provider,
            auth_type=auth_type,
            base_url=base_url,
            settings_json=written(settings),
        )
        _ = upstream.base  # read once here, so that what is stored can be read
        return upstream, taken


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionChange:
    """What a caller sends for a change; None keeps. `model_provider` may be repeated and not changed."""

    name: str | None = None
    model_provider: str | None = None
    auth_type: str | None = None
    base_url: str | None = None
    settings: object = None
    sent: Sent = field(default_factory=Sent)
    note: str | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of what was sent, for the audit log."""
        named = ("name", "model_provider", "auth_type", "base_url", "settings", "note")
        present = [name for name in named if getattr(self, name) is not None]
        return (*present, *(("secret",) if self.sent else ()))

    @property
    def is_empty(self) -> bool:
        """Whether it changes nothing at all, not even when the thing was last touched."""
        return not self.fields

    def read(self, before: Connection, external_id: MakeExternalId) -> tuple[str, Upstream, Taken]:
        """Return name, upstream and secret after it. Raises `Invalid` by every rule but the host's."""
        name = before.name if self.name is None else checked_name(self.name)
        checked_note(self.note)
        stored = before.upstream
        if self.model_provider not in {None, stored.model_provider}:
            raise Invalid("cannot be changed: it is immutable", field="model_provider")
        auth_type = stored.auth_type if self.auth_type is None else named(stored.model_provider, self.auth_type)
        scheme = way_of(stored.model_provider, auth_type).scheme
        taken = take(scheme, self.sent)
        if scheme is not before.scheme:
            require_material(scheme, taken)
        sent = rules.checked(self.settings)
        if scheme is not Scheme.GOOGLE_SERVICE_ACCOUNT or "project_id" not in stored.settings:
            sent = _hoisted(sent, taken, scheme)
        settings = rules.normalised(
            rules.merged(stored.settings, sent),
            model_provider=stored.model_provider,
            scheme=scheme,
            external_id=external_id,
        )
        base_url = self.base_url or self._following(stored, settings)
        upstream = replace(stored, auth_type=auth_type, base_url=base_url, settings_json=written(settings))
        _ = upstream.base
        return name, upstream, taken

    def _following(self, stored: Upstream, settings: Mapping[str, Any]) -> str:
        """A URL that was the vendor's default for the settings stays the default for the new ones."""
        default = FAMILIES[stored.model_provider].base_url
        if stored.base_url == default(stored.settings):
            return default(settings) or stored.base_url
        return stored.base_url


def details_of(upstream: Upstream) -> Details:
    """Return the details of the kind that an upstream needs."""
    return KINDS[upstream.way.scheme.value].details(upstream=upstream)


def comparable(name: str) -> str:
    """Return a name as names are compared: two ways to write one letter are one (Unicode NFC)."""
    return unicodedata.normalize("NFC", name)


def attributed(before: Connection, by: Actor, change: ConnectionChange, **changes: Any) -> Connection:  # noqa: ANN401 - fields
    """Return a connection after a change that somebody made."""
    credential: Credential = changes.get("credential", before.credential)
    attribution = before.attribution.changed(by, credential.updated_at, checked_note(change.note))
    return replace(before, attribution=attribution, **changes)


def _hoisted(settings: Mapping[str, Any], taken: Taken, scheme: Scheme) -> dict[str, Any]:
    """Put what came among the credentials where it belongs; the two places must not contradict each other."""
    result = dict(settings)
    for name, value in taken.settings.items():
        if scheme is Scheme.GOOGLE_SERVICE_ACCOUNT:
            result.setdefault(name, value)  # the JSON's project is a default
        elif result.setdefault(name, value) != value:
            raise Invalid("must not differ from the one in credentials", field=f"settings.{name}")
    return result
