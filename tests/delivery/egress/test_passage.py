"""TLS that goes through from end to end: what is checked all the same, and that nothing else happens to it."""

import ssl

import pytest

from strongroom.core.failures import NotPermitted, Unreachable
from strongroom.core.plans import Destination
from strongroom.delivery.egress import Code, Limits
from strongroom.delivery.egress import commands as do
from strongroom.delivery.egress import events as on
from strongroom.delivery.egress.client_hello import MOST_BYTES, ClientHello, Greeting
from strongroom.delivery.egress.passage import DENIED
from tests.delivery.egress.doubles import PLACEHOLDER, SECRET, FixedDelivery, swap
from tests.delivery.egress.talk import AUTHORIZED, CONNECT, ESTABLISHED, Talk, refused

BENEATH = Destination("http", "api.example.com", 443)  # type: ignore[arg-type]
TO_ADDRESS = b"CONNECT 192.0.2.7:443 HTTP/1.1\r\nHost: 192.0.2.7:443\r\n" + AUTHORIZED + b"\r\n"


def hello(name: str | None) -> bytes:
    """What a client says first."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    said = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), said, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return said.read()


HELLO = hello("api.example.com")


def passing(connect: bytes = CONNECT, *, limits: Limits | None = None) -> Talk:
    talk = Talk(FixedDelivery(swaps=(swap(),), passes_through=True), limits=limits).client(connect)
    assert talk.heard_by_client() == ESTABLISHED
    return talk


def test_what_is_sent_goes_through_as_it_is_in_both_directions() -> None:
    talk = passing().client(HELLO)
    assert talk.opened == [BENEATH]
    assert talk.heard_by_upstream() == HELLO
    later = b"\x17" + PLACEHOLDER.encode()
    assert talk.client(later).heard_by_upstream() == later
    assert talk.upstream(SECRET.encode()).heard_by_client() == SECRET.encode()
    assert talk.done == []


def test_nothing_is_dialled_before_the_greeting_is_whole() -> None:
    talk = passing()
    for place in range(len(HELLO)):
        assert talk.opened == []
        talk.client(HELLO[place : place + 1])
    assert talk.opened == [BENEATH]
    assert talk.heard_by_upstream() == HELLO


def test_a_greeting_that_comes_with_the_request_for_the_tunnel_is_not_lost() -> None:
    talk = Talk(FixedDelivery(passes_through=True)).client(CONNECT + HELLO)
    assert (talk.heard_by_client(), talk.heard_by_upstream()) == (ESTABLISHED, HELLO)


@pytest.mark.parametrize("name", ["other.example.com", "example.com", "api.example.com.evil.test", None])
def test_another_name_than_that_of_the_tunnel_is_refused(name: str | None) -> None:
    talk = passing().client(hello(name))
    assert talk.opened == []
    assert talk.heard_by_client() == DENIED
    assert talk.done == [do.DropUpstream(), do.CloseClient(linger=False)]
    assert talk.counters.refused == {Code.BAD_REQUEST: 1}


def test_the_name_is_compared_in_its_canonical_form() -> None:
    assert passing().client(hello("API.example.com")).opened == [BENEATH]


def test_a_tunnel_to_an_address_has_no_name() -> None:
    assert passing(TO_ADDRESS).client(hello(None)).opened == [Destination("http", "192.0.2.7", 443)]  # type: ignore[arg-type]
    assert passing(TO_ADDRESS).client(HELLO).opened == []


@pytest.mark.parametrize("said", [b"\x16\x03\x01\x00\x05nope!", b"\x16" + b"\0" * MOST_BYTES])
def test_what_is_no_tls_is_refused(said: bytes) -> None:
    talk = passing().client(said)
    assert (talk.opened, talk.heard_by_client()) == ([], DENIED)


def test_http_in_clear_is_not_let_pass() -> None:
    talk = passing().client(b"GET / HTTP/1.1\r\nHost: api.example.com\r\n\r\n")
    assert talk.opened == []
    assert b"bad_request" in talk.heard_by_client()


def test_an_upstream_that_cannot_be_reached_ends_it_with_an_alert() -> None:
    talk = passing()
    talk.dial_failure = Unreachable("nobody there")
    assert talk.client(HELLO).heard_by_client() == DENIED
    assert talk.done == [do.DropUpstream(), do.CloseClient(linger=False)]


def test_nothing_is_sent_under_a_plan_that_is_over() -> None:
    talk = passing().client(HELLO)
    talk.delivery.live.forget()
    assert talk.client(b"more").heard_by_upstream() == HELLO + b"more"
    assert len(talk.delivery.plans_made) == 2
    talk.delivery.live.forget()
    talk.delivery.refuse = lambda _: NotPermitted("not any more")
    assert talk.client(b"still more").heard_by_upstream() == b""
    assert talk.done == [do.DropUpstream(), do.CloseClient(linger=False)]


def test_an_upstream_that_speaks_asks_for_a_plan_as_well() -> None:
    talk = passing().client(HELLO)
    talk.delivery.live.forget()
    talk.delivery.refuse = lambda _: NotPermitted("not any more")
    talk.upstream(b"pushed")
    assert talk.done == [do.DropUpstream(), do.CloseClient(linger=False)]


def test_a_host_that_is_not_let_pass_any_more_is_not() -> None:
    talk = passing().client(HELLO)
    talk.delivery.live.forget()
    talk.delivery.passes_through = False
    assert talk.client(b"more").heard_by_upstream() == HELLO
    assert talk.done == [do.DropUpstream(), do.CloseClient(linger=False)]


def test_either_end_ends_it_once_the_other_side_has_what_was_sent() -> None:
    assert passing().client(HELLO).upstream_gone().done == [do.CloseClient(linger=True)]
    assert passing().client(HELLO).happen(on.ClientGone()).done == [do.FinishUpstream(ended=True)]


def test_a_client_that_leaves_before_all_is_sent_leaves_nothing_behind() -> None:
    assert passing().client(HELLO[:50]).happen(on.ClientGone()).done == [do.DropUpstream()]
    talk = passing().client(HELLO)
    talk.delivery.live.forget()
    talk.conversation.receive(on.ClientSent(b"held until there is a plan"))
    assert talk.happen(on.ClientGone()).done == [do.DropUpstream()]


def test_a_greeting_without_an_end_is_given_up() -> None:
    reader = ClientHello()
    assert reader.feed(HELLO[:100]) is Greeting.INCOMPLETE
    assert reader.feed(b"\0" * MOST_BYTES) is Greeting.NONE


def in_records(message: bytes, longest: int) -> bytes:
    """A handshake message in records of its own (RFC 8446 5.1)."""
    pieces = [message[place : place + longest] for place in range(0, len(message), longest)]
    return b"".join(b"\x16\x03\x01" + len(piece).to_bytes(2, "big") + piece for piece in pieces)


@pytest.mark.parametrize("longest", [1, 7, 16384])
def test_a_greeting_may_come_in_many_records(longest: int) -> None:
    reader = ClientHello()
    assert reader.feed(in_records(HELLO[5:], longest)) is Greeting.READ
    assert reader.name == "api.example.com"


def test_what_comes_behind_the_greeting_may_be_any_length() -> None:
    early = b"\x17\x03\x03" + (2 * MOST_BYTES).to_bytes(4, "big") + b"e" * 2 * MOST_BYTES
    assert passing().client(HELLO + early).heard_by_upstream() == HELLO + early


def test_greetings_do_not_see_each_others_names() -> None:
    one, other = ClientHello(), ClientHello()
    assert one.feed(HELLO[:50]) is Greeting.INCOMPLETE
    assert other.feed(hello("other.example.com")) is Greeting.READ
    assert one.feed(HELLO[50:]) is Greeting.READ
    assert (one.name, other.name) == ("api.example.com", "other.example.com")


def test_a_client_owes_its_greeting_as_it_owes_a_head() -> None:
    talk = passing().client(HELLO[:50])
    assert (talk.conversation.waiting, talk.conversation.head_due) == (on.Waiting.HEAD, True)
    assert talk.happen(on.TimedOut(on.Waiting.HEAD)).heard_by_client() == DENIED
    assert talk.counters.refused == {Code.REQUEST_TIMEOUT: 1}


def test_what_a_client_sends_after_its_greeting_is_a_sign_of_life() -> None:
    talk = passing().client(HELLO)
    assert (talk.conversation.waiting, talk.conversation.head_due) == (on.Waiting.ANSWER, False)


def test_nobody_is_dialled_under_a_plan_that_is_over() -> None:
    talk = passing()
    talk.delivery.live.forget()
    talk.delivery.refuse = lambda _: NotPermitted("not any more")
    assert talk.client(HELLO).opened == []
    assert talk.heard_by_client() == DENIED
    assert talk.counters.refused == {Code.HOST_NOT_ALLOWED: 1}


def test_under_a_new_plan_it_is_dialled_once() -> None:
    talk = passing()
    talk.delivery.live.forget()
    assert talk.client(HELLO).opened == [BENEATH]
    assert len(talk.delivery.plans_made) == 2
    assert talk.heard_by_upstream() == HELLO


def test_what_comes_while_the_upstream_is_dialled_is_held_and_dials_nobody_else() -> None:
    talk = passing()
    (dialling,) = talk.conversation.receive(on.ClientSent(HELLO))
    assert isinstance(dialling, do.OpenUpstream)
    talk.delivery.live.forget()
    assert talk.conversation.receive(on.ClientSent(b"early")) == []
    assert talk.happen(on.UpstreamOpened()).heard_by_upstream() == HELLO + b"early"
    assert len(talk.delivery.plans_made) == 2


def test_an_address_that_may_not_be_dialled_is_counted_as_such() -> None:
    talk = passing()
    talk.dial_failure = NotPermitted("10.0.0.1 is a private address")
    assert talk.client(HELLO).heard_by_client() == DENIED
    assert talk.counters.refused == {Code.ADDRESS_NOT_ALLOWED: 1}


def test_a_tunnel_counts_as_a_request_since_none_inside_it_can_be_counted() -> None:
    talk = Talk(FixedDelivery(passes_through=True))
    talk.share.moved(talk.share.own.bounds.bytes_per_minute + 1)
    status, code, _ = refused(talk.client(CONNECT).heard_by_client())
    assert (status, code) == (429, Code.TOO_MANY)
    assert talk.share.own.running == 0
    share = passing().share
    assert (share.own.requests_left, share.own.running) == (share.own.bounds.requests_per_second - 1, 0)


def test_a_refusal_before_the_upstream_has_spoken_comes_as_an_alert_and_later_as_an_end() -> None:
    talk = passing().client(HELLO)
    assert talk.happen(on.TimedOut(on.Waiting.ANSWER)).heard_by_client() == DENIED
    talk = passing().client(HELLO).upstream(b"hello")
    assert talk.happen(on.TimedOut(on.Waiting.ANSWER)).heard_by_client() == b"hello"
