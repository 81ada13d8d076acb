import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path

import pytest
import trustme

from strongroom.core.failures import NotPermitted, OtherProtocol, Unreachable
from strongroom.core.hosts import Host, canonical_host
from strongroom.core.overriding import override
from strongroom.core.plans import Destination
from strongroom.outbound.addresses import AddressGuard
from strongroom.outbound.dialer import CACHED_SECONDS, Dialer
from strongroom.outbound.trust import upstream_contexts
from tests.needs import need

NAME = Host("api.example.com")
AUTHORITY = trustme.CA()


class Answers:
    """A resolver that gives one prepared answer after the other, and remembers what it was asked."""

    def __init__(self, *answers: list[str] | OSError) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        answer = self._answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer


class Client(asyncio.Protocol):
    def __init__(self) -> None:
        self.received = asyncio.get_running_loop().create_future()

    @override
    def data_received(self, data: bytes) -> None:
        self.received.set_result(data)


def dialer(
    resolve: Answers | None = None,
    *,
    allowed: str = "127.0.0.0/8",
    pins: dict[str, str] | None = None,
    timeout: float = 5,
    clock: list[float] | None = None,
    doors: set[tuple[str, int]] | None = None,
    roots: str | None = None,
) -> Dialer:
    moments = clock or [0.0]
    return Dialer(
        guard=AddressGuard(allowed=[ip_network(allowed)], own_doors=doors or ()),
        ssl_contexts=upstream_contexts(roots or AUTHORITY.cert_pem.bytes().decode()),
        resolve_pins=pins,
        timeout=timeout,
        resolve=resolve or Answers(),
        monotonic=lambda: moments[0],
    )


async def serve(name: str | None) -> tuple[asyncio.Server, int]:
    """Serve a greeting on loopback; with a name, over TLS under a certificate for it."""
    context = None
    if name is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.set_alpn_protocols(["h2", "http/1.1"])
        AUTHORITY.issue_cert(name).configure_cert(context)

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tls = writer.get_extra_info("ssl_object")
        writer.write(b"hello" if tls is None else f"hello over {tls.selected_alpn_protocol()}".encode())
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0, ssl=context)
    return server, server.sockets[0].getsockname()[1]


@pytest.fixture
async def plain() -> AsyncIterator[int]:
    server, port = await serve(None)
    async with server:
        yield port


@pytest.fixture
async def secure() -> AsyncIterator[int]:
    server, port = await serve(NAME)
    async with server:
        yield port


