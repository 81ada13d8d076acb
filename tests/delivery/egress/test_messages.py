"""WebSocket frames, cut and mixed in every way: the same messages come out, and none that breaks RFC 6455."""

import itertools
import json
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from strongroom.delivery.egress import commands as do
from strongroom.delivery.egress.refusals import Code
from tests.delivery.egress.doubles import PLACEHOLDER, SECRET, STRAY, FixedDelivery, swap
from tests.delivery.egress.frames import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Frame,
    close,
    frame,
    messages,
    opened,
    read_frames,
)
from tests.delivery.egress.talk import Talk

HUSH = "hush \"now\\ ✓ 'it'"
WORDS = some.sampled_from(
    [
        PLACEHOLDER,
        PLACEHOLDER[:9],
        PLACEHOLDER[9:],
        STRAY,
        HUSH,
        HUSH[:7],
        HUSH[7:],
        "{",
        '"',
        " ",
        "é",
        "🙂",
        "text",
        "",
    ]
)
MESSAGE = some.tuples(some.sampled_from([TEXT, BINARY]), some.lists(WORDS, max_size=6).map("".join))
CONTROL = some.tuples(some.sampled_from([PING, PONG]), some.sampled_from([b"", b"beat", HUSH.encode()]))
CUTS = some.lists(some.integers(0, 400), max_size=8)


def conversation() -> Talk:
    talk = opened(FixedDelivery(swaps=(swap(secret=HUSH),)), f"X: {PLACEHOLDER}")
    talk.upstream(frame(PING, masked=False))
    talk.heard_by_client()
    return talk


def filled(text: str) -> bytes:
    is_json = text.lstrip(" ")[:1] in {"{", "[", '"'} and bool(text.strip(" "))
    secret = json.dumps(HUSH, ensure_ascii=False)[1:-1] if is_json else HUSH
    return text.replace(PLACEHOLDER, secret).encode()


def pieces(wire: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(wire), *(cut % (len(wire) + 1) for cut in cuts)})
    return [wire[start:end] for start, end in itertools.pairwise(places)]


def in_frames(kind: int, payload: bytes, cuts: list[int], controls: list[tuple[int, bytes]], *, masked: bool) -> bytes:
    """Write a message in frames cut at these places, also in the middle of a character, with control frames between."""
    parts = pieces(payload, cuts) or [b""]
    wire = b""
    for at, part in enumerate(parts):
        opcode, last = CONTINUATION if at else kind, at == len(parts) - 1
        wire += frame(opcode, part, fin=last, masked=masked)
        if controls and not last:
            control, said = controls[at % len(controls)]
            wire += frame(control, said, masked=masked)
    return wire


def data(heard: bytes) -> list[tuple[int, bytes]]:
    return [told for told in messages(heard) if told[0] < CLOSE]


SAID = some.lists(some.tuples(MESSAGE, CUTS, some.lists(CONTROL, max_size=2)), min_size=1, max_size=4)


@settings(max_examples=150, deadline=None)
@given(said=SAID, cuts=CUTS)
def test_however_a_clients_messages_are_cut_the_upstream_gets_the_same(
    said: list[tuple[tuple[int, str], list[int], list[tuple[int, bytes]]]], cuts: list[int]
) -> None:
    wire = b"".join(in_frames(kind, text.encode(), at, controls, masked=True) for (kind, text), at, controls in said)
    talk = conversation()
    for piece in pieces(wire, cuts):
        talk.client(piece)
    heard = talk.heard_by_upstream()
    assert data(heard) == [(kind, filled(text)) for (kind, text), _, _ in said]
    assert all(each.masked for each in read_frames(heard))
    sent = [(each.opcode, each.payload) for each in read_frames(wire) if each.opcode > CLOSE]
    assert [told for told in messages(heard) if told[0] > CLOSE] == sent


