"""The certificate authority that lets the proxy stand in for the hosts behind it.

Rules kept here:
- the CA may sign leaves only (path length 0), its key is handed in and never written;
- a leaf names one host, is good for a week, and is made again before it ends;
- a client that asks by TLS server name for another host than the tunnel's is turned away (RFC 6066 3).
"""

import os
import ssl
import sys
import tempfile
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from strongroom.core.failures import Invalid, Unreadable
from strongroom.core.hosts import Host, canonical_host, is_address
from strongroom.core.sources import Clock
from strongroom.delivery.egress.ports import HTTP_1, HTTP_2

CA_NAME = "Strongroom egress proxy"
CA_LIFE = timedelta(days=3650)
LEAF_LIFE = timedelta(days=7)
BACKDATE = timedelta(hours=25)
"""Clients whose clock is behind, by a wrong time zone say, still accept the certificate."""
RENEW_BEFORE = timedelta(days=2)
CACHED_LEAVES = 4096
_LONGEST_COMMON_NAME = 64


@final
class CertificateAuthority:
    """Makes one TLS context for each host, and keeps those used last."""

    def __init__(
        self, *, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate, clock: Clock, kept: int
    ) -> None:
        self._key = key
        self._certificate = certificate
        self._clock = clock
        self._most = kept
        self._leaf_key = ec.generate_private_key(ec.SECP256R1())  # one for all leaves: they live and die together
        self._contexts: OrderedDict[Host, tuple[datetime, ssl.SSLContext]] = OrderedDict()

    @staticmethod
    def mint(*, now: datetime) -> bytes:
        """Return a fresh key and certificate as PEM, to be kept sealed."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, CA_NAME)])
        public = key.public_key()
        certificate = (
            x509.CertificateBuilder(name, name, public, x509.random_serial_number())
            .not_valid_before(now - BACKDATE)
            .not_valid_after(now + CA_LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .sign(key, hashes.SHA256())
        )
        return _pem(key) + certificate.public_bytes(serialization.Encoding.PEM)

    @classmethod
    def load(cls, pem: bytes, *, clock: Clock, kept: int = CACHED_LEAVES) -> "CertificateAuthority":
        """Read what `mint` made. Raises `Unreadable`."""
        try:
            key = serialization.load_pem_private_key(pem, password=None)
            certificate = x509.load_pem_x509_certificate(pem)
        except ValueError:
            raise Unreadable("the proxy's certificate authority cannot be read") from None
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise Unreadable("the proxy's certificate authority has a key of another kind")
        return cls(key=key, certificate=certificate, clock=clock, kept=kept)

    @property
    def certificate(self) -> str:
        """What clients must trust, as PEM."""
        return self._certificate.public_bytes(serialization.Encoding.PEM).decode()

    def context(self, host: Host) -> ssl.SSLContext:
        """Return how to speak TLS as this host."""
        now = self._clock()
        kept = self._contexts.get(host)
        if kept is not None and now < kept[0]:
            self._contexts.move_to_end(host)
            return kept[1]
        context = self._fresh_context(host, now)
        self._contexts[host] = now + LEAF_LIFE - RENEW_BEFORE, context
        self._contexts.move_to_end(host)
        if len(self._contexts) > self._most:
            self._contexts.popitem(last=False)
        return context

    def _fresh_context(self, host: Host, now: datetime) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
        context.num_tickets = 1  # clients resume with one; each more costs its making
        context.set_alpn_protocols([HTTP_2, HTTP_1])
        context.sni_callback = _only(host)
        _load(context, _pem(self._leaf_key) + self._leaf(host, now))
        return context

    def _leaf(self, host: Host, now: datetime) -> bytes:
        public = self._leaf_key.public_key()
        name = host if len(host) <= _LONGEST_COMMON_NAME else "see subject alternative name"
        alternative = x509.IPAddress(ip_address(host)) if is_address(host) else x509.DNSName(host)
        ca_identifier = self._certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        leaf = (
            x509.CertificateBuilder(
                self._certificate.subject,
                x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]),
                public,
                x509.random_serial_number(),
            )
            .not_valid_before(now - BACKDATE)
            .not_valid_after(min(now + LEAF_LIFE, self._certificate.not_valid_after_utc))
            .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(ca_identifier), critical=False
            )
            .sign(self._key, hashes.SHA256())
        )
        return leaf.public_bytes(serialization.Encoding.PEM)


def _only(host: Host) -> Callable[[ssl.SSLObject, str | None, ssl.SSLContext], int | None]:
    def turn_others_away(_: ssl.SSLObject, name: str | None, __: ssl.SSLContext) -> int | None:
        try:
            agrees = name is None or canonical_host(name) == host
        except Invalid:
            agrees = False
        return None if agrees else ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME

    return turn_others_away


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _load(context: ssl.SSLContext, pem: bytes) -> None:
    """Give a context its key and certificate. It reads files only: one without a name, where the system has such."""
    if sys.platform == "linux":
        descriptor = os.memfd_create("leaf", os.MFD_CLOEXEC)
        path = f"/proc/self/fd/{descriptor}"
    else:
        descriptor, path = tempfile.mkstemp()  # readable by this user only
    try:
        os.write(descriptor, pem)
        context.load_cert_chain(path)
    finally:
        os.close(descriptor)
        if sys.platform != "linux":
            Path(path).unlink()
