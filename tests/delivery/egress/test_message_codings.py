"""Messages that are compressed one by one inside a body, as gRPC and Connect do: nobody could search them."""

import gzip

import pytest

from strongroom.delivery.egress import Code
from tests.delivery.egress.doubles import PLACEHOLDER, SECRET, FixedDelivery, swap
from tests.delivery.egress.talk import Talk, reply, request


def chunked(*fields: str, body: bytes) -> bytes:
    head = "\r\n".join(["HTTP/1.1 200 OK", "Transfer-Encoding: chunked", *fields, "", ""]).encode()
    return head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)


CARRIES = f"Authorization: Bearer {PLACEHOLDER}"


@pytest.mark.parametrize("name", ["grpc", "connect"])
def test_the_wish_for_compressed_messages_is_kept_where_a_secret_may_come_back(name: str) -> None:
    wish = f"{name}-accept-encoding: gzip"
    carries = Talk(FixedDelivery(swaps=(swap(),))).tunnel()
    carries.client(request("/", CARRIES, wish))
    assert wish.encode() not in carries.heard_by_upstream()
    plain = Talk().tunnel()
    plain.client(request("/", wish))
    assert wish.encode() in plain.heard_by_upstream()


@pytest.mark.parametrize("name", ["grpc-encoding", "connect-content-encoding"])
def test_a_reply_with_compressed_messages_is_refused_where_a_secret_may_be_in_it(name: str) -> None:
    for coding, refused in (("gzip", 1), ("identity", 0)):
        at = Talk(FixedDelivery(swaps=(swap(),))).tunnel()
        at.client(request("/", CARRIES))
        at.upstream(reply(b"\1\0\0\0\1x", f"{name}: {coding}"))
        assert at.counters.refused[Code.ENCODING_NOT_SUPPORTED] == refused
        assert (b"strongroom-refused: encoding_not_supported" in at.heard_by_client()) == bool(refused)


TORN = b"\0\0\0\0\3" + SECRET.encode()
"""A body that says of itself where the secret in it is to be cut."""
COMPRESSED = gzip.compress(SECRET.encode(), mtime=0)
FLAGGED = b"\1" + len(COMPRESSED).to_bytes(4) + COMPRESSED


@pytest.mark.parametrize(
    "body",
    [TORN, b"\0\0\0\0\1x" + TORN, FLAGGED, b"\0\0\0\0\1x" + FLAGGED, SECRET.encode()],
    ids=["torn", "torn later", "compressed", "compressed later", "no messages"],
)
@pytest.mark.parametrize("kind", ["application/grpc", "application/grpc+proto", "application/grpc-web"])
@pytest.mark.parametrize("chunks", [True, False])
def test_what_calls_itself_messages_and_is_not_gives_no_secret_back(body: bytes, kind: str, *, chunks: bool) -> None:
    at = Talk(FixedDelivery(swaps=(swap(),))).tunnel()
    at.client(request("/", CARRIES))
    of_grpc = f"Content-Type: {kind}"
    at.upstream(chunked(of_grpc, body=body) if chunks else reply(body, of_grpc))
    heard = at.heard_by_client()
    assert COMPRESSED not in heard
    assert SECRET[3:].encode() not in heard
    assert at.counters.refused[Code.ENCODING_NOT_SUPPORTED] == 1


def test_messages_that_are_plain_pass_with_the_trailers_of_grpc_web_behind_them() -> None:
    at = Talk(FixedDelivery(swaps=(swap(),))).tunnel()
    at.client(request("/", CARRIES))
    at.upstream(reply(b"\0\0\0\0\1x\x80\0\0\0\3a:b", "Content-Type: application/grpc-web"))
    assert at.heard_by_client().endswith(b"\0\0\0\0\1x\x80\0\0\0\3a:b")


@pytest.mark.parametrize("kind", ["application/grpc", "application/grpc-web"])
def test_a_message_with_a_flag_passes_where_no_secret_was_sent(kind: str) -> None:
    at = Talk().tunnel()
    at.client(request("/"))
    at.upstream(reply(FLAGGED, f"Content-Type: {kind}"))
    assert FLAGGED in at.heard_by_client()


def test_a_reply_with_compressed_messages_passes_where_no_secret_was_sent() -> None:
    at = Talk().tunnel()
    at.client(request("/"))
    at.upstream(reply(b"\1\0\0\0\1x", "grpc-encoding: gzip"))
    assert at.heard_by_client().startswith(b"HTTP/1.1 200")
