"""WebSocket messages between client and upstream: what is put in, what is taken out, and how it ends."""

import asyncio
import json

import pytest

from strongroom.core.events import STRAYED
from strongroom.core.failures import Failure, NotAuthenticated, NotPermitted, Unavailable
from strongroom.core.plans import Destination
from strongroom.core.surfaces import Surface
from strongroom.delivery.egress import Limits
from strongroom.delivery.egress import commands as do
from strongroom.delivery.egress import events as on
from strongroom.delivery.egress.refusals import Code
from tests.delivery.egress.doubles import HEADER, PLACEHOLDER, SECRET, STRAY, FixedDelivery, placement, swap
from tests.delivery.egress.frames import (
    ASKS,
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    accepted,
    close,
    frame,
    messages,
    opened,
    read_frames,
)
from tests.delivery.egress.talk import Talk, request

QUOTED = 'sk"back\\slash\ttab'
ENDED = [do.FinishUpstream(), do.CloseClient(linger=True)]


def holding(secret: str = SECRET) -> FixedDelivery:
    return FixedDelivery(swaps=(swap(secret=secret),))


def strays(delivery: FixedDelivery) -> list[str]:
    asyncio.run(delivery.meter.flush())
    return [str(record.facts["surface"]) for record in delivery.ledger.records if record.action == STRAYED]


class TestTowardTheUpstream:
    @pytest.mark.parametrize("kind", [TEXT, BINARY])
    @pytest.mark.parametrize(
        ("said", "heard"),
        [
            (f"token {PLACEHOLDER}!", f"token {QUOTED}!"),
            (PLACEHOLDER, QUOTED),
            (json.dumps({"k": PLACEHOLDER}), json.dumps({"k": QUOTED})),
            (f'\r\n\t ["{PLACEHOLDER}"]', '\r\n\t ["sk\\"back\\\\slash\\ttab"]'),
            (f'"{PLACEHOLDER}"', json.dumps(QUOTED)),
            (f" {PLACEHOLDER}", f" {QUOTED}"),
            ("grüße 🙂", "grüße 🙂"),
            ("", ""),
            (" \n", " \n"),
        ],
    )
    def test_placeholders_become_secrets_escaped_for_their_place(self, kind: int, said: str, heard: str) -> None:
        talk = opened(holding(QUOTED)).client(frame(kind, said.encode()))
        assert messages(talk.heard_by_upstream()) == [(kind, heard.encode())]

    def test_frames_are_masked_anew_each_time(self) -> None:
        talk = opened(holding())
        first = talk.client(frame(TEXT, b"same words")).heard_by_upstream()
        second = talk.client(frame(TEXT, b"same words")).heard_by_upstream()
        assert [each.masked for each in read_frames(first + second)] == [True, True]
        assert first[2:6] != second[2:6]

    def test_where_the_body_may_carry_none_the_literal_goes_out_and_is_reported(self) -> None:
        delivery = FixedDelivery(swaps=(swap(HEADER),))
        talk = opened(delivery).client(frame(TEXT, PLACEHOLDER.encode()) + frame(BINARY, STRAY.encode()))
        assert messages(talk.heard_by_upstream()) == [(TEXT, PLACEHOLDER.encode()), (BINARY, STRAY.encode())]
        assert strays(delivery) == [Surface.BODY, Surface.BODY]

    @pytest.mark.parametrize("kind", [PING, PONG])
    def test_control_frames_take_no_secret_and_are_reported(self, kind: int) -> None:
        delivery = holding()
        talk = opened(delivery).client(frame(kind, PLACEHOLDER.encode()))
        assert messages(talk.heard_by_upstream()) == [(kind, PLACEHOLDER.encode())]
        talk.client(close(1000, PLACEHOLDER.encode()))
        assert messages(talk.heard_by_upstream()) == [(CLOSE, b"\x03\xe8" + PLACEHOLDER.encode())]
        assert strays(delivery) == [Surface.BODY]  # counted, not listed one by one
        assert [record.facts["count"] for record in delivery.ledger.records] == [2]

    def test_a_secret_used_is_counted(self) -> None:
        delivery = holding()
        opened(delivery).client(frame(TEXT, PLACEHOLDER.encode()) * 3)
        asyncio.run(delivery.meter.flush())
        assert [use.count for use in delivery.ledger.uses] == [3]

    def test_a_message_that_grows_without_bound_is_too_large(self) -> None:
        delivery = holding("s" * 1000)
        talk = opened(delivery)
        for _ in range(10):
            talk.client(frame(TEXT, PLACEHOLDER.encode() * 200))  # each message grows by some 190 kB
        assert len(messages(talk.heard_by_upstream())) == 10
        talk.client(frame(TEXT, PLACEHOLDER.encode() * 2200))
        assert messages(talk.heard_by_upstream()) == [
            (CLOSE, b"\x03\xf1the message is too large with the credentials put in")
        ]
        assert talk.counters.refused == {Code.TOO_LARGE: 1}


