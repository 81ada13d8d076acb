"""The certificates by which the proxy stands in for hosts."""

import ssl
from datetime import timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from strongroom.core.failures import Unreadable
from strongroom.core.hosts import canonical_host
from strongroom.delivery.egress import CertificateAuthority
from strongroom.delivery.egress.authority import LEAF_LIFE
from strongroom.testing.clock import FrozenClock

CLOCK = FrozenClock()
PEM = CertificateAuthority.mint(now=CLOCK())


def authority(clock: FrozenClock = CLOCK) -> CertificateAuthority:
    return CertificateAuthority.load(PEM, clock=clock)


def leaf(made: CertificateAuthority, host: str) -> x509.Certificate:
    """The certificate that a client gets to see."""
    client_context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client_context.check_hostname = False
    client_context.verify_mode = ssl.CERT_NONE
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = made.context(canonical_host(host)).wrap_bio(to_server, to_client, server_side=True)
    client = client_context.wrap_bio(to_client, to_server)
    for side in (client, server, client, server):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    der = client.getpeercert(binary_form=True)
    assert der is not None
    return x509.load_der_x509_certificate(der)


def test_the_ca_may_sign_leaves_and_nothing_else() -> None:
    ca = x509.load_pem_x509_certificate(authority().certificate.encode())
    constraints = ca.extensions.get_extension_for_class(x509.BasicConstraints)
    usage = ca.extensions.get_extension_for_class(x509.KeyUsage)
    assert (constraints.value.ca, constraints.value.path_length, constraints.critical) == (True, 0, True)
    assert (usage.value.key_cert_sign, usage.value.digital_signature, usage.critical) == (True, False, True)
    assert isinstance(ca.public_key(), ec.EllipticCurvePublicKey)


def test_what_clients_are_given_holds_no_key() -> None:
    assert "PRIVATE" not in authority().certificate


@pytest.mark.parametrize(
    ("host", "alternative"),
    [
        ("api.example.com", x509.DNSName("api.example.com")),
        ("127.0.0.1", x509.IPAddress(ip_address("127.0.0.1"))),
        ("[2001:db8::1]", x509.IPAddress(ip_address("2001:db8::1"))),
        ("a." * 60 + "example.com", x509.DNSName("a." * 60 + "example.com")),
    ],
)
def test_a_leaf_names_its_host_and_is_good_for_servers_only(host: str, alternative: x509.GeneralName) -> None:
    made = authority()
    certificate = leaf(made, host)
    extensions = certificate.extensions
    assert list(extensions.get_extension_for_class(x509.SubjectAlternativeName).value) == [alternative]
    assert list(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [
        x509.oid.ExtendedKeyUsageOID.SERVER_AUTH
    ]
    assert extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    ca = x509.load_pem_x509_certificate(made.certificate.encode())
    certificate.verify_directly_issued_by(ca)
    key = extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    assert key == ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


def test_a_leaf_is_short_lived_and_forgives_a_clock_that_is_behind() -> None:
    certificate = leaf(authority(), "api.example.com")
    assert certificate.not_valid_before_utc < CLOCK() - timedelta(hours=24)
    assert CLOCK() + timedelta(days=5) <= certificate.not_valid_after_utc <= CLOCK() + timedelta(days=30)


def test_a_context_is_made_once_and_again_before_it_ends() -> None:
    clock = FrozenClock()
    made = authority(clock)
    host = canonical_host("api.example.com")
    first = made.context(host)
    assert made.context(host) is first
    clock.advance(LEAF_LIFE - timedelta(hours=1))
    assert made.context(host) is not first


def test_the_contexts_used_longest_ago_are_forgotten() -> None:
    made = CertificateAuthority.load(PEM, clock=CLOCK, kept=2)
    first, second, third = (canonical_host(f"{name}.example") for name in ("first", "second", "third"))
    kept, forgotten = made.context(first), made.context(second)
    made.context(first)
    made.context(third)
    assert made.context(first) is kept
    assert made.context(second) is not forgotten


def test_two_leaves_differ_in_their_serial_numbers() -> None:
    made = authority()
    assert leaf(made, "a.example").serial_number != leaf(made, "b.example").serial_number


@pytest.mark.parametrize("pem", [b"", b"nonsense", PEM[:40]])
def test_a_damaged_authority_is_unreadable(pem: bytes) -> None:
    with pytest.raises(Unreadable):
        CertificateAuthority.load(pem, clock=CLOCK)
