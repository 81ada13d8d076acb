"""Whether a provider accepts its secret is seen by the list of its models, and by nothing that costs."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from tests.delivery.llm.rig import STORED, Rig
from tests.delivery.llm.vendors import Vendor, answer
from tests.plain_http import UNUSED_TLS


def ask(rig: Rig, provider: str, *, key: str | None = None) -> httpx.Response:
    with httpx.Client(trust_env=False, verify=UNUSED_TLS, timeout=30) as http:
        url = f"{rig.tenant.url}/strongroom/v1/llm-providers/{provider}/test"
        return http.post(url, headers={"x-api-key": key or rig.tenant.key})


async def outcome(rig: Rig, provider: str) -> Any:  # noqa: ANN401 - whatever JSON it is
    reply = await asyncio.to_thread(ask, rig, provider)  # the vendor answers on this loop meanwhile
    assert reply.status_code == 200, reply.text
    assert STORED not in reply.text
    return reply.json()


async def test_a_vendor_that_accepts_the_key_is_asked_for_its_models_and_nothing_else(
    rig: Rig, upstream: Vendor
) -> None:
    made = rig.route(upstream)
    upstream.says(answer(body=json.dumps({"data": [{"id": "gpt-up"}, {"id": STORED}]}).encode()))
    assert await outcome(rig, made.provider) == {
        "provider_id": made.provider,
        "name": "p1",
        "outcome": "ok",
        "status": 200,
        "models": 2,
        "missing_models": [],
        "because": None,
    }
    assert [(each.method, each.target, each.body) for each in upstream.seen] == [("GET", "/v1/models", b"")]
    assert upstream.last.field("authorization") == f"Bearer {STORED}"
    upstream.says(answer(body=b'{"data": []}'))
    assert (await outcome(rig, made.provider))["missing_models"] == ["gpt-up"]


async def test_anthropics_key_goes_where_anthropic_wants_it(rig: Rig, upstream: Vendor) -> None:
    made = rig.route(upstream, model_provider="anthropic")
    upstream.says(answer(body=b'{"data": [{"id": "gpt-up"}]}'))
    assert (await outcome(rig, made.provider))["outcome"] == "ok"
    assert upstream.last.field("x-api-key") == STORED
    assert upstream.last.field("anthropic-version") is not None


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (401, f'{{"error": "{STORED}"}}', "rejected"),
        (403, "{}", "rejected"),
        (404, "{}", "unexpected"),
        (200, "not json", "unexpected"),
        (200, '{"data": 1}', "unexpected"),
        (302, "{}", "unexpected"),
    ],
)
async def test_what_a_vendor_answers_otherwise_is_told_in_our_words(
    rig: Rig, upstream: Vendor, status: int, body: str, expected: str
) -> None:
    made = rig.route(upstream)
    upstream.says(answer(status, body.encode()))
    told = await outcome(rig, made.provider)
    assert (told["outcome"], told["status"], told["models"]) == (expected, status, None)


async def test_a_vendor_that_is_not_there_is_unreachable(rig: Rig) -> None:
    made = rig.route("http://127.0.0.1:9")
    assert (await outcome(rig, made.provider))["outcome"] == "unreachable"


def test_only_who_may_write_credentials_of_the_workspace_may_ask(rig: Rig, upstream: Vendor) -> None:
    made = rig.route(upstream)
    with httpx.Client(trust_env=False, verify=UNUSED_TLS, timeout=30) as http:
        url = f"{rig.tenant.url}/strongroom/v1/keys"
        weak = http.post(url, headers={"x-api-key": rig.tenant.key}, json={"scopes": ["credentials:read"]}).json()[
            "key"
        ]
    assert ask(rig, made.provider, key=weak).status_code == 403
    assert ask(rig, made.provider, key=rig.stage.tenant().key).status_code == 404
    assert upstream.seen == []