class TestTripwire:
    """The environment asks for refusal."""

    @pytest.mark.parametrize("kind", [TEXT, BINARY, PING])
    def test_a_stray_ends_it_and_nothing_of_the_placeholder_is_sent(self, kind: int) -> None:
        delivery = FixedDelivery(swaps=(swap(),), refuses_strays=True)
        talk = opened(delivery).client(frame(TEXT, b"before") + frame(kind, b"then " + STRAY.encode()))
        heard = messages(talk.heard_by_upstream())
        assert heard[0] == (TEXT, b"before")
        assert [(told, said[:2]) for told, said in heard[1:]] == [(CLOSE, b"\x03\xf0")]
        assert STRAY.encode() not in talk.to_client
        assert messages(talk.heard_by_client())[-1][1][:2] == b"\x03\xf0"
        assert talk.counters.refused == {Code.PLACEHOLDER_NOT_ALLOWED: 1}
        assert talk.done == ENDED

    def test_a_stray_torn_over_frames_is_held_back_and_not_sent(self) -> None:
        delivery = FixedDelivery(swaps=(swap(),), refuses_strays=True)
        talk = opened(delivery).client(frame(TEXT, b"x" + STRAY[:9].encode(), fin=False))
        talk.client(frame(CONTINUATION, STRAY[9:].encode()))
        told = [(each.opcode, each.payload) for each in read_frames(talk.heard_by_upstream())]
        assert told[0] == (TEXT, b"x")
        assert [kind for kind, _ in told[1:]] == [CLOSE]


class TestTowardTheClient:
    @pytest.mark.parametrize("kind", [TEXT, BINARY, PING, PONG])
    def test_a_secret_that_was_sent_comes_back_as_its_placeholder(self, kind: int) -> None:
        talk = opened(holding()).client(frame(TEXT, PLACEHOLDER.encode()))
        talk.upstream(frame(kind, f"got {SECRET}".encode(), masked=False))
        assert messages(talk.heard_by_client()) == [(kind, f"got {PLACEHOLDER}".encode())]

    def test_a_reason_to_close_is_scrubbed_and_cut_to_its_room(self) -> None:
        talk = opened(holding("ab")).client(frame(TEXT, PLACEHOLDER.encode()))
        talk.upstream(close(1000, b"ab" * 20, masked=False))
        [(kind, said)] = messages(talk.heard_by_client())
        assert (kind, said) == (CLOSE, b"\x03\xe8" + (PLACEHOLDER.encode() * 20)[:123])

    def test_a_ping_that_grows_is_cut_to_its_room(self) -> None:
        talk = opened(holding("ab")).client(frame(TEXT, PLACEHOLDER.encode()))
        talk.upstream(frame(PING, b"ab" * 20, masked=False))
        assert messages(talk.heard_by_client()) == [(PING, (PLACEHOLDER.encode() * 20)[:125])]

    def test_what_the_handshake_carried_is_taken_out(self) -> None:
        delivery = FixedDelivery(placements=(placement("/mcp"),), strays={})
        talk = opened(delivery, target="/mcp").upstream(frame(TEXT, SECRET.encode(), masked=False))
        assert SECRET.encode() not in talk.heard_by_client()

    def test_what_is_sent_while_the_message_is_under_way_is_taken_out(self) -> None:
        talk = opened(holding()).upstream(frame(TEXT, b"begin ", fin=False, masked=False))
        talk.client(frame(TEXT, PLACEHOLDER.encode()))
        talk.upstream(frame(CONTINUATION, SECRET.encode(), masked=False))
        assert messages(talk.heard_by_client()) == [(TEXT, b"begin " + PLACEHOLDER.encode())]

    def test_what_was_sent_by_another_connection_is_taken_out(self) -> None:
        delivery = holding()
        talk = opened(delivery)
        opened(delivery).client(frame(TEXT, PLACEHOLDER.encode()))
        talk.upstream(frame(TEXT, SECRET.encode(), masked=False))
        assert messages(talk.heard_by_client()) == [(TEXT, PLACEHOLDER.encode())]

    def test_a_secret_torn_over_frames_with_a_ping_between_is_found(self) -> None:
        talk = opened(holding()).client(frame(TEXT, PLACEHOLDER.encode()))
        whole = SECRET.encode()
        talk.upstream(frame(TEXT, b"x" + whole[:9], fin=False, masked=False))
        talk.upstream(frame(PING, b"?", masked=False))
        talk.upstream(frame(CONTINUATION, whole[9:] + b"y", masked=False))
        heard = talk.heard_by_client()
        assert [each.opcode for each in read_frames(heard)] == [TEXT, PING, CONTINUATION]
        assert messages(heard) == [(PING, b"?"), (TEXT, b"x" + PLACEHOLDER.encode() + b"y")]

    def test_what_cannot_be_the_beginning_of_a_match_passes_at_once(self) -> None:
        talk = opened(holding()).client(frame(TEXT, PLACEHOLDER.encode()))
        talk.heard_by_upstream()
        whole = frame(TEXT, b"event one. event two. sk-live", masked=False)
        assert messages(talk.upstream(whole[:12]).heard_by_client() + b"\x80\x00") == [(TEXT, b"event one.")]
        assert talk.upstream(whole[12:23]).heard_by_client() == frame(
            CONTINUATION, b" event two.", fin=False, masked=False
        )
        assert talk.upstream(whole[23:-1]).heard_by_client() == frame(CONTINUATION, b" ", fin=False, masked=False)
        assert talk.upstream(whole[-1:]).heard_by_client() == frame(CONTINUATION, b"sk-live", masked=False)
        half = frame(TEXT, b"{", masked=True) + frame(TEXT, b"hello wor")[:-2]
        assert messages(talk.client(half).heard_by_upstream() + b"\x80\x00") == [(TEXT, b"{"), (TEXT, b"hello w")]


