"""What a change of a connection means for the next request, and for those under way."""

import asyncio

from tests.delivery.llm.behaviours import covers
from tests.delivery.llm.rig import BODY, ROTATED, STORED, Rig
from tests.delivery.llm.vendors import DONE, Vendor, chat, chunk


@covers("L030", "L031", "L034")
async def test_the_next_request_goes_out_with_the_new_key(rig: Rig, upstream: Vendor) -> None:
    made = rig.route(upstream)
    path = f"/connections/{made.connection}"

    async def sent() -> str | None:
        assert (await rig.post()).status_code == 200
        return upstream.last.field("authorization")

    assert await sent() == f"Bearer {STORED}"
    rig.api.put(path, name="another name")
    assert await sent() == f"Bearer {STORED}"
    rig.api.refused("PUT", path, {"api_key": ""})
    assert await sent() == f"Bearer {STORED}"
    rig.api.put(path, api_key=ROTATED)
    assert await sent() == f"Bearer {ROTATED}"


@covers("L049")
async def test_all_providers_of_a_connection_send_the_new_key(rig: Rig, upstream: Vendor) -> None:
    made = rig.route(upstream, alias="one")
    rig.route(upstream, alias="two", connection=made.connection)
    for key in (STORED, ROTATED):
        for alias in ("one", "two"):
            assert (await rig.post(body={**BODY, "model": alias})).status_code == 200
            assert upstream.last.field("authorization") == f"Bearer {key}"
        rig.api.put(f"/connections/{made.connection}", api_key=ROTATED)


@covers("L106")
async def test_a_stream_ends_on_the_key_it_began_with(rig: Rig, upstream: Vendor) -> None:
    made = rig.route(upstream)
    rotated = asyncio.Event()

    async def slowly(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        first, last = chunk("one"), chunk("two") + DONE
        writer.write(b"%x\r\n%b\r\n" % (len(first), first))
        await rotated.wait()
        writer.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(last), last))

    upstream.says(slowly, chat())
    async with rig.openai() as client:
        stream = await client.chat.completions.create(model="gpt", messages=[], stream=True)
        parts = aiter(stream)
        assert (await anext(parts)).choices[0].delta.content == "one"
        await asyncio.to_thread(rig.api.put, f"/connections/{made.connection}", api_key=ROTATED)
        assert (await rig.post()).status_code == 200
        assert upstream.last.field("authorization") == f"Bearer {ROTATED}"
        rotated.set()
        assert [each.choices[0].delta.content async for each in parts] == ["two"]
    assert upstream.seen[0].field("authorization") == f"Bearer {STORED}"


async def test_no_connection_serves_two_secrets(rig: Rig, upstream: Vendor) -> None:
    made = rig.route(upstream)
    for _ in range(3):
        await rig.post()
    assert upstream.connections == 1
    rig.api.put(f"/connections/{made.connection}", api_key=ROTATED)
    await rig.post()
    assert upstream.connections == 2
    rig.route(upstream, alias="other")
    await rig.post(body={**BODY, "model": "other"})
    assert upstream.connections == 3
