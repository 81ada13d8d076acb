"""A deployment whose logins lie in a vault of others unless somebody says otherwise."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import trustme

from tests.cli.shell import Shell
from tests.e2e.keeping import Peer, V, keeping, login, running_peer
from tests.e2e.stage import House

PROVIDER = "/skyvern-provider/v1/credentials"


@pytest.fixture(scope="module")
def peer() -> Iterator[Peer]:
    with running_peer() as peer:
        yield peer


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, authority: trustme.CA, peer: Peer) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("default")
    with keeping(folder, authority, peer, STRONGROOM_DEFAULT_CUSTODIAN="custom") as house:
        yield house


def stored(house: House, vault: str, **said: Any) -> tuple[int, Any]:  # noqa: ANN401 - JSON values
    body = {
        "display_name": "bank",
        "site": "https://bank.example",
        "credential": {"type": "password", "username": "ada", "password": "of the native API"},
    }
    answer = house.call("POST", f"/strongroom/v1/vaults/{vault}/logins", body | said)
    return answer.status_code, answer.json()


def test_what_names_no_custodian_goes_to_the_default_one_whichever_api_stores_it(house: House, peer: Peer) -> None:
    vault = house.call("POST", "/v1/vaults", {"display_name": "mine"}).json()["id"]
    before = len(peer.items)
    assert stored(house, vault)[1]["custodian"] == "custom"
    assert house.call("POST", V, login("bank", 443, kept_by=None)).json()["vault_type"] == "custom"
    assert len(peer.items) == before + 2
    assert stored(house, vault, custodian="strongroom")[1]["custodian"] == "strongroom"
    assert len(peer.items) == before + 2
    variable = {"name": "TOKEN", "value": "a token", "hosts": ["a.example"]}
    answer = house.call("POST", f"/strongroom/v1/vaults/{vault}/credentials", variable)
    assert answer.status_code == 200, "a kind that no other vault keeps is ours as ever"


def test_one_that_is_not_set_up_or_unknown_is_refused_by_the_name_that_was_sent(house: House) -> None:
    vault = house.call("POST", "/v1/vaults", {"display_name": "mine"}).json()["id"]
    status, refusal = stored(house, vault, custodian="gcp")
    assert (status, refusal["error"]["field"]) == (400, "custodian")
    assert stored(house, vault, custodian="mattress")[0] == 400
    held = house.call("GET", f"/strongroom/v1/vaults/{vault}/logins").json()["data"]
    assert held == []


def test_a_skyvern_server_s_items_stay_here_for_it_asks_us_to_keep_them(house: House, peer: Peer) -> None:
    token = house.call("POST", "/strongroom/v1/provider-tokens", {"namespace": "n"}).json()["token"]
    item = {"type": "secret", "name": "door", "secret_value": "of surface P"}
    before = len(peer.items)
    with requests.Session() as session:
        session.trust_env = False
        made = session.post(house.api + PROVIDER, json=item, headers={"authorization": f"Bearer {token}"}, timeout=60)
    assert made.status_code in {200, 201}, made.text
    assert len(peer.items) == before


def test_each_custodian_says_how_it_stands_and_doctor_repeats_it(house: House, peer: Peer, tmp_path: Path) -> None:
    def standings() -> dict[str, Any]:
        return {each["id"]: each for each in house.call("GET", "/strongroom/v1/custodians").json()["data"]}

    variables = {
        "STRONGROOM_URL": house.api,
        "STRONGROOM_API_KEY": house.key,
        "STRONGROOM_DATA_DIR": str(house.data_dir),
    }
    shell = Shell(home=tmp_path, variables=variables)
    well = standings()
    assert (well["custom"]["default"], well["custom"]["works"], well["custom"]["problem"]) == (True, True, None)
    assert (well["strongroom"]["works"], well["strongroom"]["default"]) == (True, False)
    assert (well["openbao"]["configured"], well["openbao"]["works"]) == (False, None)
    assert "custodian custom: would serve, by default" in shell.gets("doctor")
    peer.broken = 500
    try:
        assert "HTTP 500" in standings()["custom"]["problem"]
        done = shell.types("doctor", "--json")
    finally:
        peer.broken = 0
    found = {each["check"]: each for each in json.loads(done.stdout)}
    assert (done.returncode, found["custodian custom"]["level"]) == (1, "bad")
    assert "custody.md" in found["custodian custom"]["advice"]
