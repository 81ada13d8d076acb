"""Who is turned away, and what they are told."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Any

import pytest
import trustme

from strongroom.core.failures import Failure, NotPermitted, Unavailable
from strongroom.core.plans import Destination
from strongroom.delivery.egress.limits import Limits as EgressLimits
from strongroom.delivery.mcp import Limits
from tests.delivery.egress.doubles import PLACED, TOKEN, placement
from tests.delivery.mcp.running import HOST, SESSION, Rig, Servers, answering, message, refusal, rig, until
from tests.delivery.mcp.scripted import EVENTS, OK, Request, Scripted, reply

Wrong = Callable[[Rig], dict[str, Any]]
WRONG: list[tuple[str, int, str, Wrong]] = [
    ("no token", 401, "authentication_required", lambda _: {"token": None}),
    ("an unknown token", 401, "authentication_required", lambda _: {"token": "srt_other"}),
    ("basic authentication", 401, "authentication_required", lambda _: {"headers": {"authorization": "Basic eA=="}}),
    ("another session's URL", 404, "mcp_server_not_found", lambda at: {"url": at.url.replace(SESSION, "sesn_2")}),
    ("an unknown server", 404, "mcp_server_not_found", lambda at: {"url": at.url_of("other")}),
    ("a longer path", 404, "mcp_server_not_found", lambda at: {"url": at.url + "/x"}),
    ("no server", 404, "mcp_server_not_found", lambda at: {"url": at.url_of("")}),
    ("a query", 404, "mcp_server_not_found", lambda at: {"url": at.url + "?key=1"}),
    ("another method", 405, "method_not_allowed", lambda _: {"method": "PUT"}),
    ("a preflight", 405, "method_not_allowed", lambda _: {"method": "OPTIONS"}),
    ("a stranger's name", 403, "host_not_ours", lambda _: {"headers": {"host": "evil.example.com"}}),
    ("a page's request", 403, "origin_not_allowed", lambda _: {"headers": {"origin": "http://evil.example.com"}}),
    ("an encoded body", 400, "bad_request", lambda _: {"headers": {"content-encoding": "gzip"}}),
    ("a body that is too long", 413, "too_large", lambda _: {"body": b"x" * 1001}),
    ("a field that is no text", 400, "bad_request", lambda _: {"headers": {"x-odd": b"\xff"}}),
]


@pytest.mark.parametrize(("status", "code", "wrong"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
async def test_nothing_of_it_reaches_the_server(status: int, code: str, wrong: Wrong) -> None:
    server = Scripted()
    async with answering(server) as port, rig(port, limits=Limits(request_bytes=1000)) as running:
        got = await running.ask(**wrong(running))
        assert refusal(got)[:2] == (status, code)
        assert running.counters.refused == {code: 1}
        assert running.counters.open == 0
        assert "access-control-allow-origin" not in got.headers
        assert (status == 401) is ("www-authenticate" in got.headers)
        assert (status == 405) is ("allow" in got.headers)
    assert server.seen == []


@pytest.mark.parametrize("host", ["localhost", "vault.example.com", "VAULT.example.com:80", "[::1]:1", "127.0.0.1"])
async def test_our_own_names_are_taken_and_so_is_their_origin(host: str) -> None:
    async with answering(Scripted()) as port, rig(port) as running:
        assert (await running.ask(headers={"host": host, "origin": f"http://{host}"})).status_code == 200


async def test_a_body_of_no_told_length_is_bounded_too() -> None:
    server = Scripted()
    async with answering(server) as port, rig(port, limits=Limits(request_bytes=1000)) as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        lines = [f"POST /mcp/{SESSION}/server HTTP/1.1", "Host: localhost", f"Authorization: Bearer {TOKEN}"]
        writer.write("\r\n".join([*lines, "Transfer-Encoding: chunked", "", ""]).encode())
        writer.write(b"3e9\r\n" + b"x" * 1001 + b"\r\n0\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 413 ")
        writer.close()
    assert server.seen == []


async def test_a_refusal_is_counted_for_its_session() -> None:
    async with answering(Scripted()) as port, rig(port) as running:
        await running.ask(url=running.url_of("other"))
        await running.delivery.meter.flush()
        (row,) = running.delivery.refusals.rows
        assert (row.session, row.code, row.count) == (SESSION, "mcp_server_not_found", 1)


def _not_permitted(_: Destination) -> Failure:
    return NotPermitted(f"{HOST}:443 is not allowed by environment env_1, whose hosts are limited")


def _unavailable(_: Destination) -> Failure:
    return Unavailable("the audit log cannot be written")


@pytest.mark.parametrize(
    ("refuse", "status", "code"), [(_not_permitted, 403, "host_not_allowed"), (_unavailable, 503, "unavailable")]
)
async def test_what_the_vault_refuses_is_not_sent(
    refuse: Callable[[Destination], Failure], status: int, code: str
) -> None:
    server = Scripted()
    delivery = Servers(placements=(placement(),), refuse=refuse)
    async with answering(server) as port, rig(port, delivery=delivery) as running:
        assert refusal(await running.ask())[:2] == (status, code)
    assert server.seen == []


async def test_plain_http_is_for_deployments_that_enable_it() -> None:
    server = Scripted()
    async with answering(server) as port, rig(port, insecure=False) as running:
        assert refusal(await running.ask())[:2] == (403, "insecure_upstream")
    assert server.seen == []


async def test_an_address_that_is_not_listed_is_not_dialled() -> None:
    server = Scripted()
    async with answering(server) as port:
        for url in (f"http://{HOST}:{port}/mcp", f"http://127.0.0.1:{port}/mcp"):
            delivery = Servers(placements=(placement(),), served={"server": (url, None)})
            async with rig(port, delivery=delivery, allowed=False) as running:
                assert refusal(await running.ask())[:2] == (403, "address_not_allowed")
    assert server.connections == 0


async def test_a_server_that_is_not_there_is_named() -> None:
    async with answering(Scripted()) as port:
        pass
    async with rig(port) as running:
        assert refusal(await running.ask())[:2] == (502, "upstream_unreachable")


async def test_a_certificate_that_is_not_valid_is_refused() -> None:
    server, authority = Scripted(), trustme.CA()
    context = authority.issue_cert("other.example.com")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.configure_cert(tls)
    roots = authority.cert_pem.bytes().decode()
    async with answering(server, tls) as port, rig(port, scheme="https", roots=roots) as running:
        status, code, sentence = refusal(await running.ask())
    assert (status, code) == (502, "upstream_unreachable")
    assert "certificate" in sentence
    assert server.seen == []


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (reply(b"", b"Location: https://evil.example.com/", status=b"307 Moved"), 502, "upstream_redirects"),
        (reply(b"", b"WWW-Authenticate: Bearer", status=b"401 No"), 502, "mcp_authentication_failed"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", 502, "upstream_bad_reply"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", 502, "upstream_bad_reply"),
    ],
)
async def test_an_answer_that_is_none_becomes_a_sentence(answer: bytes, status: int, code: str) -> None:
    async with answering(Scripted(lambda _: answer)) as port, rig(port) as running:
        got = await running.ask()
        assert refusal(got)[:2] == (status, code)
    assert "www-authenticate" not in got.headers
    assert "location" not in got.headers


async def test_what_the_server_does_not_accept_is_named_with_what_to_do() -> None:
    async with answering(Scripted(lambda _: reply(b"", status=b"401 No"))) as port, rig(port) as running:
        _, _, sentence = refusal(await running.ask())
    assert sentence == (
        f"MCP server {HOST}:{port}/mcp does not accept credential vcrd_3: run `strongroom connect "
        f"http://{HOST}:{port}/mcp --vault vlt_1`, or store a new token"
    )


async def test_a_server_that_does_not_trust_us_is_named_with_what_it_has_to_do() -> None:
    async with answering(Scripted(lambda _: reply(b"", status=b"401 No"))) as port:
        delivery = Servers(served={"server": (f"http://{HOST}:{port}/mcp", PLACED)}, signed=True)
        async with rig(port, delivery=delivery) as running:
            _, code, sentence = refusal(await running.ask())
    assert code == "mcp_authentication_failed"
    assert sentence == (
        f"MCP server {HOST}:{port}/mcp does not accept credential vcrd_3, an agent identity: it has to trust the "
        "issuer that `strongroom credential show vcrd_3 --vault vlt_1` names, and expect the audience that it names"
    )


async def test_a_server_that_wants_what_the_session_has_not_is_named() -> None:
    async with answering(Scripted(lambda _: reply(b"", status=b"401 No"))) as port:
        delivery = Servers(served={"server": (f"http://{HOST}:{port}/mcp", None)})
        async with rig(port, delivery=delivery) as running:
            _, code, sentence = refusal(await running.ask())
    assert code == "mcp_authentication_failed"
    assert "the session has none for it" in sentence


async def test_other_refusals_of_the_server_pass() -> None:
    async with answering(Scripted(lambda _: reply(b"no", status=b"403 No"))) as port, rig(port) as running:
        got = await running.ask()
    assert (got.status_code, got.text) == (403, "no")
    assert "strongroom-refused" not in got.headers


async def test_a_server_that_says_nothing_is_given_up() -> None:
    limits = Limits(egress=EgressLimits(read_seconds=0.2))
    server = Scripted(lambda _: b"", streams=True)
    async with answering(server) as port, rig(port, limits=limits) as running:
        assert refusal(await running.ask())[:2] == (504, "upstream_timeout")
        await asyncio.wait_for(server.gone.wait(), 20)


@pytest.mark.parametrize("name", ["session_exchanges", "exchanges"])
async def test_one_request_too_many_is_told_to_come_back(name: str) -> None:
    server = Scripted(lambda _: EVENTS, streams=True)
    limits = Limits(session_exchanges=2) if name == "session_exchanges" else Limits(exchanges=2)
    async with answering(server) as port, rig(port, limits=limits) as running:
        streams = [await running.connect("GET") for _ in range(2)]
        for _ in streams:
            await asyncio.wait_for(server.open.get(), 20)
        got = await running.ask()
        assert refusal(got)[:2] == (429, "too_many")
        assert got.headers["retry-after"] == "1"
        for _, writer in streams:
            writer.close()
        await asyncio.wait_for(server.gone.wait(), 20)


async def test_bodies_of_a_session_together_are_bounded() -> None:
    def answer(request: Request) -> bytes:
        return OK if request.body.startswith(b"{") else b""

    server = Scripted(answer)
    limits = Limits(egress=EgressLimits(session_gathered_bytes=1500))
    async with answering(server) as port, rig(port, limits=limits) as running:
        _, waiting = await running.connect("POST", b"x" * 1000)
        await until(lambda: bool(server.seen))
        assert refusal(await running.ask(body=b"y" * 1000))[:2] == (429, "too_many")
        assert (await running.ask(body=message(id=1, method="ping"))).status_code == 200
        waiting.close()
