"""Routes on which clients bring their own token of the vendor (contract 4.8)."""

from typing import Any

import pytest

from tests.delivery.llm.rig import MESSAGES, STORED, Rig
from tests.delivery.llm.vendors import Vendor, answer, message

TOKEN = "sk-ant-oat01-of-the-client-alone"


def passes(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream, alias="claude", model_provider="anthropic", auth_type="claude_oauth", api_key=None)
    upstream.says(message())


@pytest.mark.parametrize("field", ["x_api_key", "x_gateway_key"])
async def test_the_clients_own_token_goes_through(rig: Rig, upstream: Vendor, field: str) -> None:
    passes(rig, upstream)
    said = await rig.post(
        "/messages",
        MESSAGES,
        authorization=f"Bearer {TOKEN}",
        anthropic_beta="oauth-2025-04-20",
        **dict[str, Any]({field: rig.key}),
    )
    assert said.status_code == 200
    seen = upstream.last
    assert seen.field("authorization") == f"Bearer {TOKEN}"
    assert seen.field("x-api-key") is None
    assert seen.field("anthropic-beta") == "oauth-2025-04-20"
    assert rig.key not in seen.text


async def test_a_gateway_key_is_no_token(rig: Rig, upstream: Vendor) -> None:
    passes(rig, upstream)
    said = await rig.post("/messages", MESSAGES)
    assert said.status_code == 401
    assert said.headers["strongroom-refused"] == "invalid_api_key"
    assert "client's own token" in said.json()["error"]["message"]
    assert not upstream.seen


@pytest.mark.parametrize("status", [401, 403])
async def test_that_a_clients_token_is_rejected_is_the_clients_matter(rig: Rig, upstream: Vendor, status: int) -> None:
    passes(rig, upstream)
    upstream.says(answer(status, b'{"type":"error","error":{"type":"authentication_error","message":"expired"}}'))
    said = await rig.post("/messages", MESSAGES, authorization=f"Bearer {TOKEN}", x_api_key=rig.key)
    assert said.status_code == status
    assert said.json()["error"]["message"] == "expired"
    assert "strongroom-refused" not in said.headers


async def test_one_callers_limit_is_not_anothers(rig: Rig, upstream: Vendor) -> None:
    passes(rig, upstream)
    upstream.says(answer(429, fields={"retry-after": "30"}), message())
    mine, other = (dict[str, Any](authorization=f"Bearer {TOKEN}{end}", x_api_key=rig.key) for end in ("a", "b"))
    assert (await rig.post("/messages", MESSAGES, **mine)).status_code == 429
    assert (await rig.post("/messages", MESSAGES, **other)).status_code == 200
    assert (await rig.post("/messages", MESSAGES, **mine)).status_code == 503


async def test_a_kept_key_stands_in_where_the_client_brings_none(rig: Rig, upstream: Vendor) -> None:
    passes(rig, upstream)
    rig.route(upstream, alias="claude", model="claude-kept", model_provider="anthropic", priority=1)
    assert (await rig.post("/messages", MESSAGES)).status_code == 200
    assert upstream.last.field("x-api-key") == STORED
    assert upstream.last.json["model"] == "claude-kept"
    await rig.post("/messages", MESSAGES, authorization=f"Bearer {TOKEN}", x_api_key=rig.key)
    assert upstream.last.field("authorization") == f"Bearer {TOKEN}"


async def test_a_token_never_reaches_a_route_with_a_kept_key(rig: Rig, upstream: Vendor) -> None:
    passes(rig, upstream)
    upstream.says(answer(500), message())
    rig.route(upstream, alias="claude", model="claude-kept", model_provider="anthropic", priority=1)
    assert (
        await rig.post("/messages", MESSAGES, authorization=f"Bearer {TOKEN}", x_api_key=rig.key)
    ).status_code == 200
    assert TOKEN not in upstream.last.text


async def test_a_token_beside_two_keys_that_differ_is_refused(rig: Rig, upstream: Vendor) -> None:
    passes(rig, upstream)
    said = await rig.post(
        "/messages", MESSAGES, authorization=f"Bearer {TOKEN}", x_api_key=rig.key, x_gateway_key="bd-other"
    )
    assert said.status_code == 401