class TestEarlyBytes:
    def test_what_either_side_sends_right_behind_the_handshake_is_searched(self) -> None:
        asked = request("/", *ASKS, f"X: {PLACEHOLDER}") + frame(TEXT, PLACEHOLDER.encode())
        talk = Talk(holding()).tunnel().client(asked)
        assert SECRET.encode() in (head := talk.heard_by_upstream())
        assert head.endswith(b"\r\n\r\n")
        talk.upstream(accepted() + frame(TEXT, SECRET.encode(), masked=False))
        assert messages(talk.heard_by_client().partition(b"\r\n\r\n")[2]) == [(TEXT, PLACEHOLDER.encode())]
        assert messages(talk.heard_by_upstream()) == [(TEXT, SECRET.encode())]

    def test_broken_early_bytes_of_the_upstream_end_it(self) -> None:
        talk = Talk(holding()).tunnel().client(request("/", *ASKS) + frame(TEXT, b"hi"))
        talk.heard_by_upstream()
        talk.upstream(accepted() + b"\xff\xff")
        assert messages(talk.heard_by_client().partition(b"\r\n\r\n")[2])[0][1][:2] == b"\x03\xea"
        assert [kind for kind, _ in messages(talk.heard_by_upstream())] == [CLOSE]
        assert talk.done == ENDED


