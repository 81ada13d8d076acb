"""What clients get of credentials (contract anthropic-vaults 4.1). No field here can hold a secret."""

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict


class UnrestrictedNetworkingShown(TypedDict):
    """Any host that the environment permits."""

    type: Literal["unrestricted"]


class LimitedNetworkingShown(TypedDict):
    """The listed hosts, in normal form."""

    type: Literal["limited"]
    allowed_hosts: list[str]


class InjectionLocationShown(TypedDict):
    """Both locations, always."""

    header: bool
    body: bool


class ClientAuthShown(TypedDict):
    """The type alone."""

    type: Literal["none", "client_secret_basic", "client_secret_post"]


class RefreshShown(TypedDict):
    """The refresh block without its secrets."""

    client_id: str
    token_endpoint: str
    token_endpoint_auth: ClientAuthShown
    resource: str | None
    scope: str | None


class McpOAuthShown(TypedDict):
    """OAuth tokens for an MCP server."""

    type: Literal["mcp_oauth"]
    mcp_server_url: str
    expires_at: str | None
    refresh: RefreshShown | None


class StaticBearerShown(TypedDict):
    """A fixed token for an MCP server."""

    type: Literal["static_bearer"]
    mcp_server_url: str


class EnvironmentVariableShown(TypedDict):
    """A variable."""

    type: Literal["environment_variable"]
    secret_name: str
    networking: Annotated[UnrestrictedNetworkingShown | LimitedNetworkingShown, Field(discriminator="type")]
    injection_location: InjectionLocationShown


AuthShown = Annotated[McpOAuthShown | StaticBearerShown | EnvironmentVariableShown, Field(discriminator="type")]


class Credential(TypedDict):
    """A credential."""

    id: str
    type: Literal["vault_credential"]
    vault_id: str
    auth: AuthShown
    display_name: str | None
    metadata: dict[str, str]
    created_at: str
    updated_at: str
    archived_at: str | None


class CredentialPage(TypedDict):
    """A page, newest first."""

    data: list[Credential]
    next_page: str | None


class DeletedCredential(TypedDict):
    """The answer to a delete."""

    id: str
    type: Literal["vault_credential_deleted"]
