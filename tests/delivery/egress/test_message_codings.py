"""Messages that are compressed one by one inside a body, as gRPC and Connect do: nobody could search them."""

import pytest

from strongroom.delivery.egress import Code
from tests.delivery.egress.doubles import PLACEHOLDER, FixedDelivery, swap
from tests.delivery.egress.talk import Talk, reply, request

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


def test_a_reply_with_compressed_messages_passes_where_no_secret_was_sent() -> None:
    at = Talk().tunnel()
    at.client(request("/"))
    at.upstream(reply(b"\1\0\0\0\1x", "grpc-encoding: gzip"))
    assert at.heard_by_client().startswith(b"HTTP/1.1 200")
