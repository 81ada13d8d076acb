"""What is said when, as playbooks: no sockets, no time."""

import base64
import json

import pytest

from strongroom.core.failures import NotPermitted, TooMany, Unavailable, Unreachable
from strongroom.core.plans import Destination
from strongroom.delivery.egress import Code
from strongroom.delivery.egress import commands as do
from strongroom.delivery.egress import events as on
from tests.delivery.egress.doubles import (
    HEADER,
    MARKER,
    PLACEHOLDER,
    SECRET,
    STRAY,
    TOKEN,
    FixedDelivery,
    placement,
    swap,
)
from tests.delivery.egress.talk import AUTHORIZED, CONNECT, ESTABLISHED, Talk, reply, request

API = Destination("https", "api.example.com", 443)  # type: ignore[arg-type]


def refused(heard: bytes) -> tuple[int, str, str]:
    """Status, code and message of a refusal."""
    head, _, body = heard.partition(b"\r\n\r\n")
    told = json.loads(body)["error"]
    assert f"strongroom-refused: {told['code']}".encode() in head
    return int(head[9:12]), told["code"], told["message"]


class TestAuthentication:
    def test_without_a_token_the_proxy_asks_for_one_and_keeps_the_connection(self) -> None:
        talk = Talk().client(b"CONNECT api.example.com:443 HTTP/1.1\r\nHost: api.example.com:443\r\n\r\n")
        heard = talk.heard_by_client()
        assert refused(heard)[:2] == (407, "authentication_required")
        assert b'proxy-authenticate: Basic realm="strongroom"' in heard
        assert talk.done == []
        assert talk.client(CONNECT).heard_by_client() == ESTABLISHED

    @pytest.mark.parametrize(
        "value",
        [
            f"Bearer {TOKEN}",
            f"bearer {TOKEN}",
            "Basic " + base64.b64encode(f"agent:{TOKEN}".encode()).decode(),
            "Basic " + base64.b64encode(f":{TOKEN}".encode()).decode(),
        ],
    )
    def test_a_token_is_taken_as_bearer_or_as_the_password_of_basic(self, value: str) -> None:
        talk = Talk().client(f"CONNECT api.example.com:443 HTTP/1.1\r\nProxy-Authorization: {value}\r\n\r\n".encode())
        assert talk.heard_by_client() == ESTABLISHED

    @pytest.mark.parametrize("value", ["Bearer wrong", "Bearer", "Basic !!!", "Basic YQ==", "Digest x", "Bearer \xff"])
    def test_any_other_token_is_refused(self, value: str) -> None:
        head = f"CONNECT api.example.com:443 HTTP/1.1\r\nProxy-Authorization: {value}\r\n\r\n"
        assert refused(Talk().client(head.encode("latin-1")).heard_by_client())[0] == 407

    def test_two_tokens_are_none(self) -> None:
        head = b"CONNECT api.example.com:443 HTTP/1.1\r\n" + AUTHORIZED + AUTHORIZED + b"\r\n"
        assert refused(Talk().client(head).heard_by_client())[0] == 407

    def test_a_body_sent_along_without_a_token_is_not_read_as_a_request(self) -> None:
        talk = Talk().client(b"POST http://a.example/ HTTP/1.1\r\nHost: a.example\r\nContent-Length: 50\r\n\r\nGET /")
        assert refused(talk.heard_by_client())[0] == 407
        assert talk.done == [do.CloseClient(linger=True)]

    def test_an_absolute_request_carries_its_token_itself(self) -> None:
        talk = Talk().client(b"GET http://a.example/x?y=1 HTTP/1.1\r\nHost: a.example\r\n" + AUTHORIZED + b"\r\n")
        assert talk.heard_by_upstream() == b"GET /x?y=1 HTTP/1.1\r\nHost: a.example\r\n\r\n"
        assert talk.opened == [Destination("http", "a.example", 80)]  # type: ignore[arg-type]


