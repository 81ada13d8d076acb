"""A session that may use some tools of a server: what its agent sees, and what the server gets to see."""

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from mcp import Client, MCPError
from mcp.client.sse import sse_client

from strongroom.core.mcp_servers import Served
from strongroom.core.mcp_urls import McpUrl
from strongroom.core.sessions import Session
from strongroom.delivery.egress.refusals import Refusal
from strongroom.delivery.mcp.ports import Answered, Passed, Screening, unscreened
from strongroom.delivery.mcp.refusals import Turned
from strongroom.delivery.mcp.tools import ToolScreen, screened
from tests.core.test_identity import session
from tests.delivery.egress.doubles import SECRET, TOKEN, placement
from tests.delivery.mcp.running import Servers, answering, message, refusal, rig, served
from tests.delivery.mcp.scripted import Scripted, chunk
from tests.delivery.mcp.servers import ANY_NAME, Guarded, streamable, tools
from tests.delivery.mcp.test_older_transport import answer
from tests.delivery.mcp.test_python_client import KINDS, Mode, client
from tests.delivery.mcp.test_streaming import opened

ADDRESS = McpUrl.parse("https://tools.example.com/mcp")
TYPE = (b"Content-Type", b"application/json")


def only_add(_session: Session, _server: Served) -> ToolScreen:
    return ToolScreen(frozenset({"add"}))


def calling(tool: str, id_: object = 1) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": id_, "method": "tools/call", "params": {"name": tool, "arguments": {}}}


def judged(body: object, *fields: tuple[bytes, bytes]) -> Passed | Answered:
    return ToolScreen(frozenset({"add"})).request([TYPE, *fields], json.dumps(body).encode())


# --- through a gateway -------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_a_client_sees_and_calls_only_what_it_may_use(kind: dict[str, bool], mode: Mode) -> None:
    async with streamable(**kind) as (port, server), rig(port, screening=only_add) as running:
        async with client(running, mode) as mcp:
            assert [tool.name for tool in (await mcp.list_tools()).tools] == ["add"]
            assert (await mcp.call_tool("add", {"a": 2, "b": 3})).structured_content == {"result": 5}
            with pytest.raises(MCPError, match='tool "whoami" is not among those'):
                await mcp.call_tool("whoami", {})
        assert running.counters.refused["tool_not_allowed"] == 1
    assert server.refused == 0


async def test_a_refused_call_does_not_reach_the_server_and_says_so_in_its_header() -> None:
    async with streamable(stateless=True, json=True) as (port, server), rig(port, screening=only_add) as running:
        reply = await running.ask(body=json.dumps(calling("whoami", "x")).encode())
        assert (reply.status_code, reply.headers["strongroom-refused"]) == (200, "tool_not_allowed")
        assert (reply.json()["id"], reply.json()["error"]["code"]) == ("x", -32602)
        assert server.seen == []


async def test_what_is_unclear_is_refused_and_does_not_reach_the_server() -> None:
    async with streamable(stateless=True, json=True) as (port, server), rig(port, screening=only_add) as running:
        body = b'{"method": "tools/call", "params": {"name": "add", "name": "whoami"}, "id": 1}'
        status, code, sentence = refusal(await running.ask(body=body))
        assert (status, code) == (400, "bad_request")
        assert "unclear" in sentence
        assert server.seen == []


async def test_the_older_transport_lists_only_what_may_be_used() -> None:
    app = Guarded(tools().sse_app(transport_security=ANY_NAME), SECRET)
    async with served(app) as port, rig(port, path="/sse", screening=only_add) as running:
        transport = sse_client(running.url, headers={"authorization": f"Bearer {TOKEN}"})
        async with Client(transport, mode="legacy") as mcp:
            assert [tool.name for tool in (await mcp.list_tools()).tools] == ["add"]
            assert (await mcp.call_tool("add", {"a": 2, "b": 3})).structured_content == {"result": 5}


