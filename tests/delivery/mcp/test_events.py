import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.delivery.egress.refusals import Refusal
from strongroom.delivery.mcp.events import MOST_BYTES, Event, Events

STREAM = (
    b"\xef\xbb\xbfid: 1\r\nevent: endpoint\r\ndata: /messages\r\n\r\n"
    b": ping\n\n"
    b"data: one\ndata:two\ndata\n\n"
    b"event: message\rdata: {}\r\r"
    b"event: first\nevent: endpoint\ndata: x\n\n"
)
EXPECTED = [
    (b"endpoint", b"/messages"),
    (b"message", b""),
    (b"message", b"one\ntwo\n"),
    (b"message", b"{}"),
    (b"endpoint", b"x"),
]


def cut(stream: bytes, at: list[int]) -> list[Event]:
    events, found, start = Events(), [], 0
    for end in [*sorted(at), len(stream)]:
        found += events.feed(stream[start:end])
        start = end
    return found


@given(st.lists(st.integers(0, len(STREAM)), max_size=8))
def test_a_stream_cut_anywhere_has_the_same_events_of_the_same_bytes(at: list[int]) -> None:
    found = cut(STREAM, at)
    assert [(event.kind, event.data) for event in found] == EXPECTED
    assert b"".join(event.raw for event in found) == STREAM


@given(st.lists(st.sampled_from([b"\r", b"\n", b"event: endpoint", b"data: x", b":", b"a"]), max_size=40))
def test_what_is_given_out_and_what_is_not_is_the_whole_stream(parts: list[bytes]) -> None:
    events, out = Events(), b""
    for part in parts:
        out += b"".join(event.raw for event in events.feed(part))
    assert out + events.finish() == b"".join(parts)


def test_an_event_is_given_out_with_the_line_that_ends_it_and_not_before() -> None:
    events = Events()
    assert events.feed(b"data: 1\n") == []
    assert [event.data for event in events.feed(b"\n")] == [b"1"]


@pytest.mark.parametrize("piece", [b"data: " + b"x" * (1 << 20) + b"\n", b"x" * (1 << 20)], ids=["event", "line"])
def test_what_does_not_end_is_refused_before_it_fills_memory(piece: bytes) -> None:
    events = Events()
    for _ in range(MOST_BYTES // len(piece)):
        events.feed(piece)
    with pytest.raises(Refusal):
        events.feed(piece)
