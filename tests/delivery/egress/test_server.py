"""The proxy on real sockets: what the playbooks cannot show."""

import asyncio
import contextlib
import ssl
from collections.abc import Callable

import pytest

from strongroom.core.failures import Failure
from strongroom.core.plans import Destination
from strongroom.delivery.egress import Limits
from tests.delivery.egress.doubles import PLACEHOLDER, SECRET, TOKEN, FixedDelivery, swap
from tests.delivery.egress.running import HOST, read_reply, read_request, rig


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send every request back as the reply's body."""
    while True:
        head, body = await read_request(reader)
        said = head + body
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(said), said))


async def closing(reader: asyncio.StreamReader) -> bool:
    """Wait for the connection to end; what comes before is read and dropped."""
    with contextlib.suppress(ConnectionError):
        await reader.read()
    return True


def get(host: str, target: str = "/", *fields: str) -> bytes:
    return "\r\n".join([f"GET {target} HTTP/1.1", f"Host: {host}", *fields, "", ""]).encode()


async def test_a_secret_goes_out_and_its_placeholder_comes_back() -> None:
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head, _ = await read_request(reader)
            heard.append(head)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(head), head))

    async with rig(serve, FixedDelivery(swaps=(swap(),))) as at:
        reader, writer = await at.tunnel()
        writer.write(get(at.host, "/", f"Authorization: Bearer {PLACEHOLDER}"))
        _, body = await read_reply(reader)
        writer.close()
    assert f"Authorization: Bearer {SECRET}".encode() in heard[0]
    assert f"Authorization: Bearer {PLACEHOLDER}".encode() in body
    assert SECRET.encode() not in body


async def test_one_upstream_connection_serves_many_requests_and_tunnels() -> None:
    async with rig(echo) as at:
        for _ in range(3):
            reader, writer = await at.tunnel()
            for _ in range(5):
                writer.write(get(at.host))
                await read_reply(reader)
            writer.close()
        assert at.counters.upstreams_opened == 1
        assert at.counters.upstreams_reused == 14


async def test_sessions_do_not_share_upstream_connections() -> None:
    delivery = FixedDelivery()
    async with rig(echo, delivery) as at:
        for name in ("sesn_1", "sesn_2"):
            delivery.sessions = dict.fromkeys(delivery.sessions, delivery.session(name))
            reader, writer = await at.tunnel()
            writer.write(get(at.host))
            await read_reply(reader)
            writer.close()
        assert at.counters.upstreams_opened == 2


async def test_everything_cold_is_asked_for_and_waited_for() -> None:
    async with rig(echo, FixedDelivery(swaps=(swap(),), cold=True)) as at:
        reader, writer = await at.tunnel()
        writer.write(get(at.host, "/", f"X: {PLACEHOLDER}"))
        assert f"X: {PLACEHOLDER}".encode() in (await read_reply(reader))[1]
        writer.close()


async def test_a_client_hello_that_comes_with_the_connect_is_answered() -> None:
    async with rig(echo) as at:
        context = at.client_context()
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_hostname=HOST)
        with pytest.raises(ssl.SSLWantReadError):
            tls.do_handshake()
        reader, writer = await asyncio.open_connection("127.0.0.1", at.proxy_port)
        head = f"CONNECT {at.host} HTTP/1.1\r\nProxy-Authorization: Bearer {TOKEN}\r\n\r\n"
        writer.write(head.encode() + outgoing.read())
        await reader.readuntil(b"\r\n\r\n")
        await until_ready(tls.do_handshake, incoming, outgoing, reader, writer)
        assert tls.getpeercert()["subjectAltName"] == (("DNS", HOST),)  # type: ignore[index]
        writer.close()


async def test_another_server_name_than_the_tunnels_is_turned_away() -> None:
    async with rig(echo) as at:
        with pytest.raises(ssl.SSLError, match=r"(?i)unrecognized.name"):
            await at.tunnel(server_name="evil.example")
        assert at.counters.handshakes_failed == 1
        assert at.dialer.dialled == []


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_clients_resume_their_tls_sessions(version: ssl.TLSVersion) -> None:
    async with rig(echo) as at:
        context = at.client_context()
        context.maximum_version = version
        session, resumed = None, []
        for _ in range(2):
            reader, writer = await at.connect()
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            tls = context.wrap_bio(incoming, outgoing, server_hostname=HOST, session=session)
            await until_ready(tls.do_handshake, incoming, outgoing, reader, writer)
            tls.write(get(at.host))
            await until_ready(lambda: tls.read(65536), incoming, outgoing, reader, writer)  # noqa: B023 - used at once
            session = tls.session
            resumed.append(tls.session_reused)
            writer.close()
        assert resumed == [False, True]


