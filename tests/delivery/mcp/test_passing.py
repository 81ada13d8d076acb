"""What of a request reaches the server, and what of its answer comes back."""

import gzip

import pytest

from strongroom.core.ids import CredentialId
from tests.delivery.egress.doubles import BOTH, MARKER, PLACEHOLDER, SECRET, STRAY, TOKEN, placement, swap
from tests.delivery.mcp.running import HOST, Servers, answering, message, refusal, rig
from tests.delivery.mcp.scripted import Request, Scripted, reply


async def test_a_request_arrives_with_the_credential_and_without_what_is_ours() -> None:
    server = Scripted()
    async with answering(server) as port, rig(port, path="/a/../b%2Fc?x=%41") as running:
        sent = {
            "accept": "application/json, text/event-stream",
            "mcp-session-id": "abc",
            "mcp-protocol-version": "2025-11-25",
            "last-event-id": "7",
            "x-own": "kept",
            "cookie": "a=b",
            "proxy-authorization": "Bearer x",
            "forwarded": "for=1.2.3.4",
            "x-forwarded-for": "1.2.3.4",
            "via": "1.1 here",
            "origin": f"http://127.0.0.1:{running.port}",
            "sec-fetch-mode": "cors",
            "accept-encoding": "gzip",
            "connection": "keep-alive, x-hop",
            "x-hop": "dropped",
            "strongroom-anything": "dropped",
        }
        body = message(id=1, method="ping")
        assert (await running.ask(headers=sent, body=body)).json() == {}
    (seen,) = server.seen
    assert seen.line == b"POST /a/../b%2Fc?x=%41 HTTP/1.1"
    assert seen.body == body
    assert dict(seen.fields) == {
        b"Host": f"{HOST}:{port}".encode(),
        b"accept": b"application/json, text/event-stream",
        b"mcp-session-id": b"abc",
        b"mcp-protocol-version": b"2025-11-25",
        b"last-event-id": b"7",
        b"x-own": b"kept",
        b"accept-encoding": b"identity",
        b"authorization": f"Bearer {SECRET}".encode(),
        b"content-type": b"application/json",
        b"user-agent": seen.all(b"user-agent")[0],
        b"Content-Length": str(len(body)).encode(),
    }
    assert len(seen.fields) == len(seen.names)
    assert not any(TOKEN.encode() in value for _, value in seen.fields)


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_the_other_methods_pass_without_a_body(method: str) -> None:
    server = Scripted()
    async with answering(server) as port, rig(port) as running:
        assert (await running.ask(method, headers={"mcp-session-id": "abc"})).status_code == 200
    (seen,) = server.seen
    assert seen.line == f"{method} /mcp HTTP/1.1".encode()
    assert seen.all(b"mcp-session-id") == [b"abc"]
    assert seen.all(b"authorization") == [f"Bearer {SECRET}".encode()]


async def test_a_server_without_a_credential_is_asked_without_one() -> None:
    server = Scripted()
    async with answering(server) as port:
        delivery = Servers(served={"server": (f"http://{HOST}:{port}/mcp", None)})
        async with rig(port, delivery=delivery) as running:
            assert (await running.ask()).status_code == 200
    assert b"authorization" not in server.seen[0].names


async def test_the_credential_of_another_path_is_not_sent() -> None:
    server = Scripted()
    async with answering(server) as port:
        delivery = Servers(placements=(placement("/other"),))
        async with rig(port, delivery=delivery) as running:
            assert (await running.ask()).status_code == 200
    assert b"authorization" not in server.seen[0].names


