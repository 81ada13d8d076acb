"""Asking MCP servers: real ones, and such that answer in odd ways."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiohttp import web

from strongroom.core.secret import Secret
from strongroom.outbound import AddressGuard, Dialer
from strongroom.outbound.control import ControlClient
from strongroom.outbound.mcp_probe import HttpMcpProbe
from strongroom.outbound.trust import upstream_context
from strongroom.services.oauth_ports import ProbeFailure
from tests.closing import cut
from tests.delivery.mcp.node_servers import everything
from tests.oauth.granting import granted
from tests.oauth.stage import authorization_server, protected_server

TOKEN = Secret("the-token")
HELLO = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": {"name": "s", "version": "1"}}
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.fixture(scope="module")
def probe() -> HttpMcpProbe:
    guard = AddressGuard(allowed=(ip_network("127.0.0.1/32"),))
    context = upstream_context(trustme.CA().cert_pem.bytes().decode())
    dialer = Dialer(guard=guard, ssl_contexts={("http/1.1",): context})
    return HttpMcpProbe(client=ControlClient(dialer=dialer, guard=guard, ssl_context=context, insecure=True))


class Server:
    """Notes what it was asked; `answer` says what it answers to a method."""

    def __init__(self, **answers: Answer) -> None:
        self.asked: list[tuple[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.answers = answers
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.text()
        method = str(json.loads(body)["method"]).replace("/", "_") if body else ""
        self.asked.append((request.method, method))
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        found = self.answers.get(method or request.method)
        return await found(request) if found is not None else web.Response(status=202)


@asynccontextmanager
async def serving(server: Server) -> AsyncIterator[Server]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/mcp"
    try:
        yield server
    finally:
        await cut(runner)


def said(**answer: object) -> str:
    return json.dumps({"jsonrpc": "2.0", "id": 1, **answer})


def as_json(status: int = 200, headers: dict[str, str] | None = None, **answer: object) -> Answer:
    async def respond(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=said(**answer), content_type="application/json", headers=headers)

    return respond


def as_events(*events: str, stays: bool = False) -> Answer:
    async def respond(request: web.Request) -> web.StreamResponse:
        stream = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await stream.prepare(request)
        for event in events:
            await stream.write(event.encode())
        if stays:
            await asyncio.sleep(60)
        return stream

    return respond


async def test_a_session_is_begun_its_tools_are_listed_and_it_is_ended(probe: HttpMcpProbe) -> None:
    hello = as_json(headers={"mcp-session-id": "s-1"}, result=HELLO)
    async with serving(Server(initialize=hello, tools_list=as_json(result={"tools": []}))) as server:
        assert await probe.probe(server.url, TOKEN, within=5) is None
    assert server.asked == [
        ("POST", "initialize"),
        ("POST", "notifications_initialized"),
        ("POST", "tools_list"),
        ("DELETE", ""),
    ]
    assert {each["authorization"] for each in server.headers} == {"Bearer the-token"}
    assert "mcp-session-id" not in server.headers[0]
    assert {each["mcp-session-id"] for each in server.headers[1:]} == {"s-1"}
    assert {each["mcp-protocol-version"] for each in server.headers[1:]} == {"2025-06-18"}


async def test_answers_on_a_stream_are_read_no_further_than_the_answer(probe: HttpMcpProbe) -> None:
    note = 'data: {"jsonrpc":"2.0","method":"notifications/message","params":{}}\n\n'
    hello = as_events(": hello\n\n", note, f"event: message\ndata: {said(result=HELLO)}\n\n", stays=True)
    tools = as_events(f"data: {said(result={'tools': []})}\r\n\r\n", stays=True)
    async with serving(Server(initialize=hello, tools_list=tools)) as server:
        assert await probe.probe(server.url, TOKEN, within=5) is None


@pytest.mark.parametrize(
    ("answers", "method", "status"),
    [
        ({"initialize": as_json(503)}, "initialize", 503),
        ({"initialize": as_json(302, {"location": "/elsewhere"})}, "initialize", 302),
        ({"initialize": as_json(error={"code": -32600, "message": "no"})}, "initialize", 200),
        (
            {"initialize": as_json(result=HELLO), "notifications_initialized": as_json(401)},
            "notifications/initialized",
            401,
        ),
        ({"initialize": as_json(result=HELLO), "tools_list": as_json(401)}, "tools/list", 401),
        ({"initialize": as_events("data: {}\n\n")}, "initialize", 200),
    ],
    ids=["trouble", "a redirect", "an error", "rejected at once", "rejected later", "a stream without an answer"],
)
async def test_the_step_that_failed_is_told_with_its_answer(
    probe: HttpMcpProbe, answers: dict[str, Answer], method: str, status: int
) -> None:
    async with serving(Server(**answers)) as server:
        failed = await probe.probe(server.url, TOKEN, within=5)
    assert failed is not None
    assert failed.reply is not None
    assert (failed.method, failed.reply.status) == (method, status)
    assert ("GET", "") not in server.asked


async def test_a_server_without_tools_is_not_asked_for_them_and_one_that_knows_no_list_is_good(
    probe: HttpMcpProbe,
) -> None:
    async with serving(Server(initialize=as_json(result=HELLO | {"capabilities": {}}))) as server:
        assert await probe.probe(server.url, TOKEN, within=5) is None
    assert ("POST", "tools_list") not in server.asked
    unknown = as_json(error={"code": -32601, "message": "no such method"})
    async with serving(Server(initialize=as_json(result=HELLO), tools_list=unknown)) as server:
        assert await probe.probe(server.url, TOKEN, within=5) is None


async def test_no_answer_in_time_and_no_server_at_all_are_no_answer(probe: HttpMcpProbe) -> None:
    async with serving(Server(initialize=as_events(": wait\n\n", stays=True))) as server:
        assert await probe.probe(server.url, TOKEN, within=0.3) == ProbeFailure("initialize", None)
        gone = server.url
    assert await probe.probe(gone, TOKEN, within=5) == ProbeFailure("initialize", None)
    assert await probe.probe("https://169.254.169.254/mcp", TOKEN, within=5) == ProbeFailure("initialize", None)


async def test_an_answer_without_end_is_not_read_for_ever(probe: HttpMcpProbe) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        stream = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await stream.prepare(request)
        while True:
            await stream.write(b": " + b"x" * 100_000 + b"\n\n")

    async with serving(Server(initialize=endless)) as server:
        failed = await probe.probe(server.url, TOKEN, within=20)
    assert failed is not None
    assert failed.reply is not None
    assert failed.reply.truncated


# --- servers of 2024-11-05 -------------------------------------------------------------------------


def old(endpoint: str, *, told: str = said(result=HELLO)) -> Server:
    """A server that takes no POST at its URL, and answers on a stream what is posted elsewhere."""
    posted = asyncio.Event()

    async def stream(request: web.Request) -> web.StreamResponse:
        events = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await events.prepare(request)
        await events.write(f"event: endpoint\ndata: {endpoint}\n\n".encode())
        await posted.wait()
        await events.write(f"event: message\ndata: {told}\n\n".encode())
        return events

    async def initialize(request: web.Request) -> web.StreamResponse:
        if request.path == "/mcp":
            return web.Response(status=405)
        posted.set()
        return web.Response(status=202)

    return Server(initialize=initialize, GET=stream)


async def test_an_old_server_is_asked_as_it_wants(probe: HttpMcpProbe) -> None:
    async with serving(old("/messages?session=1")) as server:
        assert await probe.probe(server.url, TOKEN, within=5) is None
    assert server.asked == [("POST", "initialize"), ("GET", ""), ("POST", "initialize")]
    assert {each["authorization"] for each in server.headers} == {"Bearer the-token"}


async def test_an_old_server_does_not_send_the_token_elsewhere(probe: HttpMcpProbe) -> None:
    async with serving(Server()) as other, serving(old(other.url)) as server:
        failed = await probe.probe(server.url, TOKEN, within=5)
    assert failed is not None
    assert failed.reply is not None
    assert failed.reply.status == 405
    assert server.asked == [("POST", "initialize"), ("GET", "")]
    assert other.asked == []


# --- real ones ---------------------------------------------------------------------------------------


async def test_a_real_server_behind_a_real_authorization_server(probe: HttpMcpProbe) -> None:
    def asked(check: Callable[[str, str], Awaitable[Any]]) -> Any:  # noqa: ANN401 - what the check returns
        with authorization_server(lifetime=60) as issuer, protected_server(issuer) as url:
            return asyncio.run(check(url, granted(issuer, resource=url).access_token))  # type: ignore[arg-type]

    async def check(url: str, token: str) -> tuple[ProbeFailure | None, ProbeFailure | None]:
        good = await probe.probe(url, Secret(token), within=10)
        return good, await probe.probe(url, Secret("another"), within=10)

    good, bad = await asyncio.to_thread(asked, check)
    assert good is None
    assert bad is not None
    assert bad.method == "initialize"
    assert bad.reply is not None
    assert bad.reply.status == 401


@pytest.mark.parametrize(("transport", "path"), [("streamableHttp", "/mcp"), ("sse", "/sse")])
async def test_a_real_server_of_the_typescript_sdk(
    probe: HttpMcpProbe, transport: str, path: str, tmp_path: Path
) -> None:
    async with everything(transport, tmp_path) as port:
        assert await probe.probe(f"http://127.0.0.1:{port}{path}", TOKEN, within=10) is None
        elsewhere = await probe.probe(f"http://127.0.0.1:{port}/elsewhere", TOKEN, within=10)
    assert elsewhere is not None
    assert (elsewhere.method, elsewhere.reply and elsewhere.reply.status) == ("initialize", 404)