async def until_ready(
    step: Callable[[], object],
    incoming: ssl.MemoryBIO,
    outgoing: ssl.MemoryBIO,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    """Take a step of TLS, with as many rounds over the wire as it wants."""
    while True:
        try:
            step()
        except ssl.SSLWantReadError:
            writer.write(outgoing.read())
            incoming.write(await reader.read(65536))
        else:
            writer.write(outgoing.read())
            return


async def test_a_session_that_ends_cuts_its_connections_in_the_middle_of_a_reply() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
        await reader.read()
        gone.set()

    gone = asyncio.Event()
    async with rig(serve) as at:
        reader, writer = await at.tunnel()
        idle_reader, idle_writer = await at.tunnel()
        writer.write(get(at.host))
        await reader.readuntil(b"abc")
        at.delivery.live.end()
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(97)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await idle_reader.readexactly(1)
        await asyncio.wait_for(gone.wait(), 20)
        writer.close()
        idle_writer.close()


async def test_a_client_that_leaves_in_the_middle_ends_the_upstream_request() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        asked.set()
        try:
            await reader.read()
        finally:
            gone.set()

    asked, gone = asyncio.Event(), asyncio.Event()
    async with rig(serve) as at:
        _, writer = await at.tunnel()
        writer.write(get(at.host))
        await asyncio.wait_for(asked.wait(), 20)
        writer.transport.abort()
        await asyncio.wait_for(gone.wait(), 20)


async def test_clients_that_leave_before_their_answer_leave_nothing_behind() -> None:
    async with rig(echo, FixedDelivery(cold=True)) as at:
        for rounds in range(6):
            reader, writer = await asyncio.open_connection("127.0.0.1", at.proxy_port)
            writer.write(f"GET http://{at.host}/ HTTP/1.1\r\nHost: {at.host}\r\n".encode())
            writer.write(f"Proxy-Authorization: Bearer {TOKEN}\r\n\r\n".encode())
            for _ in range(rounds):
                await asyncio.sleep(0)
            writer.transport.abort()
        reader, writer = await at.tunnel()
        writer.write(get(at.host))
        await read_reply(reader)
        writer.close()
        assert at.counters.clients == 1
        assert at.counters.crashes == 0


async def test_a_server_sent_event_arrives_before_the_next_one_is_sent() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for number in range(3):
            writer.write(b"9\r\ndata: %d\n\n\r\n" % number)
            await asyncio.wait_for(heard.acquire(), 20)
        writer.write(b"0\r\n\r\n")

    heard = asyncio.Semaphore(0)
    async with rig(serve, FixedDelivery(swaps=(swap(),))) as at:
        reader, writer = await at.tunnel()
        writer.write(get(at.host, "/", f"X: {PLACEHOLDER}"))
        for number in range(3):
            await asyncio.wait_for(reader.readuntil(b"data: %d\n\n" % number), 20)
            heard.release()
        await reader.readuntil(b"0\r\n\r\n")
        writer.close()


async def test_an_idle_upstream_connection_that_says_something_is_closed() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await answered.acquire()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison")
        await reader.read()
        gone.release()

    answered, gone = asyncio.Semaphore(0), asyncio.Semaphore(0)
    async with rig(serve) as at:
        reader, writer = await at.tunnel()
        for _ in range(2):
            writer.write(get(at.host))
            assert (await asyncio.wait_for(read_reply(reader), 20))[1] == b"ok"
            answered.release()
            await asyncio.wait_for(gone.acquire(), 20)
        writer.close()
        assert at.counters.upstreams_opened == 2


async def test_an_upstream_that_does_not_answer_is_given_up() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with rig(serve, limits=Limits(read_seconds=0.1)) as at:
        reader, writer = await at.tunnel()
        writer.write(get(at.host))
        head, _ = await asyncio.wait_for(read_reply(reader), 20)
        assert head.startswith(b"HTTP/1.1 504 ")
        writer.close()


async def test_a_client_that_dribbles_its_head_is_closed() -> None:
    async with rig(echo, limits=Limits(head_seconds=0.1)) as at:
        reader, writer = await asyncio.open_connection("127.0.0.1", at.proxy_port)
        closed = False
        while not closed:
            writer.write(b"x")
            with contextlib.suppress(TimeoutError):
                closed = await asyncio.wait_for(closing(reader), 0.05)
        writer.close()


async def test_more_clients_than_the_limit_are_closed_at_once() -> None:
    async with rig(echo, limits=Limits(connections=1)) as at:
        _, first = await at.tunnel()
        reader, second = await asyncio.open_connection("127.0.0.1", at.proxy_port)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await asyncio.wait_for(reader.readexactly(1), 20)
        first.close()
        second.close()


async def test_a_refused_client_can_read_its_answer_while_it_is_still_sending() -> None:
    async with rig(echo) as at:
        reader, writer = await asyncio.open_connection("127.0.0.1", at.proxy_port)
        writer.write(
            b"POST http://a.example/ HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1_000_000
        )
        head, _ = await asyncio.wait_for(read_reply(reader), 20)
        assert head.startswith(b"HTTP/1.1 407 ")
        assert await asyncio.wait_for(reader.read(), 20) == b""
        writer.close()


async def test_stopping_lets_a_reply_finish_and_closes_idle_connections() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        asked.set()
        await go_on.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    asked, go_on = asyncio.Event(), asyncio.Event()
    async with rig(serve) as at:
        idle_reader, idle = await at.tunnel()
        reader, writer = await at.tunnel()
        writer.write(get(at.host))
        await asked.wait()
        stopping = asyncio.get_running_loop().create_task(at.proxy.stop(5))
        assert await asyncio.wait_for(idle_reader.read(), 20) == b""
        go_on.set()
        assert (await read_reply(reader))[1] == b"ok"
        await asyncio.wait_for(stopping, 20)
        idle.close()
        writer.close()


async def test_an_unexpected_error_closes_the_connection_and_says_nothing_of_the_request(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(_: Destination) -> Failure | None:
        raise ValueError(SECRET)

    async with rig(echo, FixedDelivery(refuse=fail)) as at:
        reader, writer = await asyncio.open_connection("127.0.0.1", at.proxy_port)
        writer.write(f"CONNECT {at.host} HTTP/1.1\r\nProxy-Authorization: Bearer {TOKEN}\r\n\r\n".encode())
        head, body = await read_reply(reader)
        writer.close()
        assert head.startswith(b"HTTP/1.1 503 ")
        assert at.counters.crashes == 1
    assert "ValueError" in caplog.text
    assert SECRET not in caplog.text + body.decode()
