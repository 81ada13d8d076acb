"""What one session, and one key, may take of the proxy: counted without asking for the time."""

import pytest

from strongroom.core.failures import TooMany
from strongroom.delivery.egress import Limits
from strongroom.delivery.egress.events import ClientGone
from strongroom.delivery.egress.refusals import Code
from strongroom.delivery.egress.shares import Share, Shares
from tests.delivery.egress.doubles import FixedDelivery, swap
from tests.delivery.egress.talk import Talk, reply, request


def refused(share: Share) -> TooMany:
    with pytest.raises(TooMany) as caught:
        share.begin()
    return caught.value


def test_more_requests_than_a_second_brings_are_refused_until_some_have_come_back() -> None:
    share = Share(Limits(session_requests_per_second=2))
    for _ in range(2):
        share.begin()
        share.end()
    failure = refused(share)
    assert (str(failure), failure.retry_after) == ("the session has sent more than 2 requests in a second", 1)
    refused(share)  # trying costs nothing
    share.own.refill(0.5)
    share.begin()
    refused(share)


def test_more_requests_at_once_than_may_be_are_refused_until_one_is_over() -> None:
    share = Share(Limits(session_concurrent_requests=1))
    share.begin()
    assert str(refused(share)) == "the session has 1 requests under way, which is the most it may have"
    share.end()
    share.begin()


def test_who_has_moved_too_much_is_told_how_long_to_wait() -> None:
    share = Share(Limits(session_bytes_per_minute=600))
    share.moved(1000)
    failure = refused(share)
    assert (str(failure), failure.retry_after) == ("the session has moved more than 600 bytes in a minute", 40)
    share.own.refill(39)
    refused(share)
    share.own.refill(1)
    share.begin()


def test_a_key_is_bounded_over_all_its_sessions_and_leaves_others_alone() -> None:
    delivery = FixedDelivery()
    shares = Shares(limits=Limits(key_requests_per_second=2, key_connections=2))
    one, two, three = (delivery.session(f"sesn_{number}") for number in range(3))
    for live in (one, two):
        shares.join(live)
        shares.of(live).begin()
    assert "API key that opened the session" in str(refused(shares.of(one)))
    with pytest.raises(TooMany, match="API key that opened the session has 2 connections"):
        shares.join(three)
    stranger = delivery.session("sesn_9", key="key_9")
    shares.join(stranger)
    shares.of(stranger).begin()


def test_leaving_and_coming_back_gives_nothing_anew() -> None:
    shares, live = Shares(limits=Limits(session_requests_per_second=1)), FixedDelivery().live
    shares.join(live)
    shares.of(live).begin()
    shares.of(live).end()
    shares.leave(live)
    shares.refill(0.4)
    shares.join(live)
    refused(shares.of(live))


def test_who_has_everything_back_is_forgotten() -> None:
    shares, live = Shares(limits=Limits(session_requests_per_second=1)), FixedDelivery().live
    shares.join(live)
    shares.of(live).begin()
    shares.refill(2)
    assert len(shares) == 1
    shares.of(live).end()
    shares.leave(live)
    shares.refill(2)
    assert len(shares) == 0


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(session_requests_per_second=1), b"more than 1 requests in a second"),
        (Limits(key_requests_per_second=1), b"the API key that opened the session has sent more than 1 requests"),
    ],
)
def test_a_request_too_many_is_answered_429_and_the_tunnel_goes_on(limits: Limits, words: bytes) -> None:
    talk = Talk(FixedDelivery(swaps=(swap(),)), limits=limits).tunnel()
    talk.client(request()).upstream(reply()).heard_by_client()
    heard = talk.client(request()).heard_by_client()
    assert heard.startswith(b"HTTP/1.1 429 Too Many Requests\r\n")
    assert b"\r\nretry-after: 1\r\n" in heard
    assert words in heard
    assert talk.counters.refused[Code.TOO_MANY] == 1
    for allowance in (talk.share.own, talk.share.key):
        allowance.refill(1)
    assert talk.client(request()).upstream(reply()).heard_by_client().startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize("end", ["reply", "refusal", "gone", "unclean"])
def test_every_request_that_begins_ends(end: str) -> None:
    talk = Talk().tunnel().client(request("/", "Content-Length: 9", method="POST"))
    assert (talk.share.own.running, talk.share.key.running) == (1, 1)
    match end:
        case "reply":
            talk.client(b"x" * 9).upstream(reply())
        case "refusal":
            talk.upstream(b"nonsense\r\n\r\n")
        case "gone":
            talk.happen(ClientGone())
        case _:
            talk.upstream_gone(clean=False)
    assert (talk.share.own.running, talk.share.key.running) == (0, 0)


@pytest.mark.parametrize("framing", ["Content-Length: 11", "Transfer-Encoding: chunked"])
def test_a_body_over_the_limit_is_refused(framing: str) -> None:
    talk = Talk(limits=Limits(request_bytes=10)).tunnel().client(request("/", framing, method="POST"))
    if "chunked" in framing:
        assert talk.heard_by_client() == b""
        talk.client(b"b\r\nhello world\r\n")
    heard = talk.heard_by_client()
    assert heard.startswith(b"HTTP/1.1 413 ")
    assert b"the request body is longer than 10 bytes" in heard
    assert b"world" not in talk.heard_by_upstream()