class TestAuthority:
    def refusing(self, failure: Failure) -> Talk:
        delivery = holding()
        talk = opened(delivery)
        delivery.live.forget()
        delivery.refuse = lambda _: failure
        return talk

    def test_a_rotation_puts_the_new_secret_in(self) -> None:
        delivery = holding("old secret")
        talk = opened(delivery).client(frame(TEXT, PLACEHOLDER.encode()))
        delivery.swaps = (swap(secret="new secret"),)
        delivery.live.forget()
        talk.client(frame(TEXT, PLACEHOLDER.encode()))
        assert messages(talk.heard_by_upstream()) == [(TEXT, b"old secret"), (TEXT, b"new secret")]
        talk.upstream(frame(TEXT, b"old secret, new secret", masked=False))
        assert messages(talk.heard_by_client()) == [(TEXT, f"{PLACEHOLDER}, {PLACEHOLDER}".encode())]

    @pytest.mark.parametrize("cut", [0, 5, len(PLACEHOLDER)])
    def test_a_rotation_bites_in_the_middle_of_a_message(self, cut: int) -> None:
        delivery = holding("old")
        talk = opened(delivery).client(frame(TEXT, b"{" + PLACEHOLDER.encode()[:cut], fin=False))
        delivery.swaps = (swap(secret='n"w'),)
        delivery.live.forget()
        talk.client(frame(CONTINUATION, PLACEHOLDER.encode()[cut:] + b"}"))
        assert messages(talk.heard_by_upstream()) == [(TEXT, b"{" + (b"old" if cut > 5 else b'n\\"w') + b"}")]

    def test_a_revoked_credential_is_put_in_no_more(self) -> None:
        delivery = holding()
        talk = opened(delivery)
        delivery.swaps = ()
        delivery.live.forget()
        talk.client(frame(TEXT, PLACEHOLDER.encode()))
        assert messages(talk.heard_by_upstream()) == [(TEXT, PLACEHOLDER.encode())]

    @pytest.mark.parametrize(
        ("failure", "code", "counted"),
        [
            (NotPermitted("api.example.com is not allowed by environment env_1"), 1008, Code.HOST_NOT_ALLOWED),
            (NotAuthenticated(presented=True), 1008, Code.AUTHENTICATION_REQUIRED),
            (Unavailable(), 1013, Code.UNAVAILABLE),
        ],
    )
    @pytest.mark.parametrize("by_upstream", [False, True])
    def test_a_refusal_closes_both_sides_with_words(
        self, failure: Failure, code: int, counted: Code, by_upstream: bool
    ) -> None:
        talk = self.refusing(failure)
        if by_upstream:
            talk.upstream(frame(PING, masked=False))
            assert messages(talk.to_client).pop(0) == (PING, b"")
        else:
            talk.client(frame(TEXT, PLACEHOLDER.encode()))
        for heard in (talk.heard_by_client(), talk.heard_by_upstream()):
            kind, said = messages(heard)[-1]
            assert (kind, int.from_bytes(said[:2])) == (CLOSE, code)
            assert said[2:].decode().isprintable()
            assert SECRET.encode() not in heard
        assert talk.done == ENDED
        assert talk.counters.refused == {counted: 1}

    def test_messages_wait_for_the_answer_and_then_go_in_order(self) -> None:
        talk = opened(holding())
        live = talk.delivery.live
        live.forget()
        asked = talk.conversation.receive(on.ClientSent(frame(TEXT, b"1 " + PLACEHOLDER.encode())))
        assert asked == [do.MakePlan(live, Destination("https", talk.opened[0].host, 443))]
        assert talk.conversation.receive(on.ClientSent(frame(TEXT, b"2"))) == []
        assert talk.conversation.receive(on.UpstreamSent(frame(TEXT, b"3", masked=False))) == [
            do.SendClient(frame(TEXT, b"3", masked=False))
        ]
        talk.happen(on.PlanMade(talk.delivery.make(live, talk.opened[0])))
        assert messages(talk.heard_by_upstream()) == [(TEXT, b"1 " + SECRET.encode()), (TEXT, b"2")]

    def test_a_client_that_waits_too_long_is_not_read(self) -> None:
        delivery = holding()
        talk = opened(delivery)
        delivery.live.forget()
        full = [talk.conversation.full]
        for _ in range(5):
            talk.conversation.receive(on.ClientSent(frame(BINARY, bytes(60_000))))
        full.append(talk.conversation.full)
        talk.happen(on.PlanMade(delivery.make(delivery.live, talk.opened[0])))
        full.append(talk.conversation.full)
        assert full == [False, True, False]
        assert len(messages(talk.heard_by_upstream())) == 5

    def test_plans_that_are_over_before_they_are_used_are_asked_for_in_vain_only_a_few_times(self) -> None:
        delivery = holding()
        talk = opened(delivery)
        plan = delivery.make(delivery.live, talk.opened[0])
        delivery.live.forget()
        talk.conversation.receive(on.ClientSent(frame(TEXT, b"x")))
        for _ in range(3):
            assert type(talk.conversation.receive(on.PlanMade(plan))[0]) is do.MakePlan
        talk.happen(on.PlanMade(plan))
        assert messages(talk.heard_by_client())[0][1].startswith(b"\x03\xf5")
        assert talk.counters.refused == {Code.UNAVAILABLE: 1}


