"""Events of a stream, however it is cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.outbound.event_stream import EventStream

STREAM = (
    b"\xef\xbb\xbfevent: endpoint\r\ndata: /messages?x=1\r\n\r\n: a comment\n\n"
    b'data: {"a":\ndata: 1}\nid: 7\n\nevent: empty\n\ndata\r\rdata:x\r\n\r\ndata: never ends\n'
)
EVENTS = [("endpoint", "/messages?x=1"), ("message", '{"a":\n1}'), ("message", ""), ("message", "x")]


@given(st.lists(st.integers(0, len(STREAM))))
def test_they_are_the_same_wherever_it_is_cut(cuts: list[int]) -> None:
    stream, found = EventStream(), []
    places = [0, *sorted(cuts), len(STREAM)]
    for start, end in pairwise(places):
        found += list(stream.feed(STREAM[start:end]))
    assert found == EVENTS


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_an_event_is_there_with_its_last_byte(end: bytes) -> None:
    stream = EventStream()
    assert list(stream.feed(b"data: x" + end + end[:-1])) == []
    assert list(stream.feed(end[-1:])) == [("message", "x")]
