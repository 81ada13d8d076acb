"""Upstreams of HTTP/2 on real sockets, for clients of either version."""

import asyncio
import contextlib

import pytest
from h2.errors import ErrorCodes
from hyperframe.frame import GoAwayFrame

from strongroom.delivery.egress import Code, Limits
from tests.delivery.egress.doubles import PLACEHOLDER, SECRET, FixedDelivery, swap
from tests.delivery.egress.http2.serving import Heard, Http2Server, serving
from tests.delivery.egress.http2.speaking import http2
from tests.delivery.egress.running import read_reply, rig
from tests.delivery.egress.test_server import echo, get

BOTH = ("h2", "http/1.1")
ONLY = ("h2",)
MIB = 1 << 20


async def mirror(server: Http2Server, heard: Heard) -> None:
    """Send the request's fields and body back."""
    await heard.whole()
    lines = [name + b": " + value for name, value in heard.fields]
    body = b"\n".join([*lines, b"", heard.body])
    server.head(heard, ("x-secret", SECRET))
    server.say(heard, body)
    server.trail(heard, ("x-sum", "1"), ("x-secret", SECRET), ("content-length", "7"))


async def test_both_sides_speak_http_2() -> None:
    async with rig(serving(mirror), FixedDelivery(swaps=(swap(),)), alpn=BOTH) as at:
        client = await http2(at)
        number = client.ask(client.fields("/a?b", "POST", ("authorization", f"Bearer {PLACEHOLDER}")), last=False)
        client.say(number, PLACEHOLDER.encode(), last=True)
        reply = await client.reply(number)
        assert reply.status == 200
        assert reply.fields == {b":status": b"200", b"x-secret": PLACEHOLDER.encode()}
        assert reply.trailers == [(b"x-sum", b"1"), (b"x-secret", PLACEHOLDER.encode())]
        said = reply.body.decode().split("\n")
        assert said[:4] == [":method: POST", ":scheme: https", f":authority: {at.host}", ":path: /a?b"]
        assert f"authorization: Bearer {PLACEHOLDER}" in said
        assert said[-1] == PLACEHOLDER
        assert not any(line.startswith(("host", "transfer-encoding", "connection")) for line in said)
        client.close()
        await at.delivery.meter.flush()
        assert sum(use.count for use in at.delivery.ledger.uses) == 2


async def test_a_hundred_requests_share_one_connection() -> None:
    async with rig(serving(mirror), alpn=BOTH) as at:
        client = await http2(at)
        numbers = [client.ask(client.fields(f"/{each}")) for each in range(100)]
        replies = [await client.reply(number) for number in numbers]
        assert all(f":path: /{each}".encode() in reply.body for each, reply in enumerate(replies))
        assert at.counters.upstreams_opened == 1
        assert at.dialer.offered == [BOTH]
        client.close()


async def test_sessions_do_not_share_connections_of_http_2() -> None:
    delivery = FixedDelivery()
    async with rig(serving(mirror), delivery, alpn=BOTH) as at:
        for name in ("sesn_1", "sesn_2"):
            delivery.sessions = dict.fromkeys(delivery.sessions, delivery.session(name))
            client = await http2(at)
            await client.get()
            client.close()
        assert at.counters.upstreams_opened == 2


async def test_more_requests_than_an_upstream_takes_get_another_connection_and_in_the_end_a_refusal() -> None:
    begun, release = asyncio.Semaphore(0), asyncio.Event()

    async def wait(server: Http2Server, heard: Heard) -> None:
        begun.release()
        await release.wait()
        server.head(heard, last=True)

    limits = Limits(upstream_shared_connections=2)
    async with rig(serving(wait, streams=2), alpn=BOTH, limits=limits) as at:
        client = await http2(at)
        numbers = []
        for _ in range(4):
            numbers.append(client.ask(client.fields()))
            await begun.acquire()
        refused = await client.get()
        assert refused.status == 429
        assert at.counters.upstreams_opened == 2
        release.set()
        assert [(await client.reply(number)).status for number in numbers] == [200] * 4
        client.close()


async def test_a_client_of_http_1_gets_http_1_where_there_is_a_choice() -> None:
    async with rig(echo, alpn=BOTH[::-1]) as at:
        reader, writer = await at.tunnel()
        writer.write(get(at.host))
        await read_reply(reader)
        assert at.dialer.offered == [("http/1.1",)]
        writer.close()


