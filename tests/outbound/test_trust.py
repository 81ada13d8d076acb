import ssl
from pathlib import Path

import pytest
import trustme

from strongroom.core.failures import NotReady
from strongroom.outbound.trust import (
    OFFERS,
    bundle,
    read_certificates,
    system_roots,
    upstream_context,
    upstream_contexts,
)


@pytest.fixture(scope="module")
def pem() -> str:
    return trustme.CA().cert_pem.bytes().decode()


def test_an_operators_own_roots_take_the_place_of_the_systems(tmp_path: Path, pem: str) -> None:
    (tmp_path / "roots.pem").write_text(pem, encoding="ascii")
    assert system_roots({"SSL_CERT_FILE": str(tmp_path / "roots.pem")}) == pem


def test_comments_in_any_script_and_foreign_line_ends_are_left_out(tmp_path: Path, pem: str) -> None:
    path = tmp_path / "roots.pem"
    path.write_bytes(f"# Főtanúsítvány\r\n{pem}\n# more\r\n{pem}".replace("\n", "\r\n").encode())
    assert read_certificates(path, setting="X") == pem + pem
    upstream_context(read_certificates(path, setting="X"))


@pytest.mark.parametrize("text", ["", "no certificate here", "-----BEGIN CERTIFICATE-----\n"])
def test_a_file_without_certificates_is_refused_by_the_name_of_its_setting(tmp_path: Path, text: str) -> None:
    path = tmp_path / "roots.pem"
    path.write_text(text, encoding="ascii")
    with pytest.raises(NotReady, match=f"STRONGROOM_UPSTREAM_CA_FILE names {path}"):
        read_certificates(path, setting="STRONGROOM_UPSTREAM_CA_FILE")


def test_a_missing_file_is_refused_by_the_name_of_its_setting(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match=r"SSL_CERT_FILE names .* cannot be read"):
        system_roots({"SSL_CERT_FILE": str(tmp_path / "absent.pem")})


def test_a_damaged_certificate_is_refused() -> None:
    with pytest.raises(NotReady, match="damaged"):
        upstream_context("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")


def test_upstream_connections_are_verified_and_modern(pem: str) -> None:
    context = upstream_context(pem)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert len(context.get_ca_certs()) == 1


def test_clients_get_the_roots_and_our_own(pem: str) -> None:
    own = trustme.CA().cert_pem.bytes().decode()
    context = ssl.create_default_context(cadata=bundle(pem, own))
    assert len(context.get_ca_certs()) >= 2
    assert bundle(pem, own.rstrip("\n")) == pem + own


def test_who_trusts_the_same_shares_what_was_read_and_nobody_else_does(pem: str) -> None:
    assert upstream_context(pem) is upstream_context(str(pem))
    other = trustme.CA().cert_pem.bytes().decode()
    found = {id(context) for context in (*upstream_contexts(pem).values(), *upstream_contexts(other).values())}
    assert len(found) == 2 * len(OFFERS)