@settings(max_examples=150, deadline=None)
@given(said=SAID, cuts=CUTS)
def test_however_an_upstreams_messages_are_cut_no_secret_gets_through(
    said: list[tuple[tuple[int, str], list[int], list[tuple[int, bytes]]]], cuts: list[int]
) -> None:
    wire = b"".join(in_frames(kind, text.encode(), at, controls, masked=False) for (kind, text), at, controls in said)
    talk = conversation()
    for piece in pieces(wire, cuts):
        talk.upstream(piece)
    heard = talk.heard_by_client()
    assert data(heard) == [(kind, text.replace(HUSH, PLACEHOLDER).encode()) for (kind, text), _, _ in said]
    assert not any(each.masked for each in read_frames(heard))
    assert all(HUSH.encode() not in said for _, said in messages(heard))


@settings(max_examples=60, deadline=None)
@given(said=SAID)
def test_no_message_is_held_longer_than_it_must_be(
    said: list[tuple[tuple[int, str], list[int], list[tuple[int, bytes]]]],
) -> None:
    """Each message that has come whole is out whole."""
    talk = conversation()
    for (kind, text), at, controls in said:
        talk.upstream(in_frames(kind, text.encode(), at, controls, masked=False))
        assert len(data(talk.heard_by_client())) == 1


@settings(max_examples=200, deadline=None)
@given(wire=some.binary(max_size=300), by_client=some.booleans())
def test_any_bytes_are_messages_or_the_end(wire: bytes, by_client: bool) -> None:
    talk = conversation()
    (talk.client if by_client else talk.upstream)(wire)
    heard = list(read_frames(talk.heard_by_upstream() if by_client else talk.heard_by_client()))
    assert all(each.rsv == 0 for each in heard)
    assert all(each.opcode in {CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG} for each in heard)
    closed = [each for each in heard if each.opcode == CLOSE]
    assert closed == heard[-1:] or not closed


PROTOCOL, NOT_UTF8 = 1002, 1007
LONG = 126


def raw(*bytes_: int) -> bytes:
    return bytes(bytes_)