async def test_a_client_of_http_1_reaches_an_upstream_that_speaks_only_http_2() -> None:
    async with rig(serving(mirror), FixedDelivery(swaps=(swap(),)), alpn=ONLY) as at:
        for _ in range(2):
            reader, writer = await at.tunnel()
            for _ in range(3):
                writer.write(get(at.host, "/", f"Authorization: {PLACEHOLDER}", "TE: trailers", "Connection: TE"))
                head = await reader.readuntil(b"\r\n\r\n")
                body = await reader.readuntil(b"\r\n0\r\n")
                trailers = await reader.readuntil(b"\r\n\r\n")
                assert b"X-Secret: %b" % PLACEHOLDER.encode() in head.title().replace(
                    PLACEHOLDER.title().encode(), PLACEHOLDER.encode()
                )
                assert b"te: trailers" in body
                assert b"authorization: %b" % PLACEHOLDER.encode() in body
                assert b"x-sum: 1\r\n" in trailers
            writer.close()
        # It did not say what it speaks, and hung up on HTTP/1.1; from then on it is known.
        assert at.dialer.offered == [("http/1.1",), ONLY]


async def test_a_destination_of_http_1_is_remembered_and_streams_get_connections_of_their_own() -> None:
    async with rig(echo, alpn=("http/1.1",)) as at:
        client = await http2(at)
        numbers = [client.ask(client.fields()) for _ in range(5)]
        assert [(await client.reply(number)).status for number in numbers] == [200] * 5
        assert at.counters.upstreams_opened + at.counters.upstreams_reused == 5
        client.close()


@pytest.mark.parametrize("unseen", ["goaway", "refused"])
async def test_what_the_upstream_has_not_looked_at_is_sent_again_once(unseen: str) -> None:
    seen = 0

    async def turn_away(server: Http2Server, heard: Heard) -> None:
        nonlocal seen
        seen += 1
        if seen > 1 and heard.path == b"/":
            server.head(heard, last=True)
        elif unseen == "goaway":
            server.writer.write(GoAwayFrame(0, last_stream_id=0, error_code=0).serialize())
        else:
            server.h2.reset_stream(heard.number, ErrorCodes.REFUSED_STREAM)
            server.flush()

    async with rig(serving(turn_away), alpn=BOTH) as at:
        client = await http2(at)
        assert (await client.get("/")).status == 200
        assert seen == 2
        always = await client.get("/always")
        assert always.status == 502
        assert seen == 4
        number = client.ask(client.fields("/always", "POST"), last=False)
        client.say(number, b"x", last=True)
        assert (await client.reply(number)).status == 502
        assert seen == 5
        client.close()


async def test_after_a_goaway_what_is_under_way_ends_and_what_is_new_goes_elsewhere() -> None:
    release = asyncio.Event()

    async def answer(server: Http2Server, heard: Heard) -> None:
        if heard.path == b"/slow":
            server.head(heard)
            server.writer.write(GoAwayFrame(0, last_stream_id=heard.number, error_code=0).serialize())
            await release.wait()
            server.say(heard, b"done", last=True)
        else:
            server.head(heard, last=True)

    async with rig(serving(answer), alpn=BOTH) as at:
        client = await http2(at)
        slow = client.ask(client.fields("/slow"))
        await client.until(lambda: bool(client.streams[slow].heads))
        assert (await client.get("/other")).status == 200
        assert at.counters.upstreams_opened == 2
        release.set()
        assert (await client.reply(slow)).body == b"done"
        client.close()


async def test_a_reset_before_the_reply_is_a_502_and_after_its_beginning_a_reset() -> None:
    async def answer(server: Http2Server, heard: Heard) -> None:
        if heard.path == b"/later":
            server.head(heard)
            server.say(heard, b"part")
        elif heard.path == b"/whole":
            server.head(heard, last=True)
            return
        server.h2.reset_stream(heard.number, ErrorCodes.INTERNAL_ERROR)
        server.flush()

    async with rig(serving(answer), alpn=BOTH) as at:
        client = await http2(at)
        before = await client.get("/before")
        assert (before.status, before.fields[b"strongroom-refused"]) == (502, b"upstream_unreachable")
        later = await client.get("/later")
        assert (later.ended, later.reset) == (False, ErrorCodes.INTERNAL_ERROR)
        assert (await client.get("/whole")).status == 200
        assert at.counters.upstreams_opened == 1
        client.close()


@pytest.mark.parametrize(
    "fields",
    [
        [("x-a", "b\r\nx-evil: c")],
        [("X-Upper", "b")],
        [("connection", "close")],
        [("transfer-encoding", "chunked")],
        [("content-length", "3"), ("content-length", "3")],
        [(":status", "200")],
        [("x-a", "b"), (":extra", "1")],
    ],
)
async def test_a_malformed_reply_is_a_502_and_costs_its_stream_alone(fields: list[tuple[str, str]]) -> None:
    async def answer(server: Http2Server, heard: Heard) -> None:
        server.head(heard, *(fields if heard.path == b"/bad" else []), last=True)

    async with rig(serving(answer), alpn=BOTH) as at:
        client = await http2(at)
        bad = await client.get("/bad")
        assert (bad.status, bad.fields[b"strongroom-refused"]) == (502, b"upstream_bad_reply")
        assert (await client.get("/good")).status == 200
        client.close()
        assert at.counters.refused[Code.UPSTREAM_BAD_REPLY] == 1
        assert at.counters.upstreams_opened == 1


