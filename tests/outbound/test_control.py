"""Our own short calls, to real servers on loopback."""

import asyncio
import logging
from ipaddress import ip_network

import pytest
import trustme

from strongroom.core.calls import Call, ControlUrl
from strongroom.core.failures import BadReply, NotPermitted, Unreachable
from strongroom.outbound import AddressGuard, Dialer
from strongroom.outbound.control import ControlClient
from strongroom.outbound.trust import upstream_context
from tests.outbound.answering import HOST, Server, serving

NINE = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx"
"""An answer of which a part is missing."""
LOOPBACK = ip_network("127.0.0.1/32")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def client(authority: trustme.CA, *, listed: bool = True, insecure: bool = False) -> ControlClient:
    guard = AddressGuard(allowed=(LOOPBACK,) if listed else ())
    context = upstream_context(authority.cert_pem.bytes().decode())
    dialer = Dialer(guard=guard, ssl_contexts={("http/1.1",): context}, resolve_pins={HOST: "127.0.0.1"})
    return ControlClient(dialer=dialer, guard=guard, ssl_context=context, insecure=insecure, timeout=5.0)


def url(server: Server, target: str = "/token", scheme: str = "https") -> ControlUrl:
    return ControlUrl.parse(f"{scheme}://{HOST}:{server.port}{target}", insecure=True)


def answering(body: bytes, *headers: str, status: str = "200 OK") -> Server:
    lines = [f"HTTP/1.1 {status}", *headers, f"content-length: {len(body)}", "", ""]
    return Server(answer="\r\n".join(lines).encode() + body)


async def test_a_pinned_port_is_dialled_and_the_url_is_sent_as_it_was_given(authority: trustme.CA) -> None:
    async with serving(authority, answering(b"{}")) as server:
        guard = AddressGuard(allowed=(LOOPBACK,))
        context = upstream_context(authority.cert_pem.bytes().decode())
        pins = {HOST: f"127.0.0.1:{server.port}"}
        dialer = Dialer(guard=guard, ssl_contexts={("http/1.1",): context}, resolve_pins=pins)
        sender = ControlClient(dialer=dialer, guard=guard, ssl_context=context)
        call = Call(method="GET", url=ControlUrl.parse(f"https://{HOST}/token"), ordinary_only=True)
        assert (await sender.send(call)).status == 200
    assert f"host: {HOST}\r\n" in server.heads[0].decode().lower()


async def test_a_call_arrives_as_it_was_written_and_its_reply_comes_back(authority: trustme.CA) -> None:
    async with serving(authority, answering(b"{}", "Content-Type: Application/JSON; x=1", "a: 1", "A: 2")) as server:
        call = Call(method="POST", url=url(server, "/a/../b%2f?x=%41"), headers={"x-is": "kept"}, body=b"k=v")
        reply = await client(authority).send(call)
    (head,) = server.heads
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /a/../b%2f?x=%41 HTTP/1.1"
    assert {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:] if line)} == {
        "host": f"{HOST}:{server.port}",
        "user-agent": "Strongroom",
        "accept": "*/*",
        "accept-encoding": "identity",
        "x-is": "kept",
        "content-length": "3",
        "connection": "close",
    }
    assert server.bodies == [b"k=v"]
    assert (reply.status, reply.body, reply.truncated, reply.media_type) == (200, b"{}", False, "application/json")
    assert reply.headers["a"] == "1, 2"


@pytest.mark.parametrize(("limit", "read"), [(4, b"0123"), (10, b"0123456789"), (11, b"0123456789"), (0, b"")])
async def test_of_a_body_no_more_is_read_than_was_asked_for(authority: trustme.CA, limit: int, read: bytes) -> None:
    async with serving(authority, answering(b"0123456789")) as server:
        reply = await client(authority).send(Call(method="GET", url=url(server), limit_bytes=limit))
    assert reply.body == read
    assert reply.truncated == (limit == 4)


async def test_an_endless_body_ends_at_the_limit(authority: trustme.CA) -> None:
    endless = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000000\r\n\r\n" + b"x" * 100_000
    async with serving(authority, Server(answer=endless)) as server:
        reply = await client(authority).send(Call(method="GET", url=url(server), limit_bytes=50_000))
    assert (len(reply.body), reply.truncated) == (50_000, True)


async def test_a_redirect_is_a_reply_and_nothing_is_posted_again(authority: trustme.CA) -> None:
    async with serving(authority, Server()) as other:
        where = f"location: https://{HOST}:{other.port}/"
        async with serving(authority, answering(b"", where, status="307 Temporary Redirect")) as server:
            reply = await client(authority).send(Call(method="POST", url=url(server), body=b"refresh_token=x"))
        assert reply.status == 307
        assert other.heads == []


async def test_cookies_are_not_kept_and_proxy_variables_not_heeded(
    authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = client(authority)
    async with serving(None, Server()) as proxy, serving(authority, answering(b"", "set-cookie: a=b")) as server:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        for _ in range(2):
            await sender.send(Call(method="GET", url=url(server)))
        assert proxy.heads == []
    assert len(server.heads) == 2
    assert b"cookie" not in server.heads[1].lower()


async def test_plain_http_is_for_deployments_that_enable_it(authority: trustme.CA) -> None:
    async with serving(None, answering(b"ok")) as server:
        call = Call(method="GET", url=url(server, scheme="http"))
        with pytest.raises(NotPermitted, match="plain http"):
            await client(authority).send(call)
        assert server.heads == []
        assert (await client(authority, insecure=True).send(call)).body == b"ok"


async def test_an_address_that_is_not_public_is_not_dialled_unless_it_is_listed(authority: trustme.CA) -> None:
    async with serving(authority, Server()) as server:
        with pytest.raises(NotPermitted, match="a loopback address"):
            await client(authority, listed=False).send(Call(method="GET", url=url(server)))
    assert server.heads == []


async def test_a_caller_may_shorten_the_time(authority: trustme.CA) -> None:
    async with serving(authority, Server(hang=True)) as server, asyncio.timeout(20):
        with pytest.raises(Unreachable, match=r"did not answer in 0\.2 seconds"):
            await client(authority).send(Call(method="GET", url=url(server)), within=0.2)


async def test_a_body_that_stalls_is_left_in_time(authority: trustme.CA) -> None:
    async with serving(authority, Server(answer=NINE, lingers=True)) as server:
        with pytest.raises(Unreachable, match=r"did not answer in 0\.2 seconds"):
            await client(authority).send(Call(method="GET", url=url(server)), within=0.2)


async def test_a_body_that_breaks_off_is_no_reply(authority: trustme.CA) -> None:
    async with serving(authority, Server(answer=NINE)) as server:
        with pytest.raises(BadReply, match="did not answer in HTTP"):
            await client(authority).send(Call(method="GET", url=url(server)))


async def test_what_is_sent_and_what_comes_back_is_in_no_log_and_no_repr(
    authority: trustme.CA, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with serving(authority, answering(b"sentinel-of-reply", "x: sentinel-header")) as server:
        call = Call(
            method="POST", url=url(server), headers={"authorization": "sentinel-sent"}, body=b"sentinel-of-request"
        )
        reply = await client(authority).send(call)
    assert reply.body == b"sentinel-of-reply"
    assert "sentinel" not in caplog.text + repr(call) + repr(reply)
