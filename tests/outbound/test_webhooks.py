"""Sending to real receivers on loopback, and to none that may not be reached."""

import asyncio
from ipaddress import ip_network

import pytest
import trustme

from strongroom.core.failures import BadReply, NotPermitted, Unreachable
from strongroom.core.webhooks import Receiver
from strongroom.outbound import AddressGuard, Dialer
from strongroom.outbound.control import ControlClient
from strongroom.outbound.trust import OFFERS, upstream_contexts
from strongroom.outbound.webhooks import HttpWebhookSender
from tests.outbound.answering import HOST, Server, serving

LOOPBACK = ip_network("127.0.0.1/32")
HEADERS = {"webhook-id": "whe_1", "webhook-timestamp": "1", "webhook-signature": "v1,x"}
BODY = b'{"type":"event"}'


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def sender(
    authority: trustme.CA, *, listed: bool = True, address: str = "127.0.0.1", timeout: float = 5.0
) -> HttpWebhookSender:
    guard = AddressGuard(allowed=(LOOPBACK,) if listed else ())
    contexts = upstream_contexts(authority.cert_pem.bytes().decode())
    dialer = Dialer(guard=guard, ssl_contexts=contexts, resolve_pins={HOST: address})
    client = ControlClient(dialer=dialer, guard=guard, ssl_context=contexts[OFFERS[0]], insecure=True, timeout=timeout)
    return HttpWebhookSender(client=client)


def receiver(server: Server, target: str = "/a/../b%2f?x=%41", *, scheme: str = "https", host: str = HOST) -> Receiver:
    return Receiver.parse(f"{scheme}://{host}:{server.port}{target}", other_ports=True, insecure=True)


async def test_one_post_arrives_as_it_was_written_and_its_status_comes_back(authority: trustme.CA) -> None:
    async with serving(authority, Server(answer=b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n")) as server:
        assert await sender(authority).post(receiver(server), HEADERS, BODY) == 202
    (head,) = server.heads
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /a/../b%2f?x=%41 HTTP/1.1"
    sent = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:] if line)}
    assert sent == HEADERS | {
        "host": f"{HOST}:{server.port}",
        "content-type": "application/json",
        "content-length": str(len(BODY)),
        "user-agent": "Strongroom",
        "accept": "*/*",
        "connection": "close",
    }
    assert server.bodies == [BODY]


async def test_a_redirect_is_an_answer_and_is_not_followed(authority: trustme.CA) -> None:
    async with serving(authority, Server()) as other:
        where = f"https://{HOST}:{other.port}/"
        answer = f"HTTP/1.1 307 Temporary Redirect\r\nlocation: {where}\r\ncontent-length: 0\r\n\r\n".encode()
        async with serving(authority, Server(answer=answer)) as server:
            assert await sender(authority).post(receiver(server), HEADERS, BODY) == 307
        assert other.heads == []


@pytest.mark.parametrize("host", [HOST, "127.0.0.1"])
async def test_an_address_that_is_not_public_is_not_dialled_unless_it_is_listed(
    authority: trustme.CA, host: str
) -> None:
    async with serving(authority, Server()) as server:
        with pytest.raises(NotPermitted, match="a loopback address"):
            await sender(authority, listed=False).post(receiver(server, host=host), HEADERS, BODY)
    assert server.heads == []


@pytest.mark.parametrize("scheme", ["https", "http"])
async def test_another_port_or_plain_http_is_for_listed_addresses_alone(authority: trustme.CA, scheme: str) -> None:
    public = sender(authority, address="192.0.1.1")
    with pytest.raises(NotPermitted, match=r"not https on port 443: .* STRONGROOM_EGRESS_ALLOW_PRIVATE"):
        await public.post(receiver(Server(port=8443), scheme=scheme), HEADERS, BODY)
    async with serving(authority if scheme == "https" else None, Server()) as server:
        assert await sender(authority).post(receiver(server, scheme=scheme), HEADERS, BODY) == 204


async def test_a_certificate_of_nobody_we_know_is_refused_with_words(authority: trustme.CA) -> None:
    async with serving(trustme.CA(), Server()) as server:
        with pytest.raises(Unreachable, match=r"the certificate of hooks\.example\.test:\d+ is not valid"):
            await sender(authority).post(receiver(server), HEADERS, BODY)
    assert server.heads == []


async def test_a_receiver_that_is_not_there_or_speaks_no_tls_is_unreachable(authority: trustme.CA) -> None:
    async with serving(authority, Server()) as server:
        gone = receiver(server)
    with pytest.raises(Unreachable, match="refused the connection"):
        await sender(authority).post(gone, HEADERS, BODY)
    async with serving(None, Server(answer=b"")) as server:
        with pytest.raises(Unreachable):
            await sender(authority).post(receiver(server), HEADERS, BODY)


async def test_one_that_stalls_is_left_in_time(authority: trustme.CA) -> None:
    async with serving(authority, Server(hang=True)) as server, asyncio.timeout(20):
        with pytest.raises(Unreachable, match=r"did not answer in 0\.2 seconds"):
            await sender(authority, timeout=0.2).post(receiver(server), HEADERS, BODY)


@pytest.mark.parametrize(
    "answer",
    [b"", b"SSH-2.0-server\r\n", b"HTTP/1.1 200 OK\r\nx: " + b"a" * 100_000 + b"\r\n\r\n"],
    ids=["nothing", "no HTTP", "a huge head"],
)
async def test_what_is_no_answer_is_told_without_its_words(authority: trustme.CA, answer: bytes) -> None:
    async with serving(authority, Server(answer=answer)) as server:
        with pytest.raises(BadReply) as caught:
            await sender(authority).post(receiver(server), HEADERS, BODY)
    assert str(caught.value) == f"{HOST}:{server.port} did not answer in HTTP"


async def test_a_body_of_any_size_is_not_read(authority: trustme.CA) -> None:
    endless = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000000\r\n\r\n" + b"x" * 100_000
    async with serving(authority, Server(answer=endless)) as server:
        assert await sender(authority).post(receiver(server), HEADERS, BODY) == 200