BROKEN: dict[str, tuple[list[Frame | bytes], int]] = {
    "5.2 a reserved bit without an extension: RSV1": ([Frame(TEXT, b"x", rsv=4)], PROTOCOL),
    "5.2 a reserved bit without an extension: RSV2": ([Frame(TEXT, b"x", rsv=2)], PROTOCOL),
    "5.2 a reserved bit without an extension: RSV3": ([Frame(BINARY, b"x", rsv=1)], PROTOCOL),
    "5.2 a reserved bit on a control frame": ([Frame(PING, rsv=4)], PROTOCOL),
    "5.2 a reserved opcode": ([Frame(3)], PROTOCOL),
    "5.2 the last reserved opcode of data": ([Frame(7, b"x")], PROTOCOL),
    "5.2 a reserved opcode of control": ([Frame(11)], PROTOCOL),
    "5.2 the last reserved opcode of control": ([Frame(15, b"x")], PROTOCOL),
    "5.4 a continuation of nothing": ([Frame(CONTINUATION, b"x")], PROTOCOL),
    "5.4 a continuation after the end": ([Frame(TEXT, b"x"), Frame(CONTINUATION, b"x")], PROTOCOL),
    "5.4 a message inside a message": ([Frame(TEXT, b"x", fin=False), Frame(TEXT, b"x")], PROTOCOL),
    "5.4 a message of another type inside": ([Frame(BINARY, fin=False), Frame(TEXT, b"x", fin=False)], PROTOCOL),
    "5.5 a fragmented ping": ([Frame(PING, b"x", fin=False)], PROTOCOL),
    "5.5 a fragmented close": ([Frame(CLOSE, b"\x03\xe8", fin=False)], PROTOCOL),
    "5.5 a ping of 126 bytes": ([Frame(PING, bytes(LONG))], PROTOCOL),
    "5.5 a pong of 126 bytes": ([Frame(PONG, bytes(LONG))], PROTOCOL),
    "5.5 a close of 126 bytes": ([Frame(CLOSE, b"\x03\xe8" + bytes(LONG - 2))], PROTOCOL),
    "5.5.1 a close of one byte": ([Frame(CLOSE, b"\x03")], PROTOCOL),
    "5.5.1 a reason that is not UTF-8": ([Frame(CLOSE, b"\x03\xe8\xff")], NOT_UTF8),
    "7.4.1 the close code 1005": ([Frame(CLOSE, struct.pack("!H", 1005))], PROTOCOL),
    "7.4.1 the close code 1006": ([Frame(CLOSE, struct.pack("!H", 1006))], PROTOCOL),
    "7.4.1 the close code 1015": ([Frame(CLOSE, struct.pack("!H", 1015))], PROTOCOL),
    "7.4.2 the close code 0": ([Frame(CLOSE, struct.pack("!H", 0))], PROTOCOL),
    "7.4.2 the close code 999": ([Frame(CLOSE, struct.pack("!H", 999))], PROTOCOL),
    "7.4.2 the close code 2999": ([Frame(CLOSE, struct.pack("!H", 2999))], PROTOCOL),
    "7.4.2 the close code 5000": ([Frame(CLOSE, struct.pack("!H", 5000))], PROTOCOL),
    "8.1 a text that is not UTF-8": ([Frame(TEXT, b"\xff")], NOT_UTF8),
    "8.1 a text with a surrogate": ([Frame(TEXT, b"\xed\xa0\x80")], NOT_UTF8),
    "8.1 a text in overlong form": ([Frame(TEXT, b"\xc0\xaf")], NOT_UTF8),
    "8.1 a text beyond the last code point": ([Frame(TEXT, b"\xf4\x90\x80\x80")], NOT_UTF8),
    "8.1 a text cut in a character": ([Frame(TEXT, "é".encode()[:1])], NOT_UTF8),
    "8.1 a text broken in a later frame": ([Frame(TEXT, b"x", fin=False), Frame(CONTINUATION, b"\x80")], NOT_UTF8),
    "5.2 a length of two bytes that one would hold": ([raw(0x81, 126, 0, 125)], PROTOCOL),
    "5.2 a length of eight bytes that two would hold": ([raw(0x81, 127, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF)], PROTOCOL),
    "5.2 a length with its first bit set": ([raw(0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0)], PROTOCOL),
}


def written(frames: list[Frame | bytes], *, masked: bool) -> bytes:
    wire = b""
    for each in frames:
        if isinstance(each, Frame):
            wire += frame(each.opcode, each.payload, fin=each.fin, rsv=each.rsv, masked=masked)
        else:
            wire += bytes([each[0], each[1] | masked << 7]) + each[2:] + bytes(4)
    return wire


def told_why(heard: bytes, code: int, who: str) -> list[tuple[int, bytes]]:
    """Check the close frame at the end; return what came before it."""
    frames = [(each.opcode, each.payload) for each in read_frames(heard)]
    kind, said = frames[-1]
    assert (kind, int.from_bytes(said[:2])) == (CLOSE, code)
    assert said[2:].startswith(b"the " + who.encode() + b" sent a ")
    return frames[:-1]


@pytest.mark.parametrize("case", BROKEN)
@pytest.mark.parametrize("by_client", [True, False], ids=["client", "upstream"])
@pytest.mark.parametrize("torn", [False, True])
def test_who_breaks_the_rules_ends_it_for_both(case: str, by_client: bool, torn: bool) -> None:
    frames, code = BROKEN[case]
    talk = conversation()
    wire = frame(TEXT, b"first", masked=by_client) + written(frames, masked=by_client)
    for piece in [wire[at : at + 1] for at in range(len(wire))] if torn else [wire]:
        (talk.client if by_client else talk.upstream)(piece)
    who = "client" if by_client else "upstream"
    client = told_why(talk.heard_by_client(), code, who)
    upstream = told_why(talk.heard_by_upstream(), code, who)
    passed, other = (upstream, client) if by_client else (client, upstream)
    assert b"".join(said for _, said in passed).startswith(b"first")
    assert other == []
    assert talk.done == [do.FinishUpstream(), do.CloseClient(linger=True)]
    assert talk.counters.refused == {Code.BAD_REQUEST if by_client else Code.UPSTREAM_BAD_REPLY: 1}
    assert talk.client(frame(TEXT, b"more")).heard_by_upstream() == b""
    assert talk.upstream(frame(TEXT, b"more", masked=False)).heard_by_client() == b""


