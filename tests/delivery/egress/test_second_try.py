"""A 401 to a token that was put in: it is renewed, and what can be sent again is sent again, once."""

import asyncio
from typing import final

import pytest

from strongroom.core.failures import Unavailable
from strongroom.core.overriding import override
from strongroom.core.secret import Secret
from strongroom.delivery.egress import Limits
from strongroom.delivery.egress import commands as do
from strongroom.delivery.egress import events as on
from strongroom.delivery.egress.second_try import MOST_BYTES
from tests.delivery.egress.doubles import FixedDelivery, placement, swap
from tests.delivery.egress.http2.speaking import http2
from tests.delivery.egress.running import read_reply, read_request, rig
from tests.delivery.egress.talk import Talk, refused, reply, request

OLD, NEW = "token-old-0123456789", "token-new-0123456789"
REJECTED = reply(b"go away", "WWW-Authenticate: Bearer", status="401 Unauthorized")


def delivery(*, renewed: bool = True, renewable: bool = True, target: str = "/mcp") -> FixedDelivery:
    return FixedDelivery(
        placements=(placement(target, OLD, renewable=renewable),),
        after_rejection=(placement(target, NEW, renewable=True),) if renewed else (),
    )


def asked(at: Talk, sent: bytes = request("/mcp", method="POST", body=b'{"id":1}')) -> bytes:
    """Send a request and return what the upstream got."""
    return at.client(sent).heard_by_upstream()


def test_the_request_goes_out_again_with_the_new_token_and_the_client_sees_its_reply_alone() -> None:
    at = Talk(delivery()).tunnel()
    first = asked(at)
    assert f"Bearer {OLD}".encode() in first
    second = at.upstream(REJECTED).heard_by_upstream()
    assert second == first.replace(OLD.encode(), NEW.encode())
    assert at.delivery.rejected == [Secret(OLD)]
    assert at.heard_by_client() == b""
    assert at.done == [do.DropUpstream()]
    at.upstream(reply(b"welcome"))
    assert at.heard_by_client().endswith(b"\r\n\r\nwelcome")
    assert at.done == [do.DropUpstream(), do.KeepUpstream()]
    assert f"Bearer {NEW}".encode() in asked(at)  # the next goes under the new plan


@pytest.mark.parametrize(
    "sent",
    [request("/mcp"), request("/mcp/", method="DELETE"), request("/mcp", method="POST", body=b"x" * MOST_BYTES)],
    ids=["GET", "DELETE", "a large body"],
)
def test_with_or_without_a_body_it_is_the_same_request(sent: bytes) -> None:
    at = Talk(delivery()).tunnel()
    first = asked(at, sent)
    assert at.upstream(REJECTED).heard_by_upstream() == first.replace(OLD.encode(), NEW.encode())


