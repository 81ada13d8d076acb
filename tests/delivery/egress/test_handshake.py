"""How a WebSocket is opened: placeholders in the handshake, and what is refused on either side."""

import base64

import pytest

from strongroom.core.surfaces import Surface
from strongroom.delivery.egress import commands as do
from strongroom.delivery.egress import events as on
from tests.core.aws import signer
from tests.delivery.egress.doubles import PLACEHOLDER, SECRET, FixedDelivery, placement, swap
from tests.delivery.egress.frames import ACCEPT, ASKS, KEY, accepted
from tests.delivery.egress.talk import AUTHORIZED, Talk, refused, reply, request

DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
EVERYWHERE = frozenset(Surface)


def holding() -> FixedDelivery:
    return FixedDelivery(swaps=(swap(EVERYWHERE, secret="sk-0123456789"),))


def signing() -> FixedDelivery:
    return FixedDelivery(strays={}, signers={b"srp_access0": signer()})


class TestWhatTheClientAsks:
    def test_placeholders_become_secrets_in_target_and_fields(self) -> None:
        basic = base64.b64encode(f"user:{PLACEHOLDER}".encode()).decode()
        asked = request(
            f"/{PLACEHOLDER}?key={PLACEHOLDER}",
            *ASKS,
            f"X-Key: {PLACEHOLDER}",
            f"Authorization: Basic {basic}",
            f"Sec-WebSocket-Protocol: realtime, key.{PLACEHOLDER}",
        )
        head = Talk(holding()).tunnel().client(asked).heard_by_upstream()
        assert head.startswith(b"GET /sk-0123456789?key=sk-0123456789 HTTP/1.1\r\nHost: api.example.com\r\n")
        assert b"\r\nX-Key: sk-0123456789\r\n" in head
        assert b"Basic " + base64.b64encode(b"user:sk-0123456789") + b"\r\n" in head
        assert b"\r\nSec-WebSocket-Protocol: realtime, key.sk-0123456789\r\n" in head
        assert f"\r\nSec-WebSocket-Key: {KEY}\r\n".encode() in head
        assert head.endswith(b"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")

    def test_a_bearer_is_set_where_the_target_wants_one(self) -> None:
        talk = Talk(FixedDelivery(placements=(placement("/mcp"),))).tunnel().client(request("/mcp", *ASKS))
        assert f"\r\nauthorization: Bearer {SECRET}\r\n".encode() in talk.heard_by_upstream()

    def test_it_works_in_absolute_form(self) -> None:
        asked = request("http://api.example.com/x", *ASKS, f"K: {PLACEHOLDER}").removesuffix(b"\r\n") + AUTHORIZED
        talk = Talk(holding()).client(asked + b"\r\n")
        assert b"\r\nK: sk-0123456789\r\n" in talk.heard_by_upstream()
        assert talk.upstream(accepted()).heard_by_client().startswith(b"HTTP/1.1 101 ")

    @pytest.mark.parametrize(
        ("delivery", "offered"),
        [(FixedDelivery(strays={}), True), (FixedDelivery(), False), (holding(), False), (signing(), False)],
        ids=["nothing held", "a credential of another host", "a credential", "keys that sign"],
    )
    def test_extensions_are_offered_only_where_nothing_is_to_be_found(
        self, delivery: FixedDelivery, offered: bool
    ) -> None:
        talk = Talk(delivery).tunnel().client(request("/", *ASKS, DEFLATE, DEFLATE.upper()))
        assert (b"permessage-deflate" in talk.heard_by_upstream().lower()) is offered

    @pytest.mark.parametrize(
        ("asked", "words"),
        [
            (request("/", *ASKS, method="POST"), "GET"),
            (request("/", *ASKS, body=b"x"), "no body"),
            (request("/", *ASKS, "Transfer-Encoding: chunked"), "no body"),
            (request("/", *ASKS).replace(b"HTTP/1.1", b"HTTP/1.0"), "HTTP/1.1"),
            (request("/", *ASKS[:2], ASKS[3]), "Sec-WebSocket-Key"),
            (request("/", *ASKS, ASKS[2]), "Sec-WebSocket-Key"),
            (request("/", *ASKS[:2], "Sec-WebSocket-Key: dGhlIHNhbXBsZQ==", ASKS[3]), "Sec-WebSocket-Key"),
            (request("/", *ASKS[:2], "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZ!==", ASKS[3]), "Sec-WebSocket-Key"),
            (request("/", *ASKS[:3]), "Sec-WebSocket-Version"),
            (request("/", *ASKS, ASKS[3]), "Sec-WebSocket-Version"),
            (request("/", *ASKS[:3], "Sec-WebSocket-Version: 8"), "Sec-WebSocket-Version"),
        ],
        ids=lambda case: case if isinstance(case, str) else "",
    )
    @pytest.mark.parametrize("delivery", [FixedDelivery(strays={}), holding()], ids=["plain", "searched"])
    def test_a_bad_handshake_is_refused_and_nobody_is_dialled(
        self, asked: bytes, words: str, delivery: FixedDelivery
    ) -> None:
        talk = Talk(delivery).tunnel().client(asked)
        status, code, sentence = refused(talk.heard_by_client())
        assert (status, code) == (400, "bad_request")
        assert words in sentence
        assert talk.opened == []

    def test_an_empty_body_is_none(self) -> None:
        talk = Talk().tunnel().client(request("/", *ASKS, "Content-Length: 0"))
        assert talk.heard_by_upstream().endswith(b"\r\nUpgrade: websocket\r\n\r\n")

    @pytest.mark.parametrize("fields", [("Connection: Upgrade", "Upgrade: h2c"), ("Upgrade: websocket",)])
    def test_other_offers_are_ignored(self, fields: tuple[str, ...]) -> None:
        talk = Talk().tunnel().client(request("/", *fields))
        assert b"pgrade" not in talk.heard_by_upstream()
        assert talk.upstream(reply()).heard_by_client() == reply()

    def test_a_handshake_on_a_kept_connection_that_has_died_is_sent_again(self) -> None:
        talk = Talk(holding()).tunnel()
        talk.reuse = True
        talk.client(request("/", *ASKS, DEFLATE))
        first = talk.heard_by_upstream()
        assert talk.upstream_gone().heard_by_upstream() == first
        assert talk.upstream(accepted()).heard_by_client().startswith(b"HTTP/1.1 101 ")


