"""Webhooks as their receivers meet them: cases 148 to 156 of the contract, and the tripwire.

The receiver is the upstream under another name; what arrives is verified by the vendor's unmodified client.
"""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anthropic
import pytest
import standardwebhooks.webhooks
from aiohttp import web

from tests.e2e.stage import ECHO_HOST, OTHER_HOST, House, Seen, Upstream, bare_environment, until
from tests.needs import need, need_environment

HOOKS = "mcp.example.test"
"""A name of the upstream that no test of this file uses otherwise."""


@dataclass
class Post:
    """A registered webhook, and what came of it."""

    house: House
    upstream: Upstream
    made: dict[str, Any]
    path: str = field(default_factory=lambda: f"/{secrets.token_hex(8)}")

    @property
    def id(self) -> str:
        return str(self.made["id"])

    @property
    def arrived(self) -> list[Seen]:
        return [seen for seen in list(self.upstream.seen) if seen.target == self.path]

    def types(self) -> list[str]:
        return sorted(json.loads(seen.body)["data"]["type"] for seen in self.arrived)

    def deliveries(self) -> list[dict[str, Any]]:
        return list(self.house.call("GET", f"/strongroom/v1/webhooks/{self.id}/deliveries").json()["data"])


@pytest.fixture
def register(house: House, upstream: Upstream) -> Iterator[Callable[..., Post]]:
    made: list[str] = []

    def registered(*events: str) -> Post:
        path = f"/{secrets.token_hex(8)}"
        body: dict[str, Any] = {"url": f"https://{HOOKS}:{upstream.port}{path}"}
        if events:
            body["events"] = list(events)
        post = Post(house, upstream, house.made("/strongroom/v1/webhooks", body), path)
        made.append(post.id)
        return post

    yield registered
    for webhook in made:
        house.call("DELETE", f"/strongroom/v1/webhooks/{webhook}")


def unwrapped(seen: Seen, secret: str) -> Any:  # noqa: ANN401 - a union of the client's
    client = anthropic.Anthropic(api_key="none", webhook_key=secret)
    return client.beta.webhooks.unwrap(seen.body.decode(), headers=seen.headers)


def test_148_creating_a_vault_is_told_once_and_the_client_accepts_it(
    house: House, register: Callable[..., Post]
) -> None:
    post = register()
    vault = house.vault()
    assert until(lambda: len(post.arrived) == 1)
    event = unwrapped(post.arrived[0], post.made["secret"])
    assert (event.type, event.data.type, event.data.id) == ("event", "vault.created", vault)
    assert type(event.data).__name__ == "BetaWebhookVaultCreatedEventData"
    assert event.id == post.arrived[0].headers["webhook-id"]
    assert until(lambda: [each["status"] for each in post.deliveries()] == ["delivered"])
    assert len(post.arrived) == 1


def test_149_archiving_a_vault_is_told_with_its_credentials(house: House, register: Callable[..., Post]) -> None:
    vault = house.vault()
    credentials = {house.variable(vault, name, "value", [ECHO_HOST]) for name in ("A", "B")}
    post = register()
    assert house.call("POST", f"/v1/vaults/{vault}/archive").status_code == 200
    assert until(lambda: len(post.arrived) == 3)
    events = [unwrapped(seen, post.made["secret"]) for seen in post.arrived]
    assert post.types() == ["vault.archived", "vault_credential.archived", "vault_credential.archived"]
    archived = [event.data for event in events if event.data.type == "vault_credential.archived"]
    assert {each.id for each in archived} == credentials
    assert {each.vault_id for each in archived} == {vault}


def test_152_what_is_no_event_is_not_told(house: House, register: Callable[..., Post]) -> None:
    vault = house.vault()
    credential = house.variable(vault, "A", "value", [ECHO_HOST])
    post = register()
    house.made(f"/v1/vaults/{vault}", {"display_name": "renamed"})
    rotated = {"auth": {"type": "environment_variable", "secret_value": "new"}}
    house.made(f"/v1/vaults/{vault}/credentials/{credential}", rotated)
    last = house.vault("the end")
    assert until(lambda: len(post.arrived) >= 1)
    assert [json.loads(seen.body)["data"]["id"] for seen in post.arrived] == [last]