def test_a_body_that_comes_in_chunks_and_piece_by_piece_is_sent_again_whole() -> None:
    at = Talk(delivery()).tunnel()
    at.client(b"POST /mcp HTTP/1.1\r\nHost: api.example.com\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
    at.client(b"6\r\n world\r\n").client(b"0\r\n\r\n")
    at.heard_by_upstream()
    again = at.upstream(REJECTED).heard_by_upstream()
    assert again.partition(b"\r\n\r\n")[2] == b"b\r\nhello world\r\n0\r\n\r\n"


def test_the_second_401_is_the_clients() -> None:
    at = Talk(delivery()).tunnel()
    asked(at)
    at.upstream(REJECTED).heard_by_upstream()
    at.upstream(REJECTED)
    assert at.heard_by_upstream() == b""
    assert at.heard_by_client().startswith(b"HTTP/1.1 401 ")
    assert len(at.delivery.rejected) == 1


def test_without_another_token_the_401_is_passed_on_as_it_came() -> None:
    at = Talk(delivery(renewed=False)).tunnel()
    asked(at)
    for piece in (REJECTED[:20], REJECTED[20:-3], REJECTED[-3:]):
        at.upstream(piece)
    assert at.heard_by_upstream() == b""
    heard = at.heard_by_client()
    assert heard.startswith(b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\n")
    assert heard.endswith(b"\r\n\r\ngo away")
    assert at.done == [do.KeepUpstream()]
    assert at.delivery.rejected == [Secret(OLD)]


@pytest.mark.parametrize("renewed", [True, False])
def test_a_401_that_ends_with_its_connection_is_told_apart_from_a_broken_one(*, renewed: bool) -> None:
    at = Slow(delivery(renewed=renewed)).tunnel()
    asked(at)
    at.upstream(b"HTTP/1.1 401 Unauthorized\r\n\r\ngo away").upstream_gone()
    assert at.heard_by_client() == b""
    at.answer()
    if renewed:
        assert f"Bearer {NEW}".encode() in at.heard_by_upstream()
        assert at.done == []
    else:
        assert at.heard_by_client().startswith(b"HTTP/1.1 401 ")


@final
class Slow(Talk):
    """Answers the question for another plan only when told to."""

    question: do.MakePlan | None = None

    @override
    def tunnel(self) -> "Slow":
        super().tunnel()
        return self

    @override
    def obey(self, command: do.Command) -> on.Event | None:
        if isinstance(command, do.MakePlan) and command.rejected is not None:
            self.question = command
            return None
        return super().obey(command)

    def answer(self) -> None:
        assert self.question is not None
        event = super().obey(self.question)
        assert event is not None
        self.happen(event)


def test_what_comes_of_the_reply_and_of_the_next_request_meanwhile_waits() -> None:
    at = Slow(delivery(renewed=False)).tunnel()
    asked(at)
    at.upstream(REJECTED[:-3]).upstream(REJECTED[-3:]).client(request("/next"))
    assert (at.heard_by_client(), at.heard_by_upstream()) == (b"", b"")
    at.answer()
    assert at.heard_by_client().endswith(b"go away")
    assert at.heard_by_upstream().startswith(b"GET /next ")


def test_a_401_without_end_is_not_held_without_bound() -> None:
    at = Slow(delivery(renewed=False), limits=Limits(head_bytes=2000)).tunnel()
    asked(at)
    at.upstream(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 1000000\r\n\r\n")
    for _ in range(100):
        at.upstream(b"x" * 1000)
    exchange = at.conversation.under_way
    assert len(exchange.incoming._buffer.held) < 4000  # type: ignore[attr-defined]
    at.answer()
    assert refused(at.heard_by_client())[:2] == (502, "upstream_bad_reply")


def test_a_client_that_leaves_meanwhile_leaves_nothing_behind() -> None:
    at = Slow(delivery()).tunnel()
    asked(at)
    at.upstream(REJECTED).happen(on.ClientGone())
    at.answer()
    assert at.heard_by_upstream() == b""
    assert at.share.gathered_bytes == 0


def test_a_renewal_that_fails_is_a_refusal() -> None:
    at = Slow(delivery()).tunnel()
    asked(at)
    at.upstream(REJECTED).happen(on.Failed(Unavailable("the database does not answer")))
    assert refused(at.heard_by_client())[0] == 503


@pytest.mark.parametrize(
    ("known", "sent"),
    [
        (delivery(renewable=False), request("/mcp")),
        (delivery(target="/other"), request("/mcp")),
        (FixedDelivery(swaps=(swap(),)), request("/mcp")),
        (delivery(), request("/mcp", method="POST", body=b"x" * (MOST_BYTES + 1))),
    ],
    ids=["a token that cannot be renewed", "another target", "no placement", "a body that is too large"],
)
def test_where_nothing_can_be_done_the_401_is_passed_on_at_once(known: FixedDelivery, sent: bytes) -> None:
    at = Talk(known).tunnel()
    asked(at, sent)
    at.upstream(REJECTED)
    assert at.heard_by_client().startswith(b"HTTP/1.1 401 ")
    assert known.rejected == []
    assert at.share.gathered_bytes == 0


def test_a_401_before_the_request_is_complete_is_passed_on() -> None:
    at = Talk(delivery()).tunnel()
    asked(at, request("/mcp", "Content-Length: 10", method="POST") + b"begin")
    at.upstream(REJECTED)
    assert at.heard_by_client().startswith(b"HTTP/1.1 401 ")
    assert at.delivery.rejected == []


def test_what_is_kept_of_a_body_counts_and_does_not_refuse_what_would_pass() -> None:
    at = Talk(delivery(), limits=Limits(session_gathered_bytes=200)).tunnel()
    asked(at, request("/mcp", method="POST", body=b"x" * 100))
    assert at.share.gathered_bytes == 100
    at.upstream(reply(b"ok"))
    assert at.share.gathered_bytes == 0
    asked(at, request("/mcp", method="POST", body=b"x" * 101))
    at.upstream(REJECTED)
    assert at.heard_by_client().endswith(b"go away")
    assert at.share.gathered_bytes == 0


def test_any_other_reply_passes_as_ever() -> None:
    at = Talk(delivery()).tunnel()
    for status in ("200 OK", "403 Forbidden", "407 Proxy Authentication Required", "500 No"):
        asked(at)
        at.upstream(reply(b"ok", status=status))
        assert at.heard_by_client().startswith(f"HTTP/1.1 {status}".encode())
    assert at.delivery.rejected == []


# --- on real connections -----------------------------------------------------------------------------


async def choosy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """An upstream that takes the new token alone, and says what it was sent."""
    while True:
        head, body = await read_request(reader)
        status = b"200 OK" if b"Bearer " + NEW.encode() in head else b"401 Unauthorized"
        writer.write(b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body))


async def test_clients_of_http_1_see_one_reply() -> None:
    async with rig(choosy, delivery()) as at:
        reader, writer = await at.tunnel()
        for _ in range(2):
            writer.write(request("/mcp", method="POST", host=at.host, body=b"call"))
            head, body = await read_reply(reader)
            assert (head[:12], body) == (b"HTTP/1.1 200", b"call")
        writer.close()
        assert at.delivery.rejected == [Secret(OLD)]


async def test_clients_of_http_2_see_one_reply() -> None:
    async with rig(choosy, delivery()) as at:
        client = await http2(at)
        for _ in range(2):
            number = client.ask(client.fields("/mcp", "POST"), last=False)
            client.say(number, b"call", last=True)
            reply_ = await client.reply(number)
            assert (reply_.status, reply_.body) == (200, b"call")
        client.close()
        assert at.delivery.rejected == [Secret(OLD)]


async def test_a_token_that_ends_while_a_connection_is_kept_is_renewed_as_well() -> None:
    """The second request finds a connection at hand, as what goes the short way does."""
    seen: list[bytes] = []

    async def ends(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head, _ = await read_request(reader)
            seen.append(head)
            good = NEW.encode() in head or len(seen) == 1
            status = b"200 OK" if good else b"401 Unauthorized"
            writer.write(b"HTTP/1.1 %b\r\nContent-Length: 2\r\n\r\nok" % status)

    async with rig(ends, delivery()) as at:
        reader, writer = await at.tunnel()
        for _ in range(2):
            writer.write(request("/mcp", host=at.host))
            head, _ = await read_reply(reader)
            assert head.startswith(b"HTTP/1.1 200")
        writer.close()
    assert [NEW.encode() in head for head in seen] == [False, False, True]
