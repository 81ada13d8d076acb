"""Logins in a vault of others, through a running server: what is told where that vault does not do its part."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs

import pytest
import requests
import trustme

from tests.e2e.keeping import PASSWORD, Curl, Peer, V, added, home, keeping, login, running_peer, session_of_logins
from tests.e2e.stage import House, Upstream, running_house, until

PROVIDER = "/skyvern-provider/v1/credentials"
FAILED = "the vault custom: the custom credential service answered HTTP 500"


@pytest.fixture(scope="module")
def service() -> Iterator[Peer]:
    with running_peer() as peer:
        yield peer


@pytest.fixture
def peer(service: Peer) -> Iterator[Peer]:
    """The service, well again after each test."""
    yield service
    service.broken = 0


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, authority: trustme.CA, service: Peer) -> Iterator[House]:
    with keeping(tmp_path_factory.mktemp("kept"), authority, service) as house:
        yield house


def passwords(upstream: Upstream) -> list[str]:
    return [parse_qs(seen.body.decode())["pass"][0] for seen in upstream.seen]


def test_a_vault_that_is_down_is_told_as_that_and_hurts_nothing_else(
    kept: House, peer: Peer, upstream: Upstream, folder: Path
) -> None:
    added(kept, login("bank", upstream.port))
    added(kept, login("shop", upstream.port, kept_by="skyvern", password="of our own"))
    curl = Curl(session_of_logins(kept), upstream, folder)
    peer.broken = 500
    status, refused, said = curl.sign_in("BANK_PASSWORD")
    assert (status, refused) == (502, "custodian_failed")
    assert "the vault custom" in said
    assert "sentinel" not in said
    assert passwords(upstream) == [], "nothing went out, not even the placeholder"
    assert curl.sign_in("SHOP_PASSWORD")[0] == 200
    assert passwords(upstream) == ["of our own"]
    assert curl.sign_in("BANK_PASSWORD")[1] == "custodian_failed"
    peer.broken = 0
    assert until(lambda: curl.sign_in("BANK_PASSWORD")[0] == 200)
    assert passwords(upstream)[-1] == PASSWORD
    assert "answered HTTP 500" in kept.log.read_text()
    assert "sentinel" not in kept.log.read_text()


def test_surface_v_and_the_native_api_say_which_vault_did_what(kept: House, peer: Peer, upstream: Upstream) -> None:
    one = added(kept, login("bank", upstream.port))
    peer.broken = 500
    for path, body in ((V, login("shop", upstream.port)), (f"{V}/{one}/update", login("bank", upstream.port))):
        answer = kept.call("POST", path, body)
        assert (answer.status_code, answer.json()) == (502, {"detail": FAILED})
    vault = home(kept)
    answer = kept.call("POST", f"/strongroom/v1/vaults/{vault}/logins/{one}", {"credential": {"password": "new"}})
    assert answer.status_code == 502
    assert (answer.json()["error"]["code"], answer.json()["error"]["message"]) == ("upstream", FAILED)
    answer = kept.call("POST", V, login("bank", upstream.port, kept_by="azure_vault"))
    assert answer.status_code == 400
    assert answer.json() == {"detail": "vault_type: names azure_vault, which is not configured here"}


def test_surface_p_says_which_vault_did_not_do_its_part(kept: House, peer: Peer, upstream: Upstream) -> None:
    token = kept.made("/strongroom/v1/provider-tokens", {"namespace": "n"})["token"]

    def asked(method: str, where: str) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            bearer = {"authorization": f"Bearer {token}"}
            return session.request(method, kept.api + PROVIDER + where, headers=bearer, timeout=60)

    one = added(kept, login("shared", upstream.port))
    kept.made(f"/strongroom/v1/provider-namespaces/n/items/{one}", {})
    assert asked("GET", f"/{one}").json()["password"] == PASSWORD
    peer.broken = 500
    told = {"message": "the vault that keeps this item did not answer as it should: custom"}
    answer = asked("GET", f"/{one}")
    assert (answer.status_code, answer.json()) == (502, told)


def test_a_vault_that_is_no_longer_set_up_hands_nothing_out_and_says_so(
    folder: Path, authority: trustme.CA, peer: Peer, upstream: Upstream
) -> None:
    with keeping(folder, authority, peer) as house:
        one = added(house, login("bank", upstream.port))
    with running_house(folder, authority) as house:
        answer = house.call("POST", f"{V}/{one}/update", login("bank", upstream.port))
        assert answer.status_code == 400
        assert "custom, which is not configured here" in answer.json()["detail"]
        where = f"/strongroom/v1/vaults/{home(house)}/logins/{one}"
        answer = house.call("POST", where, {"credential": {"password": "new"}})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid")
        curl = Curl(session_of_logins(house), upstream, folder)
        assert curl.sign_in("BANK_PASSWORD")[:2] == (502, "custodian_failed")
        assert passwords(upstream) == []


@pytest.mark.parametrize(("vault", "extra", "package"), [("azure_vault", "azure", "azure"), ("gcp", "gcp", "google")])
def test_a_library_that_is_missing_is_named_and_is_no_mistake_of_ours(
    folder: Path, authority: trustme.CA, upstream: Upstream, vault: str, extra: str, package: str
) -> None:
    (folder / "bare" / package).mkdir(parents=True)
    (folder / "bare" / package / "__init__.py").write_text("")
    key = folder / "key.json"
    key.write_text("{}")
    configured = {
        "PYTHONPATH": str(folder / "bare"),
        "STRONGROOM_AZURE_VAULT": "https://v.vault.azure.net",
        "STRONGROOM_AZURE_TENANT_ID": "t",
        "STRONGROOM_AZURE_CLIENT_ID": "c",
        "STRONGROOM_AZURE_CLIENT_SECRET": "s",
        "STRONGROOM_GCP_PROJECT_ID": "p",
        "STRONGROOM_GCP_KEY_FILE": str(key),
    }
    with running_house(folder, authority, extra=configured) as house:
        answer = house.call("POST", V, login("bank", upstream.port, kept_by=vault))
        told = f"vault_type: names {vault}, which cannot be used here: install strongroom[{extra}]"
        assert (answer.status_code, answer.json()) == (400, {"detail": told})
