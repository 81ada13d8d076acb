"""The short way through a conversation gives the same bytes as the long one, counts the same, and ends the same."""

import base64
import gzip
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strongroom.delivery.egress.events import Waiting
from strongroom.delivery.egress.exchange import Exchange
from tests.delivery.egress.doubles import OTHER, PLACEHOLDER, SECRET, STRAY, FixedDelivery, swap
from tests.delivery.egress.stages import SMALL, Stage, written
from tests.delivery.egress.talk import CONNECT, reply, request

BEARER = f"Authorization: Bearer {PLACEHOLDER}"
BASIC = f"Authorization: Basic {base64.b64encode(f'me:{PLACEHOLDER}'.encode()).decode()}"

REQUESTS = [
    request("/", BEARER),
    request("/a?b=c", BASIC, "Accept: */*"),
    request("/", "X-Nothing: secret"),
    request("/", f"X-Stray: {STRAY}", BEARER),
    request("/", BEARER, "Connection: close"),
    request("/", BEARER, "Connection: keep-alive, X-Hop", "X-Hop: 1", "Proxy-Thing: 2"),
    request("/", BEARER, method="HEAD"),
    request("/", BEARER, method="DELETE"),
    request("/", BEARER, "Expect: 100-continue"),
    request("/", BEARER, "Upgrade: websocket", "Connection: Upgrade"),
    request("/", BEARER, "Upgrade: h2c", "Connection: Upgrade"),
    request("/", BEARER, "Range: bytes=0-1", "Accept-Encoding: gzip"),
    request("https://api.example.com/absolute", BEARER),
    request("/", BEARER, method="POST", body=f"token={PLACEHOLDER}".encode()),
    request("/", BEARER, method="GET", body=b"unusual"),
    request("/", BEARER) + request("/ahead", BEARER),
    b"\r\n" + request("/", BEARER),
    request("/", BEARER, host="evil.example.com"),
    request("/", BEARER, "X-Long: " + "x" * 4096),
    request("/", *[f"X-{number}: {PLACEHOLDER}" for number in range(20)], "X-Fill: " + "x" * 900),
    request("/", "Bad Header: 1"),
    b"GET / HTTP/1.1\r\nHost: api.example.com\r\nContent-Length: 0\r\n\r\n",
    b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    request("/", BEARER, "TE: trailers", "Connection: TE"),
    CONNECT,
    request("/", BEARER, "Content-Type: application/json", method="POST", body=b'{"key": "%b"}' % PLACEHOLDER.encode()),
    request("/", "Content-Type: application/json", "Expect: 100-continue", method="PUT", body=b"{}"),
    request("/", BEARER, "Content-Encoding: gzip", method="PATCH", body=gzip.compress(b"{}")),
    request("/", BEARER, "Content-Length: 5", "Content-Length: 5", method="POST"),
    request("/", BEARER, "Transfer-Encoding: chunked", method="POST") + b"2\r\n{}\r\n0\r\n\r\n",
    request("/", BEARER, method="POST", body=b"too long for these limits" * 20),
    request("/", f"X-Stray: {STRAY}", method="POST", body=f"stray={STRAY}".encode()),
    request("/", BEARER, method="POST", body=b"{}") + b"more",
]
REPLIES = [
    reply(),
    reply(b"x" * 1024, "Content-Type: text/plain"),
    reply(b"you sent " + SECRET.encode(), f"X-Echo: {SECRET}"),
    reply(b"", status="200 OK"),
    reply(b"bye", "Connection: close"),
    reply(gzip.compress(SECRET.encode()), "Content-Encoding: gzip"),
    reply(b"?", "Content-Encoding: unheard-of"),
    reply(b"\1\0\0\0\1?", "Content-Type: application/grpc"),
    reply(b"\0\0\0\0\1?\x80\0\0\0\0", "Content-Type: application/grpc-web"),
    reply(b"\x81\0\0\0\1?", "Content-Type: application/grpc-web"),
    reply() + b"more than was asked for",
    b"HTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 304 Not Modified\r\nContent-Length: 17\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n" + reply(),
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: " + SECRET.encode() + b"\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n\r\nuntil the end",
    b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nServer: it\r\nX-Long: 1\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\nDate: now\r\nCONTENT-LENGTH:2 \t\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\nContent-Length: 02\r\n\r\nok",
    b"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Lengthy: 1\r\nConnection-Id: 1\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\nconnection: keep-alive\r\nkEEP-Alive: timeout=5\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\naLT-Svc: h3\r\nUpgrade: h2c\r\n\r\nok",
    b"HTTP/1.1 407 No\r\nContent-Length: 2\r\npROXY-Authenticate: Basic\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTrailer: X\r\nTE: trailers\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nBad Name: 1\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nok",
    b"HTTP/1.1 199 Early\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 200 " + SECRET.encode() + b"\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 2048 + b"\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    b"nonsense\r\n\r\n",
]


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted({cut % (len(data) + 1) for cut in cuts}), len(data)]
    return [data[begin:end] for begin, end in pairwise(places) if begin < end]


def told(stage: Stage, exchanges: list[tuple[bytes, list[int], bytes, list[int]]]) -> dict[str, object]:
    for asked, asked_cuts, answered, answered_cuts in exchanges:
        for piece in pieces(asked, asked_cuts):
            stage.say(piece)
        for piece in pieces(answered, answered_cuts):
            stage.answer(piece)
    return stage.seen()


