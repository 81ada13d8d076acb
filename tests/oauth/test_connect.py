"""Connecting for real: a certified authorization server, an MCP server that it protects, and a person who consents."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

from tests.cli.shell import Shell
from tests.e2e.stage import API_HEADERS, House, running_house, through, until
from tests.needs import ROOT
from tests.oauth.stage import Person, authorization_server, protected_server
from tests.plain_http import UNUSED_TLS

SECRETS = re.compile(r"code=|[A-Za-z0-9_-]{40,}\.[A-Za-z0-9_-]{40,}\.")


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with authorization_server() as issuer:
        yield issuer


@pytest.fixture(scope="module")
def server(issuer: str) -> Iterator[str]:
    with protected_server(issuer) as url:
        yield url


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    extra = {"STRONGROOM_INSECURE_UPSTREAMS": "1", "STRONGROOM_LOG_LEVEL": "debug"}
    with running_house(tmp_path_factory.mktemp("house"), trustme.CA(), extra=extra) as running:
        yield running


@pytest.fixture
def api(house: House) -> Iterator[httpx.Client]:
    headers = {"x-api-key": house.key, **API_HEADERS}
    with httpx.Client(base_url=house.api, headers=headers, trust_env=False, verify=UNUSED_TLS, timeout=60) as client:
        yield client


@pytest.fixture
def person() -> Iterator[Person]:
    person = Person()
    yield person
    person.close()


@pytest.fixture
def vault(api: httpx.Client) -> str:
    return str(api.post("/v1/vaults", json={"display_name": "v"}).json()["id"])


@pytest.fixture
def shell(house: House, tmp_path: Path) -> Shell:
    variables = {"STRONGROOM_URL": house.api, "STRONGROOM_DATA_DIR": str(house.data_dir), "PYTHONPATH": str(ROOT)}
    return Shell(home=tmp_path, variables=variables)


def begun(api: httpx.Client, vault: str, server: str, **more: object) -> dict[str, Any]:
    answer = api.post("/strongroom/v1/authorizations", json={"vault": vault, "mcp_server_url": server, **more})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def what_the_server_says(api: httpx.Client, vault: str, folder: Path, server: str) -> int:
    """What an agent of the vault, who has no token, is answered by the MCP server through the egress proxy."""
    session = api.post("/strongroom/v1/sessions", json={"vaults": [vault]}).json()
    hello = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
    }
    accepts = {"accept": "application/json, text/event-stream"}
    return through(session, folder, "POST", server, json=hello, headers=accepts).status_code


def test_an_agent_reaches_the_server_with_the_tokens_that_a_person_consented_to(
    api: httpx.Client, vault: str, server: str, person: Person, tmp_path: Path, house: House
) -> None:
    assert what_the_server_says(api, vault, tmp_path, server) == 401
    asked = begun(api, vault, server, redirect_uri="http://127.0.0.1:9/callback")
    back = person.consents(asked["authorization_url"])
    place = f"/strongroom/v1/authorizations/{asked['id']}"
    ended = api.post(f"{place}/complete", json={"callback_url": back}).json()
    assert ended["status"] == "connected", ended
    assert what_the_server_says(api, vault, tmp_path, server) == 200
    again = api.post(f"{place}/complete", json={"callback_url": back})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "conflict")
    code = httpx.URL(back).params["code"]
    assert code not in house.log.read_text()
    assert not any(code.encode() in file.read_bytes() for file in house.data_dir.iterdir() if file.is_file())


def test_our_own_server_takes_the_answer_and_shows_a_page(
    api: httpx.Client, vault: str, server: str, person: Person
) -> None:
    asked = begun(api, vault, server, flow="server")
    back = person.consents(asked["authorization_url"])
    assert back.startswith(str(api.base_url))
    stranger = httpx.get(re.sub(r"state=[^&]*", "state=x", back), trust_env=False, verify=UNUSED_TLS)
    assert stranger.status_code == 400
    page = httpx.get(back, trust_env=False, verify=UNUSED_TLS)
    assert page.status_code == 200, page.text
    assert f"The tokens for {server} are in vault {vault}" in page.text
    assert not SECRETS.search(page.text)
    assert api.get(f"/strongroom/v1/authorizations/{asked['id']}").json()["status"] == "connected"
    replayed = httpx.get(back, trust_env=False, verify=UNUSED_TLS)
    assert (replayed.status_code, "used already" in replayed.text) == (400, True)


def test_a_person_who_denies_leaves_nothing_behind(api: httpx.Client, vault: str, server: str, person: Person) -> None:
    asked = begun(api, vault, server, flow="server")
    page = httpx.get(person.denies(asked["authorization_url"]), trust_env=False, verify=UNUSED_TLS)
    assert page.status_code == 400
    assert "said no: begin again and allow it" in page.text
    assert api.get(f"/strongroom/v1/authorizations/{asked['id']}").json()["status"] == "failed"
    assert api.get(f"/v1/vaults/{vault}/credentials").json()["data"] == []


def test_a_client_that_was_registered_by_hand_proves_itself_with_its_secret(
    api: httpx.Client, vault: str, person: Person
) -> None:
    """RFC 6749 section 2.3.1: with letters that have to be encoded."""
    secret = "a secret with : / + % & ="
    client = {
        "client_id": "the client",
        "client_secret": secret,
        "redirect_uris": ["http://127.0.0.1/callback"],
        "application_type": "native",
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "client_secret_basic",
    }
    with authorization_server(clients=[client], registers=False) as issuer, protected_server(issuer) as server:
        refused = api.post(
            "/strongroom/v1/authorizations",
            json={"vault": vault, "mcp_server_url": server, "redirect_uri": "http://127.0.0.1:9/callback"},
        )
        assert refused.status_code == 502
        assert "registers nobody by itself" in refused.json()["error"]["message"]
        given = {"client_id": client["client_id"], "client_secret": secret}
        asked = begun(api, vault, server, redirect_uri="http://127.0.0.1:9/callback", **given)
        back = person.consents(asked["authorization_url"])
        ended = api.post(f"/strongroom/v1/authorizations/{asked['id']}/complete", json={"callback_url": back}).json()
        assert ended["status"] == "connected", ended


def test_the_command_opens_a_browser_and_ends_with_the_credential(shell: Shell, server: str, tmp_path: Path) -> None:
    seen = tmp_path / "seen.html"
    opens = shlex.join([sys.executable, "-m", "tests.oauth.browser", "consents", str(seen), "%s"])
    first = shell.types("connect", server, "--vault", "default", BROWSER=opens)
    assert first.returncode == 0, first.stderr
    assert "redeeming it" in first.stderr
    assert "mcp_oauth" in first.stdout
    assert until(seen.exists)
    assert "Connected" in seen.read_text()
    again = shell.types("connect", server, "--json", BROWSER=opens)
    ended = json.loads(again.stdout)
    assert ended["status"] == "connected"
    assert ended["credential_id"] in first.stdout, "connecting again repairs the same credential"
    assert not SECRETS.search(first.stdout + again.stdout)


def test_the_command_says_when_the_person_denied(shell: Shell, server: str, tmp_path: Path) -> None:
    seen = tmp_path / "seen.html"
    opens = shlex.join([sys.executable, "-m", "tests.oauth.browser", "denies", str(seen), "%s"])
    ended = shell.types("connect", server, BROWSER=opens)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.splitlines()[-1].startswith(f"strongroom: {server} is not connected: the authorization server")


def test_a_machine_without_a_browser_shows_a_code(shell: Shell, server: str, person: Person) -> None:
    argv = shell.argv("connect", server, "--device", "--json")
    with subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=shell.environment(), cwd=shell.home
    ) as command:
        assert command.stdout is not None
        assert command.stderr is not None
        url = ""
        for line in command.stderr:
            if " or open " in line:
                url = line.split()[-1]
                break
        assert "Success" in person.enters(url)
        said, _ = command.communicate(timeout=60)
        assert command.returncode == 0
    assert json.loads(said)["status"] == "connected"


def test_without_a_browser_the_answer_can_be_brought_by_hand(shell: Shell, server: str, person: Person) -> None:
    """As from another machine, where nothing listens on the port: the URL is pasted into the terminal."""
    import pty  # noqa: PLC0415 - not on every system

    ours, theirs = pty.openpty()
    with (
        os.fdopen(ours, "r+b", buffering=0) as terminal,
        subprocess.Popen(
            shell.argv("connect", server, "--no-browser", "--json"),
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=shell.environment(),
            cwd=shell.home,
        ) as command,
    ):
        assert command.stdout is not None
        assert command.stderr is not None
        url = next(line.strip() for line in command.stderr if line.startswith("http://"))
        back = person.consents(url)
        terminal.write(b"this is none\n")
        assert any("that was not it" in line for line in command.stderr)
        terminal.write(back.encode() + b"\n")
        said = command.stdout.read()
        command.stderr.read()
        assert command.wait(30) == 0
    assert json.loads(said)["status"] == "connected"