def test_153_an_old_an_altered_and_a_renamed_delivery_are_refused(house: House, register: Callable[..., Post]) -> None:
    post = register()
    house.vault()
    assert until(lambda: len(post.arrived) == 1)
    seen, key = post.arrived[0], post.made["secret"]
    old = {**seen.headers, "webhook-timestamp": str(int(seen.headers["webhook-timestamp"]) - 301)}
    altered = Seen(
        seen.host, seen.method, seen.target, seen.headers, seen.body.replace(b"vault.created", b"vault.deleted")
    )
    for changed in (
        Seen(seen.host, seen.method, seen.target, old, seen.body),
        altered,
        Seen(seen.host, seen.method, seen.target, {**seen.headers, "webhook-id": "whe_other"}, seen.body),
    ):
        with pytest.raises(standardwebhooks.webhooks.WebhookVerificationError):
            unwrapped(changed, key)
    unwrapped(seen, key)


def test_154_a_receiver_that_fails_is_tried_again(
    house: House, upstream: Upstream, register: Callable[..., Post]
) -> None:
    answers = iter([500])
    upstream.reply = lambda _: web.Response(status=next(answers, 204), text="its own words")
    post = register()
    house.vault()
    assert until(lambda: len(post.arrived) == 2, within=40)
    first, second = post.arrived
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]
    unwrapped(second, post.made["secret"])
    assert until(lambda: [(each["status"], each["attempts"]) for each in post.deliveries()] == [("delivered", 2)])
    assert "its own words" not in json.dumps(post.deliveries())


def test_155_a_redirect_disables_and_is_not_followed(
    house: House, upstream: Upstream, register: Callable[..., Post]
) -> None:
    elsewhere = f"https://{HOOKS}:{upstream.port}/elsewhere"
    upstream.reply = lambda _: web.Response(status=302, headers={"location": elsewhere})
    post = register()
    house.vault()

    def shown() -> dict[str, Any]:
        return dict(house.call("GET", f"/strongroom/v1/webhooks/{post.id}").json())

    assert until(lambda: shown()["status"] == "disabled")
    assert shown()["disabled_because"] == "redirected"
    (delivery,) = post.deliveries()
    assert (delivery["status"], delivery["response_status"], delivery["attempts"]) == ("dropped", 302, 1)
    assert [seen for seen in upstream.seen if seen.target == "/elsewhere"] == []
    assert len(post.arrived) == 1


def test_156_during_a_rotation_either_key_is_accepted(house: House, register: Callable[..., Post]) -> None:
    post = register()
    rotated = house.made(f"/strongroom/v1/webhooks/{post.id}/rotate", {})
    house.vault()
    assert until(lambda: len(post.arrived) == 1)
    for key in (post.made["secret"], rotated["secret"]):
        unwrapped(post.arrived[0], key)


