"""The same for vendors' keys and words to models: every scheme's secrets, and a vendor that quotes what it got."""

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from aiohttp import web

from tests.delivery.llm.behaviours import covers
from tests.e2e.stage import ECHO_HOST, House, Seen, Upstream, until
from tests.leaks.test_no_secret_anywhere import (  # noqa: F401 - fixtures are found by name
    Planted,
    assert_absent,
    authority,
    house,
    upstream,
)

ADMIN = "/api/llm-gateway/admin"
RUNTIME = "/api/llm-gateway/v1"
ANSWER = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": []}


def quoting(seen: Seen) -> web.Response:
    """A careless vendor: a good answer to the model `good`, and errors that quote the whole request to others."""
    asked = json.loads(seen.body)["model"]
    if asked == "good":
        return web.json_response(ANSWER | {"usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}})
    quoted = json.dumps(dict(seen.headers)) + seen.body.decode()
    key = seen.headers.get("Authorization", "")
    hidden = base64.b64encode(key.encode()).decode()
    fields = {"x-request-id": key, "Location": f"https://{ECHO_HOST}/?{key}", "x-ratelimit-of": key}
    return web.Response(status=int(asked), text=quoted + hidden, headers=fields, content_type="application/json")


def connections(planted: Planted) -> Iterator[dict[str, Any]]:
    """One of each scheme that keeps something."""
    yield {"model_provider": "anthropic", "api_key": planted.new("anthropic key")}
    yield {"model_provider": "azure_openai", "base_url": "https://x.openai.azure.com", "api_key": planted.new("azure")}
    yield {
        "model_provider": "azure_openai",
        "base_url": "https://x.openai.azure.com",
        "auth_type": "azure_entra_client_secret",
        "credentials": {"tenant_id": "t", "client_id": "c", "client_secret": planted.new("entra secret")},
    }
    yield {
        "model_provider": "bedrock",
        "auth_type": "aws_keys",
        "settings": {"region": "eu-west-1"},
        "credentials": {
            "access_key_id": "AKIAIOSFODNN7EXAMPLE",
            "secret_access_key": planted.new("secret access key"),
            "session_token": planted.new("session token"),
        },
    }
    yield {
        "model_provider": "bedrock",
        "auth_type": "bedrock_api_key",
        "settings": {"region": "eu-west-1"},
        "api_key": planted.new("bedrock key"),
    }


def spoiled(connection: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Requests that must be refused, each still carrying its sentinels."""
    secret = connection.get("api_key") or json.dumps(connection["credentials"])
    yield connection | {"model_provider": "unheard_of"}
    yield connection | {"auth_type": "unheard_of"}
    yield connection | {"settings": {"token": secret}}
    yield connection | {"settings": [secret]}
    yield connection | {"base_url": "http://169.254.169.254/", "api_key": secret, "credentials": {}}
    yield connection | {"api_key": [secret], "credentials": {}}
    yield connection | {"api_key": f"{secret}\r\nX-Evil: 1", "credentials": {}}
    yield connection | {"api_key": secret, "credentials": {"key": secret}}
    yield connection | {"credentials": {"surprise": secret}, "api_key": None}


@pytest.fixture
def planted() -> Planted:
    return Planted()


def refused_and_stored(house: House, planted: Planted) -> None:  # noqa: F811 - a fixture's name
    where = f"{ADMIN}/connections"
    for number, connection in enumerate(connections(planted)):
        named = {"name": f"connection {number}"} | connection
        for request in spoiled(named):
            answer = planted.hear("a refusal", house.call("POST", where, request))
            assert answer.status_code == 400, answer.text
        made = planted.hear("create", house.call("POST", where, named))
        assert made.status_code == 200, made.text
        one = f"{where}/{made.json()['id']}"
        planted.hear("describe", house.call("GET", one))
        again = {name: value for name, value in connection.items() if name in {"api_key", "credentials"}}
        assert planted.hear("rotate", house.call("PUT", one, again)).status_code == 200
        planted.hear("bad rotation", house.call("PUT", one, again | {"auth_type": "unheard_of"}))


@covers("L108")
def test_no_reply_log_audit_entry_record_or_stored_byte_holds_a_key_or_what_was_said(
    house: House,  # noqa: F811
    upstream: Upstream,  # noqa: F811
    planted: Planted,
) -> None:
    upstream.reply = quoting
    refused_and_stored(house, planted)
    base = f"https://{ECHO_HOST}:{upstream.port}/v1"
    first, second = planted.new("key"), planted.new("rotated key")
    connection = house.made(
        f"{ADMIN}/connections", {"name": "it", "model_provider": "openai", "base_url": base, "api_key": first}
    )
    models = ["good", "400", "401", "404", "429", "500", "529", "307"]
    house.made(
        f"{ADMIN}/providers",
        {"name": "it", "model_provider": "openai", "base_url": "", "connection_id": connection["id"], "models": models},
    )
    gateway_key = house.made(f"{ADMIN}/api-keys", {"name": "app"})
    planted.sentinels["gateway key"] = gateway_key["key"]
    prompt, spent = planted.new("prompt"), planted.new("what is no model")

    def ask(model: str, **more: Any) -> requests.Response:  # noqa: ANN401 - JSON values
        body = {"model": model, "messages": [{"role": "user", "content": prompt}]} | more
        answer = house.call("POST", f"{RUNTIME}/chat/completions", body, key=gateway_key["key"])
        if model not in {"it/400", "it/404"}:  # there the vendor's own words pass: they may quote what it was asked
            planted.hear(f"an answer to {model}", answer)
        return answer

    for model in models:
        answer = ask(f"it/{model}")
        assert first[:25] not in answer.text
        assert answer.status_code in {200, 400, 404, 429, 502, 503}
    ask(spent)
    assert upstream.seen[0].headers["Authorization"] == f"Bearer {first}"
    house.call("PUT", f"{ADMIN}/connections/{connection['id']}", {"api_key": second})
    assert ask("it/good").status_code == 200
    assert upstream.seen[-1].headers["Authorization"] == f"Bearer {second}"
    assert ask("it/500", stream=True).status_code == 502

    usage = "/strongroom/v1/usage/requests"
    assert until(lambda: len(house.call("GET", usage).json()["data"]) >= len(models) + 3)
    del planted.sentinels["what is no model"]  # a record names the model that was asked for, whatever it is
    for reading in (
        usage,
        "/strongroom/v1/usage",
        "/strongroom/v1/gateway-keys",
        "/strongroom/v1/audit",
        f"{ADMIN}/connections",
        f"{ADMIN}/providers",
        f"{ADMIN}/model-mappings",
        f"{ADMIN}/api-keys",
        "/metrics",
    ):
        assert planted.hear(reading, house.call("GET", reading)).status_code == 200
    listed = subprocess.run(
        [sys.executable, "-m", "strongroom", "llm", "list", "--json"],
        env=house.environment | {"STRONGROOM_URL": house.api},
        capture_output=True,
        check=True,
    )
    planted.heard.append(("the command line", listed.stdout + listed.stderr))
    for place, data in planted.heard:
        assert_absent(planted, place, data)
    house.process.terminate()
    assert house.process.wait(20) == 0
    assert_absent(planted, "the log", house.log.read_bytes())
    for file in house.data_dir.rglob("*"):
        if file.is_file():
            assert_absent(planted, file.name, file.read_bytes())