cuts = st.lists(st.integers(0, 5000), max_size=2)
exchanges = st.lists(st.tuples(st.sampled_from(REQUESTS), cuts, st.sampled_from(REPLIES), cuts), min_size=1, max_size=5)


@settings(deadline=None)
@given(exchanges, st.booleans())
def test_both_ways_give_the_same_bytes_and_end_the_same(
    said: list[tuple[bytes, list[int], bytes, list[int]]], strays: bool
) -> None:
    def stage(*, short: bool) -> Stage:
        strayed = {STRAY: OTHER} if strays else {}
        return Stage(short=short, delivery=FixedDelivery(swaps=(swap(),), strays=strayed))

    assert told(stage(short=True), said) == told(stage(short=False), said)


@pytest.mark.parametrize("asked", REQUESTS)
@pytest.mark.parametrize("answered", REPLIES)
def test_each_request_with_each_reply_goes_both_ways_alike(asked: bytes, answered: bytes) -> None:
    said: list[tuple[bytes, list[int], bytes, list[int]]] = [
        (asked, [], answered, []),
        (REQUESTS[0], [], REPLIES[1], []),
    ]
    assert told(Stage(short=True), said) == told(Stage(short=False), said)


HOP_OR_CODING = [
    "Connection: X-Hop",
    "Keep-Alive: timeout=5",
    "TE: trailers",
    "Trailer: X-Sum",
    "Transfer-Encoding: gzip",
    "Upgrade: h2c",
    "HTTP2-Settings: AAAA",
    "Proxy-Authenticate: Basic",
    "Alt-Svc: h3=:443",
    "Sec-WebSocket-Accept: x",
    "Content-Encoding: gzip",
    "gRPC-Encoding: gzip",
    "Connect-Content-Encoding: gzip",
]


@pytest.mark.parametrize("line", [*HOP_OR_CODING, *map(str.lower, HOP_OR_CODING), *map(str.upper, HOP_OR_CODING)])
def test_a_field_that_concerns_the_hop_or_a_coding_is_dealt_with_both_ways_alike(line: str) -> None:
    said: list[tuple[bytes, list[int], bytes, list[int]]] = [(REQUESTS[0], [], reply(b"ok", line), [])]
    assert told(Stage(short=True), said) == told(Stage(short=False), said)


@pytest.mark.parametrize(
    "asked", [REQUESTS[number] for number in (0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 14, 21, 25, 26, 27, 31)]
)
def test_a_whole_request_that_needs_no_question_goes_the_short_way(asked: bytes) -> None:
    assert Stage(short=True).conversation.begin_at_once(asked) is not None


@pytest.mark.parametrize("asked", [REQUESTS[number] for number in (9, 10, 15, 16, 17, 18, 20, 24, 28, 29, 30, 32)])
def test_everything_else_goes_the_long_way_and_nothing_has_changed_until_then(asked: bytes) -> None:
    stage = Stage(short=True)
    before = stage.seen()
    assert stage.conversation.begin_at_once(asked) is None
    assert stage.seen() == before


def test_a_second_request_waits_for_the_first_ones_reply() -> None:
    stage = Stage(short=True)
    stage.say(REQUESTS[0])
    assert stage.conversation.begin_at_once(REQUESTS[0]) is None


def test_a_plan_that_is_over_puts_nothing_in_on_the_short_way() -> None:
    stage = Stage(short=True)
    told(stage, [(REQUESTS[0], [], REPLIES[0], [])])
    first = b"".join(written(each) for each in stage.upstreams)
    assert SECRET.encode() in first
    stage.delivery.live.forget()
    stage.say(REQUESTS[0])
    after = b"".join(written(each) for each in stage.upstreams)
    assert after == first


def test_a_reply_to_the_short_way_is_scrubbed() -> None:
    stage = Stage(short=True)
    stage.say(REQUESTS[0])
    assert stage.conversation._exchange is None  # the short way has been gone
    stage.answer(REPLIES[2])
    assert SECRET.encode() not in stage.client.sent
    assert stage.client.sent.count(PLACEHOLDER.encode()) == 2


def test_what_comes_before_the_whole_reply_finds_an_exchange_under_way() -> None:
    stage = Stage(short=True)
    stage.say(REQUESTS[0])
    assert stage.conversation.waiting is Waiting.ANSWER
    under_way = stage.conversation.under_way
    assert isinstance(under_way, Exchange)
    assert stage.conversation.under_way is under_way
    stage.answer(REPLIES[1])
    assert stage.client.sent == told(Stage(short=False), [(REQUESTS[0], [], REPLIES[1], [])])["client"]


def test_a_kept_connection_that_dies_is_replaced_for_a_request_that_went_the_short_way() -> None:
    stage = Stage(short=True)
    stage.say(REQUESTS[0])
    busy = next(each for each in stage.upstreams if each.user is stage.driver)
    busy.connection_lost(None)
    assert stage.spawned == ["connect to an upstream"]
    assert stage.client.told == []


def test_a_body_for_which_the_session_has_no_room_goes_the_long_way() -> None:
    stage = Stage(short=True)
    stage.conversation.share.hold(SMALL.session_gathered_bytes)
    assert stage.conversation.begin_at_once(REQUESTS[13]) is None
    assert stage.conversation.begin_at_once(REQUESTS[0]) is not None
