"""The short way through a conversation gives the same bytes as the long one, counts the same, and ends the same."""

import base64
import gzip
from collections.abc import Coroutine
from dataclasses import dataclass, field
from itertools import pairwise
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strongroom.core.hosts import Host
from strongroom.core.plans import Destination
from strongroom.delivery.egress import Counters, Limits
from strongroom.delivery.egress.driver import Driver
from strongroom.delivery.egress.events import ClientSent, UpstreamSent, Waiting
from strongroom.delivery.egress.exchange import Exchange
from strongroom.delivery.egress.short_way import QuickConversation
from strongroom.delivery.egress.surroundings import Surroundings
from strongroom.delivery.egress.upstream import UpstreamConnection
from strongroom.testing.entropy import CountingEntropy
from tests.delivery.egress.doubles import PLACEHOLDER, SECRET, STRAY, FixedDelivery, swap
from tests.delivery.egress.talk import CONNECT, ESTABLISHED, reply, request
from tests.delivery.egress.test_pool import never

HOST = Destination("https", Host("api.example.com"), 443)
BEARER = f"Authorization: Bearer {PLACEHOLDER}"
BASIC = f"Authorization: Basic {base64.b64encode(f'me:{PLACEHOLDER}'.encode()).decode()}"
CONNECTIONS = 4
SMALL = Limits(head_bytes=2048, request_bytes=400)


class Wire:
    """A transport that keeps what is written to it."""

    def __init__(self) -> None:
        self.written = b""
        self.aborted = False

    def write(self, data: bytes) -> None:
        self.written += data

    def abort(self) -> None:
        self.aborted = True

    def is_closing(self) -> bool:
        return self.aborted

    def get_extra_info(self, name: str) -> None:
        """Tell of no TLS around it."""

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class StillLoop:
    """The two things that a driver asks of its loop."""

    def time(self) -> float:
        return 0.0

    def call_soon(self, call: object) -> None: ...


@dataclass
class Heard:
    """A client that keeps what it is told."""

    told: list[object] = field(default_factory=list)

    @property
    def sent(self) -> bytes:
        return b"".join(each for each in self.told if isinstance(each, bytes))

    @property
    def ends(self) -> list[object]:
        return [each for each in self.told if not isinstance(each, bytes)]

    def send(self, data: bytes) -> None:
        self.told.append(data)

    def steer(self, *, paused: bool) -> bool:
        return True

    def start_tls(self, host: Host, early: bytes) -> None: ...

    def close(self, *, linger: bool) -> None:
        self.told.append(("closed", linger))

    def cut(self) -> None:
        self.told.append("cut")


class Stage:
    """A client in an open tunnel, and idle connections to its upstream. `short` lets it take the short way."""

    def __init__(self, *, short: bool, strays: bool = True) -> None:
        self.delivery = FixedDelivery(swaps=(swap(),)) if strays else FixedDelivery(swaps=(swap(),), strays={})
        self.delivery.make(self.delivery.live, HOST)
        self.counters = Counters()
        self.short = short
        self.client = Heard()
        self.spawned: list[str] = []
        self.around = Surroundings(
            delivery=self.delivery,
            authority=None,  # type: ignore[arg-type]  # nobody speaks TLS here
            dialer=None,  # type: ignore[arg-type]  # and nobody dials
            counters=self.counters,
            limits=SMALL,
            spawn=self.spawn,  # type: ignore[arg-type]
            loop=StillLoop(),  # type: ignore[arg-type]
            departed=lambda: None,
            entropy=CountingEntropy(),
        )
        self.lane = self.around.pool.lane(self.delivery.live, HOST)
        self.upstreams = [UpstreamConnection(never) for _ in range(CONNECTIONS)]
        for connection in self.upstreams:
            connection.connection_made(Wire())  # type: ignore[arg-type]
            self.lane.keep(connection, 0.0)
        self.conversation = QuickConversation(limits=SMALL, counters=self.counters)
        self.driver = Driver(self.client, self.conversation, self.around)
        self.driver.happen(ClientSent(CONNECT))
        self.driver.happen(ClientSent(b"\x16"))
        assert self.client.told == [ESTABLISHED]
        self.driver.happen(ClientSent(request("/first")))  # the short way is for those who know where a connection is
        self.driver.happen(UpstreamSent(reply()))
        self.client.told.clear()

    def spawn(self, work: Coroutine[object, object, None], name: str) -> None:
        """Remember what was to be done, and do nothing."""
        work.close()
        self.spawned.append(name)

    def say(self, data: bytes) -> None:
        if self.short:
            self.driver.client_sent(data)
        else:
            self.driver.happen(ClientSent(data))

    def answer(self, data: bytes) -> None:
        """Let the upstream that is asked at the moment say something."""
        busy = next((each for each in self.upstreams if each.user is self.driver), None)
        if busy is None:
            return
        if self.short:
            self.driver.upstream_sent(data)
        else:
            self.driver.happen(UpstreamSent(data))

    def seen(self) -> dict[str, object]:
        """Everything that anybody can tell of what happened."""
        return {
            "client": self.client.sent,
            "ends": self.client.ends,
            "upstreams": [
                (cast("Wire", each.transport).written, each.gone, each.user is None) for each in self.upstreams
            ],
            "requests": self.counters.requests,
            "refused": self.counters.refused,
            "bytes": (self.counters.bytes_to_client, self.counters.bytes_to_upstream),
            "reused": self.counters.upstreams_reused,
            "idle": bool(self.lane.idle),
            "uses": self.delivery.meter._uses,
            "strays": self.delivery.meter._strays,
            "waiting": (self.conversation.waiting, self.conversation.idle, self.conversation.head_due),
        }


def written(connection: UpstreamConnection) -> bytes:
    return cast("Wire", connection.transport).written


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
    assert told(Stage(short=True, strays=strays), said) == told(Stage(short=False, strays=strays), said)


@pytest.mark.parametrize("asked", REQUESTS)
@pytest.mark.parametrize("answered", REPLIES)
def test_each_request_with_each_reply_goes_both_ways_alike(asked: bytes, answered: bytes) -> None:
    said: list[tuple[bytes, list[int], bytes, list[int]]] = [
        (asked, [], answered, []),
        (REQUESTS[0], [], REPLIES[1], []),
    ]
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
