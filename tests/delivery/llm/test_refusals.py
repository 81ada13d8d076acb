"""What clients are told where there is no answer to pass on."""

import base64
import json
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from openai import APIStatusError

from tests.delivery.llm.behaviours import covers
from tests.delivery.llm.rig import BODY, HI, MESSAGES, STORED, Rig, rig_of, told
from tests.delivery.llm.vendors import Vendor, answer
from tests.plain_http import UNUSED_TLS


@covers("L076")
async def test_a_rejected_key_is_no_401_and_its_tail_is_not_shown(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream)
    words = f"Incorrect API key provided: sk-...{STORED[-4:]}."
    upstream.says(answer(401, json.dumps({"error": {"message": words}}).encode()))
    async with rig.openai(max_retries=2) as client:
        with pytest.raises(APIStatusError) as refused:
            await client.chat.completions.create(model="gpt", messages=HI)
    assert (refused.value.status_code, refused.value.code) == (502, "upstream_auth_failed")
    assert refused.value.response.headers["x-should-retry"] == "false"
    assert "sk-" not in str(refused.value)
    assert STORED[-4:] not in refused.value.response.text
    assert len(upstream.seen) == 1


FORMS = [
    STORED,
    quote(STORED.replace("-", "/"), safe=""),
    base64.b64encode(f"Bearer {STORED}".encode()).decode(),
    json.dumps(STORED),
]


@covers("L077")
@pytest.mark.parametrize("status", [500, 400, 422])
async def test_an_error_that_echoes_the_secret_shows_nothing_of_it(
    rig: Rig, upstream: Vendor, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    caplog.set_level(logging.DEBUG)
    rig.route(upstream)
    echo = json.dumps({"error": {"message": f"you sent Authorization: Bearer {STORED}", "forms": FORMS}})
    upstream.says(answer(status, echo.encode(), {"x-ratelimit-key": STORED}))
    said = await rig.post()
    assert said.status_code == (502 if status == 500 else status)
    shown = said.text + str(said.headers) + caplog.text
    assert STORED not in shown
    assert base64.b64encode(STORED.encode())[4:-4].decode() not in shown
    if status != 500:
        assert "[redacted]" in said.text
        assert "you sent" in said.json()["error"]["message"]


async def test_a_key_with_characters_that_are_escaped_is_found_in_every_form(rig: Rig, upstream: Vendor) -> None:
    key = 'sk-+/"&=-0123456789'
    rig.route(upstream, api_key=key)
    forms = {"plain": key, "quoted": quote(key, safe=""), "base64": base64.b64encode(key.encode()).decode()}
    upstream.says(answer(400, json.dumps(forms).encode()))
    said = (await rig.post()).json()
    assert said["plain"] == said["quoted"] == "[redacted]"
    assert len(said["base64"].replace("[redacted]", "")) < 4  # what hangs on its neighbours too


async def test_an_error_in_an_encoding_is_looked_into(rig: Rig, upstream: Vendor) -> None:
    import gzip  # noqa: PLC0415 - for this test alone

    rig.route(upstream)
    upstream.says(answer(400, gzip.compress(f"key {STORED}!".encode()), {"content-encoding": "gzip"}))
    said = await rig.post()
    assert (said.status_code, said.text) == (400, "key [redacted]!")
    upstream.says(answer(400, f"key {STORED}!".encode(), {"content-encoding": "rot13"}))
    said = await rig.post()
    assert (said.status_code, said.text) == (400, "")


async def test_no_more_than_64_kib_of_an_error_are_passed_and_no_piece_of_a_secret_at_its_end(
    rig: Rig, upstream: Vendor
) -> None:
    rig.route(upstream)
    upstream.says(answer(400, b"x" * (64 * 1024 - 10) + STORED.encode() + b"y" * 9000))
    said = await rig.post()
    assert said.status_code == 400
    assert said.content == b"x" * (64 * 1024 - 10)


@covers("L084")
async def test_keys_that_are_over_are_refused(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream)
    row = rig.api.got("/api-keys")[0]["id"]
    rig.api.made(f"/api-keys/{row}", method="PATCH", disabled=True)
    refused = await rig.post()
    assert told(refused, 401, "invalid_api_key")["type"] == "authentication_error"
    assert refused.headers["www-authenticate"] == "Bearer"
    rig.api.made(f"/api-keys/{row}", method="PATCH", disabled=False)
    assert (await rig.post()).status_code == 200
    soon = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    brief = rig.api.made("/api-keys", name="brief", expires_at=soon)["key"]
    while (said := await rig.post(authorization=f"Bearer {brief}")).status_code == 200:
        pass
    told(said, 401, "invalid_api_key")
    rig.api.made(f"/api-keys/{row}", method="DELETE")
    told(await rig.post(), 401, "invalid_api_key")


@pytest.mark.parametrize(
    "fields",
    [
        {"authorization": ""},
        {"authorization": "Bearer bd-unknown"},
        {"authorization": "Bearer sk-something"},
        {"authorization": "Basic YmQtOng="},
        {"authorization": "", "x_api_key": "sk-something"},
        {"x_api_key": "bd-another"},
        {"x_gateway_key": "bd-another"},
        {"x_api_key": "sk-something"},
        {"authorization": "Bearer eyJhbGciOiJSUzI1NiJ9.e30.c2ln"},
    ],
)
async def test_nothing_but_one_good_gateway_key_is_taken(rig: Rig, upstream: Vendor, fields: dict[str, Any]) -> None:
    rig.route(upstream)
    told(await rig.post(**fields), 401, "invalid_api_key")
    assert not upstream.seen


async def test_a_token_beside_the_gateway_key_goes_nowhere(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream)
    told(await rig.post(authorization="Bearer sk-mine", x_api_key=rig.key), 401, "invalid_api_key")
    assert not upstream.seen


async def test_the_admin_key_makes_no_requests(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream)
    told(await rig.post(authorization=f"Bearer {rig.tenant.key}"), 401, "invalid_api_key")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"model"',
        b"{}",
        b'{"model":1}',
        b'{"model":null}',
        b'{"model":""}',
        b'{"model":"gpt","model":"gpt"}',
        b'{"model":"gpt","mod\\u0065l":"other"}',
        b'{"model":"gpt","stream":false,"stream":true}',
        b'{"model":"gpt","x":"\xff"}',
        b'{"model":"\\ud800"}',
        b'{"model":"gpt"} trailing',
        b'{"model":"gpt","x":NaN}',
        b"\xef\xbb\xbf" + b'{"model":"gpt"}',
        '{"model":"gpt"}'.encode("utf-16"),
        b'{"model":"gpt","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"model":"gpt",' + b",".join(b'"%d":1' % number for number in range(50_000)) + b"}",
    ],
)
async def test_what_is_no_request_is_the_clients_mistake(rig: Rig, upstream: Vendor, body: bytes) -> None:
    rig.route(upstream)
    told(await rig.post(content=body), 400, "invalid_request")
    assert not upstream.seen


