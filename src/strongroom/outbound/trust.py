"""Whom upstream connections trust, and the bundle that clients of the proxy are given.

The roots are the system's (or those an operator names in SSL_CERT_FILE) and, for our own upstream
connections, those of STRONGROOM_UPSTREAM_CA_FILE. Clients get the roots *and* our CA: a bundle
of our CA alone would break every host that is not intercepted.
"""

import re
import ssl
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from strongroom.core.failures import NotReady

BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Arch, Alpine
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",  # openSUSE
    "/etc/ssl/cert.pem",  # macOS, Alpine, the BSDs
)
"""Where systems keep all their roots in one file."""

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----\n.+?\n-----END CERTIFICATE-----\n?", re.DOTALL)


def system_roots(environ: Mapping[str, str]) -> str:
    """Return the trusted roots as PEM. Raises `NotReady` if there are none, or SSL_CERT_FILE names no such file."""
    named = environ.get("SSL_CERT_FILE")
    if named:
        return read_certificates(Path(named), setting="SSL_CERT_FILE")
    for path in BUNDLES:
        if Path(path).is_file():
            return read_certificates(Path(path), setting="the system's bundle")
    known = ssl.create_default_context().get_ca_certs(binary_form=True)  # Windows, and macOS without a file
    if not known:
        raise NotReady("this system has no trusted certificates: install ca-certificates, or set SSL_CERT_FILE")
    return "".join(map(ssl.DER_cert_to_PEM_cert, known))


def read_certificates(path: Path, *, setting: str) -> str:
    """Return the certificates of a PEM file, comments left out. Raises `NotReady` if there is none."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace").replace("\r\n", "\n")
    except OSError as error:
        raise NotReady(f"{setting} names {path}, which cannot be read ({error.strerror})") from None
    found = [block.rstrip("\n") + "\n" for block in _CERTIFICATE.findall(text)]
    if not found:
        raise NotReady(f"{setting} names {path}, which holds no PEM certificate")
    return "".join(found)


HTTP_1, HTTP_2 = "http/1.1", "h2"
OFFERS = ((HTTP_1,), (HTTP_2,), (HTTP_2, HTTP_1))
"""The choices that an upstream may be given (ALPN, RFC 7301); the first of them unless another is asked for."""


def upstream_contexts(roots: str) -> dict[tuple[str, ...], ssl.SSLContext]:
    """Return one context for each offer. Raises `NotReady`."""
    return {offer: upstream_context(roots, offer) for offer in OFFERS}


@lru_cache(maxsize=8)
def upstream_context(roots: str, offer: tuple[str, ...] = OFFERS[0]) -> ssl.SSLContext:
    """Return how we speak TLS to upstreams: verified, 1.2 or newer. Raises `NotReady`.

    Those that trust the same and offer the same share it, and change nothing of it: to read the system's roots takes
    20 ms. Nothing of one connection is kept in it for another: TLS sessions are resumed only by who hands one over,
    which none of us does.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION  # TLS 1.2: a new handshake would only ask for a certificate of ours
    context.set_alpn_protocols(list(offer))
    try:
        context.load_verify_locations(cadata=roots)
    except ssl.SSLError:
        raise NotReady("a certificate among the trusted roots is damaged: check STRONGROOM_UPSTREAM_CA_FILE") from None
    return context


def bundle(roots: str, own_ca: str) -> str:
    """Return what clients of the proxy trust: the roots, and our CA."""
    return roots + own_ca.rstrip("\n") + "\n"
