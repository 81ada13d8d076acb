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
from tests.delivery.egress.talk import AUTHORIZED, CONNECT, ESTABLISHED, Talk

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


def test_either_end_ends_it() -> None:
    assert passing().client(HELLO).upstream_gone().done == [do.CloseClient(linger=False)]
    assert passing().client(HELLO).happen(on.ClientGone()).done == [do.DropUpstream()]


def test_a_greeting_without_an_end_is_given_up() -> None:
    reader = ClientHello()
    assert reader.feed(HELLO[:100]) is Greeting.INCOMPLETE
    assert reader.feed(b"\0" * MOST_BYTES) is Greeting.NONE
