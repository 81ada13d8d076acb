"""HTTP/2 clients on real sockets, before an upstream of HTTP/1.1."""

import asyncio
import base64
import contextlib
import hashlib
import itertools

import pytest
from h2.errors import ErrorCodes
from h2.settings import SettingCodes

from strongroom.delivery.egress import Code, Limits
from tests.delivery.egress.doubles import PLACEHOLDER, SECRET, FixedDelivery, swap
from tests.delivery.egress.http2.speaking import http2
from tests.delivery.egress.running import read_request, rig
from tests.delivery.egress.test_server import echo

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
MIB = 1 << 20


async def test_a_secret_goes_out_and_its_placeholder_comes_back() -> None:
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head, _ = await read_request(reader)
            heard.append(head)
            writer.write(
                b"HTTP/1.1 200 OK\r\nX-Echo: %b\r\nContent-Length: %d\r\n\r\n%b" % (SECRET.encode(), len(head), head)
            )

    async with rig(serve, FixedDelivery(swaps=(swap(),))) as at:
        client = await http2(at)
        reply = await client.get("/", ("authorization", f"Bearer {PLACEHOLDER}"))
        client.close()
    assert f"Authorization: Bearer {SECRET}".encode() in heard[0]
    assert f"Host: {at.host}".encode() in heard[0]
    assert reply.status == 200
    assert reply.fields[b"x-echo"] == PLACEHOLDER.encode()
    assert f"Authorization: Bearer {PLACEHOLDER}".encode() in reply.body
    assert reply.ended


async def test_bodies_are_substituted_and_scrubbed_whatever_their_framing() -> None:
    async with rig(echo, FixedDelivery(swaps=(swap(),))) as at:
        client = await http2(at)
        for told in ([("content-length", str(len(PLACEHOLDER)))], []):
            number = client.ask(client.fields("/", "POST", *told), last=False)
            for at_ in range(0, len(PLACEHOLDER), 5):
                client.say(number, PLACEHOLDER[at_ : at_ + 5].encode())
            client.say(number, b"", last=True)
            reply = await client.reply(number)
            assert reply.body.endswith(b"\r\n\r\n" + PLACEHOLDER.encode())
            sent = len(SECRET) if told else len(PLACEHOLDER)
            assert told == [] or b"Content-Length: %d" % sent in reply.body
        client.close()
        assert [use.count for use in at.delivery.ledger.uses] == []
        await at.delivery.meter.flush()
        assert sum(use.count for use in at.delivery.ledger.uses) == 2


async def test_a_hundred_streams_go_side_by_side_and_one_that_is_not_read_stalls_alone() -> None:
    body = b"x" * 200_000

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_request(reader)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
            await writer.drain()

    async with rig(serve) as at:
        client = await http2(at)
        client.h2.increment_flow_control_window(1 << 30)
        await client.until(lambda: bool(client.settings))
        assert client.settings[SettingCodes.MAX_CONCURRENT_STREAMS] == 100
        numbers = [client.ask(client.fields(f"/{each}")) for each in range(100)]
        slow = numbers[0]
        client.unread.add(slow)
        for number in numbers[1:]:
            assert (await client.reply(number)).body == body
        assert 0 < len(client.streams[slow].body) <= 65_535
        assert not client.streams[slow].over
        client.unread.clear()
        client.h2.increment_flow_control_window(len(body), slow)
        client.flush()
        assert (await client.reply(slow)).body == body
        client.close()


