import subprocess
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12

from strongroom.outbound.java_trust_store import java_trust_store
from tests.needs import need

LOOK = """
import java.security.KeyStore;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

class Look {
    public static void main(String[] arguments) throws Exception {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init((KeyStore) null);
        for (var one : ((X509TrustManager) factory.getTrustManagers()[0]).getAcceptedIssuers()) {
            System.out.println(one.getSerialNumber());
        }
    }
}
"""


def authorities(count: int) -> tuple[str, list[x509.Certificate]]:
    made = [trustme.CA().cert_pem.bytes() for _ in range(count)]
    return b"".join(made).decode(), [x509.load_pem_x509_certificate(pem) for pem in made]


def test_java_trusts_each_certificate_in_it_and_no_other(tmp_path: Path) -> None:
    need("javac")
    pem, certificates = authorities(3)
    (tmp_path / "ca.p12").write_bytes(java_trust_store(pem))
    (tmp_path / "Look.java").write_text(LOOK)
    options = ["-Djavax.net.ssl.trustStore=ca.p12", "-Djavax.net.ssl.trustStoreType=PKCS12"]
    done = subprocess.run(
        [need("java"), *options, "Look.java"], cwd=tmp_path, env={}, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
    assert {int(line) for line in done.stdout.split()} == {one.serial_number for one in certificates}


def test_another_reader_finds_the_same_certificates() -> None:
    pem, certificates = authorities(2)
    found = load_pkcs12(java_trust_store(pem), None).additional_certs
    assert [one.certificate for one in found] == certificates
    assert len({one.friendly_name for one in found}) == 2


def test_a_damaged_certificate_is_left_out_and_the_rest_stay() -> None:
    pem, [certificate] = authorities(1)
    damaged = "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n"
    stored = java_trust_store(damaged + pem)
    assert certificate.public_bytes(Encoding.DER) in stored
    assert len(load_pkcs12(stored, None).additional_certs) == 1


def test_a_store_without_certificates_is_still_one() -> None:
    assert load_pkcs12(java_trust_store(""), None).additional_certs == []
