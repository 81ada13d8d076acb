"""A fixed token for an MCP server, sent as an RFC 6750 bearer header."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, final

from strongroom.core.credentials.base import Kind
from strongroom.core.mcp_urls import McpUrl
from strongroom.core.secret import Secret


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class StaticBearerDetails:
    """The server, exactly as the caller wrote it."""

    tag: ClassVar[str] = "static_bearer"
    mcp_server_url: str

    def unique_key(self) -> str:
        """Shared with `mcp_oauth`: one credential per server and vault."""
        return f"mcp:{self.server().text}"

    def variables(self, _named: str, /) -> Mapping[str, str]:
        """Agents hold nothing of this kind."""
        return {}

    def server(self) -> McpUrl:
        """The URL in the form in which servers are compared."""
        return McpUrl.parse(self.mcp_server_url, insecure=True)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class StaticBearer:
    """The token."""

    tag: ClassVar[str] = "static_bearer"
    token: Secret

    def stand_in(self) -> None:
        """Never used by placeholder."""

    def bearer(self) -> Secret:
        """The token itself."""
        return self.token

    def signing(self) -> Mapping[str, Secret]:
        """Signs nothing."""
        return {}


STATIC_BEARER = Kind(tag=StaticBearer.tag, details=StaticBearerDetails, material=StaticBearer, capped=True)