async def test_an_answer_comes_back_without_secrets_and_without_what_speaks_to_browsers_or_proxies() -> None:
    def echo(request: Request) -> bytes:
        token = request.all(b"authorization")[0]
        return reply(
            b'{"said":"%b"}' % token,
            b"Mcp-Session-Id: s1",
            b"X-Request-Id: " + token,
            b"Mcp-%b: 1" % b"odd",
            b"Set-Cookie: a=b",
            b"Access-Control-Allow-Origin: *",
            b"WWW-Authenticate: Bearer",
            b"X-Accel-Redirect: /internal",
            b"Strict-Transport-Security: max-age=1",
            b"Cache-Control: no-cache",
            status=b"201 Created",
        )

    async with answering(Scripted(echo)) as port, rig(port) as running:
        got = await running.ask()
    assert got.status_code == 201
    assert got.text == f'{{"said":"Bearer {MARKER}"}}'
    passed = {name: value for name, value in got.headers.items() if name not in {"date", "server", "transfer-encoding"}}
    assert passed == {
        "content-type": "application/json",
        "mcp-session-id": "s1",
        "mcp-odd": "1",
        "x-request-id": f"Bearer {MARKER}",
        "cache-control": "no-cache",
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; sandbox",
    }


async def test_a_secret_in_the_name_of_a_field_takes_the_field_along() -> None:
    def echo(_: Request) -> bytes:
        return reply(b"{}", b"Mcp-%b: 1" % b"plain0secret")

    async with answering(Scripted(echo)) as port, rig(port, secret="plain0secret") as running:
        got = await running.ask()
    assert "plain0secret" not in str(got.headers)


async def test_a_secret_does_not_arrive_in_an_encoding_that_nobody_asked_for() -> None:
    def echo(_: Request) -> bytes:
        return reply(gzip.compress(f"it is {SECRET}".encode()), b"Content-Encoding: gzip")

    async with answering(Scripted(echo)) as port, rig(port) as running:
        got = await running.ask()
    assert got.text == f"it is {MARKER}"
    assert "content-encoding" not in got.headers


async def test_an_encoding_that_nobody_can_read_is_refused() -> None:
    def echo(_: Request) -> bytes:
        return reply(b"....", b"Content-Encoding: compress")

    async with answering(Scripted(echo)) as port, rig(port) as running:
        status, code, _ = refusal(await running.ask())
    assert (status, code) == (502, "encoding_not_supported")


async def test_placeholders_are_replaced_as_the_proxy_does() -> None:
    server = Scripted()
    async with answering(server) as port:
        delivery = Servers(placements=(placement("/mcp"),), swaps=(swap(BOTH, 'it"s'),))
        async with rig(port, delivery=delivery) as running:
            sent = message(id=1, method="tools/call", params={"key": PLACEHOLDER, "other": STRAY})
            assert (await running.ask(body=sent, headers={"x-api-key": PLACEHOLDER})).status_code == 200
    (seen,) = server.seen
    assert seen.body == sent.replace(PLACEHOLDER.encode(), b'it\\"s')
    assert seen.all(b"x-api-key") == [b'it"s']
    await delivery.meter.flush()
    assert {use.credential for use in delivery.ledger.uses} == {CredentialId("vcrd_1"), CredentialId("vcrd_3")}
    assert [record.action for record in delivery.ledger.records] == ["placeholder.strayed"]


async def test_a_stray_is_refused_where_the_environment_asks_for_it() -> None:
    server = Scripted()
    async with answering(server) as port:
        delivery = Servers(placements=(placement("/mcp"),), refuses_strays=True)
        async with rig(port, delivery=delivery) as running:
            for sent in ({"body": STRAY.encode()}, {"headers": {"x-it": STRAY}}):
                status, code, _ = refusal(await running.ask(**sent))
                assert (status, code) == (403, "placeholder_not_allowed")
    assert server.seen == []


async def test_the_use_of_a_credential_is_counted_once_for_each_request() -> None:
    async with answering(Scripted()) as port, rig(port) as running:
        for _ in range(3):
            await running.ask()
        await running.delivery.meter.flush()
        assert [(use.credential, use.host, use.count) for use in running.delivery.ledger.uses] == [("vcrd_3", HOST, 3)]
        assert running.counters.requests == 3
