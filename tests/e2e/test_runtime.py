"""The runtime cases of the Anthropic contract (131 to 145), as an agent meets them."""

import json
import secrets
import subprocess
from pathlib import Path

import pytest
import requests

from tests.e2e.stage import (
    BLOCKED_HOST,
    ECHO_HOST,
    OTHER_HOST,
    WILD_HOST,
    House,
    Upstream,
    bare_environment,
    through,
    until,
)
from tests.needs import need


def sentinel() -> str:
    return f"sentinel_{secrets.token_hex(12)}"


def test_131_a_placeholder_in_a_header_becomes_the_secret_at_a_listed_host(
    house: House, upstream: Upstream, folder: Path
) -> None:
    secret, vault = sentinel(), house.vault()
    house.variable(vault, "TOKEN", secret, [ECHO_HOST])
    session = house.session(house.environment_id(), vault)
    placeholder = session["egress"]["env"]["TOKEN"]
    assert secret not in json.dumps(session)
    reply = through(
        session, folder, "GET", f"https://{ECHO_HOST}:{upstream.port}/", headers={"X-Key": f"k={placeholder}"}
    )
    assert upstream.seen[-1].headers["X-Key"] == f"k={secret}"
    assert secret not in reply.text  # 143
    assert reply.json()["headers"]["X-Key"] == f"k={placeholder}"


def test_132_a_body_is_left_alone_where_only_headers_are_allowed(
    house: House, upstream: Upstream, folder: Path
) -> None:
    vault = house.vault()
    house.variable(vault, "TOKEN", sentinel(), [ECHO_HOST], header=True)
    session = house.session(house.environment_id(), vault)
    placeholder = session["egress"]["env"]["TOKEN"]
    reply = through(session, folder, "POST", f"https://{ECHO_HOST}:{upstream.port}/", json={"token": placeholder})
    assert reply.status_code == 200
    assert json.loads(upstream.seen[-1].body) == {"token": placeholder}


@pytest.mark.parametrize("value", ["plain", 'quote " and \\ backslash', "line\nfeed", "größe"])
def test_a_body_gets_the_secret_in_its_own_escaping(house: House, upstream: Upstream, folder: Path, value: str) -> None:
    vault, secret = house.vault(), sentinel() + value
    house.variable(vault, "TOKEN", secret, [ECHO_HOST], body=True)
    session = house.session(house.environment_id(), vault)
    placeholder = session["egress"]["env"]["TOKEN"]
    url = f"https://{ECHO_HOST}:{upstream.port}/"
    through(session, folder, "POST", url, json={"token": f"<{placeholder}>"})
    assert json.loads(upstream.seen[-1].body) == {"token": f"<{secret}>"}
    through(session, folder, "POST", url, data={"token": placeholder})
    assert requests.compat.unquote_plus(upstream.seen[-1].body.decode()) == f"token={secret}"  # type: ignore[attr-defined]


def test_133_a_host_that_only_the_environment_lists_gets_the_literal_placeholder(
    house: House, upstream: Upstream, folder: Path
) -> None:
    vault = house.vault()
    house.variable(vault, "TOKEN", sentinel(), [ECHO_HOST])
    session = house.session(house.environment_id([ECHO_HOST, OTHER_HOST]), vault)
    placeholder = session["egress"]["env"]["TOKEN"]
    through(session, folder, "GET", f"https://{OTHER_HOST}:{upstream.port}/", headers={"X-Key": placeholder})
    assert upstream.seen[-1].headers["X-Key"] == placeholder
    events = house.call("GET", f"/strongroom/v1/sessions/{session['id']}/events")
    assert until(
        lambda: "placeholder.strayed" in house.call("GET", f"/strongroom/v1/sessions/{session['id']}/events").text
    ), events.text


