"""DESIGN section 5 line 1: random values go in through every door that takes a secret, at debug level and in good
and bad requests alike, and are then looked for in everything that comes out or is left behind.
"""

import base64
import gzip
import json
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
import trustme
from aiohttp import web

from tests.e2e.stage import (
    ECHO_HOST,
    OTHER_HOST,
    House,
    Seen,
    Upstream,
    running_house,
    running_upstream,
    through,
    until,
)

HOOK = "/hook"
CARD = ("card_holder_name", "card_number", "card_exp_month", "card_exp_year", "card_cvv")
STRAYED = "strongroom.placeholder.strayed"


@dataclass
class Planted:
    """The sentinels, and every text that came back."""

    sentinels: dict[str, str] = field(default_factory=dict)
    heard: list[tuple[str, bytes]] = field(default_factory=list)

    def new(self, what: str) -> str:
        self.sentinels[what] = f'leak_{secrets.token_hex(10)}"&\\'
        return self.sentinels[what]

    def hear(self, where: str, reply: requests.Response) -> requests.Response:
        head = "\n".join(f"{name}: {value}" for name, value in reply.headers.items())
        self.heard.append((where, head.encode() + b"\n\n" + reply.content))
        return reply


def forms(value: str) -> Iterator[bytes]:
    core = value[:25]  # without the characters that are escaped: found in every plain or escaped form
    yield core.encode()
    yield value.encode().hex().encode()
    yield core.encode()[::-1]
    for shift in range(3):
        digits = base64.b64encode(b"\0" * shift + core.encode())
        yield digits[4:-4]
        yield digits[4:-4].translate(bytes.maketrans(b"+/", b"-_"))
    yield quote(value).encode()


def assert_absent(planted: Planted, where: str, data: bytes) -> None:
    for what, value in planted.sentinels.items():
        for form in forms(value):
            assert form not in data, f"the sentinel for {what} stands in {where}"


def credentials(planted: Planted, port: int) -> list[dict[str, Any]]:
    """One of each kind, with a sentinel in every write-only field."""
    oauth = {
        "type": "mcp_oauth",
        "mcp_server_url": f"https://mcp.example.test:{port}/oauth",
        "access_token": planted.new("access_token"),
        "expires_at": "2099-01-01T00:00:00Z",
        "refresh": {
            "client_id": "client",
            "token_endpoint": "https://as.example.test/token",
            "refresh_token": planted.new("refresh_token"),
            "token_endpoint_auth": {"type": "client_secret_post", "client_secret": planted.new("client_secret")},
        },
    }
    bearer = {
        "type": "static_bearer",
        "mcp_server_url": f"https://mcp.example.test:{port}/bearer",
        "token": planted.new("token"),
    }
    variable = {
        "type": "environment_variable",
        "secret_name": "TOKEN",
        "secret_value": planted.new("secret_value"),
        "networking": {"type": "limited", "allowed_hosts": [ECHO_HOST]},
    }
    return [oauth, bearer, variable]


def changes(planted: Planted) -> list[dict[str, Any]]:
    """A rotation of each, again with fresh sentinels."""
    return [
        {
            "type": "mcp_oauth",
            "access_token": planted.new("new access_token"),
            "refresh": {
                "refresh_token": planted.new("new refresh_token"),
                "token_endpoint_auth": {
                    "type": "client_secret_post",
                    "client_secret": planted.new("new client_secret"),
                },
            },
        },
        {"type": "static_bearer", "token": planted.new("new token")},
        {"type": "environment_variable", "secret_value": planted.new("new secret_value")},
    ]