def strayed(house: House, upstream: Upstream, folder: Path) -> dict[str, Any]:
    """Send a placeholder to a host that it does not belong to, as curl would; return what was used."""
    vault, value = house.vault(), f"sentinel_{secrets.token_hex(12)}"
    credential = house.variable(vault, "TOKEN", value, [ECHO_HOST])
    session = house.session(house.environment_id(), vault)
    sent = ["curl", "-sS", "--max-time", "20", "-H", "X-Key: " + session["egress"]["env"]["TOKEN"]]
    roots = folder / "agent-roots.pem"
    roots.write_text(session["egress"]["ca_certificate"])
    done = subprocess.run(
        [*sent, f"https://{OTHER_HOST}:{upstream.port}/"],
        env=bare_environment(folder, session["egress"]["env"] | {"CURL_CA_BUNDLE": str(roots)}),
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    return {"vault": vault, "credential": credential, "session": session, "value": value}


def test_a_stray_placeholder_is_told_within_seconds_with_where_and_never_with_what(
    house: House, upstream: Upstream, folder: Path, register: Callable[..., Post]
) -> None:
    need("curl")
    post = register("strongroom.placeholder.strayed")
    used = strayed(house, upstream, folder)
    assert until(lambda: len(post.arrived) == 1, within=10)
    (seen,) = post.arrived
    unwrapped(seen, post.made["secret"])
    told = json.loads(seen.body)["data"]
    session = used["session"]
    assert {name: told[name] for name in told if name not in {"organization_id", "workspace_id"}} == {
        "type": "strongroom.placeholder.strayed",
        "id": session["id"],
        "vault_id": used["vault"],
        "session_id": session["id"],
        "credential_id": used["credential"],
        "host": OTHER_HOST,
        "surface": "header",
        "count": 1,
        "refused": False,
    }
    everything = json.dumps([dict(seen.headers), seen.body.decode(), post.deliveries()])
    assert used["value"] not in everything
    assert session["egress"]["env"]["TOKEN"] not in everything


def test_a_type_that_the_client_does_not_know_keeps_its_name_and_looks_like_a_sessions(
    house: House, upstream: Upstream, folder: Path, register: Callable[..., Post]
) -> None:
    need("curl")
    post = register("strongroom.placeholder.strayed")
    used = strayed(house, upstream, folder)
    assert until(lambda: len(post.arrived) == 1, within=10)
    event = unwrapped(post.arrived[0], post.made["secret"])
    assert (event.data.type, event.data.id) == ("strongroom.placeholder.strayed", used["session"]["id"])
    assert "Session" in type(event.data).__name__, "as docs/webhooks.md says"


@pytest.mark.parametrize("version", ["1.17.0", "0.121.0"])
def test_older_clients_accept_it_as_well(
    house: House, register: Callable[..., Post], tmp_path: Path, version: str
) -> None:
    post = register()
    vault = house.vault()
    assert until(lambda: len(post.arrived) == 1)
    seen = post.arrived[0]
    program = (
        "import anthropic, json, os, sys; told = json.load(sys.stdin);"
        "client = anthropic.Anthropic(api_key='none', webhook_key=told['key']);"
        "event = client.beta.webhooks.unwrap(told['body'], headers=told['headers']);"
        "print(json.dumps([event.data.type, event.data.id]))"
    )
    done = subprocess.run(
        [str(need_environment(f"anthropic-{version}")), "-I", "-c", program],
        input=json.dumps({"key": post.made["secret"], "body": seen.body.decode(), "headers": dict(seen.headers)}),
        env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == ["vault.created", vault]


def test_the_command_line_registers_tries_out_and_shows_a_webhook(
    house: House, upstream: Upstream, register: Callable[..., Post]
) -> None:
    path = f"/{secrets.token_hex(8)}"

    def command(*words: str) -> Any:  # noqa: ANN401 - what the command answers
        done = subprocess.run(
            [sys.executable, "-m", "strongroom", "webhook", *words, "--json"],
            env=house.environment | {"STRONGROOM_URL": house.api},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    made = command("create", f"https://{HOOKS}:{upstream.port}{path}", "--event", "vault.deleted")
    post = Post(house, upstream, made, path)
    house.vault()
    sent = command("test", post.id)
    assert until(lambda: post.types() == ["strongroom.webhook.test"])
    unwrapped(post.arrived[0], made["secret"])
    assert until(lambda: [each["status"] for each in command("deliveries", post.id)] == ["delivered"])
    assert command("deliveries", post.id)[0]["event_id"] == sent["event_id"]
    assert command("show", post.id)["events"] == ["vault.deleted"]
    assert post.id in {each["id"] for each in command("list")}
    assert command("rotate", post.id, "--overlap", "1h")["secret"] != made["secret"]
    assert command("enable", post.id)["status"] == "enabled"
    assert command("delete", post.id, "--yes") == {"id": post.id, "type": "webhook_deleted"}