class TestPlain:
    """Nothing is held for the host, nor anywhere else."""

    def opened(self) -> Talk:
        return opened(FixedDelivery(strays={}), "Sec-WebSocket-Extensions: permessage-deflate")

    def test_bytes_pass_as_they_come(self) -> None:
        talk = self.opened()
        assert talk.client(b"\xc1\x83any").heard_by_upstream() == b"\xc1\x83any"
        assert talk.upstream(b"\xc1\x02").heard_by_client() == b"\xc1\x02"
        assert talk.upstream_gone().done == [do.CloseClient(linger=False)]
        assert talk.client(b"more").heard_by_upstream() == b""

    def test_it_goes_on_under_another_plan(self) -> None:
        talk = self.opened()
        talk.delivery.live.forget()
        talk.conversation.receive(on.ClientSent(b"1"))
        talk.conversation.receive(on.ClientSent(b"2"))
        assert talk.heard_by_upstream() == b""
        talk.happen(on.PlanMade(talk.delivery.make(talk.delivery.live, talk.opened[0])))
        assert talk.heard_by_upstream() == b"12"
        assert talk.client(b"3").heard_by_upstream() == b"3"

    @pytest.mark.parametrize("by_upstream", [False, True])
    def test_a_refusal_ends_it(self, by_upstream: bool) -> None:
        talk = self.opened()
        talk.delivery.live.forget()
        talk.delivery.refuse = lambda _: NotPermitted("no")
        talk = talk.upstream(b"x") if by_upstream else talk.client(b"x")
        assert talk.done == [do.DropUpstream(), do.CloseClient(linger=False)]
        assert talk.heard_by_upstream() == b""
        assert talk.counters.refused == {Code.HOST_NOT_ALLOWED: 1}

    @pytest.mark.parametrize("by_upstream", [False, True])
    def test_a_credential_that_the_session_gets_ends_it(self, by_upstream: bool) -> None:
        talk = self.opened()
        talk.delivery.swaps = (swap(),)
        talk.delivery.live.forget()
        talk = talk.upstream(b"x") if by_upstream else talk.client(PLACEHOLDER.encode())
        assert talk.done == [do.DropUpstream(), do.CloseClient(linger=False)]
        assert talk.heard_by_upstream() == b""

    def test_a_secret_that_the_session_sends_to_the_host_elsewhere_ends_it(self) -> None:
        talk = self.opened()
        talk.delivery.swaps = (swap(),)
        sent = talk.delivery.live.sent_to(talk.opened[0].host)
        sent.note(talk.delivery.swaps[0].secret, PLACEHOLDER)
        assert talk.upstream(SECRET.encode()).heard_by_client() == b""
        assert talk.done == [do.DropUpstream(), do.CloseClient(linger=False)]


class TestEnds:
    def test_a_closing_handshake_passes_in_both_directions_and_ends_both_connections(self) -> None:
        talk = opened(holding()).client(close(1000, b"done"))
        assert messages(talk.heard_by_upstream()) == [(CLOSE, b"\x03\xe8done")]
        talk.client(frame(TEXT, b"too late"))
        talk.upstream(frame(TEXT, b"last words", masked=False) + close(1000, masked=False))
        assert messages(talk.heard_by_client()) == [(TEXT, b"last words"), (CLOSE, b"\x03\xe8")]
        assert talk.heard_by_upstream() == b""
        assert talk.done == [do.FinishUpstream(), do.CloseClient(linger=False)]

    def test_an_upstream_may_close_first_and_without_a_code(self) -> None:
        talk = opened(holding()).upstream(frame(CLOSE, masked=False) + frame(TEXT, b"not this", masked=False))
        assert messages(talk.heard_by_client()) == [(CLOSE, b"")]
        talk.client(frame(TEXT, b"under way") + frame(CLOSE))
        assert messages(talk.heard_by_upstream()) == [(TEXT, b"under way"), (CLOSE, b"")]
        assert talk.done == [do.FinishUpstream(), do.CloseClient(linger=False)]

    def test_an_upstream_that_vanishes_ends_the_client_without_a_close_frame(self) -> None:
        talk = opened(holding()).upstream_gone(clean=False)
        assert (talk.heard_by_client(), talk.done) == (b"", [do.CloseClient(linger=False)])

    def test_a_socket_counts_as_one_thing_under_way_until_it_ends(self) -> None:
        talk = opened(holding())
        under_way = talk.conversation.under_way
        assert under_way is not None
        assert talk.client(frame(TEXT, b"x")).conversation.under_way is under_way
        talk.upstream_gone()
        assert talk.conversation.under_way is None

    def test_a_client_that_goes_takes_the_upstream_with_it(self) -> None:
        assert opened(holding()).happen(on.ClientGone()).done == [do.DropUpstream()]

    def test_a_client_that_says_goodbye_and_goes_leaves_its_upstream_time_to_hear_it(self) -> None:
        talk = opened(holding()).client(close(1000)).happen(on.ClientGone())
        assert messages(talk.heard_by_upstream()) == [(CLOSE, b"\x03\xe8")]
        assert talk.done == [do.FinishUpstream()]
        assert talk.upstream(frame(TEXT, b"x", masked=False)).heard_by_client() == b""

    @pytest.mark.parametrize(
        ("waiting", "words", "code"),
        [
            (on.Waiting.ANSWER, b"nothing was heard for too long", Code.UPSTREAM_TIMEOUT),
            (on.Waiting.WHOLE, b"the WebSocket has been open for longer than it may be", Code.REQUEST_TIMEOUT),
        ],
    )
    def test_what_took_too_long_is_told_to_both(self, waiting: on.Waiting, words: bytes, code: Code) -> None:
        talk = opened(holding())
        assert talk.conversation.waiting is on.Waiting.ANSWER
        talk.happen(on.TimedOut(waiting))
        said = [(CLOSE, b"\x03\xe9" + words)]
        assert (messages(talk.heard_by_client()), messages(talk.heard_by_upstream())) == (said, said)
        assert talk.done == ENDED
        assert talk.counters.refused == {code: 1}

    def test_who_has_said_goodbye_is_not_told_again(self) -> None:
        talk = opened(holding()).client(close(1000))
        talk.heard_by_upstream()
        talk.upstream(b"\xff\xff")
        assert messages(talk.heard_by_client())[0][1][:2] == b"\x03\xea"
        assert talk.heard_by_upstream() == b""

    def test_what_has_come_before_the_upstream_vanished_is_handed_on(self) -> None:
        talk = opened(holding())
        many = frame(PING, b"x", masked=False) * 1000
        commands = talk.conversation.receive(on.UpstreamSent(many))
        assert type(commands[-1]) is do.AwaitClient
        commands += talk.conversation.receive(on.UpstreamGone(clean=True, reused=False))
        heard = b"".join(each.data for each in commands if isinstance(each, do.SendClient))
        assert heard == many
        assert commands.pop() == do.CloseClient(linger=False)