async def test_over_the_older_transport_a_refused_call_is_refused_as_a_request() -> None:
    server = Scripted(answer, streams=True)
    async with (
        answering(server) as port,
        rig(port, path="/sse", screening=only_add) as running,
        opened(running, server) as stream,
    ):
        stream.server.write(chunk(b"event: endpoint\ndata: /messages\n\n"))
        place = (await stream.next()).removeprefix(b"event: endpoint\ndata: ").strip().decode()
        server.streams = False
        url, before = f"http://127.0.0.1:{running.port}{place}", len(server.seen)
        reply = await running.ask(url=url, body=json.dumps(calling("whoami")).encode())
        assert refusal(reply)[:2] == (403, "tool_not_allowed")
        assert len(server.seen) == before
        assert (await running.ask(url=url, body=json.dumps(calling("add")).encode())).status_code == 202


@pytest.mark.parametrize(("screening", "refused"), [(only_add, 0), (unscreened, 1)])
async def test_a_reserved_credential_goes_only_with_requests_that_are_looked_into(
    screening: Screening, refused: int
) -> None:
    async with streamable(stateless=True, json=True) as (port, server):
        delivery = Servers(placements=(replace(placement("/mcp"), reserved=True),))
        async with rig(port, delivery=delivery, screening=screening) as running:
            await running.ask(body=message(id=1, method="tools/list"))
        assert (server.refused, len(server.seen)) == (refused, 1)


# --- messages ----------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [calling("add"), {"id": 1, "method": "tools/list"}, [calling("add"), calling("add")]])
def test_what_is_allowed_passes_byte_for_byte(body: object) -> None:
    assert judged(body) == Passed(json.dumps(body).encode())


def test_of_a_batch_with_one_refused_call_nothing_passes_and_each_request_is_answered() -> None:
    batch = [calling("add", 1), calling("drop", 2), {"method": "notifications/initialized"}]
    answered = judged(batch)
    assert isinstance(answered, Answered)
    first, second = json.loads(answered.body)
    assert (first["id"], first["error"]["message"]) == (1, "it was sent together with a call that is not allowed")
    assert (second["id"], '"drop"' in second["error"]["message"]) == (2, True)


def test_a_refused_call_that_wants_no_answer_is_refused_as_a_request() -> None:
    with pytest.raises(Turned) as turned:
        judged({"method": "tools/call", "params": {"name": "drop"}})
    assert turned.value.code == "tool_not_allowed"


@pytest.mark.parametrize(
    "fields",
    [
        [(b"Mcp-Method", b"tools/list")],
        [(b"MCP-METHOD", b"tools/call"), (b"mcp-method", b"ping")],
        [(b"Mcp-Name", b"drop")],
        [(b"Mcp-Name", b"=?base64?" + base64.b64encode(b"drop") + b"?=")],
        [(b"Mcp-Name", b"=?base64?!?=")],
        [(b"Mcp-Name", b"\xff")],
        [(b"content-type", b"application/json")],
    ],
)
def test_a_header_that_says_something_else_than_the_message_is_refused(fields: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(Refusal):
        judged(calling("add"), *fields)


def test_a_header_that_says_the_same_passes() -> None:
    for name in (b"add", b"=?base64?" + base64.b64encode(b"add") + b"?="):
        assert isinstance(judged(calling("add"), (b"Mcp-Method", b"tools/call"), (b"Mcp-Name", name)), Passed)
    with pytest.raises(Refusal):
        judged([calling("add")] * 2, (b"Mcp-Method", b"tools/call"))


@pytest.mark.parametrize(
    "kind", [b"", b"text/plain", b"application/json; charset=utf-7", b"application/json; charset=utf-16"]
)
def test_what_is_not_sent_as_json_in_utf_8_is_refused(kind: bytes) -> None:
    body = json.dumps(calling("add")).encode()
    with pytest.raises(Refusal):
        ToolScreen(frozenset({"add"})).request([(b"content-type", kind)], body)
    usual = [(b"content-type", b"application/json; charset=UTF-8")]
    assert ToolScreen(frozenset({"add"})).request(usual, body) == Passed(body)


def test_only_servers_with_a_list_are_looked_into() -> None:
    server = Served(name="t", key="t", address=ADDRESS)
    assert screened(session(), server) is None
    limited = replace(session(), mcp_tools={ADDRESS.text: ()})
    screen = screened(limited, server)
    assert screen is not None
    assert isinstance(screen.request([TYPE], json.dumps(calling("add")).encode()), Answered)
    assert screened(limited, replace(server, address=McpUrl.parse("https://tools.example.com/other"))) is None


def test_answers_that_hold_no_messages_are_left_alone() -> None:
    assert ToolScreen(frozenset()).reply(b"text/html") is None
