"""Credentials: what clients send, to core."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import final

from strongroom.core.credentials import NewCredential
from strongroom.core.credentials.changes import (
    CredentialChange,
    EnvironmentVariableChange,
    KindChange,
    McpOAuthChange,
    RefreshChange,
    StaticBearerChange,
)
from strongroom.core.credentials.environment_variable import (
    EnvironmentVariable,
    EnvironmentVariableDetails,
    checked_secret_name,
)
from strongroom.core.credentials.mcp_oauth import ClientAuth, McpOAuth, McpOAuthDetails, Refresh
from strongroom.core.credentials.static_bearer import StaticBearer, StaticBearerDetails
from strongroom.core.failures import Invalid
from strongroom.core.hosts import HostSet
from strongroom.core.mcp_urls import McpUrl
from strongroom.core.networking import Limited, Networking, Unrestricted
from strongroom.core.secret import Secret
from strongroom.core.surfaces import Surface
from strongroom.dialects.anthropic import wire_credentials as wire
from strongroom.dialects.anthropic.moments import require_future


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Reads what was sent at a moment; `insecure` admits servers on plain http."""

    now: datetime
    insecure: bool

    def new(self, sent: wire.NewCredential) -> NewCredential:
        """Return the credential to store. Raises `Invalid`."""
        name, metadata = sent.display_name or None, sent.metadata or {}
        match sent.auth:
            case wire.NewEnvironmentVariable() as auth:
                return NewCredential(
                    details=EnvironmentVariableDetails(
                        secret_name=checked_secret_name(auth.secret_name, field="auth.secret_name")
                    ),
                    material=EnvironmentVariable(value=auth.secret_value),
                    networking=_networking(auth.networking),
                    surfaces=_surfaces(auth.injection_location),
                    display_name=name,
                    metadata=metadata,
                )
            case wire.NewStaticBearer() as auth:
                return NewCredential(
                    details=StaticBearerDetails(mcp_server_url=self._url(auth.mcp_server_url, "auth.mcp_server_url")),
                    material=StaticBearer(token=auth.token),
                    display_name=name,
                    metadata=metadata,
                )
            case wire.NewMcpOAuth() as auth:
                return NewCredential(
                    details=McpOAuthDetails(
                        mcp_server_url=self._url(auth.mcp_server_url, "auth.mcp_server_url"),
                        expires_at=require_future(auth.expires_at, self.now, field="auth.expires_at"),
                        refresh=None if auth.refresh is None else self._refresh(auth.refresh),
                    ),
                    material=_tokens(auth),
                    display_name=name,
                    metadata=metadata,
                )

    def change(self, sent: wire.CredentialUpdate) -> CredentialChange:
        """Return the change. Raises `Invalid`."""
        auth = None if sent.auth is None else self._auth_change(sent.auth)
        return CredentialChange(display_name=sent.display_name, metadata=sent.metadata, auth=auth)

    def _auth_change(
        self, auth: wire.McpOAuthUpdate | wire.StaticBearerUpdate | wire.EnvironmentVariableUpdate
    ) -> KindChange:
        match auth:
            case wire.McpOAuthUpdate():
                return McpOAuthChange(
                    access_token=auth.access_token,
                    expires_at=require_future(auth.expires_at, self.now, field="auth.expires_at"),
                    refresh=None if auth.refresh is None else _refresh_change(auth.refresh),
                )
            case wire.StaticBearerUpdate():
                return StaticBearerChange(token=auth.token)
            case wire.EnvironmentVariableUpdate():
                return EnvironmentVariableChange(
                    value=auth.secret_value,
                    networking=None if auth.networking is None else _networking(auth.networking),
                    surfaces=_named(auth.injection_location),
                )

    def _refresh(self, sent: wire.NewRefresh) -> Refresh:
        return Refresh(
            client_id=sent.client_id,
            token_endpoint=self._url(sent.token_endpoint, "auth.refresh.token_endpoint"),
            token_endpoint_auth=ClientAuth(sent.token_endpoint_auth.type),
            resource=sent.resource,
            scope=sent.scope,
        )

    def _url(self, url: str, field: str) -> str:
        """Return the URL exactly as it was sent, if a server can be found by it."""
        try:
            McpUrl.parse(url, insecure=self.insecure)
        except Invalid as refused:
            raise Invalid(refused.rule, field=field) from None
        return url


def _tokens(auth: wire.NewMcpOAuth) -> McpOAuth:
    refresh = auth.refresh
    client_secret: Secret | None = None
    if refresh is not None and not isinstance(refresh.token_endpoint_auth, wire.NoClientAuth):
        client_secret = refresh.token_endpoint_auth.client_secret
    return McpOAuth(
        access_token=auth.access_token,
        refresh_token=None if refresh is None else refresh.refresh_token,
        client_secret=client_secret,
    )


def _refresh_change(sent: wire.RefreshUpdate) -> RefreshChange:
    auth = sent.token_endpoint_auth
    return RefreshChange(
        refresh_token=sent.refresh_token,
        scope=sent.scope,
        client_auth=None if auth is None else ClientAuth(auth.type),
        client_secret=None if auth is None else auth.client_secret,
    )


def _networking(sent: wire.UnrestrictedNetworking | wire.LimitedNetworking) -> Networking:
    if isinstance(sent, wire.UnrestrictedNetworking):
        return Unrestricted()
    return Limited(HostSet.parse(sent.allowed_hosts))


def _surfaces(sent: wire.InjectionLocation) -> frozenset[Surface]:
    on = {Surface.HEADER: sent.header, Surface.BODY: sent.body}
    surfaces = frozenset(surface for surface, is_on in on.items() if is_on)
    if not surfaces:
        raise Invalid("must have at least one location on", field="auth.injection_location")
    return surfaces


def _named(sent: wire.InjectionLocationUpdate) -> Mapping[Surface, bool]:
    """Return the locations that were sent; one that was not stays as it is."""
    on = {Surface.HEADER: sent.header, Surface.BODY: sent.body}
    return {surface: is_on for surface, is_on in on.items() if surface.value in sent.model_fields_set}