class TestPolicy:
    def test_a_host_that_the_environment_refuses_is_named_in_the_answer_to_connect(self) -> None:
        delivery = FixedDelivery(refuse=lambda to: NotPermitted(f"{to.host} is not allowed by environment env_1"))
        talk = Talk(delivery).client(CONNECT)
        sentence = "api.example.com is not allowed by environment env_1"
        assert refused(talk.heard_by_client()) == (403, "host_not_allowed", sentence)
        assert talk.opened == []

    def test_without_a_decision_there_is_no_request(self) -> None:
        talk = Talk(FixedDelivery(refuse=lambda _: Unavailable("database password is hunter2"))).client(CONNECT)
        heard = talk.heard_by_client()
        assert refused(heard)[:2] == (503, "unavailable")
        assert b"hunter2" not in heard

    def test_a_plan_that_is_dropped_is_asked_for_again_by_the_next_request(self) -> None:
        delivery = FixedDelivery(swaps=(swap(),))
        talk = Talk(delivery).tunnel()
        talk.client(request("/1")).upstream(reply())
        assert len(delivery.plans_made) == 1
        delivery.live.forget()
        talk.client(request("/2")).upstream(reply())
        assert len(delivery.plans_made) == 2

    def test_a_policy_that_changes_refuses_the_next_request_in_an_open_tunnel(self) -> None:
        delivery = FixedDelivery()
        talk = Talk(delivery).tunnel()
        delivery.live.forget()
        delivery.refuse = lambda _: NotPermitted("no more")
        assert refused(talk.client(request()).heard_by_client()) == (403, "host_not_allowed", "no more")
        assert talk.opened == []

    def test_an_address_that_cannot_be_reached_is_a_bad_gateway(self) -> None:
        talk = Talk().tunnel()
        talk.dial_failure = Unreachable("api.example.com did not answer")
        heard = talk.client(request()).heard_by_client()
        assert refused(heard) == (502, "upstream_unreachable", "api.example.com did not answer")
        assert talk.done == [do.DropUpstream()]

    def test_an_address_that_may_not_be_dialled_is_forbidden_and_not_a_bad_gateway(self) -> None:
        talk = Talk().tunnel()
        talk.dial_failure = NotPermitted("api.example.com leads to a private address")
        heard = talk.client(request()).heard_by_client()
        assert refused(heard) == (403, "address_not_allowed", "api.example.com leads to a private address")

    def test_too_many_new_destinations_are_answered_with_the_time_to_wait(self) -> None:
        heard = Talk(FixedDelivery(refuse=lambda _: TooMany("slower", retry_after=7))).client(CONNECT).heard_by_client()
        assert refused(heard) == (429, "too_many", "slower")
        assert b"\r\nretry-after: 7\r\n" in heard


class TestTunnel:
    def test_requests_follow_each_other_in_a_tunnel(self) -> None:
        talk = Talk().tunnel()
        for target in ("/1", "/2"):
            assert talk.client(request(target)).heard_by_upstream().startswith(f"GET {target} ".encode())
            assert talk.upstream(reply()).heard_by_client() == reply()
        assert talk.done == [do.KeepUpstream(), do.KeepUpstream()]

    def test_bytes_that_come_with_the_connect_are_not_lost(self) -> None:
        talk = Talk().client(CONNECT + b"\x16\x03\x01hello")
        assert talk.done == [do.StartTls(API.host, b"\x16\x03\x01hello")]

    def test_plain_http_in_a_tunnel_gets_a_plan_of_its_own(self) -> None:
        delivery = FixedDelivery()
        talk = Talk(delivery).client(CONNECT.replace(b":443", b":80"))
        talk.client(request())
        assert delivery.plans_made == [
            Destination("https", API.host, 80),
            Destination("http", API.host, 80),
        ]
        assert talk.opened == [Destination("http", API.host, 80)]

    def test_anything_else_in_a_tunnel_closes_it(self) -> None:
        assert Talk().client(CONNECT).client(b"SSH-2.0"[::-1]).done == [do.CloseClient(linger=False)]

    def test_a_tunnel_in_a_tunnel_is_refused(self) -> None:
        talk = Talk().tunnel().client(CONNECT)
        assert refused(talk.heard_by_client())[:2] == (400, "bad_request")

    @pytest.mark.parametrize(
        "head",
        [
            request(host="evil.example"),
            request(host="api.example.com:8443"),
            request(host="api.example.com:80"),
            request(host="api.example.com.evil.example"),
            request(host="xapi.example.com"),
            request(host="api.example.com@evil.example"),
            request(host=""),
            request("https://evil.example/"),
            request("http://api.example.com/"),
            request("https://api.example.com:444/"),
            request("https://user@api.example.com/"),
        ],
    )
    def test_names_that_disagree_are_refused_and_nothing_is_sent(self, head: bytes) -> None:
        talk = Talk(FixedDelivery(swaps=(swap(),))).tunnel().client(head)
        assert refused(talk.heard_by_client())[:2] == (421, "authority_mismatch")
        assert talk.opened == []
        assert talk.done == [do.CloseClient(linger=True)]

    def test_a_connect_whose_host_field_names_another_host_is_refused(self) -> None:
        talk = Talk().client(CONNECT.replace(b"Host: api.", b"Host: evil."))
        assert refused(talk.heard_by_client())[:2] == (421, "authority_mismatch")

    @pytest.mark.parametrize("host", ["API.Example.COM", "api.example.com.", "api.example.com:443"])
    def test_other_spellings_of_the_host_agree_and_the_dialled_name_is_sent(self, host: str) -> None:
        talk = Talk().tunnel().client(request(host=host))
        assert talk.heard_by_upstream() == b"GET / HTTP/1.1\r\nHost: api.example.com\r\n\r\n"

    def test_an_absolute_target_that_agrees_is_sent_in_origin_form(self) -> None:
        talk = Talk().tunnel().client(request("https://api.example.com?x=1"))
        assert talk.heard_by_upstream().startswith(b"GET /?x=1 HTTP/1.1\r\n")

    def test_two_host_fields_are_refused_even_if_they_agree(self) -> None:
        talk = Talk().tunnel().client(request("/", "Host: api.example.com"))
        assert refused(talk.heard_by_client())[:2] == (400, "bad_request")

    def test_a_host_seen_before_is_checked_again_when_it_changes(self) -> None:
        talk = Talk().tunnel()
        talk.client(request()).upstream(reply()).heard_by_client()
        assert refused(talk.client(request(host="evil.example")).heard_by_client())[0] == 421

    @pytest.mark.parametrize("target", ["/a/../b", "/a%2e%2e/b", "/a%2Fb", "//x//", "/a;b=c?d=%zz", "/a\\b"])
    def test_a_target_is_sent_byte_for_byte(self, target: str) -> None:
        talk = Talk().tunnel().client(request(target))
        assert talk.heard_by_upstream().startswith(f"GET {target} HTTP/1.1\r\n".encode())


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