def test_134_a_host_that_the_environment_does_not_list_is_refused_by_name(
    house: House, upstream: Upstream, folder: Path
) -> None:
    need("curl")
    vault = house.vault()
    house.variable(vault, "TOKEN", sentinel(), [BLOCKED_HOST])
    session = house.session(house.environment_id([ECHO_HOST]), vault)
    done = subprocess.run(
        ["curl", "-sv", "--max-time", "10", f"https://{BLOCKED_HOST}:{upstream.port}/"],
        env=bare_environment(folder, session["egress"]["env"]),
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "403" in done.stderr
    plain = through(session, folder, "GET", f"http://{BLOCKED_HOST}:{upstream.port}/")
    assert plain.status_code == 403
    assert BLOCKED_HOST in plain.text
    assert not upstream.seen


def test_135_a_query_string_is_never_substituted(house: House, upstream: Upstream, folder: Path) -> None:
    vault = house.vault()
    house.variable(vault, "TOKEN", sentinel(), [ECHO_HOST])
    session = house.session(house.environment_id(), vault)
    placeholder = session["egress"]["env"]["TOKEN"]
    through(session, folder, "GET", f"https://{ECHO_HOST}:{upstream.port}/p?key={placeholder}")
    assert upstream.seen[-1].target == f"/p?key={placeholder}"


@pytest.mark.parametrize(
    ("host", "covered"), [("a.wild.test", True), (WILD_HOST, True), ("wild.test", False), ("badwild.test", False)]
)
def test_136_a_wildcard_covers_subdomains_at_any_depth_and_nothing_else(
    house: House, upstream: Upstream, folder: Path, host: str, *, covered: bool
) -> None:
    if host == "a.wild.test":
        host = WILD_HOST
    secret, vault = sentinel(), house.vault()
    house.variable(vault, "TOKEN", secret, ["*.wild.test"])
    session = house.session(house.environment_id(), vault)
    placeholder = session["egress"]["env"]["TOKEN"]
    through(session, folder, "GET", f"https://{host}:{upstream.port}/", headers={"X-Key": placeholder})
    assert upstream.seen[-1].headers["X-Key"] == (secret if covered else placeholder)


def test_137_an_unrestricted_credential_is_bounded_by_the_environment(
    house: House, upstream: Upstream, folder: Path
) -> None:
    secret, vault = sentinel(), house.vault()
    house.variable(vault, "TOKEN", secret, None)
    session = house.session(house.environment_id([ECHO_HOST]), vault)
    headers = {"X-Key": session["egress"]["env"]["TOKEN"]}
    through(session, folder, "GET", f"https://{ECHO_HOST}:{upstream.port}/", headers=headers)
    assert upstream.seen[-1].headers["X-Key"] == secret
    with pytest.raises(requests.exceptions.ProxyError):
        through(session, folder, "GET", f"https://{OTHER_HOST}:{upstream.port}/", headers=headers)
    assert len(upstream.seen) == 1


def test_138_of_two_vaults_with_one_name_the_first_wins(house: House, upstream: Upstream, folder: Path) -> None:
    first, second = sentinel(), sentinel()
    one, two = house.vault("one"), house.vault("two")
    house.variable(one, "TOKEN", first, [ECHO_HOST])
    house.variable(two, "TOKEN", second, [ECHO_HOST])
    for order, expected in (((one, two), first), ((two, one), second)):
        session = house.session(house.environment_id(), *order)
        headers = {"X-Key": session["egress"]["env"]["TOKEN"]}
        through(session, folder, "GET", f"https://{ECHO_HOST}:{upstream.port}/", headers=headers)
        assert upstream.seen[-1].headers["X-Key"] == expected


def test_139_a_rotation_reaches_a_running_session_and_keeps_the_placeholder(
    house: House, upstream: Upstream, folder: Path
) -> None:
    secret, vault = sentinel(), house.vault()
    credential = house.variable(vault, "TOKEN", sentinel(), [ECHO_HOST])
    session = house.session(house.environment_id(), vault)
    headers = {"X-Key": session["egress"]["env"]["TOKEN"]}
    url = f"https://{ECHO_HOST}:{upstream.port}/"
    through(session, folder, "GET", url, headers=headers)
    change = {"auth": {"type": "environment_variable", "secret_value": secret}}
    house.made(f"/v1/vaults/{vault}/credentials/{credential}", change)

    def renewed() -> bool:
        through(session, folder, "GET", url, headers=headers)
        return bool(upstream.seen[-1].headers["X-Key"] == secret)

    assert until(renewed)


@pytest.mark.parametrize("what", ["credential", "vault"])
@pytest.mark.parametrize("how", ["archive", "delete"])
def test_140_what_is_archived_or_deleted_is_not_put_in_again(
    house: House, upstream: Upstream, folder: Path, what: str, how: str
) -> None:
    vault = house.vault()
    credential = house.variable(vault, "TOKEN", sentinel(), [ECHO_HOST])
    session = house.session(house.environment_id(), vault)
    placeholder = session["egress"]["env"]["TOKEN"]
    url = f"https://{ECHO_HOST}:{upstream.port}/"
    through(session, folder, "GET", url, headers={"X-Key": placeholder})
    path = f"/v1/vaults/{vault}" + (f"/credentials/{credential}" if what == "credential" else "")
    done = house.call("DELETE", path) if how == "delete" else house.call("POST", f"{path}/archive")
    assert done.status_code == 200

    def literal() -> bool:
        through(session, folder, "GET", url, headers={"X-Key": placeholder})
        return bool(upstream.seen[-1].headers["X-Key"] == placeholder)

    assert until(literal)


def test_141_a_placeholder_means_nothing_in_another_session(house: House, upstream: Upstream, folder: Path) -> None:
    vault = house.vault()
    house.variable(vault, "TOKEN", sentinel(), [ECHO_HOST])
    environment = house.environment_id()
    first, second = house.session(environment, vault), house.session(environment, vault)
    stolen = first["egress"]["env"]["TOKEN"]
    assert stolen != second["egress"]["env"]["TOKEN"]
    through(second, folder, "GET", f"https://{ECHO_HOST}:{upstream.port}/", headers={"X-Key": stolen})
    assert upstream.seen[-1].headers["X-Key"] == stolen


def test_142_a_host_header_that_differs_from_the_dialled_authority_is_refused(
    house: House, upstream: Upstream, folder: Path
) -> None:
    vault = house.vault()
    house.variable(vault, "TOKEN", sentinel(), [ECHO_HOST])
    session = house.session(house.environment_id(), vault)
    headers = {"X-Key": session["egress"]["env"]["TOKEN"], "Host": OTHER_HOST}
    reply = through(session, folder, "GET", f"https://{ECHO_HOST}:{upstream.port}/", headers=headers)
    assert 400 <= reply.status_code < 500
    assert not upstream.seen


def test_144_a_bearer_is_added_for_the_server_it_is_stored_for_and_replaces_the_clients(
    house: House, upstream: Upstream, folder: Path
) -> None:
    token, vault = sentinel(), house.vault()
    url = f"https://mcp.example.test:{upstream.port}/mcp"
    stored = {
        "type": "static_bearer",
        "token": token,
        "mcp_server_url": f"HTTPS://MCP.example.test:{upstream.port}/mcp/",
    }
    house.made(f"/v1/vaults/{vault}/credentials", {"auth": stored})
    session = house.session(house.environment_id(), vault)
    reply = through(session, folder, "POST", url, json={}, headers={"Authorization": "Bearer mine"})
    assert upstream.seen[-1].headers["Authorization"] == f"Bearer {token}"
    assert token not in reply.text
    through(session, folder, "POST", url + "/other", json={})  # 145
    assert "Authorization" not in upstream.seen[-1].headers


def test_basic_authorization_is_decoded_replaced_and_encoded_again(
    house: House, upstream: Upstream, folder: Path
) -> None:
    secret, vault = sentinel(), house.vault()
    house.variable(vault, "TOKEN", secret, [ECHO_HOST])
    session = house.session(house.environment_id(), vault)
    placeholder = session["egress"]["env"]["TOKEN"]
    reply = through(session, folder, "GET", f"https://{ECHO_HOST}:{upstream.port}/", auth=("git", placeholder))
    expected = requests.auth._basic_auth_str("git", secret)
    assert upstream.seen[-1].headers["Authorization"] == expected
    assert expected.removeprefix("Basic ") not in reply.text


def test_an_ended_session_closes_its_connections_and_admits_no_more(
    house: House, upstream: Upstream, folder: Path
) -> None:
    need("curl")
    session = house.session(house.environment_id())
    streaming = subprocess.Popen(
        ["curl", "-sN", "--max-time", "30", f"https://{ECHO_HOST}:{upstream.port}/stream"],
        env=bare_environment(folder, session["egress"]["env"]),
        stdout=subprocess.PIPE,
    )
    assert streaming.stdout is not None
    assert streaming.stdout.readline() == b"data: first\n"
    assert house.call("POST", f"/v1/sessions/{session['id']}/archive").status_code == 200
    assert streaming.wait(timeout=20) != 0
    streaming.stdout.close()
    with pytest.raises(requests.exceptions.ProxyError, match="407"):
        through(session, folder, "GET", f"https://{ECHO_HOST}:{upstream.port}/")


def test_a_revoked_key_takes_its_sessions_with_it(house: House, upstream: Upstream, folder: Path) -> None:
    minted = house.made("/strongroom/v1/keys", {"name": "short-lived"})
    environment = house.environment_id()
    body = {"agent": "a", "environment_id": environment}
    session = house.made("/v1/sessions", body, key=minted["key"])
    url = f"https://{ECHO_HOST}:{upstream.port}/"
    assert through(session, folder, "GET", url).status_code == 200
    assert house.call("POST", f"/strongroom/v1/keys/{minted['id']}/revoke").status_code == 200
    assert until(lambda: house.call("GET", "/v1/vaults", key=minted["key"]).status_code == 401)

    def refused() -> bool:
        try:
            return through(session, folder, "GET", url).status_code == 407
        except requests.exceptions.ProxyError:
            return True

    assert until(refused)
