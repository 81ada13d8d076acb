"""What is said when, as playbooks: no sockets, no time."""

import pytest

from strongroom.core.plans import Destination
from strongroom.delivery.egress import Code
from strongroom.delivery.egress import commands as do
from strongroom.delivery.egress import events as on
from tests.delivery.egress.doubles import (
    PLACEHOLDER,
)
from tests.delivery.egress.talk import Talk, refused, reply, request

API = Destination("https", "api.example.com", 443)  # type: ignore[arg-type]


class TestOrder:
    def test_pipelined_requests_are_answered_in_order(self) -> None:
        talk = Talk().tunnel().client(request("/1") + request("/2", method="POST", body=b"two") + request("/3"))
        for number in (b"1", b"2", b"3"):
            assert talk.heard_by_upstream().split()[1] == b"/" + number
            talk.upstream(reply(number))
            assert talk.heard_by_client().endswith(number)

    def test_a_client_that_sends_too_far_ahead_is_not_read(self) -> None:
        talk = Talk().tunnel().client(request() + b"x" * 300_000)
        assert talk.conversation.full

    def test_a_kept_connection_that_dies_silently_costs_a_get_nothing(self) -> None:
        talk = Talk().tunnel()
        talk.reuse = True
        talk.client(request("/", f"X: {PLACEHOLDER}"))
        first = talk.heard_by_upstream()
        talk.upstream_gone(clean=False)
        assert talk.heard_by_upstream() == first
        assert talk.upstream(reply()).heard_by_client() == reply()
        assert talk.opened == [API, API]

    def test_it_is_repeated_once_only(self) -> None:
        talk = Talk().tunnel()
        talk.reuse = True
        talk.client(request()).upstream_gone(clean=False).upstream_gone(clean=False)
        assert refused(talk.heard_by_client())[:2] == (502, "upstream_unreachable")

    @pytest.mark.parametrize(("method", "body"), [("POST", b""), ("PUT", b"x"), ("PATCH", b"")])
    def test_what_may_have_been_done_is_not_done_again(self, method: str, body: bytes) -> None:
        talk = Talk().tunnel()
        talk.reuse = True
        talk.client(request(method=method, body=body)).upstream_gone(clean=False)
        assert refused(talk.heard_by_client())[:2] == (502, "upstream_unreachable")
        assert len(talk.opened) == 1

    def test_a_fresh_connection_that_dies_is_not_tried_again(self) -> None:
        talk = Talk().tunnel().client(request()).upstream_gone()
        assert refused(talk.heard_by_client())[0] == 502
        assert len(talk.opened) == 1

    def test_after_a_byte_of_reply_nothing_is_repeated(self) -> None:
        talk = Talk().tunnel()
        talk.reuse = True
        talk.client(request()).upstream(b"HTTP/1.1 2").upstream_gone()
        assert refused(talk.heard_by_client())[:2] == (502, "upstream_bad_reply")

    def test_a_reply_cut_short_cuts_the_client_too(self) -> None:
        talk = (
            Talk()
            .tunnel()
            .client(request())
            .upstream(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
            .upstream_gone()
        )
        assert talk.done == [do.AbortClient()]

    def test_an_open_ended_reply_that_just_vanishes_is_not_taken_for_complete(self) -> None:
        talk = Talk().tunnel().client(request()).upstream(b"HTTP/1.1 200 OK\r\n\r\nabc").upstream_gone(clean=False)
        assert talk.done == [do.AbortClient()]

    def test_a_client_that_leaves_takes_its_upstream_connection_along(self) -> None:
        talk = Talk().tunnel().client(request()).happen(on.ClientGone())
        assert talk.done == [do.DropUpstream()]
        assert talk.upstream(reply()).heard_by_client() == b""

    def test_an_upstream_that_says_close_is_closed(self) -> None:
        talk = Talk().tunnel().client(request()).upstream(reply(b"ok", "Connection: close"))
        assert b"onnection" not in talk.heard_by_client()
        assert talk.done == [do.DropUpstream()]

    def test_a_stopping_proxy_closes_after_the_reply(self) -> None:
        talk = Talk().tunnel().client(request())
        talk.conversation.stopping = True
        assert talk.upstream(reply()).done == [do.KeepUpstream(), do.CloseClient(linger=False)]


def talk_waits(talk: Talk) -> on.Waiting:
    return talk.conversation.waiting


class TestSilence:
    def test_whom_a_silence_is_blamed_on(self) -> None:
        talk = Talk()
        assert talk_waits(talk) is on.Waiting.HEAD
        talk.tunnel()
        assert talk_waits(talk) is on.Waiting.HEAD
        talk.client(request()[:10])
        assert talk_waits(talk) is on.Waiting.HEAD
        talk.client(request()[10:])
        assert talk_waits(talk) is on.Waiting.ANSWER
        talk.upstream(reply())
        assert talk_waits(talk) is on.Waiting.NEXT

    def test_a_silent_upstream_is_a_gateway_timeout(self) -> None:
        talk = Talk().tunnel().client(request()).happen(on.TimedOut(on.Waiting.ANSWER))
        assert refused(talk.heard_by_client())[:2] == (504, "upstream_timeout")
        assert talk.done == [do.DropUpstream()]

    @pytest.mark.parametrize("waiting", [on.Waiting.HEAD, on.Waiting.NEXT])
    def test_a_silent_client_is_closed(self, waiting: on.Waiting) -> None:
        assert Talk().happen(on.TimedOut(waiting)).done == [do.CloseClient(linger=False)]


def test_every_refusal_is_counted_by_its_code() -> None:
    talk = Talk().client(b"nonsense\r\n\r\n")
    assert talk.counters.refused == {Code.BAD_REQUEST: 1}
