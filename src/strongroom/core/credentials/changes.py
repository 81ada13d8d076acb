"""What a change to a credential does: pure functions of what is stored and what was sent.

Rules kept here (contract anthropic-vaults 4.6):
- the kind of a credential never changes, and neither does what it is found by;
- what is not sent stays, an expiry included when its token is replaced;
- networking is replaced whole, surfaces are merged one by one and never all switched off.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, final

from strongroom.core import metadata as notes
from strongroom.core.credentials.aws_keys import AwsKeys, details_of
from strongroom.core.credentials.base import Material
from strongroom.core.credentials.credential import Credential
from strongroom.core.credentials.environment_variable import EnvironmentVariable
from strongroom.core.credentials.mcp_oauth import ClientAuth, McpOAuth, McpOAuthDetails
from strongroom.core.credentials.new import require_sound
from strongroom.core.credentials.static_bearer import StaticBearer
from strongroom.core.failures import Invalid
from strongroom.core.networking import Networking
from strongroom.core.secret import Secret
from strongroom.core.surfaces import Surface
from strongroom.core.vaults import checked_name

Changed = tuple[Credential, Material | None]
"""A credential after a change, and its material if that was replaced."""


class KindChange(Protocol):
    """A change to the part of a credential that belongs to its kind."""

    @property
    def tag(self) -> str:
        """The kind that it is for."""

    @property
    def needs_material(self) -> bool:
        """Whether the stored secret has to be opened for it."""

    def applied(self, credential: Credential, material: Material | None, /) -> Changed:
        """Return both after the change. Raises `Invalid`."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialChange:
    """A whole change; None keeps. Its `applied` is what `CredentialService.update` takes."""

    display_name: str | None = None
    metadata: Mapping[str, str | None] | None = None
    auth: KindChange | None = None

    @property
    def needs_material(self) -> bool:
        """Whether the stored secret has to be opened for it."""
        return self.auth is not None and self.auth.needs_material

    def applied(self, credential: Credential, material: Material | None, /) -> Changed:
        """Return the credential and, if it was replaced, the material. Raises `Invalid`."""
        renewed = None
        if self.auth is not None:
            if self.auth.tag != credential.kind:
                raise Invalid("must be the credential's own type, which cannot be changed", field="auth.type")
            credential, renewed = self.auth.applied(credential, material)
        name = credential.display_name if self.display_name is None else checked_name(self.display_name)
        patch = self.metadata or {}
        return replace(credential, display_name=name, metadata=notes.patched(credential.metadata, patch)), renewed


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class StaticBearerChange:
    """Another token."""

    token: Secret | None = None
    tag: str = StaticBearer.tag
    needs_material: bool = False

    def applied(self, credential: Credential, _material: Material | None, /) -> Changed:
        """Replace the token."""
        return credential, None if self.token is None else StaticBearer(token=self.token)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class AwsKeysChange:
    """Other keys, whole; an id without its secret would be another's."""

    keys: AwsKeys
    tag: str = AwsKeys.tag
    needs_material: bool = False

    def applied(self, credential: Credential, _material: Material | None, /) -> Changed:
        """Replace the keys; whether they are temporary follows from them."""
        return replace(credential, details=details_of(self.keys)), self.keys


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentVariableChange:
    """Another value, other hosts, other surfaces. `surfaces` says of each named one whether it is on."""

    value: Secret | None = None
    networking: Networking | None = None
    surfaces: Mapping[Surface, bool]
    tag: str = EnvironmentVariable.tag

    @property
    def needs_material(self) -> bool:
        """A stored value that only bodies could hold may be unfit for a header."""
        return self.value is None and self.surfaces.get(Surface.HEADER, False)

    def applied(self, credential: Credential, material: Material | None, /) -> Changed:
        """Merge the surfaces, replace the rest."""
        off = {surface for surface, on in self.surfaces.items() if not on}
        surfaces = credential.surfaces.union(self.surfaces) - off
        if not surfaces:
            raise Invalid("must leave at least one location on", field="auth.injection_location")
        networking = credential.networking if self.networking is None else self.networking
        renewed = None if self.value is None else EnvironmentVariable(value=self.value)
        require_sound(networking, surfaces, renewed or material)
        return replace(credential, networking=networking, surfaces=surfaces), renewed


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshChange:
    """Other secrets for the refresh block, another scope; an empty scope clears it.

    `client_auth` is what the caller believes is stored: it decides nothing but whether there can be
    a client secret at all.
    """

    refresh_token: Secret | None = None
    scope: str | None = None
    client_auth: ClientAuth | None = None
    client_secret: Secret | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class McpOAuthChange:
    """Other tokens, another expiry, changes to a refresh block that is there."""

    access_token: Secret | None = None
    expires_at: datetime | None = None
    refresh: RefreshChange | None = None
    tag: str = McpOAuth.tag

    @property
    def needs_material(self) -> bool:
        """The secrets of this kind are sealed together, so a new one is put beside the old ones."""
        of_refresh = self.refresh and (self.refresh.refresh_token or self.refresh.client_secret)
        return self.access_token is not None or of_refresh is not None

    def applied(self, credential: Credential, material: Material | None, /) -> Changed:
        """Merge field by field."""
        details = credential.details
        assert isinstance(details, McpOAuthDetails)  # noqa: S101 - the tag was compared
        if self.expires_at is not None:
            details = replace(details, expires_at=self.expires_at)
        if self.expires_at is not None or self.access_token is not None:
            details = replace(details, lifetime=None)  # how long the token before it lived says nothing of this one
        if self.refresh is not None:
            details = _refresh_changed(details, self.refresh)
        return replace(credential, details=details), self._renewed(material)

    def _renewed(self, material: Material | None) -> McpOAuth | None:
        if not self.needs_material:
            return None
        assert isinstance(material, McpOAuth)  # noqa: S101 - it was asked for
        refresh = self.refresh or RefreshChange()
        return McpOAuth(
            access_token=self.access_token or material.access_token,
            refresh_token=refresh.refresh_token or material.refresh_token,
            client_secret=refresh.client_secret or material.client_secret,
        )


def _refresh_changed(details: McpOAuthDetails, change: RefreshChange) -> McpOAuthDetails:
    stored = details.refresh
    if stored is None:
        raise Invalid("cannot be added to a credential that was created without it", field="auth.refresh")
    if change.client_auth is not None and stored.token_endpoint_auth is ClientAuth.NONE:
        raise Invalid(
            "cannot be given to a credential whose client has no secret", field="auth.refresh.token_endpoint_auth"
        )
    scope = stored.scope if change.scope is None else change.scope or None
    return replace(details, refresh=replace(stored, scope=scope))
