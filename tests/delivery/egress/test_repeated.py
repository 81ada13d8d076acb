"""A client that repeats its fields gets what it would get if they were read anew each time, and is counted the same."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.delivery.egress.doubles import (
    HEADER,
    PLACEHOLDER,
    SECRET,
    STRAY,
    FixedDelivery,
    placement,
    swap,
)
from tests.delivery.egress.repeating import (
    BEARER,
    EVERYWHERE,
    OWN,
    REPLIES,
    SETTINGS,
    Setting,
    asking,
    clocked,
    drifting,
    repeating,
)
from tests.delivery.egress.stages import HOST, SMALL, Stage, written
from tests.delivery.egress.talk import CONNECT, reply, request


def told(stage: Stage, said: list[bytes], answers: list[bytes]) -> dict[str, object]:
    for number, asked in enumerate(said):
        stage.say(asked)
        stage.answer(answers[number % len(answers)])
    return stage.seen()


@settings(deadline=None, max_examples=300)
@given(repeating(), st.sampled_from(SETTINGS), st.permutations(REPLIES))
def test_who_repeats_fields_gets_what_others_get(said: list[bytes], setting: Setting, answers: list[bytes]) -> None:
    short, long = Stage(short=True, delivery=setting.make()), Stage(short=False, delivery=setting.make())
    assert told(short, said, answers) == told(long, said, answers)


@settings(deadline=None, max_examples=300)
@given(drifting(), st.sampled_from(SETTINGS))
def test_whose_fields_come_and_go_gets_what_others_get(said: list[bytes], setting: Setting) -> None:
    short, long = Stage(short=True, delivery=setting.make()), Stage(short=False, delivery=setting.make())
    assert told(short, said, REPLIES) == told(long, said, REPLIES)


def known(stage: Stage) -> bool:
    """Tell whether the fields of the request that is under way were known."""
    asked = stage.conversation._asked
    assert asked is not None
    return asked.written is not None


def ask(stage: Stage, *requests: bytes) -> list[bool]:
    """Say them one after the other; return for each whether its fields were known."""
    were: list[bool] = []
    for asked in requests:
        stage.say(asked)
        were.append(known(stage))
        stage.answer(reply())
    return were


def last_sent(stage: Stage) -> bytes:
    """What the upstream that is used each time was sent last."""
    return b"GET " + written(stage.upstreams[-1]).rpartition(b"GET ")[2]


GET, POST = request("/", BEARER), request("/", BEARER, method="POST", body=b"{}")


@pytest.mark.parametrize("other", [request("/other?x=y", BEARER), request("/", BEARER, method="DELETE")])
def test_fields_that_came_twice_are_known_whatever_is_asked_for(other: bytes) -> None:
    assert ask(Stage(short=True), GET, GET, GET, other) == [False, False, True, True]


def test_the_length_of_a_body_may_differ() -> None:
    stage, longer = Stage(short=True), request("/", BEARER, method="POST", body=b'{"a": [1, 2]}')
    assert ask(stage, POST, longer, longer, POST) == [False, False, True, True]
    stage.say(POST)
    asked = stage.conversation._asked
    assert asked is not None
    assert asked.head.one(b"content-length") == b"2"
    assert asked.head.lower == b"".join(line.lower() + b"\r\n" for line in asked.head.lines)


def test_what_stands_behind_the_length_may_not_differ() -> None:
    first = asking("POST", "/", b"{}", (BEARER,))
    second = first.replace(b"X-Last: 1", b"X-Last: 2")
    assert ask(Stage(short=True), first, first, first, second) == [False, False, True, False]


def test_a_field_that_connection_names_is_not_forwarded_however_often_it_differs() -> None:
    stage = Stage(short=True)
    ask(stage, *[asking("GET", "/", None, (BEARER, "Connection: X-Hop"), f"X-Hop: {number}") for number in range(5)])
    assert b"x-hop" not in written(stage.upstreams[-1]).lower()


@pytest.mark.parametrize("line", ["Host: api.example.com", BEARER, "Accept-Encoding: gzip"])
def test_a_field_that_is_not_just_forwarded_is_not_among_those_that_may_differ(line: str) -> None:
    others = ["X-A: 1", "X-B: 2"] if line.startswith("Host") else ["Host: api.example.com", "X-A: 1"]
    first, second, without = (
        "\r\n".join(["GET / HTTP/1.1", *lines, *others, "", ""]).encode() for lines in ([line], [line + " "], [])
    )
    stage = Stage(short=True)
    ask(stage, first, second, first, second)
    tunnel = stage.conversation.tunnel
    assert tunnel is not None
    assert tunnel.plan is not None
    assert tunnel.repeated.read(without, tunnel.plan, SMALL) is None


def test_with_a_body_is_not_without_one() -> None:
    """Only a request that may carry a secret in its body asks for plain bytes before any was sent."""
    stage = Stage(short=True, delivery=FixedDelivery(swaps=(swap(),), strays={}))
    fields = ("Accept-Encoding: gzip",)
    with_body, without = asking("POST", "/", b"{}", fields), asking("GET", "/", None, fields)
    assert ask(stage, with_body, with_body, with_body, without) == [False, False, True, False]
    assert b"Accept-Encoding: gzip" in last_sent(stage)


def test_what_stood_in_a_target_is_not_counted_again() -> None:
    stage = Stage(short=True, delivery=FixedDelivery(swaps=(swap(EVERYWHERE),)))
    in_target = request(f"/{PLACEHOLDER}", BEARER)
    ask(stage, in_target, in_target, GET, GET, GET)
    assert [*stage.delivery.meter._uses.values()] == [2 + 2 + 1 + 1 + 1]


def test_the_version_may_not_differ() -> None:
    new = request("/", BEARER, "Connection: keep-alive")
    old = new.replace(b"HTTP/1.1", b"HTTP/1.0")
    assert ask(Stage(short=True), old, old, old, new) == [False] * 4


@pytest.mark.parametrize(
    "other",
    [
        request("/", BEARER.replace("Bearer", "bearer")),
        request("/", BEARER.replace(": ", ":")),
        request("/", f"{BEARER}x"),
        request(f"/{PLACEHOLDER}", BEARER),
        request("https://api.example.com/", BEARER),
        GET.replace(b"HTTP/1.1", b"HTTP/1.0").replace(b"\r\n\r\n", b"\r\nConnection: keep-alive\r\n\r\n"),
        POST,
        POST.replace(b": 2", b": 02"),
    ],
)
def test_other_fields_are_not_taken_for_those(other: bytes) -> None:
    assert ask(Stage(short=True), GET, GET, GET, other)[2:] == [True, False]


def test_a_few_fields_may_differ_from_request_to_request() -> None:
    stage = Stage(short=True)
    requests = [asking("GET", "/", None, (BEARER,), f"X-Id: {number}") for number in range(4)]
    more = asking("GET", "/", None, (BEARER,), "X-Id: 5", "X-Span: 6")
    none = asking("GET", "/", None, (BEARER,))
    assert ask(stage, *requests, more, none) == [False, False, True, True, True, True]
    sent = written(stage.upstreams[-1])
    assert all(b"X-Id: %d\r\nX-Last: 1\r\n" % number in sent for number in range(4))
    assert b"X-Id: 5\r\nX-Span: 6\r\nX-Last: 1\r\n" in sent
    assert sent.count(SECRET.encode()) == 6


@pytest.mark.parametrize("own", [each for each in OWN[6:] if not each.startswith("X-Hop")])
def test_fields_that_are_not_just_forwarded_make_a_request_another_one(own: str) -> None:
    stage = Stage(short=True)
    requests = [asking("GET", "/", None, (BEARER,), f"X-Id: {number}") for number in range(3)]
    assert ask(stage, *requests) == [False, False, True]
    tunnel = stage.conversation.tunnel
    assert tunnel is not None
    assert tunnel.plan is not None
    assert tunnel.repeated.read(asking("GET", "/", None, (BEARER,), *own.split("\n")), tunnel.plan, SMALL) is None


def test_who_differs_in_other_fields_each_time_is_learnt_ever_less_often() -> None:
    stage = Stage(short=True)
    tunnel = stage.conversation.tunnel
    assert tunnel is not None
    learnt = 0
    for number in range(100):
        own = [f"X-Pair: {number // 2}", *[f"X-{at}: 0" for at in range(4)], f"X-Id: {number}"]
        before = tunnel.repeated._known
        assert ask(stage, asking("GET", "/", None, (BEARER,), *own)) == [False]
        learnt += tunnel.repeated._known is not before
    assert 0 < learnt < 10


LONG, LARGE = "/" + "x" * SMALL.head_bytes, b"x" * (SMALL.request_bytes + 1)


@pytest.mark.parametrize(
    ("first", "other"),
    [
        (GET, CONNECT),
        (GET, GET + GET),
        (GET, asking("GET", "/", None, (BEARER,)).replace(b"X-Last: 1\r\n", b"X-Id: 1\r\n") + GET),
        (GET, GET[:-2]),
        (GET, request(LONG, BEARER)),
        (POST, POST + b"GET"),
        (POST, POST[:-1]),
        (POST, request(LONG, BEARER, method="POST", body=b"{}")),
        (POST, request("/", BEARER, method="POST", body=LARGE)),
    ],
)
def test_what_is_not_one_whole_request_within_the_limits_goes_the_long_way(first: bytes, other: bytes) -> None:
    stage = Stage(short=True)
    assert ask(stage, first, first, first) == [False, False, True]
    assert stage.conversation.begin_at_once(other) is None


@pytest.mark.parametrize(
    ("delivery", "asked"),
    [
        (FixedDelivery(swaps=(clocked(),)), GET),
        (FixedDelivery(swaps=(swap(),)), request("/", f"X-Stray: {STRAY}")),
        (FixedDelivery(swaps=(swap(HEADER),)), request(f"/{PLACEHOLDER}", BEARER)),
        (FixedDelivery(swaps=(swap(),), placements=(placement(),)), request("/mcp", BEARER)),
        (FixedDelivery(swaps=(swap(),)), request("/", BEARER, "Expect: 100-continue")),
    ],
)
def test_what_may_come_out_otherwise_the_next_time_is_never_known(delivery: FixedDelivery, asked: bytes) -> None:
    assert not any(ask(Stage(short=True, delivery=delivery), *[asked] * 5))


def test_a_code_of_the_moment_is_made_for_each_request() -> None:
    stage = Stage(short=True, delivery=FixedDelivery(swaps=(clocked(),)))
    codes: set[bytes] = set()
    for _ in range(4):
        ask(stage, GET)
        codes.add(last_sent(stage).partition(b"Bearer ")[2][:13])
    assert len(codes) == 4


def test_each_request_counts_its_secrets() -> None:
    stage = Stage(short=True)
    ask(stage, *[GET] * 5)
    assert [*stage.delivery.meter._uses.values()] == [5]


def test_each_request_is_reported_whose_placeholder_strays() -> None:
    stage = Stage(short=True)
    ask(stage, *[request("/", f"X-Stray: {STRAY}")] * 5)
    assert [*stage.delivery.meter._strays.values()] == [5]


def test_fields_are_forgotten_with_the_plan_they_were_written_under() -> None:
    stage = Stage(short=True)
    assert ask(stage, GET, GET, GET) == [False, False, True]
    stage.delivery.live.forget()
    stage.delivery.swaps = (swap(secret="sk-live-rotated"),)
    tunnel = stage.conversation.tunnel
    assert tunnel is not None
    tunnel.plan = stage.delivery.make(stage.delivery.live, HOST)
    assert tunnel.repeated.read(GET, tunnel.plan, SMALL) is None
    assert tunnel.repeated._known is None
    assert ask(stage, GET) == [False]
    assert b"sk-live-rotated" in last_sent(stage)


def test_fields_are_forgotten_when_another_secret_has_been_sent() -> None:
    """Before, the upstream could be asked for compressed bytes; now they could hold the secret."""
    stage = Stage(short=True, delivery=FixedDelivery(swaps=(swap(),), strays={}))
    plain = request("/", "Accept-Encoding: gzip")
    fresh = Stage(short=True, delivery=FixedDelivery(swaps=(swap(),), strays={}))
    assert ask(fresh, plain, plain, plain) == [False, False, True]
    assert b"Accept-Encoding: gzip" in last_sent(fresh)
    ask(stage, plain, plain, plain, GET)
    assert ask(stage, plain) == [False]
    assert b"Accept-Encoding: identity" in last_sent(stage)
    assert b"gzip" not in last_sent(stage)


def test_long_fields_are_not_kept() -> None:
    stage = Stage(short=True, limits=replace(SMALL, head_bytes=64 * 1024))
    long = request("/", BEARER, "X-Long: " + "x" * 9000)
    assert not any(ask(stage, long, long, long))
