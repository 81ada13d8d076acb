"""The agent's own identity for an MCP server: a token that we sign for each session, so nothing is stored to steal."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, final

from strongroom.core.credentials.base import Kind
from strongroom.core.mcp_urls import McpUrl
from strongroom.core.secret import Secret


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class AgentIdentityDetails:
    """The server, exactly as the caller wrote it, and whom the token is for if that is not the server's URL."""

    tag: ClassVar[str] = "agent_identity"
    mcp_server_url: str
    audience: str | None = None

    @property
    def intended(self) -> str:
        """Whom the token is for (RFC 7519 section 4.1.3)."""
        return self.mcp_server_url if self.audience is None else self.audience

    def unique_key(self) -> str:
        """Shared with `mcp_oauth` and `static_bearer`: one credential per server and vault."""
        return f"mcp:{self.server().text}"

    def variables(self, _named: str, /) -> Mapping[str, str]:
        """Agents hold nothing of this kind."""
        return {}

    def server(self) -> McpUrl:
        """The URL in the form in which servers are compared."""
        return McpUrl.parse(self.mcp_server_url, insecure=True)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class AgentIdentity:
    """Nothing of it is secret. It is sealed all the same: the seal says that nobody has changed its terms."""

    tag: ClassVar[str] = "agent_identity"

    def stand_in(self) -> None:
        """Never used by placeholder."""

    def bearer(self) -> None:
        """Signed when a session needs it: see `SignedIdentity`."""

    def signing(self) -> Mapping[str, Secret]:
        """Signs no requests."""
        return {}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIdentity:
    """The same on its way out for one session. It is never stored."""

    tag: ClassVar[str] = "agent_identity"
    token: Secret
    signed_at: datetime

    def stand_in(self) -> None:
        """Never used by placeholder."""

    def bearer(self) -> Secret:
        """The signed token."""
        return self.token

    def signing(self) -> Mapping[str, Secret]:
        """Signs no requests."""
        return {}


AGENT_IDENTITY = Kind(tag=AgentIdentity.tag, details=AgentIdentityDetails, material=AgentIdentity)
