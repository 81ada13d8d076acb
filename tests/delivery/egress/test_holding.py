"""What is held of a request is held as it came: secrets go in when it is sent, under a plan that is alive then."""

from strongroom.core.overriding import override
from strongroom.delivery.egress import Limits
from strongroom.delivery.egress import commands as do
from strongroom.delivery.egress import events as on
from tests.delivery.egress.doubles import PLACEHOLDER, SECRET, FixedDelivery, swap
from tests.delivery.egress.talk import CONNECT, Talk, refused, reply, request

AUTHORIZED = f"Authorization: Bearer {PLACEHOLDER}"


class Slow(Talk):
    """Upstreams open when told to."""

    @override
    def obey(self, command: do.Command) -> on.Event | None:
        answer = super().obey(command)
        return None if isinstance(answer, on.UpstreamOpened) else answer

    def open(self) -> "Slow":
        self.happen(on.UpstreamOpened())
        return self


def revoke(talk: Talk, *, now: str | None = None) -> None:
    talk.delivery.live.forget()
    talk.delivery.swaps = () if now is None else (swap(secret=now),)


def test_a_head_that_waits_for_its_connection_does_not_take_a_revoked_secret_along() -> None:
    talk = Slow(FixedDelivery(swaps=(swap(),)))
    talk.tunnel().client(request("/", AUTHORIZED))
    revoke(talk)
    assert talk.open().heard_by_upstream() == b""
    assert talk.opened == talk.opened[:1] * 2
    talk.done.remove(do.DropUpstream())
    heard = talk.open().heard_by_upstream()
    assert SECRET.encode() not in heard
    assert PLACEHOLDER.encode() in heard
    assert talk.upstream(reply()).heard_by_client() == reply()


def test_a_gathered_body_is_sent_with_what_holds_when_it_is_complete() -> None:
    talk = Talk(FixedDelivery(swaps=(swap(),))).tunnel()
    wire = request("/", AUTHORIZED, method="POST", body=PLACEHOLDER.encode() + b"!")
    talk.client(wire[:-1])
    revoke(talk, now="rotated")
    heard = talk.client(wire[-1:]).heard_by_upstream()
    assert SECRET.encode() not in heard
    assert b"Authorization: Bearer rotated\r\n" in heard
    assert heard.endswith(b"Content-Length: 8\r\n\r\nrotated!")


def test_a_body_in_chunks_that_waits_is_held_as_it_came() -> None:
    talk = Slow(FixedDelivery(swaps=(swap(),)))
    talk.tunnel().client(request("/", "Transfer-Encoding: chunked", method="POST"))
    talk.client(b"%x\r\n%b\r\n" % (len(PLACEHOLDER), PLACEHOLDER.encode()))
    revoke(talk)
    talk.open()
    talk.client(b"0\r\n\r\n")
    heard = talk.open().heard_by_upstream()
    assert SECRET.encode() not in heard
    assert PLACEHOLDER.encode() in heard
    assert heard.endswith(b"\r\n0\r\n\r\n")


def test_a_request_that_overlaps_change_upon_change_is_given_up() -> None:
    talk = Slow(FixedDelivery(swaps=(swap(),)))
    talk.tunnel().client(request("/", AUTHORIZED))
    for _ in range(4):
        revoke(talk)
        talk.open()
    assert refused(talk.heard_by_client())[:2] == (503, "unavailable")
    assert talk.heard_by_upstream() == b""


def test_placeholders_do_not_make_a_body_long_without_bound() -> None:
    talk = Talk(FixedDelivery(swaps=(swap(secret="x" * 4096),))).tunnel()
    talk.client(request(method="POST", body=PLACEHOLDER.encode() * 1000))
    assert refused(talk.heard_by_client())[:2] == (413, "too_large")
    assert talk.heard_by_upstream() == b""
    assert talk.client(request()).upstream(reply()).heard_by_client() == reply()


def test_placeholders_do_not_make_a_streamed_body_long_without_bound() -> None:
    talk = Talk(FixedDelivery(swaps=(swap(secret="x" * 4096),))).tunnel()
    talk.client(request("/", "Transfer-Encoding: chunked", method="POST"))
    piece = PLACEHOLDER.encode() * 300
    talk.client(b"%x\r\n%b\r\n" % (len(piece), piece))
    assert talk.heard_by_client() == b""
    talk.client(b"%x\r\n%b\r\n" % (len(piece), piece))
    assert refused(talk.heard_by_client())[:2] == (413, "too_large")


def test_placeholders_do_not_make_a_head_long_without_bound() -> None:
    talk = Talk(FixedDelivery(swaps=(swap(secret="x" * 4096),))).tunnel()
    for body in (b"", b"body"):
        talk.client(request("/", "X: " + PLACEHOLDER * 17, method="POST", body=body))
        assert refused(talk.heard_by_client())[:2] == (413, "too_large")


def test_what_a_session_has_gathered_is_bounded_and_given_back() -> None:
    talk = Talk(FixedDelivery(swaps=(swap(),)), limits=Limits(session_gathered_bytes=100)).tunnel()
    talk.client(request(method="POST", body=b"x" * 90)[:-1])
    assert talk.share.gathered_bytes == 89
    talk.client(b"x").upstream(reply())
    assert talk.share.gathered_bytes == 0
    assert talk.heard_by_client() == reply()
    talk.client(request(method="POST", body=b"x" * 90)[:-1])
    talk.happen(on.ClientGone())
    assert talk.share.gathered_bytes == 0
    other = Talk(FixedDelivery(swaps=(swap(),)), limits=Limits(session_gathered_bytes=100)).tunnel()
    heard = other.client(request(method="POST", body=b"x" * 101)).heard_by_client()
    assert refused(heard)[:2] == (429, "too_many")
    assert other.share.gathered_bytes == 0


def test_a_body_that_drips_is_given_up() -> None:
    talk = Talk(FixedDelivery(swaps=(swap(),))).tunnel()
    talk.client(request(method="POST", body=b"x" * 90)[:-1])
    assert talk.conversation.under_way is not None
    assert refused(talk.happen(on.TimedOut(on.Waiting.BODY)).heard_by_client())[:2] == (408, "request_timeout")


def test_plain_http_to_the_port_of_https_is_refused() -> None:
    talk = Talk(FixedDelivery(swaps=(swap(),))).client(CONNECT)
    talk.heard_by_client()
    talk.client(request("/", AUTHORIZED))
    assert refused(talk.heard_by_client())[:2] == (400, "bad_request")
    assert talk.opened == []


def test_up_to_two_empty_lines_before_a_request_are_skipped() -> None:
    talk = Talk().tunnel()
    for lines in (b"\r\n", b"\r\n\r\n"):
        for byte in lines:
            talk.client(bytes([byte]))
        assert talk.client(request()).upstream(reply()).heard_by_client() == reply()
    assert refused(talk.client(b"\r\n\r\n\r\n" + request()).heard_by_client())[:2] == (400, "bad_request")