@pytest.fixture
def closed() -> int:
    """A port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


async def greeting(from_: Dialer, destination: Destination) -> bytes:
    transport, client = await from_.connect(destination, Client)
    received: bytes = await client.received
    transport.close()
    return received


async def refusal(from_: Dialer, destination: Destination) -> str:
    with pytest.raises((NotPermitted, Unreachable)) as raised:
        await from_.connect(destination, Client)
    assert raised.value.__cause__ is None
    return str(raised.value)


async def test_a_plain_connection_reaches_the_address_that_was_checked(plain: int) -> None:
    assert await greeting(dialer(Answers(["127.0.0.1"])), Destination("http", NAME, plain)) == b"hello"


async def test_tls_is_verified_for_the_name_and_speaks_http_1_1(secure: int) -> None:
    found = await greeting(dialer(Answers(["127.0.0.1"])), Destination("https", NAME, secure))
    assert found == b"hello over http/1.1"


async def test_an_address_may_be_dialled_by_itself(plain: int) -> None:
    assert await greeting(dialer(), Destination("http", Host("127.0.0.1"), plain)) == b"hello"


async def test_a_certificate_may_be_for_an_address() -> None:
    server, port = await serve("127.0.0.1")
    async with server:
        assert await greeting(dialer(), Destination("https", Host("127.0.0.1"), port)) == b"hello over http/1.1"


async def test_a_certificate_for_another_name_is_refused(secure: int) -> None:
    said = await refusal(dialer(Answers(["127.0.0.1"])), Destination("https", Host("other.example.com"), secure))
    assert said.startswith(f"the certificate of other.example.com:{secure} is not valid: Hostname mismatch")


async def test_a_certificate_from_a_stranger_is_refused_with_the_remedy(secure: int) -> None:
    stranger = trustme.CA().cert_pem.bytes().decode()
    said = await refusal(dialer(Answers(["127.0.0.1"]), roots=stranger), Destination("https", NAME, secure))
    assert "is not valid: unable to get local issuer certificate" in said
    assert "STRONGROOM_UPSTREAM_CA_FILE" in said


async def test_a_server_without_tls_is_one_sentence(plain: int) -> None:
    said = await refusal(dialer(Answers(["127.0.0.1"])), Destination("https", NAME, plain))
    assert said.startswith(f"no TLS with api.example.com:{plain}: ")


async def test_a_name_that_turns_private_after_the_check_was_looked_up_only_once(plain: int) -> None:
    """DNS rebinding: public first, private second. Here loopback plays the public address."""
    answers = Answers(["127.0.0.1"], ["10.0.0.5"])
    out = dialer(answers)
    for _ in range(3):
        assert await greeting(out, Destination("http", NAME, plain)) == b"hello"
    assert answers.asked == [NAME]


async def test_an_answer_is_asked_for_and_judged_again_when_it_is_old() -> None:
    answers, clock = Answers(["8.8.8.8"], ["10.0.0.5"]), [0.0]
    out = dialer(answers, clock=clock)
    assert await out.addresses(NAME, 443) == ("8.8.8.8",)
    clock[0] = CACHED_SECONDS - 0.1
    assert await out.addresses(NAME, 443) == ("8.8.8.8",)
    clock[0] = CACHED_SECONDS
    with pytest.raises(NotPermitted, match="leads to a private address"):
        await out.addresses(NAME, 443)
    assert len(answers.asked) == 2


async def test_the_memory_for_answers_is_bounded() -> None:
    answers = Answers(*[["8.8.8.8"]] * 1026)
    out = dialer(answers)
    for number in range(1025):
        await out.addresses(Host(f"host{number}.example.com"), 443)
    await out.addresses(Host("host1024.example.com"), 443)
    assert len(answers.asked) == 1025
    await out.addresses(Host("host0.example.com"), 443)
    assert len(answers.asked) == 1026


async def test_a_failed_look_up_is_not_remembered() -> None:
    out = dialer(Answers(socket.gaierror("no such name"), ["8.8.8.8"]))
    with pytest.raises(Unreachable, match=r"api\.example\.com has no address"):
        await out.addresses(NAME, 443)
    assert await out.addresses(NAME, 443) == ("8.8.8.8",)


async def test_only_the_addresses_that_pass_are_dialled() -> None:
    out = dialer(Answers(["10.0.0.5", "8.8.8.8", "::ffff:192.168.1.1", "2606:4700::1"]))
    assert await out.addresses(NAME, 443) == ("8.8.8.8", "2606:4700::1")


async def test_a_name_without_a_public_address_reaches_nothing(plain: int) -> None:
    said = await refusal(dialer(Answers(["127.0.0.1"]), allowed="10.0.0.0/8"), Destination("http", NAME, plain))
    assert "leads to a loopback address" in said
    assert "127.0.0.1" not in said


@pytest.mark.parametrize("literal", ["127.0.0.1", "::1", "[::ffff:7f00:1]", "::ffff:127.0.0.1"])
async def test_a_private_literal_reaches_nothing(plain: int, literal: str) -> None:
    said = await refusal(dialer(allowed="10.0.0.0/8"), Destination("http", canonical_host(literal), plain))
    assert "a loopback address" in said


async def test_an_own_door_is_not_reached(plain: int) -> None:
    doors = {("127.0.0.1", plain)}
    said = await refusal(dialer(Answers(["127.0.0.1"]), doors=doors), Destination("http", NAME, plain))
    assert "a door of this server" in said


async def test_a_pinned_name_is_never_looked_up(plain: int) -> None:
    answers = Answers()
    out = dialer(answers, pins={NAME: "127.0.0.1"})
    assert await greeting(out, Destination("http", NAME, plain)) == b"hello"
    assert answers.asked == []


async def test_a_pin_is_judged_like_any_answer(plain: int) -> None:
    out = dialer(allowed="10.0.0.0/8", pins={NAME: "127.0.0.1"})
    assert "a loopback address" in await refusal(out, Destination("http", NAME, plain))


async def test_a_pin_may_name_another_port_and_that_one_is_judged(plain: int) -> None:
    out = dialer(pins={NAME: f"127.0.0.1:{plain}"})
    assert await greeting(out, Destination("http", NAME, 80)) == b"hello"
    shut = dialer(pins={NAME: f"127.0.0.1:{plain}"}, doors={("127.0.0.1", plain)})
    assert "a door of this server" in await refusal(shut, Destination("http", NAME, 80))


async def test_a_second_address_is_tried_when_the_first_refuses(plain: int) -> None:
    """The server listens on 127.0.0.1 alone."""
    out = dialer(Answers(["127.0.0.2", "127.0.0.1"]))
    assert await greeting(out, Destination("http", NAME, plain)) == b"hello"


async def test_a_port_that_nobody_listens_on_is_one_sentence(closed: int) -> None:
    said = await refusal(dialer(Answers(["127.0.0.1"])), Destination("http", NAME, closed))
    assert said == f"api.example.com:{closed} refused the connection"


async def test_a_server_that_never_finishes_the_handshake_costs_only_the_time_allowed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        said = await refusal(
            dialer(Answers(["127.0.0.1"]), timeout=0.05), Destination("https", Host("silent.example.com"), port)
        )
    assert said == f"silent.example.com:{port} did not answer in 0.05 seconds"


async def test_a_silent_first_address_leaves_time_for_the_second(secure: int) -> None:
    with socket.create_server(("127.0.0.2", secure)):
        out = dialer(Answers(["127.0.0.2", "127.0.0.1"]), timeout=2)
        assert await greeting(out, Destination("https", NAME, secure)) == b"hello over http/1.1"


async def test_a_resolver_that_hangs_costs_only_the_time_allowed() -> None:
    class Hanging(Answers):
        @override
        async def __call__(self, host: str, port: int) -> list[str]:
            await asyncio.Event().wait()
            return []

    said = await refusal(dialer(Hanging(), timeout=0.05), Destination("https", NAME, 443))
    assert said == "api.example.com did not answer in 0.05 seconds"


async def test_an_upstream_that_speaks_none_of_what_is_offered_says_so(tmp_path: Path) -> None:
    certificate = AUTHORITY.issue_cert(NAME)
    certificate.private_key_and_cert_chain_pem.write_to_path(tmp_path / "pem")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [
        need("openssl"),
        "s_server",
        "-accept",
        f"127.0.0.1:{port}",
        "-alpn",
        "h2",
        "-cert",
        str(tmp_path / "pem"),
    ]
    server = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert server.stdout is not None
    try:
        while b"ACCEPT" not in await server.stdout.readline():
            pass
        at = dialer(pins={NAME: "127.0.0.1"})
        with pytest.raises(OtherProtocol, match=r"does not speak http/1\.1"):
            await at.connect(Destination("https", NAME, port), asyncio.Protocol)
        transport, _ = await at.connect(Destination("https", NAME, port), asyncio.Protocol, ("h2", "http/1.1"))
        assert transport.get_extra_info("ssl_object").selected_alpn_protocol() == "h2"
        transport.abort()
    finally:
        server.kill()
        await server.wait()
