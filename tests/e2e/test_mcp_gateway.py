"""The MCP gateway of a real server, with one process for all and with workers beside it."""

import json
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import trustme

from tests.e2e.crew import counts
from tests.e2e.stage import House, Upstream, running_house, until
from tests.e2e.test_runtime import sentinel

MCP_HOST = "mcp.example.test"


@pytest.fixture(scope="module", params=["1", "2"], ids=["one process", "workers"])
def house(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, authority: trustme.CA
) -> Iterator[House]:
    folder: Path = tmp_path_factory.mktemp("gateway")
    with running_house(folder, authority, extra={"STRONGROOM_WORKERS": request.param}) as running:
        yield running


def bearer(house: House, vault: str, url: str, token: str) -> str:
    auth = {"type": "static_bearer", "mcp_server_url": url, "token": token}
    return str(house.made(f"/v1/vaults/{vault}/credentials", {"auth": auth})["id"])


def ask(session: Mapping[str, Any], method: str = "POST", **headers: str) -> requests.Response:
    (server,) = session["egress"]["mcp_servers"]
    known = {"authorization": f"Bearer {session['egress']['token']}", "content-type": "application/json"}
    with requests.Session() as client:
        client.trust_env = False
        return client.request(
            method, server["url"], json={"id": 1} if method == "POST" else None, headers=known | headers, timeout=20
        )


def test_a_request_gets_the_token_and_its_answer_does_not_give_it_away(house: House, upstream: Upstream) -> None:
    token, vault = sentinel(), house.vault()
    url = f"https://{MCP_HOST}:{upstream.port}/mcp"
    credential = bearer(house, vault, url, token)
    session = house.session(house.environment_id(), vault)
    assert token not in json.dumps(session)
    (server,) = session["egress"]["mcp_servers"]
    assert server == {
        "name": MCP_HOST,
        "url": f"{house.api}/mcp/{session['id']}/{credential}",
        "mcp_server_url": url,
        "credential_id": credential,
    }
    reply = ask(session)
    assert reply.status_code == 200
    assert token not in reply.text
    (seen,) = upstream.seen
    assert (seen.target, seen.headers["Authorization"]) == ("/mcp", f"Bearer {token}")
    assert session["egress"]["token"] not in str(seen)

    shown = f"/strongroom/v1/sessions/{session['id']}"
    assert until(lambda: bool(house.call("GET", shown).json()["uses"]))
    found = house.call("GET", shown).json()
    assert [(use["credential_id"], use["host"], use["count"]) for use in found["uses"]] == [(credential, MCP_HOST, 1)]
    assert found["mcp_servers"] == [server]
    assert session["egress"]["token"] not in json.dumps(found)
    assert counts(house)["strongroom_mcp_requests_total"] >= 1


def test_the_agents_own_names_for_its_servers_are_used(house: House, upstream: Upstream) -> None:
    token, vault = sentinel(), house.vault()
    url = f"https://{MCP_HOST}:{upstream.port}/mcp"
    bearer(house, vault, url, token)
    agent = {
        "type": "agent_with_overrides",
        "id": "agent_1",
        "mcp_servers": [{"name": "my tools", "type": "url", "url": url}],
    }
    body = {"agent": agent, "environment_id": house.environment_id(), "vault_ids": [vault]}
    session = house.made("/v1/sessions", body)
    (server,) = session["egress"]["mcp_servers"]
    assert server["name"] == "my tools"
    assert urlsplit(server["url"]).path.endswith("/my%20tools")
    assert ask(session).status_code == 200
    assert upstream.seen[-1].headers["Authorization"] == f"Bearer {token}"


def test_an_environment_that_does_not_list_the_host_keeps_it_out(house: House, upstream: Upstream) -> None:
    vault = house.vault()
    bearer(house, vault, f"https://{MCP_HOST}:{upstream.port}/mcp", sentinel())
    session = house.session(house.environment_id(["other.example.test"]), vault)
    reply = ask(session)
    assert (reply.status_code, reply.headers["strongroom-refused"]) == (403, "host_not_allowed")
    assert upstream.seen == []
    shown = f"/strongroom/v1/sessions/{session['id']}"
    assert until(lambda: bool(house.call("GET", shown).json()["refusals"]))
    (refused,) = house.call("GET", shown).json()["refusals"]
    assert (refused["code"], refused["host"]) == ("host_not_allowed", MCP_HOST)


def test_a_rotation_reaches_the_gateway(house: House, upstream: Upstream) -> None:
    vault = house.vault()
    credential = bearer(house, vault, f"https://{MCP_HOST}:{upstream.port}/mcp", sentinel())
    session = house.session(house.environment_id(), vault)
    ask(session)
    fresh = sentinel()
    house.made(f"/v1/vaults/{vault}/credentials/{credential}", {"auth": {"type": "static_bearer", "token": fresh}})

    def rotated() -> bool:
        reply = ask(session)
        return upstream.seen[-1].headers["Authorization"] == f"Bearer {fresh}" and fresh not in reply.text

    assert until(rotated)


@pytest.mark.parametrize("how", ["archive the session", "archive the credential"])
def test_what_is_revoked_ends_open_streams(house: House, upstream: Upstream, how: str) -> None:
    vault = house.vault()
    credential = bearer(house, vault, f"https://{MCP_HOST}:{upstream.port}/stream", sentinel())
    session = house.session(house.environment_id(), vault)
    url = urlsplit(session["egress"]["mcp_servers"][0]["url"])
    with socket.create_connection((url.hostname or "", url.port or 0), timeout=20) as agent:
        head = f"GET {url.path} HTTP/1.1\r\nHost: {url.netloc}\r\nAuthorization: Bearer {session['egress']['token']}"
        agent.sendall(f"{head}\r\nAccept: text/event-stream\r\n\r\n".encode())
        said = b""
        while b"data: first" not in said:
            said += agent.recv(1000)
        if how == "archive the session":
            house.made(f"/v1/sessions/{session['id']}/archive", {})
        else:
            house.made(f"/v1/vaults/{vault}/credentials/{credential}/archive", {})
        agent.settimeout(20)
        while not said.endswith(b"0\r\n\r\n"):
            piece = agent.recv(1000)
            assert piece
            said += piece
    if how == "archive the session":
        assert ask(session).status_code == 401
    else:
        assert ask(session).headers["strongroom-refused"] == "mcp_server_not_found"


def test_the_server_stops_at_once_though_streams_are_open(
    tmp_path: Path, authority: trustme.CA, upstream: Upstream
) -> None:
    with running_house(tmp_path, authority) as house:
        vault = house.vault()
        bearer(house, vault, f"https://{MCP_HOST}:{upstream.port}/stream", sentinel())
        session = house.session(house.environment_id(), vault)
        url = urlsplit(session["egress"]["mcp_servers"][0]["url"])
        with socket.create_connection((url.hostname or "", url.port or 0), timeout=20) as agent:
            head = (
                f"GET {url.path} HTTP/1.1\r\nHost: {url.netloc}\r\nAuthorization: Bearer {session['egress']['token']}"
            )
            agent.sendall(f"{head}\r\n\r\n".encode())
            said = b""
            while b"data: first" not in said:
                said += agent.recv(1000)
            house.process.terminate()
            while piece := agent.recv(1000):
                said += piece
            assert said.endswith(b"0\r\n\r\n")
        assert house.process.wait(20) == 0
        assert "rror" not in house.log.read_text()  # the port did not have to cut anything