def unchunked(body: bytes) -> bytes:
    out = b""
    while True:
        size, _, body = body.partition(b"\r\n")
        if not int(size, 16):
            return out
        out, body = out + body[: int(size, 16)], body[int(size, 16) + 2 :]


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


class TestMessages:
    """gRPC's messages tell their lengths."""

    CALL = request("/x", "Content-Type: application/grpc+proto", "Transfer-Encoding: chunked", method="POST")

    @staticmethod
    def one(message: bytes) -> bytes:
        return b"\0" + len(message).to_bytes(4) + message

    def call(self, secret: str, said: bytes) -> tuple[FixedDelivery, Talk]:
        delivery = FixedDelivery(swaps=(swap(secret=secret),))
        wire = self.one(said)
        talk = Talk(delivery).tunnel().client(self.CALL + b"%x\r\n%b\r\n" % (len(wire), wire))
        return delivery, talk

    def test_a_secret_of_the_placeholders_length_is_put_in(self) -> None:
        secret = "x" * len(PLACEHOLDER)
        _, talk = self.call(secret, b"\x0a\x24" + PLACEHOLDER.encode())
        assert self.one(b"\x0a\x24" + secret.encode()) in talk.heard_by_upstream()

    async def test_one_of_another_length_is_not_and_that_is_reported(self) -> None:
        delivery, talk = self.call(SECRET, PLACEHOLDER.encode())
        assert self.one(PLACEHOLDER.encode()) in talk.heard_by_upstream()
        await delivery.meter.flush()
        assert [record.facts["surface"] for record in delivery.ledger.records] == ["body"]

    def test_a_message_that_ends_like_a_placeholder_begins_is_sent_at_once(self) -> None:
        said = b"abc" + PLACEHOLDER[:9].encode()
        _, talk = self.call(SECRET, said)
        assert self.one(said) in talk.heard_by_upstream()

    def test_a_reply_keeps_the_lengths_of_its_messages(self) -> None:
        talk = Talk(FixedDelivery(swaps=(swap(),))).tunnel()
        talk.client(request("/", f"X: {PLACEHOLDER}")).upstream(reply()).heard_by_client()
        talk.client(request("/y", "TE: trailers"))
        wire = self.one(b"<" + SECRET.encode() + b">")
        talk.upstream(b"HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\nTransfer-Encoding: chunked\r\n\r\n")
        talk.upstream(b"%x\r\n%b\r\n0\r\n\r\n" % (len(wire), wire))
        heard = unchunked(talk.heard_by_client().partition(b"\r\n\r\n")[2])
        assert SECRET.encode() not in heard
        assert heard[:6] == wire[:6]
        assert len(heard) == len(wire)
        whole = reply(wire.decode("latin-1").encode("latin-1"), "Content-Type: application/grpc")
        heard = talk.client(request("/z")).upstream(whole).heard_by_client().partition(b"\r\n\r\n")[2]
        assert SECRET.encode() not in heard
        assert len(heard) == len(wire)
