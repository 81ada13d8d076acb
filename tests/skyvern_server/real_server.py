"""Case 131: a real Skyvern 1.0.56 server keeps its credentials here. Its environment is large (1.3 GB), so this has a
command of its own, `make test-skyvern-server`, and its name is not that of an ordinary test.

The calls that it makes here are those that `tests/dialects/skyvern_provider/test_sequences.py` makes always.
"""

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.dialects.skyvern_provider.skyvern import PREFIX
from tests.dialects.skyvern_provider.test_items import CARD, PASSWORD, S32
from tests.dialects.skyvern_provider.test_tokens import TOKENS, entries
from tests.dialects.stage import Raw, Stage, running
from tests.needs import need_environment

DRIVE = Path(__file__).with_name("drive.py")
LOGIN = {name: value for name, value in PASSWORD.items() if name != "type"}
PLASTIC = {name: value for name, value in CARD.items() if name != "type"}
Step = dict[str, Any]


@dataclass
class Recorder:
    """Stands before the server's API and notes what comes in and how it is answered."""

    calls: list[str] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)

    def __call__(self, app: ASGIApp) -> ASGIApp:
        async def recorded(scope: Scope, receive: Receive, send: Send) -> None:
            async def noted(message: Message) -> None:
                if message["type"] == "http.response.start" and scope["path"].startswith(PREFIX):
                    kind = "item" if scope["path"].removeprefix(PREFIX).strip("/") else "all"
                    self.calls.append(f"{scope['method']} {kind} {message['status']}")
                    self.agents.add(dict(scope["headers"]).get(b"user-agent", b"").decode())
                await send(message)

            await app(scope, receive, noted)

        return recorded


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def stage(tmp_path: Path, recorder: Recorder) -> Iterator[Stage]:
    with running(tmp_path / "strongroom", through=recorder) as started:
        yield started


@pytest.fixture
def tenant(stage: Stage) -> Raw:
    return stage.tenant().raw()


def drive(home: Path, steps: list[Step], settings: dict[str, object] | None = None) -> list[Any]:
    """Return what the real server answered to each step."""
    python = need_environment("skyvern-server")
    home.mkdir()
    asked = json.dumps({"settings": settings or {}, "steps": steps})
    variables = {"HOME": str(home), "PATH": "/usr/bin:/bin", "SKYVERN_TELEMETRY": "false"}
    done = subprocess.run(
        [python, DRIVE], input=asked, capture_output=True, text=True, env=variables, cwd=home, timeout=280
    )
    assert done.returncode == 0, done.stderr[-4000:]
    (told,) = [line for line in done.stdout.splitlines() if line.startswith("ANSWERS ")]
    answers: list[Any] = json.loads(told.removeprefix("ANSWERS "))
    return answers


def step(method: str, path: str, body: object = None, **more: str) -> Step:
    return {"method": method, "path": path, "body": body, **more}


def configured(base: str, token: str) -> list[Step]:
    config = {"config": {"api_base_url": base, "api_token": token}}
    return [
        step("POST", "/v1/credentials/custom_credential/test_connection", config),
        step("POST", "/v1/credentials/custom_credential/create", config),
    ]


def credential(kind: str, fields: dict[str, Any], **more: object) -> dict[str, Any]:
    return {"name": "n", "credential_type": kind, "vault_type": "custom", "credential": fields, **more}


@pytest.mark.timeout(300)
def test_a_real_server_keeps_its_credentials_here(
    stage: Stage, tenant: Raw, recorder: Recorder, tmp_path: Path
) -> None:
    token = tenant.made(TOKENS, {"namespace": "skyvern"})["token"]
    base = f"{stage.url}{PREFIX}/"
    changed = {"username": "other@e.co", "password": "another", "totp": S32, "totp_type": "authenticator"}
    whole = {**changed, "metadata": {"k": "v"}}
    answers = drive(
        tmp_path / "home",
        [
            *configured(base, token),
            step("POST", "/v1/credentials", credential("password", LOGIN), keep="login"),
            step("POST", "/v1/credentials", credential("credit_card", PLASTIC), keep="card"),
            step("POST", "/v1/credentials", credential("secret", {"secret_value": "v"}), keep="secret"),
            step("GET", "/v1/credentials/{login}/totp-code"),
            step("POST", "/v1/credentials/{login}/update", credential("password", changed)),
            step("POST", "/v1/credentials/{login}/update", credential("password", whole)),
            step("GET", "/v1/credentials/{login}/totp-code"),
            step("POST", "/v1/credentials/{login}/delete"),
            step("POST", "/v1/credentials/{card}/delete"),
            step("POST", "/v1/credentials/{secret}/delete"),
        ],
    )
    assert [answer["status"] for answer in answers] == [200, 200, 201, 201, 201, 200, 200, 200, 200, 204, 204, 204]
    assert {answer["body"]["vault_type"] for answer in answers[2:5]} == {"custom"}
    for place in (5, 8):
        assert re.fullmatch(r"[0-9]{6}", answers[place]["body"]["code"])
    assert recorder.calls == [
        "GET all 200",
        *["POST all 201"] * 3,
        "GET item 200",  # the code
        *["GET item 200", "POST all 201", "DELETE item 204"],  # an update that keeps the metadata
        *["POST all 201", "DELETE item 204"],  # one that keeps nothing
        "GET item 200",  # the code, from the item that there is now
        *["DELETE item 204"] * 3,
    ]
    assert all(re.fullmatch(r"Python/3\.\d+ aiohttp/3\..+", agent) for agent in recorder.agents)
    reads = [row for row in entries(tenant) if row["action"] == "provider_item.read"]
    assert [row["outcome"] for row in reads] == ["allowed"] * 3
    assert tenant.get("/strongroom/v1/provider-namespaces/skyvern/items").json()["data"] == []


@pytest.mark.timeout(300)
def test_what_a_real_server_tells_its_user_of_a_refusal_is_our_sentence(
    stage: Stage, tenant: Raw, tmp_path: Path
) -> None:
    base = stage.url + PREFIX
    made = tenant.made(TOKENS, {"namespace": "skyvern"})
    tenant.made(f"{TOKENS}/{made['id']}/revoke")
    tried, _, refused = drive(
        tmp_path / "home",
        [
            *configured(base, made["token"]),
            step("POST", "/v1/credentials", credential("secret", {"secret_value": "v"})),
        ],
    )
    assert tried["status"] == 400
    assert refused["status"] == 502
    assert "HTTP 401: unauthorized" in refused["body"]["detail"]


@pytest.mark.timeout(300)
def test_with_its_guard_on_a_real_server_needs_the_vaults_host_among_the_allowed(
    stage: Stage, tenant: Raw, recorder: Recorder, tmp_path: Path
) -> None:
    steps = configured(stage.url + PREFIX, tenant.made(TOKENS, {"namespace": "skyvern"})["token"])
    guarded = drive(tmp_path / "guarded", steps, {"ENABLE_URL_VALIDATION": True})
    assert (guarded[0]["status"], recorder.calls) == (400, [])
    allowed = drive(tmp_path / "allowed", steps, {"ENABLE_URL_VALIDATION": True, "ALLOWED_HOSTS": ["127.0.0.1"]})
    assert (allowed[0]["status"], recorder.calls) == (200, ["GET all 200"])
