"""Who may open a tunnel, where to, and what is spoken inside."""

import base64

import pytest

from strongroom.core.failures import NotPermitted, TooMany, Unavailable, Unreachable
from strongroom.core.plans import Destination
from strongroom.delivery.egress import commands as do
from tests.delivery.egress.doubles import (
    TOKEN,
    FixedDelivery,
    swap,
)
from tests.delivery.egress.talk import AUTHORIZED, CONNECT, ESTABLISHED, Talk, refused, reply, request

API = Destination("https", "api.example.com", 443)  # type: ignore[arg-type]


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
