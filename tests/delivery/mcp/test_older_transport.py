"""HTTP with SSE, as servers of 2024 speak it: with the protocol's own SDK, and with servers that lie."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest
from mcp import Client
from mcp.client.sse import sse_client

from tests.delivery.egress.doubles import MARKER, SECRET, TOKEN, placement
from tests.delivery.mcp.running import HOST, Rig, Servers, answering, message, refusal, rig, served
from tests.delivery.mcp.scripted import EVENTS, OK, Request, Scripted, chunk
from tests.delivery.mcp.servers import ANY_NAME, Guarded, tools
from tests.delivery.mcp.test_streaming import opened

ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 8\r\n\r\nAccepted"


def answer(asked: Request) -> bytes:
    return EVENTS if asked.line.startswith(b"GET") else ACCEPTED


async def test_the_sdks_client_and_server_speak_through_the_gateway() -> None:
    app = Guarded(tools().sse_app(transport_security=ANY_NAME), SECRET)
    async with served(app) as port, rig(port, path="/sse") as running:
        transport = sse_client(running.url, headers={"authorization": f"Bearer {TOKEN}"})
        async with Client(transport, mode="legacy") as mcp:
            assert {tool.name for tool in (await mcp.list_tools()).tools} == {"add", "whoami", "count"}
            assert (await mcp.call_tool("add", {"a": 2, "b": 3})).structured_content == {"result": 5}
            text = str(await mcp.call_tool("whoami", {}))
            assert SECRET not in text
            assert MARKER in text
    assert app.refused == 0
    posted = [path for method, path, _ in app.seen if method == "POST"]
    assert set(posted) == {"/messages/"}


@asynccontextmanager
async def told(server: Scripted, named: bytes) -> AsyncIterator[tuple[Rig, str]]:
    """Open a stream on which the server names a place; hand out what the client is told instead."""
    async with answering(server) as port, rig(port, path="/a/sse") as running, opened(running, server) as stream:
        named = named.replace(b"ORIGIN", f"http://{HOST}:{port}".encode())
        stream.server.write(chunk(b"event: endpoint\ndata: " + named + b"\n\n"))
        event = await stream.next()
        assert event.startswith(b"event: endpoint\ndata: /prefix/mcp/sesn_1/server?endpoint=page_")
        yield running, event.removeprefix(b"event: endpoint\ndata: ").strip().decode()


@pytest.mark.parametrize(
    ("named", "target"),
    [
        (b"/messages/?session_id=1%2F", b"/messages/?session_id=1%2F"),
        (b"messages?x=1", b"/a/messages?x=1"),
        (b"?only=query", b"/a/sse?only=query"),
        (b"ORIGIN/elsewhere", b"/elsewhere"),
        (b"/messages#fragment", b"/messages"),
    ],
)
async def test_messages_go_where_the_server_said_with_the_credential(named: bytes, target: bytes) -> None:
    server = Scripted(answer, streams=True)
    async with told(server, named) as (running, place):
        server.streams = False
        got = await running.ask(url=f"http://127.0.0.1:{running.port}{place}", body=message(id=1, method="ping"))
        assert (got.status_code, got.text) == (202, "Accepted")
    posted = server.seen[-1]
    assert posted.line == b"POST " + target + b" HTTP/1.1"
    assert posted.all(b"authorization") == [f"Bearer {SECRET}".encode()]
    assert posted.body == message(id=1, method="ping")


@pytest.mark.parametrize(
    "named",
    [
        b"https://evil.example.com/messages",
        b"//evil.example.com/messages",
        b"http://mcp.example.com/messages",
        b"ORIGIN@evil.example.com/messages",
        b"ftp://x",
        b"http://[",
        b"/\xff",
        b"/a b",
    ],
)
async def test_a_place_that_is_not_the_servers_own_ends_the_stream(named: bytes) -> None:
    server = Scripted(answer, streams=True)
    async with answering(server) as port, rig(port, path="/sse") as running, opened(running, server) as stream:
        await stream.passes(b"data: before\n\n")
        named = named.replace(b"ORIGIN", f"http://{HOST}:{port}".encode())
        stream.server.write(chunk(b"data: " + named + b"\nevent: endpoint\n\n"))
        assert await stream.rest() == b""
        assert running.counters.refused == {"upstream_bad_reply": 1}


async def test_a_later_event_cannot_lead_elsewhere_either() -> None:
    server = Scripted(answer, streams=True)
    async with answering(server) as port, rig(port, path="/sse") as running, opened(running, server) as stream:
        for _ in range(2):
            stream.server.write(chunk(b"event: endpoint\ndata: /messages\n\n"))
            assert b"data: /prefix/mcp/" in await stream.next()
        stream.server.write(chunk(b"event: endpoint\ndata: https://evil.example.com/\n\n"))
        assert await stream.rest() == b""


async def test_an_event_that_does_not_end_is_not_passed_on() -> None:
    server = Scripted(answer, streams=True)
    async with answering(server) as port, rig(port, path="/sse") as running, opened(running, server) as stream:
        stream.server.write(chunk(b"event: endpoint\ndata: https://evil.example.com/") + b"0\r\n\r\n")
        await stream.ends()


async def test_a_place_is_good_for_its_session_and_server_only() -> None:
    server = Scripted(answer, streams=True)
    async with told(server, b"/messages") as (running, place):
        server.streams = False
        url = f"http://127.0.0.1:{running.port}{place}"
        running.delivery.served["other"] = (f"http://{HOST}:1/sse", None)
        running.delivery.sessions["srt_other"] = running.delivery.session("sesn_2")
        for wrong, token in [
            (url.replace("/server?", "/other?"), TOKEN),
            (url.replace("/sesn_1/", "/sesn_2/"), "srt_other"),
            (url[:-6] + "AAAA%3D", TOKEN),
            (url.partition("page_")[0] + "/messages", TOKEN),
        ]:
            assert refusal(await running.ask(url=wrong, token=token))[:2] == (404, "mcp_server_not_found")
        assert refusal(await running.ask("GET", url=url))[:2] == (405, "method_not_allowed")
        assert len(server.seen) == 1


async def test_an_event_of_that_name_in_an_answer_to_a_post_is_left_alone() -> None:
    event = b"event: endpoint\ndata: https://evil.example.com/\n\n"
    server = Scripted(lambda _: EVENTS + chunk(event) + b"0\r\n\r\n")
    async with answering(server) as port, rig(port) as running:
        assert (await running.ask()).content == event
    assert urlsplit(running.url).path.startswith("/mcp/")


async def test_a_credential_is_for_the_url_of_the_stream() -> None:
    server = Scripted(lambda _: OK)
    delivery = Servers(placements=(placement("/sse"),))
    async with answering(server) as port, rig(port, path="/sse", delivery=delivery) as running:
        assert (await running.ask("GET")).status_code == 200
    assert server.seen[0].all(b"authorization") == [f"Bearer {SECRET}".encode()]
