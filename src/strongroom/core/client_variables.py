"""The variables by which clients find the proxy and the certificates to trust.

Each was seen to work with a client that tests run, or is documented by the client's maker: docs/clients.md says which.
No one of them does for all clients, so all are set, also for clients that are not there.
"""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import final
from urllib.parse import urlsplit

PROXY_VARIABLES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
BYPASS_VARIABLES = ("NO_PROXY", "no_proxy")
CA_VARIABLES = (
    "SSL_CERT_FILE",  # OpenSSL: curl, Python, Ruby; Go, Rust
    "CURL_CA_BUNDLE",  # curl, requests
    "REQUESTS_CA_BUNDLE",  # requests, pip
    "GIT_SSL_CAINFO",  # git
    "NODE_EXTRA_CA_CERTS",  # node
    "npm_config_cafile",  # npm
    "PIP_CERT",  # pip
    "AWS_CA_BUNDLE",  # AWS SDKs and command line
    "CARGO_HTTP_CAINFO",  # cargo
    "DENO_CERT",  # Deno
    "HTTPLIB2_CA_CERTS",  # older Google clients
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",  # gRPC
    "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE",  # gcloud
    "NIX_SSL_CERT_FILE",  # nix
)
"""Most of these replace a client's own roots: the file they name holds the system's roots and ours."""

WGETRC = "WGETRC"
"""wget looks at no variable for its certificates. This one names its settings, in the place of a user's own."""

JAVA_OPTIONS = "JAVA_TOOL_OPTIONS"
"""Java looks at no variable for its proxy nor its certificates. Every virtual machine reads options from this one."""

LOOPBACK = "localhost,127.0.0.1,::1"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TrustFiles:
    """Where the same trusted certificates lie, in each form that some client wants."""

    bundle: str
    wgetrc: str
    java_trust_store: str


def client_variables(proxy_url: str, files: TrustFiles, *, loopback_through_proxy: bool) -> dict[str, str]:
    """Return all of them, for one proxy."""
    bypassed = "" if loopback_through_proxy else LOOPBACK
    return {
        **dict.fromkeys(PROXY_VARIABLES, proxy_url),
        **dict.fromkeys(BYPASS_VARIABLES, bypassed),
        "NODE_USE_ENV_PROXY": "1",  # without it, Node looks at no variable for its proxy
        **dict.fromkeys(CA_VARIABLES, files.bundle),
        **other_forms(proxy_url, files, loopback_through_proxy=loopback_through_proxy),
    }


def other_forms(
    proxy_url: str, files: TrustFiles, *, loopback_through_proxy: bool, before: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return those whose value is neither the proxy's URL nor the bundle's path.

    `before` are variables that were set already: their Java options are kept, and ours follow them, so they win.
    """
    options = java_options(proxy_url, files.java_trust_store, loopback_through_proxy=loopback_through_proxy)
    kept = (before or {}).get(JAVA_OPTIONS, "")
    return {WGETRC: files.wgetrc, JAVA_OPTIONS: f"{kept} {options}".lstrip()}


def wgetrc(bundle: str, before: str = "") -> str:
    """Return settings for wget that trust a bundle; `before` are settings to keep."""
    kept = before if not before or before.endswith("\n") else before + "\n"
    return f"{kept}ca_certificate = {bundle}\n"


def java_options(proxy_url: str, trust_store: str, *, loopback_through_proxy: bool) -> str:
    """Return options for a Java virtual machine. The proxy's credentials are not in it: Java has no option for them."""
    proxy = urlsplit(proxy_url)
    properties = {
        "http.proxyHost": proxy.hostname,
        "http.proxyPort": proxy.port,
        "https.proxyHost": proxy.hostname,
        "https.proxyPort": proxy.port,
        "javax.net.ssl.trustStore": trust_store,
        "javax.net.ssl.trustStoreType": "PKCS12",
        # Java presents credentials by Basic in no CONNECT unless it is told that no scheme is disabled there.
        "jdk.http.auth.tunneling.disabledSchemes": "",
    }
    if loopback_through_proxy:
        properties["http.nonProxyHosts"] = ""  # otherwise it holds the names of loopback
    return " ".join(shlex.quote(f"-D{name}={value}") for name, value in properties.items())