@pytest.mark.parametrize("by_client", [True, False])
def test_5_1_who_masks_wrongly_ends_it_for_both(by_client: bool) -> None:
    talk = conversation()
    (talk.client if by_client else talk.upstream)(frame(TEXT, b"x", masked=not by_client))
    assert messages(talk.heard_by_client())[-1][1][:2] == struct.pack("!H", PROTOCOL)
    assert messages(talk.heard_by_upstream())[-1][1][:2] == struct.pack("!H", PROTOCOL)


SOUND: dict[str, list[Frame]] = {
    "5.4 many fragments, some empty": [
        Frame(TEXT, fin=False),
        Frame(CONTINUATION, b"a", fin=False),
        Frame(CONTINUATION),
    ],
    "5.4 a ping inside a message": [Frame(TEXT, b"a", fin=False), Frame(PING, b"?"), Frame(CONTINUATION, b"b")],
    "5.5.2 a ping of 125 bytes": [Frame(PING, bytes(125))],
    "5.5.3 a pong that nobody asked for": [Frame(PONG, b"!")],
    "5.6 a text cut in a character": [Frame(TEXT, "é".encode()[:1], fin=False), Frame(CONTINUATION, "é".encode()[1:])],
    "5.6 a text with a NUL": [Frame(TEXT, b"\0")],
    "5.6 any bytes": [Frame(BINARY, bytes(range(256)))],
    "5.6 a text with noncharacters": [Frame(TEXT, "\ufffe\U0010ffff".encode())],
    "5.2 a length of two bytes": [Frame(BINARY, bytes(LONG))],
    "5.2 the longest length of two bytes": [Frame(BINARY, bytes(0xFFFF))],
    "5.2 a length of eight bytes": [Frame(BINARY, bytes(0x10000))],
    "7.4.1 a close without a code": [Frame(CLOSE)],
    "7.4.1 a close with the longest reason": [Frame(CLOSE, b"\x03\xe8" + b"r" * 123)],
    "7.4.2 a library's close code": [Frame(CLOSE, struct.pack("!H", 3000))],
    "7.4.2 a private close code": [Frame(CLOSE, struct.pack("!H", 4999))],
}


@pytest.mark.parametrize("case", SOUND)
@pytest.mark.parametrize("by_client", [True, False], ids=["client", "upstream"])
@pytest.mark.parametrize("torn", [False, True])
def test_what_the_rules_allow_passes_as_it_is(case: str, by_client: bool, torn: bool) -> None:
    talk = conversation()
    wire = written(list(SOUND[case]), masked=by_client)
    step = max(1, len(wire) // 40) if torn else len(wire)
    for at in range(0, len(wire), step):
        (talk.client if by_client else talk.upstream)(wire[at : at + step])
    heard = talk.heard_by_upstream() if by_client else talk.heard_by_client()
    assert messages(heard) == messages(wire)
    assert talk.counters.refused == {}


@pytest.mark.parametrize("code", [1000, 1001, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3999, 4000])
def test_close_codes_pass_as_they_are(code: int) -> None:
    talk = conversation().client(close(code, "adiós".encode()))
    assert messages(talk.heard_by_upstream()) == [(CLOSE, struct.pack("!H", code) + "adiós".encode())]


def test_a_secret_in_two_messages_is_none() -> None:
    """Each message is searched by itself: what lies on both sides of a boundary is not put together."""
    talk = opened(FixedDelivery(swaps=(swap(),)), f"X: {PLACEHOLDER}")
    half = frame(TEXT, SECRET[:5].encode(), masked=False)
    assert talk.upstream(half).heard_by_client() == half
