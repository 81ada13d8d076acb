"""What clients used is seen in the native API, and a limit holds them in their own words."""

import asyncio
from typing import Any

import httpx
import pytest
from anthropic import RateLimitError as AnthropicLimited
from openai import RateLimitError as OpenAiLimited

from tests.delivery.llm.rig import BODY, HI, MESSAGES, Rig, told
from tests.delivery.llm.vendors import DONE, MESSAGE_EVENTS, Vendor, answer, chunk, events, message
from tests.plain_http import UNUSED_TLS

LIMIT = {"tokens_per_day": 20}


async def native(rig: Rig, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - whatever JSON it is
    async with httpx.AsyncClient(trust_env=False, verify=UNUSED_TLS, timeout=20) as http:
        headers = {"x-api-key": rig.tenant.key}
        reply = await http.request(method, f"{rig.tenant.url}/strongroom/v1{path}", json=body, headers=headers)
    assert reply.status_code == 200, reply.text
    return reply.json()


async def key_id(rig: Rig) -> str:
    (key,) = (await native(rig, "GET", "/gateway-keys"))["data"]
    return str(key["id"])


async def limited(rig: Rig, body: object = LIMIT) -> None:
    await native(rig, "PUT", f"/gateway-keys/{await key_id(rig)}/limits", body)


async def test_a_chat_is_written_down_with_what_it_took_and_what_it_went_by(rig: Rig, upstream: Vendor) -> None:
    route = rig.route(upstream)
    async with rig.openai() as client:
        await client.chat.completions.create(model="gpt", messages=HI)
    (row,) = (await native(rig, "GET", "/usage?group_by=model&group_by=credential&group_by=key"))["data"]
    assert (row["model"], row["connection_id"], row["key_id"]) == ("gpt-up", route.connection, await key_id(rig))
    assert (row["requests"], row["input_tokens"], row["output_tokens"], row["counted_tokens"]) == (1, 7, 5, 12)
    (use,) = (await native(rig, "GET", "/usage/requests"))["data"]
    assert (use["operation"], use["requested_model"], use["secret_version"]) == ("chat", "gpt", 1)
    assert (use["dialect"], use["organization_id"]) == ("openai", rig.tenant.organization)
    assert (use["status"], use["finish"], use["provider_id"]) == (200, "completed", route.provider)
    assert use["bytes_out"] > 0
    assert "hello" not in str(use)


@pytest.mark.parametrize("asks", [True, False])
async def test_a_stream_is_counted_and_where_it_tells_nothing_estimated(
    rig: Rig, upstream: Vendor, *, asks: bool
) -> None:
    rig.route(upstream)
    untold = [piece.replace(b'"usage"', b'"unused"') for piece in (chunk("hel"), chunk("lo"))]
    upstream.says(events(*untold, *([chunk("")] if asks else []), DONE))
    async with rig.openai() as client:
        stream = await client.chat.completions.create(model="gpt", messages=HI, stream=True)
        assert [each async for each in stream]
    (use,) = (await native(rig, "GET", "/usage/requests"))["data"]
    (row,) = (await native(rig, "GET", "/usage"))["data"]
    assert use["is_stream"] is True
    assert (use["input_tokens"], use["output_tokens"]) == ((7, 5) if asks else (None, None))
    assert row["untold_requests"] == (0 if asks else 1)
    estimate = -(-use["bytes_in"] // 4) + 3  # two chunks, and the one that says that it is done
    assert row["counted_tokens"] == (12 if asks else estimate)


async def test_a_streamed_message_is_counted(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream, alias="claude", model="claude-up", model_provider="anthropic")
    upstream.says(events(*MESSAGE_EVENTS))
    async with (
        rig.anthropic() as client,
        client.messages.stream(model="claude", max_tokens=5, messages=HI) as stream,
    ):
        await stream.get_final_text()
    (row,) = (await native(rig, "GET", "/usage"))["data"]
    assert (row["input_tokens"], row["output_tokens"], row["untold_requests"]) == (7, 5, 0)


async def test_a_key_that_reached_its_limit_is_told_so_by_both_clients_and_nothing_is_sent(
    rig: Rig, upstream: Vendor
) -> None:
    rig.route(upstream)
    rig.route(upstream, alias="claude", model="claude-up", model_provider="anthropic")
    await limited(rig)
    async with rig.openai() as client:
        for _ in range(2):
            await client.chat.completions.create(model="gpt", messages=HI)
        with pytest.raises(OpenAiLimited, match="20 tokens a day and it has used 24"):
            await client.chat.completions.create(model="gpt", messages=HI)
    upstream.says(message())
    async with rig.anthropic() as anthropic:
        with pytest.raises(AnthropicLimited, match="20 tokens a day and it has used 24"):
            await anthropic.messages.create(model="claude", max_tokens=5, messages=HI)
    assert len(upstream.seen) == 2
    refused = await rig.post()
    error = told(refused, 429, "spend_limit_exceeded")
    assert error["type"] == "rate_limit_error"
    assert 0 < int(refused.headers["retry-after"]) <= 24 * 3600
    (refusal, *_) = (await native(rig, "GET", "/usage/requests"))["data"]
    assert (refusal["status"], refusal["code"], refusal["finish"]) == (429, "spend_limit_exceeded", "refused")
    await limited(rig, {"tokens_per_day": 1000})
    upstream.says(answer(body=b"{}"))
    assert (await rig.post(body=BODY)).status_code == 200


async def test_a_stream_under_way_when_the_limit_is_reached_is_not_cut(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream)
    upstream.says(events(chunk("a"), chunk("b"), chunk("c"), DONE, pause=0.2))
    async with rig.openai() as client:
        stream = await client.chat.completions.create(model="gpt", messages=HI, stream=True)
        seen = [(await anext(stream)).choices[0].delta.content]
        await limited(rig, {"tokens_per_day": 0})
        told(await rig.post(), 429, "spend_limit_exceeded")
        seen += [each.choices[0].delta.content async for each in stream]
    assert seen == ["a", "b", "c"]


async def test_many_at_once_do_not_outrun_a_limit_once_one_of_them_is_over(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream)
    await limited(rig, {"tokens_per_day": 1})
    answers = await asyncio.gather(*(rig.post() for _ in range(8)))
    assert {reply.status_code for reply in answers} <= {200, 429}
    told(await rig.post(), 429, "spend_limit_exceeded")


async def test_counting_tokens_costs_nothing(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream, alias="claude", model="claude-up", model_provider="anthropic")
    upstream.says(answer(body=b'{"input_tokens": 12}'))
    counted = await rig.post("/messages/count_tokens", MESSAGES)
    assert counted.status_code == 200
    (row,) = (await native(rig, "GET", "/usage"))["data"]
    assert (row["requests"], row["counted_tokens"], row["untold_requests"]) == (1, 0, 0)
    (use,) = (await native(rig, "GET", "/usage/requests"))["data"]
    assert (use["dialect"], use["operation"]) == ("anthropic", "count_tokens")