async def test_large_bodies_go_both_ways_in_bounded_memory() -> None:
    size = 50 * MIB
    largest = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head, _ = await read_head(reader)
        taken = 0
        while taken < size:
            taken += len(await reader.read(1 << 16))
        assert b"Content-Length: %d" % size in head
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        piece = b"y" * (1 << 16)
        for _ in range(size // len(piece)):
            writer.write(piece)
            await writer.drain()

    async def read_head(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
        return await reader.readuntil(b"\r\n\r\n"), b""

    async with rig(serve) as at:
        client = await http2(at)
        number = client.ask(client.fields("/", "POST", ("content-length", str(size))), last=False)
        await client.upload(number, b"z" * size)
        heard = client.streams[number]
        got = 0
        while not heard.over:
            await client.hear()
            got += len(heard.body)
            heard.body = b""
            (edge,) = [each._edge for each in at.proxy._around.clients]  # type: ignore[union-attr]
            assert edge is not None
            largest = max([largest, *(len(stream.box) for stream in edge._streams.values())])
        client.close()
    assert got == size
    assert largest < 512 * 1024


@pytest.mark.parametrize(
    "more",
    [
        [("Upper", "case")],
        [("connection", "close")],
        [("x-a", "b\r\nx-evil: c")],
        [(":path", "/again")],
        [("te", "gzip")],
        [("transfer-encoding", "chunked")],
    ],
)
async def test_a_malformed_request_costs_its_stream_and_nothing_else(more: list[tuple[str, str]]) -> None:
    async with rig(echo) as at:
        client = await http2(at)
        reply = await client.get("/", *more)
        assert reply.status == 400
        assert reply.fields[b"strongroom-refused"] == b"bad_request"
        assert (await client.get("/")).status == 200
        client.close()
        assert at.counters.refused[Code.BAD_REQUEST] == 1
        assert at.counters.requests == 1


@pytest.mark.parametrize(
    ("pseudo", "value", "status"),
    [
        (b":authority", b"other.example.com", 421),
        (b":authority", b"user@api.example.com", 421),
        (b":scheme", b"http", 421),
        (b":path", b"http://other.example.com/", 400),
        (b":path", b"*", 400),
        (b":method", b"CONNECT", 400),
    ],
)
async def test_names_of_another_destination_are_refused(pseudo: bytes, value: bytes, status: int) -> None:
    async with rig(echo) as at:
        client = await http2(at)
        fields = [(name, value if name == pseudo else old) for name, old in client.fields()]
        assert (await client.reply(client.ask(fields))).status == status
        assert (await client.get("/")).status == 200
        client.close()
        assert at.counters.requests == 1


async def test_trailers_do_not_hide_a_body_that_is_too_short() -> None:
    heard = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            await read_request(reader)
            heard.set()

    async with rig(serve) as at:
        client = await http2(at)
        number = client.ask(client.fields("/", "POST", ("content-length", "10")), last=False)
        client.say(number, b"123")
        client.h2.send_headers(number, [(b"x-a", b"b")], end_stream=True)
        client.flush()
        assert (await client.reply(number)).status == 400
        client.close()
    assert not heard.is_set()


async def test_a_body_longer_than_told_ends_the_connection() -> None:
    async with rig(echo) as at:
        client = await http2(at)
        number = client.ask(client.fields("/", "POST", ("content-length", "3")), last=False)
        client.say(number, b"123456", last=True)
        await client.ended()
        assert client.goaway == ErrorCodes.PROTOCOL_ERROR
        assert at.counters.refused[Code.BAD_REQUEST] == 1


async def test_what_is_not_http_2_ends_the_connection() -> None:
    async with rig(echo) as at:
        client = await http2(at)
        client.raw(b"\0\0\1\0\0\0\0\0\1x")  # DATA on a stream that nobody opened
        await client.ended()
        assert client.goaway == ErrorCodes.PROTOCOL_ERROR


async def test_streams_that_are_opened_to_be_reset_end_the_connection() -> None:
    async with rig(echo) as at:
        client = await http2(at)
        for _ in range(300):
            number = client.ask(client.fields())
            client.h2.reset_stream(number, ErrorCodes.CANCEL)
        client.flush()
        await client.ended()
        assert client.goaway == ErrorCodes.ENHANCE_YOUR_CALM
        assert at.counters.refused[Code.TOO_MANY] == 1
        assert at.counters.requests < 210


async def test_fields_that_grow_too_large_when_unpacked_end_the_connection() -> None:
    async with rig(echo) as at:
        client = await http2(at)
        bomb = [(b"x-bomb", b"x" * 3000)] * 40  # one entry of the table, named again and again
        client.ask([*client.fields(), *bomb])
        await client.ended()
        assert client.goaway == ErrorCodes.ENHANCE_YOUR_CALM


async def test_streams_beyond_the_limit_are_refused_for_another_time() -> None:
    release = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        await release.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async with rig(serve, limits=Limits(streams=2)) as at:
        client = await http2(at)
        numbers = [client.ask(client.fields()) for _ in range(3)]  # before the client has heard of the limit
        assert (await client.reply(numbers[2])).reset == ErrorCodes.REFUSED_STREAM
        release.set()
        assert [(await client.reply(number)).status for number in numbers[:2]] == [200, 200]
        client.close()


async def test_a_stop_lets_streams_end_and_begins_none() -> None:
    begun, release = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        begun.set()
        await release.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone")

    async with rig(serve) as at:
        client = await http2(at)
        client.ask(client.fields())
        await begun.wait()
        stopping = asyncio.create_task(at.proxy.stop(30))
        await client.until(lambda: client.goaway is not None)
        assert client.goaway == ErrorCodes.NO_ERROR
        release.set()
        await stopping
        assert at.counters.clients == 0


async def test_the_end_of_a_session_ends_every_stream_and_what_it_uses() -> None:
    begun, gone = asyncio.Semaphore(0), asyncio.Semaphore(0)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        begun.release()
        with contextlib.suppress(ConnectionError):
            await reader.read()
        gone.release()

    async with rig(serve) as at:
        client = await http2(at)
        for _ in range(3):
            client.ask(client.fields())
            await begun.acquire()
        at.delivery.live.end()
        for _ in range(3):
            await gone.acquire()
        await client.ended()


async def test_a_stream_that_its_client_resets_gives_its_upstream_up() -> None:
    begun, gone = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head, _ = await read_request(reader)
        if b"/other" in head:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            return
        begun.set()
        with contextlib.suppress(ConnectionError):
            await reader.read()
        gone.set()

    async with rig(serve) as at:
        client = await http2(at)
        number = client.ask(client.fields())
        await begun.wait()
        client.h2.reset_stream(number, ErrorCodes.CANCEL)
        client.flush()
        await gone.wait()
        assert (await client.get("/other")).status == 200
        client.close()


async def test_a_reply_that_is_cut_short_is_reset_and_the_others_go_on() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head, _ = await read_request(reader)
            if b"/cut" not in head:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood")
                continue
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
            return

    async with rig(serve) as at:
        client = await http2(at)
        cut = await client.get("/cut")
        assert not cut.ended
        assert cut.reset == ErrorCodes.INTERNAL_ERROR
        assert (await client.get("/")).body == b"good"
        client.close()


async def test_an_answer_before_the_body_stops_the_body() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nno\n")
        await reader.read()

    async with rig(serve) as at:
        client = await http2(at)
        number = client.ask(client.fields("/", "POST"), last=False)
        client.say(number, b"x")
        heard = client.streams[number]
        await client.until(lambda: heard.reset is not None)
        assert (heard.status, heard.body, heard.ended, heard.reset) == (413, b"no\n", True, ErrorCodes.NO_ERROR)
        client.close()


async def test_interim_replies_and_bodiless_ones_keep_their_form() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head, _ = await read_request(reader)
            if head.startswith(b"HEAD"):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: x-hop\r\nX-Hop: 1\r\n\r\n")
            elif b"/204" in head:
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            else:
                writer.write(
                    b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
                )

    async with rig(serve) as at:
        client = await http2(at)
        hinted = await client.get("/hints")
        assert [dict(head)[b":status"] for head in hinted.heads] == [b"103", b"200"]
        assert dict(hinted.heads[0])[b"link"] == b"</a>"
        bare = await client.reply(client.ask(client.fields("/", "HEAD")))
        assert (bare.fields, bare.body) == ({b":status": b"200", b"content-length": b"7"}, b"")
        assert (await client.get("/204")).status == 204
        client.close()
        assert at.counters.upstreams_opened == 1


async def test_a_client_that_waits_for_100_hears_it() -> None:
    async with rig(echo, FixedDelivery(swaps=(swap(),))) as at:
        client = await http2(at)
        fields = client.fields("/", "POST", ("content-length", "4"), ("expect", "100-continue"))
        number = client.ask(fields, last=False)
        await client.until(lambda: bool(client.streams[number].heads))
        assert client.streams[number].status == 100
        client.say(number, b"body", last=True)
        assert (await client.reply(number)).body.endswith(b"body")
        client.close()


async def test_silent_connections_are_closed() -> None:
    async with rig(echo, limits=Limits(idle_seconds=0.1, head_seconds=0.1)) as at:
        for asks in (0, 1):
            client = await http2(at)
            for _ in range(asks):
                await client.get("/")
            await client.ended()
            assert client.goaway == ErrorCodes.NO_ERROR


async def test_a_reply_that_is_not_read_is_given_up_in_time() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        with contextlib.suppress(ConnectionError):
            for _ in itertools.repeat(None, 100):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1_000_000)
                await writer.drain()

    async with rig(serve, limits=Limits(read_seconds=0.3)) as at:
        client = await http2(at)
        number = client.ask(client.fields())
        client.unread.add(number)
        heard = await client.reply(number)
        assert heard.reset is not None
        client.close()


async def test_websocket_on_a_stream_becomes_the_handshake_of_http_1() -> None:
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        heard.append(head)
        key = next(
            line.partition(b":")[2].strip()
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"sec-websocket-key")
        )
        accept = base64.b64encode(hashlib.sha1(key + GUID, usedforsecurity=False).digest())
        if b"/wrong" in head:
            accept = b"wrong"
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: %b\r\nSec-WebSocket-Protocol: chat\r\n\r\n\x81\x02hi" % accept
        )
        assert await reader.readexactly(8) == b"\x81\x82\0\0\0\0yo"
        writer.write(b"\x81\x02yo")

    async with rig(serve, FixedDelivery(strays={})) as at:
        client = await http2(at)
        await client.until(lambda: bool(client.settings))
        assert client.settings[SettingCodes.ENABLE_CONNECT_PROTOCOL] == 1
        fields = client.fields("/chat", "CONNECT", ("sec-websocket-version", "13"))
        fields.insert(1, (b":protocol", b"websocket"))
        number = client.ask(fields, last=False)
        client.say(number, b"\x81\x82\0\0\0\0yo")
        reply = await client.reply(number)
        assert reply.fields == {b":status": b"200", b"sec-websocket-protocol": b"chat"}
        assert reply.body == b"\x81\x02hi\x81\x02yo"
        assert reply.ended
        wrong = client.ask([(n, b"/wrong" if n == b":path" else v) for n, v in fields], last=False)
        assert (await client.reply(wrong)).status == 502
        client.close()
    assert heard[0].startswith(b"GET /chat HTTP/1.1\r\n")