class TestTurns:
    """A read may hold thousands of frames, and a frame may grow: no turn takes all of it."""

    def test_many_frames_are_taken_in_turns_in_both_directions(self) -> None:
        talk = opened(holding())
        out = talk.conversation.receive(on.ClientSent(frame(TEXT, b"") * 1000))
        assert out[-1] == do.AwaitUpstream()
        back = talk.conversation.receive(on.UpstreamSent(frame(TEXT, b"", masked=False) * 1000))
        assert back[-1] == do.AwaitClient()
        sent = [next(each.data for each in out if isinstance(each, do.SendUpstream))]
        talk.happen(on.UpstreamReady()).happen(on.ClientReady())
        assert len(messages(sent[0])) < 500
        assert messages(sent[0] + talk.heard_by_upstream()) == [(TEXT, b"")] * 1000

    def test_what_grows_much_is_sent_in_turns(self) -> None:
        talk = opened(holding("s" * 50_000))
        talk.client(frame(TEXT, PLACEHOLDER.encode()) * 100)
        assert len(messages(talk.heard_by_upstream())) == 100
        out = talk.conversation.receive(on.ClientSent(frame(TEXT, PLACEHOLDER.encode()) * 100))
        assert out[-1] == do.AwaitUpstream()
        assert sum(len(each.data) for each in out if isinstance(each, do.SendUpstream)) < 400_000

    def test_nothing_more_is_taken_while_a_side_has_no_room(self) -> None:
        talk = opened(holding())
        talk.conversation.receive(on.ClientSent(frame(TEXT, b"") * 1000))
        assert talk.conversation.receive(on.ClientSent(frame(TEXT, b"later"))) == []
        talk.conversation.receive(on.UpstreamSent(frame(TEXT, b"", masked=False) * 1000))
        assert talk.conversation.receive(on.UpstreamSent(frame(TEXT, b"later", masked=False))) == []
        talk.happen(on.UpstreamReady()).happen(on.ClientReady())
        assert messages(talk.heard_by_upstream())[-1] == (TEXT, b"later")
        assert messages(talk.heard_by_client())[-1] == (TEXT, b"later")


def test_the_limit_on_growth_is_the_one_of_bodies() -> None:
    talk = Talk(holding("s" * 100), limits=Limits(grown_bytes=10)).tunnel().client(request("/", *ASKS))
    talk.upstream(accepted()).client(frame(TEXT, PLACEHOLDER.encode()))
    assert talk.counters.refused == {Code.TOO_LARGE: 1}
