"""What of a request is put in, and what goes out as it came."""

import base64
import json

import pytest

from tests.delivery.egress.doubles import (
    HEADER,
    MARKER,
    PLACEHOLDER,
    SECRET,
    STRAY,
    FixedDelivery,
    placement,
    swap,
)
from tests.delivery.egress.talk import Talk, reply, request


class TestSubstitution:
    def test_a_placeholder_in_a_header_value_is_replaced(self) -> None:
        talk = Talk(FixedDelivery(swaps=(swap(HEADER),))).tunnel()
        talk.client(request("/", f"Authorization: Bearer {PLACEHOLDER}", f"X-{PLACEHOLDER}: y"))
        sent = talk.heard_by_upstream()
        assert f"Authorization: Bearer {SECRET}\r\n".encode() in sent
        assert f"X-{PLACEHOLDER}: y".encode() in sent

    @pytest.mark.parametrize("field", ["Content-Type", "Expect", "Content-Encoding", "Accept-Encoding", "Range"])
    def test_fields_that_frame_or_describe_take_no_secret_in(self, field: str) -> None:
        talk = Talk(FixedDelivery(swaps=(swap(),))).tunnel().client(request("/", f"{field}: {PLACEHOLDER}"))
        assert SECRET.encode() not in talk.heard_by_upstream()

    def test_a_placeholder_as_the_password_of_basic_authorization_is_replaced(self) -> None:
        pair = base64.b64encode(f"git:{PLACEHOLDER}".encode()).decode()
        talk = Talk(FixedDelivery(swaps=(swap(),))).tunnel().client(request("/", f"authorization: Basic {pair}"))
        wanted = base64.b64encode(f"git:{SECRET}".encode())
        assert b"authorization: Basic " + wanted in talk.heard_by_upstream()

    def test_a_placeholder_for_the_whole_of_a_basic_pair_is_replaced(self) -> None:
        talk = Talk(FixedDelivery(swaps=(swap(secret="Z2l0OnB3"),))).tunnel()
        talk.client(request("/", f"Authorization: Basic {PLACEHOLDER}"))
        assert b"Authorization: Basic Z2l0OnB3\r\n" in talk.heard_by_upstream()

    def test_the_target_is_not_replaced_where_the_credential_does_not_say_so(self) -> None:
        delivery = FixedDelivery(swaps=(swap(),))
        talk = Talk(delivery).tunnel().client(request(f"/{PLACEHOLDER}?k={PLACEHOLDER}"))
        assert talk.heard_by_upstream().startswith(f"GET /{PLACEHOLDER}?k={PLACEHOLDER} ".encode())
        assert sum(delivery.meter._strays.values()) == 2

    def test_a_stray_placeholder_goes_out_as_it_is_and_is_counted(self) -> None:
        delivery = FixedDelivery(swaps=(swap(),))
        talk = Talk(delivery).tunnel().client(request("/", f"X-Key: {STRAY}"))
        assert f"X-Key: {STRAY}\r\n".encode() in talk.heard_by_upstream()
        assert sum(delivery.meter._strays.values()) == 1

    def test_a_placed_credential_takes_the_place_of_what_the_client_sent(self) -> None:
        talk = Talk(FixedDelivery(placements=(placement(),))).tunnel()
        talk.client(request("/mcp", "Authorization: Bearer mine", "X-A: b"))
        sent = talk.heard_by_upstream()
        assert sent.lower().count(b"authorization:") == 1
        assert f"authorization: Bearer {SECRET}\r\n".encode() in sent
        talk.upstream(reply(SECRET.encode()))
        assert talk.heard_by_client().endswith(MARKER.encode())

    def test_a_small_body_goes_out_with_its_new_length(self) -> None:
        talk = Talk(FixedDelivery(swaps=(swap(),))).tunnel()
        body = json.dumps({"key": PLACEHOLDER}).encode()
        talk.client(request("/", "Content-Type: application/json", method="POST", body=body)[:-10])
        assert talk.heard_by_upstream() == b""
        talk.client(body[-10:])
        head, _, sent = talk.heard_by_upstream().partition(b"\r\n\r\n")
        assert json.loads(sent) == {"key": SECRET}
        assert f"Content-Length: {len(sent)}".encode() in head

    def test_a_body_is_left_alone_where_only_headers_are_allowed(self) -> None:
        delivery = FixedDelivery(swaps=(swap(HEADER),))
        talk = Talk(delivery).tunnel().client(request("/", method="POST", body=PLACEHOLDER.encode()))
        head, _, sent = talk.heard_by_upstream().partition(b"\r\n\r\n")
        assert sent == PLACEHOLDER.encode()
        assert f"Content-Length: {len(PLACEHOLDER)}".encode() in head
        assert sum(delivery.meter._strays.values()) == 1

    def test_a_chunked_body_stays_chunked(self) -> None:
        talk = Talk(FixedDelivery(swaps=(swap(),))).tunnel()
        talk.client(request("/", "Transfer-Encoding: chunked", method="POST"))
        torn = PLACEHOLDER.encode()
        talk.client(b"5\r\n" + torn[:5] + b"\r\n").client(b"%x;ext=1\r\n" % (len(torn) - 5) + torn[5:] + b"\r\n")
        talk.client(b"0\r\nTrailer: x\r\n\r\n")
        head, _, sent = talk.heard_by_upstream().partition(b"\r\n\r\n")
        assert b"Transfer-Encoding: chunked" in head
        assert sent == b"%x\r\n%b\r\n0\r\n\r\n" % (len(SECRET), SECRET.encode())

    def test_a_large_body_is_chunked_where_its_length_may_change(self) -> None:
        talk = Talk(FixedDelivery(swaps=(swap(),))).tunnel()
        talk.client(request("/", "Content-Length: 2000000", method="PUT"))
        assert b"Transfer-Encoding: chunked" in talk.heard_by_upstream()

    def test_a_large_body_keeps_its_length_where_it_cannot_change(self) -> None:
        talk = Talk(FixedDelivery(swaps=(swap(HEADER),))).tunnel()
        talk.client(request("/", "Content-Length: 2000000", method="PUT"))
        assert b"Content-Length: 2000000" in talk.heard_by_upstream()

    def test_a_compressed_body_is_not_searched_and_that_is_counted(self) -> None:
        talk = Talk(FixedDelivery(swaps=(swap(),))).tunnel()
        talk.client(request("/", "Content-Encoding: gzip", method="POST", body=PLACEHOLDER.encode()))
        assert talk.heard_by_upstream().endswith(PLACEHOLDER.encode())
        assert talk.counters.unscanned_bodies == 1

    def test_an_empty_body_keeps_its_length_of_nought(self) -> None:
        for swaps in ((), (swap(),)):
            talk = Talk(FixedDelivery(swaps=swaps)).tunnel()
            talk.client(request("/", "Content-Length: 0", method="POST"))
            assert b"Content-Length: 0\r\n" in talk.heard_by_upstream()
            assert talk.upstream(reply()).heard_by_client() == reply()

    def test_what_belongs_to_the_hop_to_the_proxy_is_not_forwarded(self) -> None:
        talk = Talk().tunnel()
        talk.client(
            request(
                "/",
                "Connection: keep-alive, X-Drop, Authorization",
                "X-Drop: 1",
                "Authorization: kept",
                "Keep-Alive: 5",
                "Proxy-Authorization: Bearer abc",
                "Proxy-Anything: x",
                "TE: trailers",
                "Trailer: x",
                "Upgrade: h2c",
                "HTTP2-Settings: AAA",
            )
        )
        assert talk.heard_by_upstream() == b"GET / HTTP/1.1\r\nHost: api.example.com\r\nAuthorization: kept\r\n\r\n"
