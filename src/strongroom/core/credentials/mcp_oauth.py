"""OAuth tokens for an MCP server, with what is needed to renew them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, final

from strongroom.core.credentials.base import Kind
from strongroom.core.mcp_urls import McpUrl
from strongroom.core.secret import Secret


class ClientAuth(StrEnum):
    """How the client proves itself at the token endpoint (RFC 6749 section 2.3, RFC 8414)."""

    NONE = "none"
    BASIC = "client_secret_basic"
    POST = "client_secret_post"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Refresh:
    """Where and how the access token is renewed; the secrets of it are in the material."""

    client_id: str
    token_endpoint: str
    token_endpoint_auth: ClientAuth
    resource: str | None = None
    scope: str | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class McpOAuthDetails:
    """The server, when the token expires as far as we know, and the refresh block if there is one."""

    tag: ClassVar[str] = "mcp_oauth"
    mcp_server_url: str
    expires_at: datetime | None = None
    refresh: Refresh | None = None
    lifetime: int | None = None
    """For how many seconds the token was given to us; None where a user gave it, or nobody said."""

    def unique_key(self) -> str:
        """Shared with `static_bearer`: one credential per server and vault."""
        return f"mcp:{self.server().text}"

    def variables(self, _named: str, /) -> Mapping[str, str]:
        """Agents hold nothing of this kind."""
        return {}

    def server(self) -> McpUrl:
        """The URL in the form in which servers are compared."""
        return McpUrl.parse(self.mcp_server_url, insecure=True)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class McpOAuth:
    """The tokens, and the client's secret where it has one."""

    tag: ClassVar[str] = "mcp_oauth"
    access_token: Secret
    refresh_token: Secret | None = None
    client_secret: Secret | None = None

    def stand_in(self) -> None:
        """Never used by placeholder."""

    def bearer(self) -> Secret:
        """The access token."""
        return self.access_token

    def signing(self) -> Mapping[str, Secret]:
        """Signs nothing."""
        return {}


MCP_OAUTH = Kind(tag=McpOAuth.tag, details=McpOAuthDetails, material=McpOAuth, capped=True)
