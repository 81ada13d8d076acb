"""The vendors' own clients, unmodified."""

import pytest
from anthropic import NotFoundError as AnthropicNotFound
from openai import NotFoundError, RateLimitError

from tests.delivery.llm.behaviours import covers
from tests.delivery.llm.rig import HI, MESSAGES, STORED, Rig
from tests.delivery.llm.vendors import DONE, MESSAGE_EVENTS, Vendor, answer, chunk, events, message


@covers("L068")
async def test_a_chat_reaches_its_upstream_with_the_stored_key(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream)
    async with rig.openai() as client:
        said = await client.chat.completions.create(model="gpt", messages=HI)
    assert said.choices[0].message.content == "hello"
    seen = upstream.last
    assert (seen.method, seen.target) == ("POST", "/v1/chat/completions")
    assert seen.field("authorization") == f"Bearer {STORED}"
    assert seen.field("user-agent") == "Strongroom"
    assert seen.field("accept-encoding") == "identity"
    assert seen.json == {"model": "gpt-up", "messages": HI}
    assert "bd-" not in seen.text
    assert "x-stainless" not in seen.text


async def test_a_chat_is_streamed(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream)
    upstream.says(events(chunk("hel"), chunk("lo"), DONE))
    async with rig.openai() as client:
        stream = await client.chat.completions.create(model="gpt", messages=HI, stream=True)
        text = [each.choices[0].delta.content async for each in stream]
    assert text == ["hel", "lo"]


async def test_embeddings_and_responses_go_where_the_vendor_answers_them(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream)
    body = b'{"object":"list","model":"m","data":[{"object":"embedding","index":0,"embedding":"AACAPw=="}]}'
    upstream.says(answer(body=body))
    async with rig.openai() as client:
        vectors = await client.embeddings.create(model="gpt", input="hi")
        assert vectors.data[0].embedding == [1.0]
        assert upstream.last.target == "/v1/embeddings"
        assert upstream.last.json["encoding_format"] == "base64"
        upstream.says(answer(body=b'{"id":"resp_1","object":"response","output":[]}'))
        said = await client.responses.create(model="gpt", input="hi")
    assert said.id == "resp_1"
    assert upstream.last.target == "/v1/responses"


@covers("L070")
@pytest.mark.parametrize("way", ["api_key", "auth_token"])
async def test_messages_reach_their_upstream_with_the_stored_key(rig: Rig, upstream: Vendor, way: str) -> None:
    rig.route(upstream, alias="claude", model="claude-up", model_provider="anthropic")
    upstream.says(message())
    async with rig.anthropic(**{way: rig.key}) as client:
        said = await client.messages.create(
            model="claude", max_tokens=5, messages=HI, extra_headers={"anthropic-beta": "files-2025-04-14"}
        )
    assert said.content[0].text == "hello"  # type: ignore[union-attr]  # the vendor says text
    seen = upstream.last
    assert seen.target == "/v1/messages"
    assert seen.field("x-api-key") == STORED
    assert seen.field("authorization") is None
    assert seen.field("anthropic-version") == client.default_headers["anthropic-version"]
    assert seen.field("anthropic-beta") == "files-2025-04-14"
    assert seen.json["model"] == "claude-up"


async def test_messages_are_streamed(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream, alias="claude", model="claude-up", model_provider="anthropic")
    upstream.says(events(*MESSAGE_EVENTS))
    async with (
        rig.anthropic() as client,
        client.messages.stream(model="claude", max_tokens=5, messages=HI) as stream,
    ):
        assert await stream.get_final_text() == "hello"


@covers("L072")
async def test_tokens_are_counted_and_a_beta_is_asked_for(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream, alias="claude", model="claude-up", model_provider="anthropic")
    upstream.says(answer(body=b'{"input_tokens":3}'))
    async with rig.anthropic() as client:
        counted = await client.messages.count_tokens(model="claude", messages=HI)
        assert counted.input_tokens == 3
        assert upstream.last.target == "/v1/messages/count_tokens"
        upstream.says(message())
        await client.beta.messages.create(model="claude", max_tokens=5, messages=HI, betas=["files-2025-04-14"])
    assert upstream.last.field("anthropic-beta") == "files-2025-04-14"
    assert (await rig.post("/messages?beta=true&key=x", MESSAGES)).status_code == 200  # as older clients ask
    assert upstream.last.target == "/v1/messages?beta=true"


@covers("L083")
async def test_both_clients_understand_that_a_model_is_not_there(rig: Rig) -> None:
    async with rig.openai() as client:
        with pytest.raises(NotFoundError) as refused:
            await client.chat.completions.create(model="nothing", messages=HI)
    assert refused.value.code == "model_not_found"
    async with rig.anthropic() as other:
        with pytest.raises(AnthropicNotFound, match="not_found_error"):
            await other.messages.create(model="nothing", max_tokens=5, messages=HI)


@covers("L082")
async def test_a_client_is_told_when_to_come_back(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream)
    rig.route(upstream, model="gpt-other")
    upstream.says(answer(429, fields={"retry-after": "7"}))
    async with rig.openai() as client:
        with pytest.raises(RateLimitError) as refused:
            await client.chat.completions.create(model="gpt", messages=HI)
    assert refused.value.code == "upstream_rate_limited"
    assert refused.value.response.headers["retry-after"] == "7"
    assert [seen.json["model"] for seen in upstream.seen] == ["gpt-up", "gpt-other"]


async def test_both_clients_read_the_list_of_models(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream, name="OpenAI")
    async with rig.openai() as client:
        models = [(each.id, each.owned_by) async for each in client.models.list()]
    assert models == [("OpenAI/gpt-up", "openai"), ("gpt", "openai")]
    async with rig.anthropic() as other:
        named = [(each.id, each.display_name, each.type) async for each in other.models.list()]
    assert named == [("OpenAI/gpt-up", "OpenAI/gpt-up", "model"), ("gpt", "gpt", "model")]
    assert not upstream.seen


async def test_a_model_is_asked_for_by_its_provider_too(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream, name="OpenAI")
    async with rig.openai() as client:
        await client.chat.completions.create(model="openai/gpt-up", messages=HI)
    assert upstream.last.json["model"] == "gpt-up"
