"""Lists of tools in answers: shortened wherever they are cut, everything else byte for byte."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.delivery.egress.refusals import Refusal
from strongroom.delivery.mcp.tool_lists import HELD_BYTES, EventLists, WholeList

ALLOWED = frozenset({"add"})


def listing(*names: str, **more: object) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "result": {"tools": [{"name": name} for name in names], **more}}


def whole(answer: bytes) -> bytes:
    reading = WholeList(ALLOWED)
    return b"".join(map(reading.feed, (answer[:5], answer[5:]))) + reading.finish()


def test_an_answer_lists_only_what_may_be_used_and_keeps_its_page() -> None:
    answer = json.dumps(listing("add", "drop", nextCursor="c")).encode()
    assert json.loads(whole(answer)) == listing("add", nextCursor="c")


def test_every_answer_of_a_batch_is_shortened() -> None:
    answer = json.dumps([listing("drop"), {"id": 2, "result": {}}, listing("add", "drop")]).encode()
    assert json.loads(whole(answer)) == [listing(), {"id": 2, "result": {}}, listing("add")]


@pytest.mark.parametrize(
    "answer",
    [
        b'{"id": 1,  "result": {"content": [{"name": "drop"}]}}',
        b'{"id": 1, "result": {"tools": 3}}',
        b'{"id": 1, "error": {"code": 1}}',
        b' {"result": {"tools": [{"name":"add"}]}}',
        b"3",
        b"",
        b"\n",
    ],
)
def test_what_needs_no_change_passes_byte_for_byte(answer: bytes) -> None:
    assert whole(answer) == answer


@pytest.mark.parametrize("answer", [b"<html>", b"[" * 100_000, b"\xff\xfe"])
def test_an_answer_that_is_not_json_is_refused(answer: bytes) -> None:
    with pytest.raises(Refusal):
        whole(answer)


def test_what_is_too_long_to_be_held_is_refused() -> None:
    reading = WholeList(ALLOWED)
    reading.feed(b"x" * HELD_BYTES)
    with pytest.raises(Refusal):
        reading.feed(b"x")


def stream(end: bytes) -> tuple[bytes, bytes]:
    """A stream of events and what is to become of it."""
    hidden, shown = json.dumps(listing("add", "drop")), json.dumps(listing("add"), separators=(",", ":"))
    rest = _joined([b": ok", b"", b"event: message", b"data:{", b'data:"a": 1}', b""], end)
    sent = _joined([b": hello", b"id: 1", b"data: " + hidden.encode(), b""], end)
    return sent + rest, b"id: 1\ndata: " + shown.encode() + b"\n\n" + rest


def _joined(lines: list[bytes], end: bytes) -> bytes:
    return b"".join(line + end for line in lines)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@given(cuts=st.lists(st.integers(0, 250), max_size=8))
def test_events_are_shortened_wherever_they_are_cut(end: bytes, cuts: list[int]) -> None:
    sent, expected = stream(end)
    events = EventLists(ALLOWED)
    places = [0, *sorted(min(cut, len(sent)) for cut in cuts), len(sent)]
    got = b"".join(events.feed(sent[a:b]) for a, b in pairwise(places)) + events.finish()
    if end == b"\r":  # a last CR may be half of a line's end: the event waits for what follows
        expected = expected.removesuffix(b'event: message\rdata:{\rdata:"a": 1}\r\r')
    assert got == expected


def test_an_event_passes_as_soon_as_it_is_complete() -> None:
    events = EventLists(ALLOWED)
    assert events.feed(b"data: {}\n") == b""
    assert events.feed(b"\n") == b"data: {}\n\n"
    assert events.feed(b"event: endpoint\ndata: /messages?x=1\n\n") == b"event: endpoint\ndata: /messages?x=1\n\n"


def test_a_list_in_several_lines_of_data_is_shortened() -> None:
    events = EventLists(ALLOWED)
    got = events.feed(b'\xef\xbb\xbfdata: {"result":\ndata: {"tools": [{"name": "drop"}]}}\nid: 7\n\n')
    assert got == b'id: 7\ndata: {"result":{"tools":[]}}\n\n'


def test_a_list_whose_event_never_ends_is_held_back() -> None:
    events = EventLists(ALLOWED)
    assert events.feed(b'data: {"result": {"tools": [{"name": "drop"}]}}') == b""
    assert events.finish() == b""