class TestWhatTheUpstreamAnswers:
    def test_a_101_is_scrubbed_and_says_what_it_must(self) -> None:
        talk = Talk(holding()).tunnel().client(request("/", *ASKS, f"X: {PLACEHOLDER}"))
        talk.upstream(accepted("Sec-WebSocket-Protocol: sk-0123456789", "X-Echo: sk-0123456789", "Alt-Svc: h3"))
        assert (
            talk.heard_by_client()
            == (
                "HTTP/1.1 101 Switching Protocols\r\n"
                f"Sec-WebSocket-Protocol: {PLACEHOLDER}\r\n"
                f"X-Echo: {PLACEHOLDER}\r\n"
                "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                f"Sec-WebSocket-Accept: {ACCEPT}\r\n\r\n"
            ).encode()
        )

    def test_another_reply_is_an_ordinary_one(self) -> None:
        talk = Talk(holding()).tunnel().client(request("/", *ASKS, f"X: {PLACEHOLDER}"))
        talk.upstream(reply(b"no: sk-0123456789", status="403 Forbidden"))
        assert talk.heard_by_client() == reply(f"no: {PLACEHOLDER}".encode(), status="403 Forbidden")
        assert talk.done == [do.KeepUpstream()]
        assert b"GET /next " in talk.client(request("/next")).heard_by_upstream()

    @pytest.mark.parametrize(
        ("answer", "words"),
        [
            (accepted(accept="AAAAAAAAAAAAAAAAAAAAAAAAAAA="), "Sec-WebSocket-Accept"),
            (accepted(f"Sec-WebSocket-Accept: {ACCEPT}"), "Sec-WebSocket-Accept"),
            (accepted().replace(b"Sec-WebSocket-Accept", b"X"), "Sec-WebSocket-Accept"),
            (accepted().replace(b"Upgrade: websocket", b"Upgrade: h2c"), "another protocol"),
            (accepted().replace(b"Connection: Upgrade\r\n", b""), "another protocol"),
            (accepted().replace(b"Upgrade: websocket\r\n", b""), "another protocol"),
            (accepted("Sec-WebSocket-Extensions: x-other"), "extension"),
            (accepted("Content-Length: 0"), "interim"),
            (accepted("Transfer-Encoding: chunked"), "interim"),
        ],
    )
    @pytest.mark.parametrize("delivery", [FixedDelivery(strays={}), holding()], ids=["plain", "searched"])
    def test_a_101_that_does_not_answer_the_handshake_is_refused(
        self, answer: bytes, words: str, delivery: FixedDelivery
    ) -> None:
        talk = Talk(delivery).tunnel().client(request("/", *ASKS, DEFLATE)).upstream(answer)
        status, code, sentence = refused(talk.heard_by_client())
        assert (status, code) == (502, "upstream_bad_reply")
        assert words in sentence
        assert do.DropUpstream() in talk.done

    @pytest.mark.parametrize(("delivery", "taken"), [(FixedDelivery(strays={}), True), (holding(), False)])
    def test_an_extension_may_be_taken_up_only_if_it_was_offered(self, delivery: FixedDelivery, taken: bool) -> None:
        talk = Talk(delivery).tunnel().client(request("/", *ASKS, DEFLATE))
        talk.upstream(accepted("Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover"))
        heard = talk.heard_by_client()
        assert heard.startswith(b"HTTP/1.1 101 " if taken else b"HTTP/1.1 502 ")
        assert (b"permessage-deflate" in heard) is taken

    def test_a_change_of_protocol_that_nobody_asked_for_is_refused(self) -> None:
        talk = Talk().tunnel().client(request()).upstream(accepted())
        assert refused(talk.heard_by_client())[:2] == (502, "upstream_bad_reply")

    def test_an_upstream_that_never_answers_is_given_up(self) -> None:
        talk = Talk(holding()).tunnel().client(request("/", *ASKS)).happen(on.TimedOut(on.Waiting.ANSWER))
        assert refused(talk.heard_by_client())[:2] == (504, "upstream_timeout")
