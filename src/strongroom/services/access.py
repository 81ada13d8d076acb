"""What an agent's process needs to work through the egress proxy: address, variables, certificate."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from strongroom.services.sessions import Opened

PROXY_VARIABLES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
CA_VARIABLES = (
    "SSL_CERT_FILE",  # OpenSSL: curl, Python, Ruby; Go, Rust
    "CURL_CA_BUNDLE",  # curl, requests
    "REQUESTS_CA_BUNDLE",  # requests, pip
    "GIT_SSL_CAINFO",  # git
    "NODE_EXTRA_CA_CERTS",  # node
    "npm_config_cafile",  # npm
    "PIP_CERT",  # pip
    "AWS_CA_BUNDLE",  # AWS SDKs and command line
    "DENO_CERT",  # Deno
    "HTTPLIB2_CA_CERTS",  # older Google clients
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",  # gRPC
    "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE",  # gcloud
    "NIX_SSL_CERT_FILE",  # nix
)
"""Most of these replace a client's own roots: the file they name holds the system's roots and ours."""

LOOPBACK = "localhost,127.0.0.1,::1"


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

    `bundle_path` is a file on the server's machine; a client elsewhere writes `ca_certificate` to a
    file of its own. `loopback_through_proxy` says that egress may reach loopback; otherwise clients
    are told to go there directly, since the proxy would only refuse.
    """

    authority: str
    ca_certificate: str
    bundle_path: str
    loopback_through_proxy: bool

    def of(self, opened: Opened) -> Egress:
        """Return what the agent of a fresh session gets."""
        url = f"http://strongroom:{opened.token.reveal()}@{self.authority}"
        env = dict.fromkeys(PROXY_VARIABLES, url)
        env |= dict.fromkeys(("NO_PROXY", "no_proxy"), "" if self.loopback_through_proxy else LOOPBACK)
        env |= {"NODE_USE_ENV_PROXY": "1"}
        env |= dict.fromkeys(CA_VARIABLES, self.bundle_path)
        return Egress(proxy_url=url, env=env | dict(opened.placeholders), ca_certificate=self.ca_certificate)