def spoiled(auth: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Requests that must be refused, each still carrying its sentinels."""
    yield {"auth": auth | {"surprise": 1}}
    yield {"auth": auth, "display_name": "x" * 256}
    yield {"auth": auth | {"type": "unheard_of"}}
    yield {"auth": auth, "metadata": {"k": 1}}
    yield {"auth": {key: ([value] if "token" in key or "value" in key else value) for key, value in auth.items()}}
    yield {"auth": {key: (value * 400 if "token" in key or "value" in key else value) for key, value in auth.items()}}


def echo_everything(seen: Seen) -> web.Response:
    """A careless upstream: it quotes all it got, in a header and in a compressed body."""
    quoted = json.dumps(dict(seen.headers)) + seen.body.decode(errors="replace")
    body = gzip.compress(quoted.encode())
    echo = seen.headers.get("X-Key", "")
    return web.Response(body=body, headers={"Content-Encoding": "gzip", "X-Echo": echo}, content_type="text/plain")


@pytest.fixture
def house(tmp_path: Path, authority: trustme.CA) -> Iterator[House]:
    with running_house(tmp_path, authority, extra={"STRONGROOM_LOG_LEVEL": "debug"}) as running:
        yield running


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def upstream(authority: trustme.CA) -> Iterator[Upstream]:
    with running_upstream(authority) as running:
        running.reply = echo_everything
        yield running


def test_no_reply_log_metric_audit_entry_or_stored_byte_holds_a_secret(
    house: House, upstream: Upstream, tmp_path: Path
) -> None:
    planted = Planted()
    hook = house.made("/strongroom/v1/webhooks", {"url": f"https://{OTHER_HOST}:{upstream.port}{HOOK}"})
    vault = house.vault()
    path = f"/v1/vaults/{vault}/credentials"
    stored: list[str] = []
    for auth in credentials(planted, upstream.port):
        for request in spoiled(auth):
            assert planted.hear("a refusal", house.call("POST", path, request)).status_code == 400
        created = planted.hear("create", house.call("POST", path, {"auth": auth}))
        assert created.status_code == 200, created.text
        stored.append(created.json()["id"])
        assert planted.hear("duplicate", house.call("POST", path, {"auth": auth})).status_code == 409
        planted.hear("no key", house.call("POST", path, {"auth": auth}, key="srk_wrong"))

    keep_for_another(planted, house)

    session = house.session(house.environment_id(), vault)
    use(planted, session, upstream, tmp_path)
    for credential, change in zip(stored, changes(planted), strict=True):
        done = planted.hear("rotate", house.call("POST", f"{path}/{credential}", {"auth": change}))
        assert done.status_code == 200, done.text
    use(planted, session, upstream, tmp_path)

    for reading in (path, f"/strongroom/v1/sessions/{session['id']}/events", "/strongroom/v1/audit", "/metrics"):
        assert planted.hear(reading, house.call("GET", reading)).status_code == 200
    listed = subprocess.run(
        [sys.executable, "-m", "strongroom", "credential", "list", "--vault", vault, "--json"],
        env=house.environment | {"STRONGROOM_URL": house.api},
        capture_output=True,
        check=True,
    )
    planted.heard.append(("the command line", listed.stdout + listed.stderr))

    assert until(lambda: {"vault_credential.created", STRAYED} <= set(map(told, posts(upstream)))), "both were told"
    for seen in posts(upstream):
        text = json.dumps(dict(seen.headers)).encode() + seen.body
        assert session["egress"]["env"]["TOKEN"].encode() not in text
        planted.heard.append(("a webhook", text))
    deliveries = f"/strongroom/v1/webhooks/{hook['id']}/deliveries"
    assert planted.hear(deliveries, house.call("GET", deliveries)).status_code == 200

    assert len(planted.sentinels) == 16
    for where, data in planted.heard:
        assert_absent(planted, where, data)
    house.process.terminate()
    assert house.process.wait(20) == 0
    assert_absent(planted, "the log", house.log.read_bytes())
    for file in house.data_dir.rglob("*"):
        if file.is_file():
            assert_absent(planted, file.name, file.read_bytes())
            assert base64.b64decode(hook["secret"].removeprefix("whsec_")) not in file.read_bytes()
            assert (
                session["egress"]["proxy_url"].rpartition("@")[0].rpartition(":")[2].encode() not in file.read_bytes()
            )


def keep_for_another(planted: Planted, house: House) -> None:
    """Store items for another product, read them back and delete one; only what it reads may hold them."""
    path = "/skyvern-provider/v1/credentials"
    made = house.made("/strongroom/v1/provider-tokens", {"namespace": "another product"})
    planted.sentinels["provider token"] = made["token"]

    def ask(method: str, where: str = "", body: dict[str, Any] | None = None) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            bearer = {"Authorization": f"Bearer {made['token']}"}
            return session.request(method, house.api + path + where, json=body, headers=bearer, timeout=20)

    items: list[dict[str, Any]] = [
        {"type": "password", "username": "u", "password": planted.new("p"), "totp": planted.new("totp")},
        {"type": "credit_card", "card_brand": "visa", **dict.fromkeys(CARD, planted.new("card"))},
        {"type": "secret", "secret_value": planted.new("value"), "metadata": {"k": planted.new("unread metadata")}},
    ]
    ids: list[str] = []
    for item in items:
        for wrong in ({**item, "type": "unheard_of"}, {**item, "type": list(item.values())}, {**item, "name": item}):
            assert planted.hear("a refusal", ask("POST", body=wrong)).status_code == 422
        stored = planted.hear("an id", ask("POST", body={"name": "n", **item}))
        assert stored.status_code == 201, stored.text
        ids.append(stored.json()["id"])
        read = ask("GET", f"/{ids[-1]}")
        assert read.json().items() >= {key: value for key, value in item.items() if key != "metadata"}.items()
    planted.hear("a deletion", ask("DELETE", f"/{ids[-1]}"))
    planted.hear("what there is", house.call("GET", "/strongroom/v1/provider-namespaces/another product/items"))
    planted.hear("tokens", house.call("GET", "/strongroom/v1/provider-tokens"))


def posts(upstream: Upstream) -> list[Seen]:
    return [seen for seen in list(upstream.seen) if seen.target == HOOK]


def told(seen: Seen) -> str:
    return str(json.loads(seen.body)["data"]["type"])


def use(planted: Planted, session: dict[str, Any], upstream: Upstream, folder: Path) -> None:
    """Send each secret where it belongs and where it does not, and hear what comes back."""
    placeholder = session["egress"]["env"]["TOKEN"]
    before = len(upstream.seen)
    for host, where in (
        (ECHO_HOST, "/"),
        (OTHER_HOST, "/"),
        ("mcp.example.test", "/oauth"),
        ("mcp.example.test", "/bearer"),
    ):
        url = f"https://{host}:{upstream.port}{where}"
        headers = {"X-Key": placeholder, "Accept-Encoding": "gzip"}
        reply = through(session, folder, "POST", url, headers=headers, json={"a": placeholder})
        planted.hear(url, reply)
    bearer = {"Authorization": f"Bearer {session['egress']['token']}", "X-Key": placeholder}
    for server in session["egress"]["mcp_servers"]:
        with requests.Session() as client:
            client.trust_env = False
            reply = client.post(server["url"], headers=bearer, json={"a": placeholder}, timeout=20)
        assert planted.hear(f"the gateway to {server['mcp_server_url']}", reply).status_code == 200
    arrived = [seen for seen in upstream.seen[before:] if seen.target != HOOK and secret_in(planted, seen)]
    assert len(arrived) == 5, "the secrets really were sent, or nothing is shown"
    planted.hear(
        "no such upstream", through(session, folder, "GET", "http://nowhere.invalid/", headers={"X-Key": placeholder})
    )


def secret_in(planted: Planted, seen: Seen) -> bool:
    text = json.dumps(dict(seen.headers)) + seen.body.decode()
    return any(value[:25] in text for value in planted.sentinels.values())
