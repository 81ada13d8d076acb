"""Streams: at once, unchanged, no longer than somebody reads, and honest where they break."""

import asyncio
import time

import httpx
import pytest
from anthropic import APIStatusError as AnthropicError
from openai import APIError

from strongroom.core.llm.families import Operation
from tests.delivery.llm.behaviours import covers
from tests.delivery.llm.rig import BODY, HI, MESSAGES, Rig
from tests.delivery.llm.vendors import DONE, MESSAGE_EVENTS, Vendor, answer, chunk, events
from tests.plain_http import UNUSED_TLS

STREAM = {**BODY, "stream": True}


@covers("L073")
async def test_chunks_arrive_as_they_are_sent(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream)
    pieces = (chunk("one"), b": a comment\r\n\r\n" + chunk("two")[:20], chunk("two")[20:] + DONE)
    sent: list[float] = []
    upstream.says(events(*pieces, pause=0.3, times=sent))
    came: list[float] = []
    body = b""
    async with _streaming(rig, STREAM) as said:
        assert said.headers["x-accel-buffering"] == "no"
        async for piece in said.aiter_raw():
            came.append(asyncio.get_running_loop().time())
            body += piece
    assert body == b"".join(pieces)
    assert all(arrived - left < 0.2 for left, arrived in zip(sent, came, strict=True))


@covers("L074")
async def test_the_upstream_learns_that_a_client_has_gone(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream)
    counters = rig.stage.house.llm.counters
    before = counters.requests[Operation.CHAT, "client_disconnected"]
    upstream.says(events(chunk("one"), chunk("two"), pause=60))
    async with _streaming(rig, STREAM) as said:
        await anext(said.aiter_raw())
    left = asyncio.get_running_loop().time()
    await asyncio.wait_for(upstream.gone.wait(), 20)
    assert upstream.gone_at - left < 1
    await _until(lambda: counters.requests[Operation.CHAT, "client_disconnected"] == before + 1)


async def test_a_client_that_leaves_before_its_answer_is_noticed_too(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream)
    upstream.says(events(pause=60, breaks=True), answer())
    asked = asyncio.Event()

    async def never(_writer: asyncio.StreamWriter) -> None:
        asked.set()
        await asyncio.Event().wait()

    upstream.says(never)
    asking = asyncio.create_task(rig.post())
    await asyncio.wait_for(asked.wait(), 20)
    asking.cancel()
    await asyncio.wait_for(upstream.gone.wait(), 20)
    await asyncio.gather(asking, return_exceptions=True)


@covers("L075")
async def test_a_stream_that_breaks_ends_in_an_error_of_its_dialect(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream)
    rig.route(upstream, alias="claude", model_provider="anthropic")
    upstream.says(events(chunk("one"), breaks=True))
    async with rig.openai() as client:
        stream = await client.chat.completions.create(model="gpt", messages=HI, stream=True)
        with pytest.raises(APIError, match="failed to answer") as broke:
            [each async for each in stream]
    assert broke.value.code == "upstream_error"
    upstream.says(events(*MESSAGE_EVENTS[:3], breaks=True))
    async with rig.anthropic() as other:
        with pytest.raises(AnthropicError, match="api_error"):
            async with other.messages.stream(model="claude", max_tokens=5, messages=HI) as said:
                await said.get_final_text()
    upstream.says(events(chunk("one"), chunk("two")[:9], breaks=True))
    async with _streaming(rig, STREAM) as raw:
        body = await raw.aread()
    assert body.startswith(chunk("one") + chunk("two")[:9] + b"\n\n" + b'data: {"error"')
    assert b"[DONE]" not in body
    assert body.endswith(b"}\n\n")


async def test_a_stream_that_falls_silent_ends_in_an_error(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream, alias="claude", model_provider="anthropic", stream_idle_timeout_secs=1)
    upstream.says(events(MESSAGE_EVENTS[0], MESSAGE_EVENTS[1], pause=60))
    async with _streaming(rig, {**MESSAGES, "stream": True}, "/messages") as said:
        body = await said.aread()
    assert body.startswith(MESSAGE_EVENTS[0] + b"event: error\ndata: ")
    assert b"did not answer in time" in body


async def test_a_stream_may_last_longer_than_a_request(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream, request_timeout_secs=1)
    upstream.says(events(chunk("one"), chunk("two"), DONE, pause=0.7))
    async with _streaming(rig, STREAM) as said:
        assert await said.aread() == chunk("one") + chunk("two") + DONE


async def test_an_answer_that_breaks_is_not_taken_for_whole(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream)

    async def half(writer: asyncio.StreamWriter) -> None:
        await answer(200, b'{"choices":', {"content-length": "100"})(writer)
        await asyncio.sleep(0.05)
        await events(breaks=True)(writer)

    upstream.says(half)
    with pytest.raises(httpx.HTTPError):
        await rig.post()


async def test_no_more_is_read_than_the_client_takes(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream)
    written = 0

    async def endlessly(writer: asyncio.StreamWriter) -> None:
        nonlocal written
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"2000\r\n" + b"x" * 0x2000 + b"\r\n")
            await writer.drain()
            written += 0x2000

    upstream.says(endlessly)
    async with _streaming(rig, STREAM) as said:
        await anext(said.aiter_raw())
        before = -1
        while before != written:  # until the sockets between are full
            before = written
            await asyncio.sleep(0.5)
        assert written < 64 * 1024 * 1024, "what the sockets between may hold, and no more"


async def test_a_stream_ends_when_its_key_is_revoked(rig: Rig, upstream: Vendor) -> None:
    rig.route(upstream)
    upstream.says(events(chunk("one"), chunk("two"), pause=60))
    row = rig.api.got("/api-keys")[0]["id"]
    async with _streaming(rig, STREAM) as said:
        pieces = said.aiter_raw()
        await anext(pieces)
        await asyncio.to_thread(rig.api.made, f"/api-keys/{row}", method="DELETE")
        rest = b"".join([piece async for piece in pieces])
    assert b"invalid_api_key" in rest  # said long before its upstream would have gone on
    await asyncio.wait_for(upstream.gone.wait(), 20)


class _streaming:  # noqa: N801 - reads as a function
    """A stream over plain HTTP."""

    def __init__(self, rig: Rig, body: object, path: str = "/chat/completions") -> None:
        self._http = httpx.AsyncClient(trust_env=False, verify=UNUSED_TLS, timeout=20)
        headers = {"authorization": f"Bearer {rig.key}"}
        self._asked = self._http.build_request("POST", f"{rig.url}/v1{path}", json=body, headers=headers)

    async def __aenter__(self) -> httpx.Response:
        self._said = await self._http.send(self._asked, stream=True)
        assert self._said.status_code == 200
        return self._said

    async def __aexit__(self, *_: object) -> None:
        await self._said.aclose()
        await self._http.aclose()


async def _until(holds: object) -> None:
    ends = time.monotonic() + 20
    while not holds():  # type: ignore[operator]  # a plain question
        assert time.monotonic() < ends
        await asyncio.sleep(0.02)
