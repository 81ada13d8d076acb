"""What clients send of credentials (contract anthropic-vaults 4). Secrets are `Secret`s from the parse on."""

from typing import Annotated, Literal

from pydantic import Field

from strongroom.core.credentials.credential import MAX_HOSTS
from strongroom.core.secret import Secret
from strongroom.dialects.anthropic.fields import (
    HostEntry,
    Metadata,
    MetadataPatch,
    Model,
    Moment,
    Name255,
    Text,
    Url,
)
from strongroom.dialects.secret_fields import SecretText

Token = Annotated[Secret, SecretText(most=8192, in_header=True)]
RefreshToken = Annotated[Secret, SecretText(most=8192)]
ClientSecret = Annotated[Secret, SecretText(most=512)]
SecretValue = Annotated[Secret, SecretText(most=4096)]
ClientId = Annotated[Text, Field(min_length=1, max_length=1024)]
OAuthScope = Annotated[Text, Field(min_length=1, max_length=8192)]


# --- networking and locations --------------------------------------------------------------------


class UnrestrictedNetworking(Model):
    """Any host that the environment permits."""

    type: Literal["unrestricted"]


class LimitedNetworking(Model):
    """The listed hosts: bare names, IPv4 addresses, or `*.` and a domain."""

    type: Literal["limited"]
    allowed_hosts: Annotated[list[HostEntry], Field(max_length=MAX_HOSTS)]


CredentialNetworking = Annotated[UnrestrictedNetworking | LimitedNetworking, Field(discriminator="type")]


class InjectionLocation(Model):
    """Where the placeholder is replaced. A location that is left out is off."""

    header: bool = False
    body: bool = False


class InjectionLocationUpdate(Model):
    """A location that is left out stays as it is."""

    header: bool = False
    body: bool = False


# --- create --------------------------------------------------------------------------------------


class NoClientAuth(Model):
    """A public client."""

    type: Literal["none"]


class BasicClientAuth(Model):
    """The client's secret as HTTP Basic."""

    type: Literal["client_secret_basic"]
    client_secret: ClientSecret


class PostClientAuth(Model):
    """The client's secret in the form."""

    type: Literal["client_secret_post"]
    client_secret: ClientSecret


class NewRefresh(Model):
    """How the access token is renewed."""

    client_id: ClientId
    refresh_token: RefreshToken
    token_endpoint: Url
    token_endpoint_auth: Annotated[NoClientAuth | BasicClientAuth | PostClientAuth, Field(discriminator="type")]
    resource: Url | None = None
    scope: OAuthScope | None = None


class NewMcpOAuth(Model):
    """OAuth tokens for an MCP server."""

    type: Literal["mcp_oauth"]
    mcp_server_url: Url
    access_token: Token
    expires_at: Moment | None = None
    refresh: NewRefresh | None = None


class NewStaticBearer(Model):
    """A fixed token for an MCP server."""

    type: Literal["static_bearer"]
    mcp_server_url: Url
    token: Token


class NewEnvironmentVariable(Model):
    """A variable whose placeholder is replaced on the way out."""

    type: Literal["environment_variable"]
    secret_name: Name255
    secret_value: SecretValue
    networking: CredentialNetworking
    injection_location: InjectionLocation = InjectionLocation(header=True, body=True)


class NewCredential(Model):
    """The body of a create."""

    auth: Annotated[NewMcpOAuth | NewStaticBearer | NewEnvironmentVariable, Field(discriminator="type")]
    display_name: Annotated[Text, Field(max_length=255)] | None = None
    metadata: Metadata | None = None


# --- update: null keeps, except where a location is null, which is refused -----------------------


class BasicClientAuthUpdate(Model):
    """Another secret; the stored type stays, whichever is sent."""

    type: Literal["client_secret_basic"]
    client_secret: ClientSecret | None = None


class PostClientAuthUpdate(Model):
    """Another secret; the stored type stays, whichever is sent."""

    type: Literal["client_secret_post"]
    client_secret: ClientSecret | None = None


class RefreshUpdate(Model):
    """Changes to a refresh block that is there. An empty scope clears it."""

    refresh_token: RefreshToken | None = None
    scope: Annotated[Text, Field(max_length=8192)] | None = None
    token_endpoint_auth: Annotated[BasicClientAuthUpdate | PostClientAuthUpdate, Field(discriminator="type")] | None = (
        None
    )


class McpOAuthUpdate(Model):
    """Other tokens; an expiry that is not sent stays, also with a new token."""

    type: Literal["mcp_oauth"]
    access_token: Token | None = None
    expires_at: Moment | None = None
    refresh: RefreshUpdate | None = None


class StaticBearerUpdate(Model):
    """Another token."""

    type: Literal["static_bearer"]
    token: Token | None = None


class EnvironmentVariableUpdate(Model):
    """Another value; networking replaced whole, locations one by one."""

    type: Literal["environment_variable"]
    secret_value: SecretValue | None = None
    networking: CredentialNetworking | None = None
    injection_location: InjectionLocationUpdate = InjectionLocationUpdate()


class CredentialUpdate(Model):
    """The body of an update."""

    auth: (
        Annotated[McpOAuthUpdate | StaticBearerUpdate | EnvironmentVariableUpdate, Field(discriminator="type")] | None
    ) = None
    display_name: Name255 | None = None
    metadata: MetadataPatch | None = None
