"""What a client hears of a reply: without the secret, in the form in which it came."""

import pytest

from strongroom.delivery.egress import commands as do
from tests.delivery.egress.doubles import (
    PLACEHOLDER,
    SECRET,
    FixedDelivery,
    swap,
)
from tests.delivery.egress.talk import AUTHORIZED, Talk, reply, request, unchunked


class TestReply:
    def used(self) -> Talk:
        """A tunnel in which a secret has just been sent."""
        talk = Talk(FixedDelivery(swaps=(swap(),))).tunnel()
        talk.client(request("/", f"Authorization: Bearer {PLACEHOLDER}", "Accept-Encoding: br", "Range: bytes=0-3"))
        return talk

    def test_other_ways_to_the_upstream_are_not_told(self) -> None:
        """They would lead around the proxy (RFC 7838)."""
        talk = Talk().tunnel().client(request()).upstream(reply(b"ok", 'Alt-Svc: h3=":443"; ma=86400', "X: y"))
        assert talk.heard_by_client() == reply(b"ok", "X: y")

    def test_the_upstream_is_asked_for_the_whole_in_plain_bytes(self) -> None:
        sent = self.used().heard_by_upstream()
        assert b"Accept-Encoding: identity\r\n" in sent
        assert b"Range" not in sent

    def test_without_a_secret_the_client_negotiates_itself(self) -> None:
        talk = (
            Talk(FixedDelivery(swaps=(swap(),)))
            .tunnel()
            .client(request("/", "Accept-Encoding: br", "Range: bytes=0-3"))
        )
        sent = talk.heard_by_upstream()
        assert b"Accept-Encoding: br\r\n" in sent
        assert b"Range: bytes=0-3\r\n" in sent

    def test_a_secret_in_a_reply_becomes_its_placeholder_again(self) -> None:
        talk = self.used().upstream(
            reply(f"you sent {SECRET}".encode(), f"X-Echo: {SECRET}", f"X-{SECRET[:7]}: 1", status=f"200 {SECRET}")
        )
        heard = talk.heard_by_client()
        assert SECRET.encode() not in heard
        assert heard.startswith(f"HTTP/1.1 200 {PLACEHOLDER}\r\nX-Echo: {PLACEHOLDER}\r\n".encode())
        body = f"you sent {PLACEHOLDER}".encode()
        assert heard.endswith(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    @pytest.mark.parametrize("secret", ["200", "HTTP", "X-Kept"])
    def test_a_secret_that_reads_like_a_part_of_the_head_does_not_break_it(self, secret: str) -> None:
        talk = Talk(FixedDelivery(swaps=(swap(secret=secret),))).tunnel().client(request("/", f"X: {PLACEHOLDER}"))
        fields = [f"X-Echo: {secret}", f"A-{secret}-B: 1", "Y: z"]
        heard = talk.upstream(reply(b"", *fields, status=f"200 is {secret}")).heard_by_client()
        cleaned = f"HTTP/1.1 200 is {PLACEHOLDER}\r\nX-Echo: {PLACEHOLDER}\r\nY: z\r\nContent-Length: 0\r\n\r\n"
        assert heard == cleaned.encode()

    def test_a_secret_torn_between_two_pieces_is_found(self) -> None:
        talk = self.used().upstream(b"HTTP/1.1 200 OK\r\n\r\n")
        talk.upstream(b"<" + SECRET[:9].encode()).upstream(SECRET[9:].encode() + b">").upstream_gone()
        _, _, body = talk.heard_by_client().partition(b"\r\n\r\n")
        assert unchunked(body) == f"<{PLACEHOLDER}>".encode()

    def test_a_secret_torn_between_two_chunks_is_found(self) -> None:
        talk = self.used().upstream(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n")
        talk.upstream(SECRET[:9].encode() + b"\r\n")
        talk.upstream(
            b"%x\r\n%b\r\n0\r\nX-Trailer: %b\r\n\r\n" % (len(SECRET) - 9, SECRET[9:].encode(), SECRET.encode())
        )
        _, _, body = talk.heard_by_client().partition(b"\r\n\r\n")
        assert unchunked(body) == PLACEHOLDER.encode()
        assert talk.done == [do.KeepUpstream()]

    def test_a_server_sent_event_is_passed_on_at_once(self) -> None:
        talk = self.used().upstream(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
        talk.heard_by_client()
        assert talk.upstream(b"data: 1\n\n").heard_by_client() == b"9\r\ndata: 1\n\n\r\n"

    def test_a_reply_to_a_later_request_is_scrubbed_too(self) -> None:
        talk = self.used().upstream(reply())
        talk.heard_by_client()
        talk.client(request("/what-did-I-say")).upstream(reply(SECRET.encode()))
        assert talk.heard_by_client().endswith(PLACEHOLDER.encode())

    def test_a_reply_that_begins_before_the_request_ends_is_scrubbed_of_all_it_may_yet_send(self) -> None:
        talk = Talk(FixedDelivery(swaps=(swap(),))).tunnel()
        talk.client(request("/", "Transfer-Encoding: chunked", method="POST"))
        talk.upstream(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        talk.client(b"%x\r\n%b\r\n" % (len(PLACEHOLDER), PLACEHOLDER.encode()))
        talk.upstream(b"%x\r\n%b\r\n0\r\n\r\n" % (len(SECRET), SECRET.encode()))
        heard = talk.heard_by_client()
        assert SECRET.encode() not in heard
        assert PLACEHOLDER.encode() in heard
        assert b"Connection: close" in heard
        assert talk.done == [do.DropUpstream(), do.CloseClient(linger=True)]

    def test_a_reply_without_secrets_passes_with_its_own_framing(self) -> None:
        talk = Talk().tunnel().client(request())
        talk.upstream(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 6\r\n\r\nabc")
        assert talk.heard_by_client() == b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 6\r\n\r\nabc"
        assert talk.upstream(b"def").heard_by_client() == b"def"
        assert talk.done == [do.KeepUpstream()]

    def test_a_small_scrubbed_reply_in_two_pieces_keeps_a_length(self) -> None:
        talk = self.used().upstream(reply(b"x" * 1000)[:-500])
        assert talk.heard_by_client() == b""
        assert talk.upstream(b"x" * 500).heard_by_client() == reply(b"x" * 1000)

    @pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
    def test_a_bodiless_status_has_no_body(self, status: str) -> None:
        talk = self.used().upstream(f"HTTP/1.1 {status}\r\nX: {SECRET}\r\n\r\n".encode())
        assert talk.heard_by_client() == f"HTTP/1.1 {status}\r\nX: {PLACEHOLDER}\r\n\r\n".encode()
        assert talk.done == [do.KeepUpstream()]

    def test_a_body_after_a_bodiless_status_poisons_the_upstream_connection(self) -> None:
        talk = self.used().upstream(b"HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\n\r\n")
        assert talk.heard_by_client() == b"HTTP/1.1 204 No Content\r\n\r\n"
        assert talk.done == [do.DropUpstream()]

    def test_a_reply_to_head_keeps_the_length_it_speaks_of(self) -> None:
        talk = Talk().tunnel().client(request(method="HEAD")).upstream(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n")
        assert talk.heard_by_client() == b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"
        assert talk.done == [do.KeepUpstream()]

    def test_interim_replies_are_relayed(self) -> None:
        talk = Talk().tunnel().client(request("/", "Expect: 100-continue", "Content-Length: 3", method="PUT"))
        assert b"Expect: 100-continue" in talk.heard_by_upstream()
        talk.upstream(b"HTTP/1.1 100 Continue\r\n\r\n")
        assert talk.heard_by_client() == b"HTTP/1.1 100 Continue\r\n\r\n"
        talk.client(b"abc").upstream(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + reply())
        assert talk.heard_by_client() == b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + reply()

    def test_where_the_body_is_gathered_the_proxy_itself_says_continue(self) -> None:
        talk = Talk(FixedDelivery(swaps=(swap(),))).tunnel()
        talk.client(request("/", "Expect: 100-continue", "Content-Length: 3", method="PUT"))
        assert talk.heard_by_client() == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert b"Expect" not in talk.client(b"abc").heard_by_upstream()

    def test_an_old_client_gets_a_stream_until_the_connection_ends(self) -> None:
        talk = self.old_client()
        talk.upstream(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n").upstream(b"0\r\n\r\n")
        assert talk.heard_by_client() == b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc"
        assert talk.done == [do.KeepUpstream(), do.CloseClient(linger=False)]

    def old_client(self) -> Talk:
        return Talk().client(b"GET http://a.example/ HTTP/1.0\r\nConnection: keep-alive\r\n" + AUTHORIZED + b"\r\n")

    def test_an_old_client_is_kept_if_it_asks_and_the_length_is_known(self) -> None:
        talk = self.old_client().upstream(reply())
        assert b"Connection: keep-alive" in talk.heard_by_client()
        assert talk.done == [do.KeepUpstream()]

    def test_a_client_that_wants_to_close_is_closed_and_the_upstream_kept(self) -> None:
        talk = Talk().tunnel().client(request("/", "Connection: close")).upstream(reply())
        assert b"Connection: close" in talk.heard_by_client()
        assert talk.done == [do.KeepUpstream(), do.CloseClient(linger=False)]
