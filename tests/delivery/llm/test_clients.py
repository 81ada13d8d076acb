"""The vendors' own clients, unmodified."""

from tests.delivery.llm.rig import HI, STORED, Rig
from tests.delivery.llm.vendors import DONE, MESSAGE_EVENTS, Vendor, chunk, events, message


async def test_a_chat_reaches_its_upstream_with_the_stored_key(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream)
    async with rig.openai() as client:
        answer = await client.chat.completions.create(model="gpt", messages=HI)
    assert answer.choices[0].message.content == "hello"
    seen = upstream.last
    assert (seen.method, seen.target) == ("POST", "/v1/chat/completions")
    assert seen.field("authorization") == f"Bearer {STORED}"
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


async def test_messages_reach_their_upstream_with_the_stored_key(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream, alias="claude", model="claude-up", model_provider="anthropic")
    upstream.says(message())
    async with rig.anthropic() as client:
        answer = await client.messages.create(model="claude", max_tokens=5, messages=HI)
    assert answer.content[0].text == "hello"  # type: ignore[union-attr]  # the vendor says text
    assert upstream.last.target == "/v1/messages"
    assert upstream.last.field("x-api-key") == STORED
    assert upstream.last.field("authorization") is None


async def test_messages_are_streamed(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream, alias="claude", model="claude-up", model_provider="anthropic")
    upstream.says(events(*MESSAGE_EVENTS))
    async with (
        rig.anthropic() as client,
        client.messages.stream(model="claude", max_tokens=5, messages=HI) as stream,
    ):
        assert await stream.get_final_text() == "hello"
