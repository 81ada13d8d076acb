"""What one request of a session sent is taken out of what its other connections read from the same host."""

import pytest

from strongroom.core.secret import Secret
from tests.delivery.egress.doubles import PLACEHOLDER, SECRET, FixedDelivery, swap
from tests.delivery.egress.talk import AUTHORIZED, Talk, reply, request, unchunked

STREAMS = {
    "in chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    "until the end": b"HTTP/1.1 200 OK\r\n\r\n",
    "called plain": b"HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\n\r\n",
}


def post(delivery: FixedDelivery) -> None:
    """Send the secret on a connection of its own."""
    talk = Talk(delivery).tunnel().client(request("/", method="POST", body=PLACEHOLDER.encode()))
    assert talk.heard_by_upstream().endswith(SECRET.encode())
    talk.upstream(reply())


def piece(head: bytes, data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data) if b"chunked" in head else data


@pytest.mark.parametrize("head", STREAMS.values(), ids=STREAMS)
def test_a_stream_opened_before_the_secret_was_sent_is_scrubbed_from_then_on(head: bytes) -> None:
    delivery = FixedDelivery(swaps=(swap(),))
    stream = Talk(delivery).tunnel().client(request("/events")).upstream(head)
    stream.heard_by_client()
    assert stream.upstream(piece(head, b"data: 1\n\n")).heard_by_client() == b"9\r\ndata: 1\n\n\r\n"
    post(delivery)
    assert stream.upstream(piece(head, b"data: 2\n\n")).heard_by_client() == b"9\r\ndata: 2\n\n\r\n"
    said = f"data: {SECRET}\n\n".encode()
    stream.upstream(piece(head, said[:12])).upstream(piece(head, said[12:] + b".")).upstream(piece(head, b"!"))
    assert unchunked(stream.heard_by_client() + b"0\r\n\r\n") == f"data: {PLACEHOLDER}\n\n.!".encode()


def test_a_long_reply_is_scrubbed_of_what_is_sent_while_it_comes() -> None:
    delivery = FixedDelivery(swaps=(swap(),))
    post(delivery)
    talk = Talk(delivery).tunnel().client(request()).upstream(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    delivery.live.sent_to(delivery.plans_made[0].host).note(Secret("rotated-secret"), "srp_ROTATED")
    talk.upstream(b"rotated-secret")
    _, _, body = talk.heard_by_client().partition(b"\r\n\r\n")
    assert unchunked(body + b"0\r\n\r\n") == b"srp_ROTATED"


def test_a_secret_stored_before_its_plan_was_replaced_is_scrubbed() -> None:
    delivery = FixedDelivery(swaps=(swap(),))
    post(delivery)
    delivery.live.forget()
    delivery.swaps = (swap(secret="its-successor"),)
    talk = Talk(delivery).tunnel().client(request()).upstream(reply(SECRET.encode()))
    assert talk.heard_by_client().endswith(b"\r\n\r\n" + PLACEHOLDER.encode())


def test_it_is_scrubbed_even_from_a_reply_that_begins_before_its_request_ends() -> None:
    delivery = FixedDelivery(swaps=(swap(),))
    post(delivery)
    delivery.live.forget()
    delivery.swaps = (swap(secret="its-successor"),)
    talk = Talk(delivery).tunnel().client(request("/", "Transfer-Encoding: chunked", method="POST"))
    talk.upstream(reply(f"{SECRET} its-successor".encode()))
    assert talk.heard_by_client().endswith(f"\r\n\r\n{PLACEHOLDER} {PLACEHOLDER}".encode())


def test_a_secret_stored_by_one_port_is_scrubbed_from_what_another_reads() -> None:
    delivery = FixedDelivery(swaps=(swap(),))
    post(delivery)
    talk = Talk(delivery)
    talk.client(b"GET http://api.example.com:81/ HTTP/1.1\r\nHost: api.example.com:81\r\n" + AUTHORIZED + b"\r\n")
    talk.upstream(reply(SECRET.encode()))
    assert talk.heard_by_client().endswith(b"\r\n\r\n" + PLACEHOLDER.encode())


def test_a_stream_without_any_secret_at_stake_is_not_searched() -> None:
    stream = Talk().tunnel().client(request("/events")).upstream(STREAMS["in chunks"])
    stream.heard_by_client()
    assert stream.upstream(b"3\r\nabc\r\n").heard_by_client() == b"3\r\nabc\r\n"
