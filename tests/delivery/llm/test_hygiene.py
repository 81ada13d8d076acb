"""What passes from one side to the other, and what does not."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.delivery.llm.behaviours import covers
from tests.delivery.llm.rig import BODY, MESSAGES, STORED, Rig
from tests.delivery.llm.vendors import Vendor, answer, events

FOREIGN: dict[str, Any] = {
    "cookie": "a=b",
    "x-amz-date": "20260101T000000Z",
    "openai-organization": "org-of-client",
    "openai-project": "proj-of-client",
    "x-forwarded-for": "10.0.0.1",
    "forwarded": "for=10.0.0.1",
    "x-goog-api-key": "g",
    "api-key": "a",
    "x-stainless-lang": "python",
    "origin": "http://evil.example.com",
    "proxy-authorization": "Basic x",
}


@covers("L086")
async def test_what_a_client_says_of_itself_stays_here(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream)
    passed: dict[str, Any] = {
        "traceparent": "00-1-2-01",
        "idempotency-key": "i1",
        "openai-beta": "b",
        "accept": "application/json",
    }
    said = await rig.post("/chat/completions?key=x&beta=true", **FOREIGN, **passed)
    assert said.status_code == 200
    seen = upstream.last
    assert seen.target == "/v1/chat/completions"
    names = {name for name, _ in seen.fields}
    assert names == {
        *("host", "user-agent", "accept-encoding", "content-type", "content-length", "authorization"),
        *passed,
    }
    assert {name: seen.field(name) for name in passed} == passed
    assert rig.key not in seen.text


async def test_what_a_connection_names_as_its_own_does_not_pass(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream)
    await rig.post(connection="keep-alive, traceparent", traceparent="00-1-2-01")
    assert upstream.last.field("traceparent") is None


@covers("L087")
async def test_what_an_upstream_says_of_itself_stays_here(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream)
    foreign = {
        "set-cookie": "a=b",
        "server": "them",
        "openai-organization": "org-of-them",
        "anthropic-organization-id": "o",
        "www-authenticate": "Bearer",
        "location": "http://evil.example.com",
        "x-amzn-requestid": "r",
        "access-control-allow-origin": "*",
    }
    told = {"retry-after": "3", "x-ratelimit-limit-requests": "9", "openai-processing-ms": "4"}
    upstream.says(answer(fields={**foreign, **told, "x-request-id": "req_them"}))
    said = await rig.post()
    ours = {"content-type", "content-length", "cache-control", "x-request-id", "request-id", "x-upstream-request-id"}
    assert set(said.headers) - {"date", "server"} == {*ours, "x-content-type-options", *told}
    assert "them" not in said.headers.get("server", "")
    assert {name: said.headers[name] for name in told} == told
    assert said.headers["x-upstream-request-id"] == "req_them"
    assert said.headers["x-request-id"].startswith("req_01")
    assert said.headers["cache-control"] == "no-store"


async def test_a_field_that_holds_the_secret_is_left_out(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream)
    upstream.says(answer(fields={"x-ratelimit-key": f"k={STORED}", "x-ratelimit-limit": "9"}))
    said = await rig.post()
    assert "x-ratelimit-key" not in said.headers
    assert said.headers["x-ratelimit-limit"] == "9"


@covers("L069")
@pytest.mark.parametrize("end", ["", "/", "/v1", "/v1/"])
async def test_the_end_of_a_base_url_changes_nothing(rig: Rig, upstream: Vendor, end: str) -> None:
    rig.route(upstream.url + end)
    assert (await rig.post()).status_code == 200
    assert upstream.last.target == "/v1/chat/completions"


@covers("L071")
async def test_the_gateway_key_may_stand_in_x_api_key(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream, alias="claude", model_provider="anthropic")
    said = await rig.post("/messages", MESSAGES, authorization="", x_api_key=rig.key)
    assert said.status_code == 200
    assert upstream.last.field("x-api-key") == STORED
    assert upstream.last.field("anthropic-version") == "2023-06-01"
    assert rig.key not in upstream.last.text


AZURE = {"api_version": "2024-10-21", "deployment": "d"}
CASES: list[tuple[str, str | None, Mapping[str, object], str, str, str]] = [
    ("azure_openai", None, AZURE, "/openai/deployments/d/chat/completions?api-version=2024-10-21", "api-key", STORED),
    ("azure_openai", None, {}, "/openai/v1/chat/completions", "api-key", STORED),
    ("google_ai", None, {}, "/v1beta/openai/chat/completions", "authorization", f"Bearer {STORED}"),
    (
        "bedrock",
        "bedrock_api_key",
        {"region": "us-east-1"},
        "/openai/v1/chat/completions",
        "authorization",
        f"Bearer {STORED}",
    ),
    ("custom", "x_api_key", {}, "/v1/chat/completions", "x-api-key", STORED),
    ("custom", "azure_api_key", {}, "/v1/chat/completions", "api-key", STORED),
    ("groq", None, {}, "/openai/v1/chat/completions", "authorization", f"Bearer {STORED}"),
]


@covers("L089", "L090", "L092", "L097")
@pytest.mark.parametrize(("vendor", "way", "settings", "target", "name", "value"), CASES)
async def test_a_key_goes_where_its_vendor_reads_it(
    rig: Rig,
    upstream: Vendor,
    vendor: str,
    way: str | None,
    settings: Mapping[str, object],
    target: str,
    name: str,
    value: str,
) -> None:
    rig.route(upstream, model_provider=vendor, auth_type=way, settings=settings)
    assert (await rig.post()).status_code == 200
    seen = upstream.last
    assert seen.target == target
    assert seen.field(name) == value
    assert seen.text.count(STORED) == 1
    keys = {"authorization", "api-key", "x-api-key", "x-goog-api-key"}
    assert keys & {each for each, _ in seen.fields} == {name}
    assert not any(each.startswith("x-amz") for each, _ in seen.fields)


@pytest.mark.parametrize(
    ("vendor", "settings", "said"),
    [
        ("openai", {"organization": "o", "project": "p"}, {"openai-organization": "o", "openai-project": "p"}),
        ("openrouter", {"http_referer": "r", "x_title": "t"}, {"http-referer": "r", "x-title": "t"}),
    ],
)
async def test_a_vendor_is_told_what_its_settings_say(
    rig: Rig, upstream: Vendor, vendor: str, settings: dict[str, object], said: dict[str, str]
) -> None:
    rig.route(upstream, model_provider=vendor, settings=settings)
    await rig.post(openai_organization="org-of-client")
    assert {name: upstream.last.field(name) for name in said} == said


async def test_a_version_is_that_of_the_client_or_of_the_settings(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream, alias="claude", model_provider="anthropic", settings={"anthropic_version": "2024-01-01"})
    await rig.post("/messages", MESSAGES)
    assert upstream.last.field("anthropic-version") == "2024-01-01"
    await rig.post("/messages", MESSAGES, anthropic_version="2026-10-21")
    assert upstream.last.field("anthropic-version") == "2026-10-21"


async def test_a_messages_path_of_another_vendor_has_that_vendors_own_key(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream, alias="claude", model_provider="deepseek")
    await rig.post("/messages", MESSAGES)
    assert upstream.last.target == "/anthropic/v1/messages"
    assert upstream.last.field("authorization") == f"Bearer {STORED}"
    assert upstream.last.field("x-api-key") is None


ODD = (
    b'{ "messages":[{"role":"user","content":"\\u00e9 \xc3\xa9 \\"model\\": \\"gpt\\""}],\n "model" :"gpt" ,"n":1e0,'
    b' "x":{"model":"gpt"}}'
)


async def test_nothing_but_the_model_changes_in_a_body(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream, model='m"é')
    assert (await rig.post(content=ODD, content_type="application/json; charset=utf-8")).status_code == 200
    assert upstream.last.body == ODD.replace(b'"model" :"gpt"', b'"model" :"m\\"\xc3\xa9"')
    assert upstream.last.field("content-type") == "application/json; charset=utf-8"


@covers("L105")
async def test_nothing_is_added_to_a_stream_that_is_asked_for(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream, model_provider="cohere", model="gpt")
    upstream.says(events(b"data: [DONE]\n\n"))
    body: dict[str, Any] = {**BODY, "stream": True}
    await rig.post(body=body)
    assert upstream.last.json == body
    asks = {**body, "stream_options": {"include_usage": True}}
    await rig.post(body=asks)
    assert upstream.last.json == asks


async def test_a_good_answer_passes_as_it_came(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream)
    odd = b'{"a" :\t"\xff\xfe not even UTF-8", "key": "' + STORED.encode() + b'"}'
    upstream.says(answer(body=odd))
    said = await rig.post()
    assert said.content == odd
    assert said.headers["content-length"] == str(len(odd))


async def test_an_answer_in_an_encoding_is_passed_with_its_name(rig: Rig, upstream: Vendor) -> None:
    import gzip  # noqa: PLC0415 - for this test alone

    rig.route(upstream)
    upstream.says(answer(body=gzip.compress(b'{"ok":1}'), fields={"content-encoding": "gzip"}))
    assert (await rig.post()).json() == {"ok": 1}


async def test_a_long_body_goes_through_whole(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream)
    body = {**BODY, "pad": "x" * 3_000_000}
    assert (await rig.post(body=body)).status_code == 200
    assert upstream.last.json == json.loads(json.dumps(body | {"model": "gpt-up"}))
