"""What an agent's process needs to work through our doors: addresses, token, variables, certificate."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import final

from strongroom.core.client_variables import TrustFiles, client_variables
from strongroom.core.ids import CredentialId, SessionId
from strongroom.core.mcp_servers import Served, path_of
from strongroom.services.sessions import Opened


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class McpAddress:
    """An MCP server of a session: what it is called, our URL for it, its own, and the credential that it gets."""

    name: str
    url: str
    mcp_server_url: str
    credential_id: CredentialId | None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Egress:
    """Shown once, when a session is opened. `token` is the session's; `proxy_url` and `env` hold it too."""

    proxy_url: str
    token: str
    env: Mapping[str, str]
    ca_certificate: str
    mcp_servers: tuple[McpAddress, ...]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class EgressAccess:
    """Where proxy and gateway are, and which certificates the proxy is trusted by.

    `files` are on the server's machine; a client elsewhere makes its own from `ca_certificate`.
    `loopback_through_proxy` says that egress may reach loopback; otherwise clients are told to go
    there directly, since the proxy would only refuse.
    """

    authority: str
    gateway: str
    """The URL that the gateway's paths are below."""
    ca_certificate: str
    files: TrustFiles
    loopback_through_proxy: bool

    def of(self, opened: Opened) -> Egress:
        """Return what the agent of a fresh session gets."""
        token = opened.token.reveal()
        url = f"http://strongroom:{token}@{self.authority}"
        env = client_variables(url, self.files, loopback_through_proxy=self.loopback_through_proxy)
        return Egress(
            proxy_url=url,
            token=token,
            env=env | dict(opened.placeholders),
            ca_certificate=self.ca_certificate,
            mcp_servers=self.mcp_servers(opened.session.id, opened.servers),
        )

    def mcp_servers(self, session: SessionId, servers: Iterable[Served]) -> tuple[McpAddress, ...]:
        """Return where a session finds its MCP servers."""
        return tuple(
            McpAddress(
                name=server.name,
                url=self.gateway + path_of(session, server.key),
                mcp_server_url=server.url,
                credential_id=server.credential,
            )
            for server in servers
        )
