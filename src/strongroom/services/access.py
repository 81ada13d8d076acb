"""What an agent's process needs to work through the egress proxy: address, variables, certificate."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from strongroom.core.client_variables import TrustFiles, client_variables
from strongroom.services.sessions import Opened


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Egress:
    """Shown once, when a session is opened. `proxy_url` and `env` hold the session's token."""

    proxy_url: str
    env: Mapping[str, str]
    ca_certificate: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class EgressAccess:
    """Where the proxy is and which certificates it is trusted by.

    `files` are on the server's machine; a client elsewhere makes its own from `ca_certificate`.
    `loopback_through_proxy` says that egress may reach loopback; otherwise clients are told to go
    there directly, since the proxy would only refuse.
    """

    authority: str
    ca_certificate: str
    files: TrustFiles
    loopback_through_proxy: bool

    def of(self, opened: Opened) -> Egress:
        """Return what the agent of a fresh session gets."""
        url = f"http://strongroom:{opened.token.reveal()}@{self.authority}"
        env = client_variables(url, self.files, loopback_through_proxy=self.loopback_through_proxy)
        return Egress(proxy_url=url, env=env | dict(opened.placeholders), ca_certificate=self.ca_certificate)