@pytest.mark.parametrize("ending", ["data", "trailers", "head"])
async def test_a_body_shorter_than_told_is_never_passed_on_as_whole(ending: str) -> None:
    async def answer(server: Http2Server, heard: Heard) -> None:
        server.head(heard, ("content-length", "10"), last=ending == "head")
        if ending == "data":
            server.say(heard, b"short", last=True)
        elif ending == "trailers":
            server.say(heard, b"short")
            server.trail(heard, ("x-a", "b"))

    async with rig(serving(answer), alpn=BOTH) as at:
        client = await http2(at)
        reply = await client.get()
        assert reply.reset is not None or reply.status == 502
        assert len(reply.body) < 10 or reply.status == 502
        client.close()


async def test_frames_that_break_the_protocol_are_a_502() -> None:
    async def answer(server: Http2Server, heard: Heard) -> None:
        server.writer.write((20_000).to_bytes(3, "big") + b"\0\0" + heard.number.to_bytes(4, "big"))

    async with rig(serving(answer), alpn=BOTH) as at:
        client = await http2(at)
        reply = await client.get()
        assert (reply.status, reply.fields[b"strongroom-refused"]) == (502, b"upstream_bad_reply")
        client.close()


async def test_a_client_that_goes_away_takes_its_request_back() -> None:
    begun, gone = asyncio.Event(), asyncio.Event()

    async def answer(server: Http2Server, heard: Heard) -> None:
        if heard.path == b"/whole":
            server.head(heard, last=True)
            return
        server.head(heard)
        begun.set()
        await heard.whole()
        while heard.reset is None:
            heard.more.clear()
            await heard.more.wait()
        assert heard.reset == ErrorCodes.CANCEL
        gone.set()

    async with rig(serving(answer), alpn=BOTH) as at:
        client = await http2(at)
        number = client.ask(client.fields())
        await begun.wait()
        client.h2.reset_stream(number, ErrorCodes.CANCEL)
        client.flush()
        await gone.wait()
        assert (await client.get("/whole")).status == 200
        assert at.counters.upstreams_opened == 1
        client.close()


async def test_large_bodies_go_both_ways_and_a_slow_reader_stalls_its_stream_alone() -> None:
    size = 4 * MIB

    async def answer(server: Http2Server, heard: Heard) -> None:
        await heard.whole()
        server.head(heard)
        await server.pour(heard, heard.body or b"y" * size)

    async with rig(serving(answer), alpn=BOTH) as at:
        client = await http2(at)
        client.h2.increment_flow_control_window(1 << 30)
        slow = client.ask(client.fields("/slow"))
        client.unread.add(slow)
        number = client.ask(client.fields("/", "POST"), last=False)
        await client.upload(number, b"z" * size)
        assert (await client.reply(number)).body == b"z" * size
        assert len(client.streams[slow].body) <= 65_535
        client.unread.clear()
        client.h2.increment_flow_control_window(len(client.streams[slow].body), slow)
        client.flush()
        assert len((await client.reply(slow)).body) == size
        client.close()


async def test_requests_and_replies_interleave_on_one_stream() -> None:
    async def answer(server: Http2Server, heard: Heard) -> None:
        server.head(heard)
        answered = 0
        while not heard.ended:
            while len(heard.body) >= answered + 4:
                server.say(heard, heard.body[answered : answered + 4].upper())
                answered += 4
            heard.more.clear()
            await heard.more.wait()
        server.trail(heard, ("x-count", str(answered)))

    async with rig(serving(answer), alpn=BOTH) as at:
        client = await http2(at)
        number = client.ask(client.fields("/", "POST"), last=False)
        heard = client.streams[number]
        for turn in range(1, 101):
            client.say(number, b"ping")
            await client.until(lambda turn=turn: len(heard.body) >= 4 * turn)  # type: ignore[misc]
        client.say(number, b"", last=True)
        await client.reply(number)
        assert heard.body == b"PING" * 100
        assert heard.trailers == [(b"x-count", b"400")]
        client.close()


async def test_the_end_of_a_session_takes_its_streams_back() -> None:
    begun, gone = asyncio.Event(), asyncio.Event()

    async def answer(server: Http2Server, heard: Heard) -> None:
        server.head(heard)
        begun.set()
        while heard.reset is None:
            heard.more.clear()
            await heard.more.wait()
        gone.set()

    async with rig(serving(answer), alpn=BOTH) as at:
        client = await http2(at)
        client.ask(client.fields())
        await begun.wait()
        at.delivery.live.end()
        await gone.wait()
        await client.ended()


async def test_an_idle_connection_is_closed_in_time() -> None:
    closed = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await serving(mirror)(reader, writer)
        closed.set()

    async with rig(serve, alpn=BOTH, limits=Limits(upstream_idle_seconds=0.1)) as at:
        client = await http2(at)
        await client.get()
        await closed.wait()
        assert (await client.get()).status == 200
        client.close()