async def test_a_number_may_be_as_long_as_it_likes(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream, model="gpt")
    body = b'{"model":"gpt","seed":' + b"9" * 10_000 + b',"x":1e99999}'
    assert (await rig.post(content=body)).status_code == 200
    assert upstream.last.body == body


async def test_a_request_is_not_read_beyond_32_mib(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream)
    told(await rig.post(content=b"x" * (32 * 1024 * 1024 + 1)), 413, "request_too_large")
    refused = await rig.post("/messages", content=b"x" * (32 * 1024 * 1024 + 1))
    assert refused.json()["error"]["type"] == "request_too_large"

    async def undeclared() -> AsyncIterator[bytes]:
        for _ in range(33):
            yield b"x" * (1024 * 1024)

    told(await rig.post(content=undeclared()), 413, "request_too_large")


async def test_a_request_in_an_encoding_is_refused(rig: Rig) -> None:
    told(await rig.post(content_encoding="gzip"), 400, "invalid_request")


async def test_the_dialect_must_be_one_that_the_upstream_speaks(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream, alias="claude", model_provider="anthropic")
    error = told(await rig.post(body={**BODY, "model": "claude"}), 400, "unsupported_dialect")
    assert error["type"] == "invalid_request_error"


async def test_anthropics_dialect_has_errors_of_its_own(rig: Rig) -> None:
    said = await rig.post("/messages", MESSAGES)
    assert said.status_code == 404
    assert said.json() == {
        "type": "error",
        "error": {"type": "not_found_error", "message": "there is no model of that name for this key"},
        "request_id": said.headers["request-id"],
    }


@pytest.mark.parametrize(("path", "status"), [("/chat/completions", 503), ("/messages", 529)])
async def test_an_overloaded_upstream_is_told_in_each_dialect(
    rig: Rig, upstream: Vendor, path: str, status: int
) -> None:
    rig.route(upstream, alias="gpt", model_provider="custom")
    rig.route(upstream, alias="claude", model_provider="custom", settings={"model_api_family": "anthropic_messages"})
    upstream.says(answer(529))
    said = await rig.post(path, BODY if path != "/messages" else MESSAGES)
    assert said.status_code == status
    assert said.headers["strongroom-refused"] == "upstream_overloaded"


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/chat/completions", 405, "POST"),
        ("POST", "/models", 405, "GET"),
        ("OPTIONS", "/messages", 405, "POST"),
        ("PUT", "/responses", 405, "POST"),
        ("POST", "/completions", 404, None),
        ("GET", "/models/gpt", 404, None),
    ],
)
async def test_other_paths_and_methods_are_refused(
    rig: Rig, method: str, path: str, status: int, allow: str | None
) -> None:
    async with httpx.AsyncClient(trust_env=False, verify=UNUSED_TLS) as http:
        said = await http.request(method, f"{rig.url}/v1{path}", headers={"authorization": f"Bearer {rig.key}"})
    assert (said.status_code, said.headers.get("allow")) == (status, allow)
    assert not [name for name in said.headers if name.startswith("access-control")]


async def test_a_workspace_reaches_its_own_models_alone(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream)
    told(await rig_of(rig.stage).post(), 404, "model_not_found")
