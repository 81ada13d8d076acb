"""Tallies: what vendors tell, in every shape, however it was cut; and nothing that they do not."""

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from strongroom.core.llm.members import MAX_VALUE
from strongroom.core.llm.tallies import Tally
from strongroom.core.llm.uses import UNTOLD, Tokens

JSON = "application/json"
STREAM = "text/event-stream; charset=utf-8"


def body(document: object) -> bytes:
    return json.dumps(document, indent=2).encode()


def stream(*events: object, end: str = "\n") -> bytes:
    lines = [f"data: {json.dumps(event)}{end}{end}" for event in events]
    return "".join(lines).encode()


def named(*events: dict[str, Any]) -> bytes:
    return "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events).encode()


CHAT = {
    "id": "chatcmpl-1",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": 'a "usage": {"prompt_tokens": 9}, \\'}}],
    "usage": {
        "prompt_tokens": 120,
        "completion_tokens": 34,
        "total_tokens": 154,
        "prompt_tokens_details": {"cached_tokens": 100, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 20},
    },
}
CHUNK = {"id": "c", "choices": [{"delta": {"content": "héllo\n"}}], "usage": None}
LAST_CHUNK = {"id": "c", "choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}}
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "content": [{"type": "tool_use", "input": {"usage": {"input_tokens": 1, "output_tokens": 1}}}],
    "usage": {
        "input_tokens": 10,
        "cache_creation_input_tokens": 200,
        "cache_read_input_tokens": 3000,
        "cache_creation": {"ephemeral_5m_input_tokens": 200},
        "output_tokens": 42,
        "service_tier": "standard",
    },
}
MESSAGES = (
    {"type": "message_start", "message": {"id": "m", "content": [], "usage": {**MESSAGE["usage"], "output_tokens": 1}}},  # type: ignore[dict-item]
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": '"usage":{"output_tokens":9}'}},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 42}},
    {"type": "message_stop"},
)
RESPONSE = {
    "id": "resp_1",
    "object": "response",
    "output": [{"type": "message", "content": [{"type": "output_text", "text": "x" * 5000}]}],
    "metadata": {"usage": "mine"},
    "usage": {
        "input_tokens": 36,
        "input_tokens_details": {"cached_tokens": 30},
        "output_tokens": 87,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 123,
    },
}
RESPONSES = (
    {"type": "response.created", "response": {**RESPONSE, "output": [], "usage": None}},
    {"type": "response.output_text.delta", "delta": "x"},
    {"type": "response.completed", "response": RESPONSE},
)
EMBEDDINGS = {
    "object": "list",
    "data": [{"object": "embedding", "embedding": [0.25, -1e-05] * 500, "index": 0}],
    "usage": {"prompt_tokens": 8, "total_tokens": 8},
}
GROQ = {"id": "c", "choices": [], "x_groq": {"id": "r", "usage": {"prompt_tokens": 3, "completion_tokens": 4}}}

OF_CHAT = Tokens(input=120, output=34, cached=100)
OF_MESSAGE = Tokens(input=3210, output=42, cached=3000, cache_write=200)
OF_RESPONSE = Tokens(input=36, output=87, cached=30)

SHAPES = {
    "chat": (JSON, body(CHAT), OF_CHAT),
    "chat in one line": (JSON, json.dumps(CHAT, separators=(",", ":")).encode(), OF_CHAT),
    "chat stream": (
        STREAM,
        stream(CHUNK, CHUNK, LAST_CHUNK) + b"data: [DONE]\n\n",
        Tokens(input=5, output=7),
    ),
    "chat stream with CRLF": (STREAM, stream(CHUNK, LAST_CHUNK, end="\r\n"), Tokens(input=5, output=7)),
    "chat stream with CR": (STREAM, stream(CHUNK, LAST_CHUNK, end="\r"), Tokens(input=5, output=7)),
    "Groq's stream": (STREAM, stream(CHUNK, GROQ), Tokens(input=3, output=4)),
    "embeddings": (JSON, body(EMBEDDINGS), Tokens(input=8)),
    "response": (JSON, body(RESPONSE), OF_RESPONSE),
    "response stream": (STREAM, named(*RESPONSES), OF_RESPONSE),
    "message": (JSON, body(MESSAGE), OF_MESSAGE),
    "message stream": (STREAM, named(*MESSAGES), OF_MESSAGE),
}


def told(kind: str, *pieces: bytes) -> Tokens:
    tally = Tally.of(kind)
    for piece in pieces:
        tally.feed(piece)
    return tally.tokens()


def cut(text: bytes, at: list[int]) -> list[bytes]:
    places = [0, *sorted(each % (len(text) + 1) for each in at), len(text)]
    return [text[begin:end] for begin, end in pairwise(places)]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_answer_is_read(shape: str) -> None:
    kind, text, tokens = SHAPES[shape]
    assert told(kind, text) == tokens


@pytest.mark.parametrize("shape", SHAPES)
def test_a_body_that_comes_byte_by_byte_counts_the_same(shape: str) -> None:
    kind, text, tokens = SHAPES[shape]
    assert told(kind, *(text[at : at + 1] for at in range(len(text)))) == tokens


@given(st.sampled_from(sorted(SHAPES)), st.lists(st.integers(min_value=0), max_size=6))
def test_a_body_cut_anywhere_counts_the_same(shape: str, at: list[int]) -> None:
    kind, text, tokens = SHAPES[shape]
    assert told(kind, *cut(text, at)) == tokens


_WORDS = b'data:|data: |event: x|\n|\r\n|\r|{|}|[|]|"|\\|:|,| |"usage"|"message"|{"output_tokens":|7|}|\xff|null|usage'
_NEARLY = st.lists(st.sampled_from(_WORDS.split(b"|")), max_size=40).map(b"".join)


@given(st.sampled_from([JSON, STREAM, "", ";"]), _NEARLY | st.binary(), st.lists(st.integers(min_value=0), max_size=8))
@example(STREAM, b'data:{"usage":{"output_tokens":7}}\ndata:{"usage"\n', [3, 30])
@example(JSON, b"}" * 50 + b'{"usage":{"output_tokens":7}}', [4])
def test_garbage_never_fails_and_counts_the_same_however_it_is_cut(kind: str, text: bytes, at: list[int]) -> None:
    whole, pieces = Tally.of(kind), Tally.of(kind)
    whole.feed(text)
    for piece in cut(text, at):
        pieces.feed(piece)
    assert (whole.tokens(), whole.events) == (pieces.tokens(), pieces.events)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"not json",
        b"[" * 100_000,
        b'{"usage": null}',
        b'{"usage": [1]}',
        b'{"usage": {"prompt_tokens": "7"}}',
        b'{"usage": {"prompt_tokens": -1, "completion_tokens": 1.5}}',
        b'{"usage": {"prompt_tokens": true}}',
        b'{"usage": {"prompt_tokens": 9007199254740992}}',
        b'{"usage": {"prompt_tokens": ' + b"9" * 5000 + b"}}",
        b'{"usage": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
        b'{"usage": {"prompt_tokens": 7',
        b'{"error": {"usage": {"prompt_tokens": 7}}}',
        b'[{"usage": {"prompt_tokens": 7}}]',
        b'{"message": {"usage": {"prompt_tokens": 7}}}',
    ],
)
def test_what_nobody_told_is_unknown_and_not_zero(text: bytes) -> None:
    assert told(JSON, text) == UNTOLD


def test_a_stream_that_breaks_before_its_counts_leaves_them_unknown() -> None:
    assert told(STREAM, stream(CHUNK, CHUNK)) == UNTOLD
    assert told(STREAM, stream(LAST_CHUNK)[:-3]) == UNTOLD


def test_a_stream_that_breaks_half_way_keeps_what_was_told() -> None:
    assert told(STREAM, named(*MESSAGES[:2])) == Tokens(input=3210, output=1, cached=3000, cache_write=200)


@pytest.mark.parametrize("name", ["usage", "message"])
def test_a_model_cannot_say_what_it_took(name: str) -> None:
    """What a tool is called with is a model's word, and may look like a vendor's count."""
    lie = {"usage": {"input_tokens": 0, "output_tokens": 0}}
    event = {"type": "content_block_start", "content_block": {"input": {name: lie, **lie}}}
    assert told(STREAM, named(*MESSAGES, event)) == OF_MESSAGE
    assert told(JSON, body({**CHAT, "choices": [{"message": {"arguments": {name: lie, **lie}}}]})) == OF_CHAT


def test_events_of_a_stream_are_counted() -> None:
    tally = Tally.of(STREAM)
    tally.feed(named(*MESSAGES))
    assert tally.events == len(MESSAGES)


def test_memory_does_not_grow_with_the_body() -> None:
    def held(text: Callable[[int], bytes]) -> int:
        tally = Tally(is_stream=False)
        for at in range(200):
            tally.feed(text(at))
        document = tally._document
        assert document is not None
        return len(document._value or b"") + len(document._text) - len(b"usage")

    assert held(lambda at: b'{"usage":[' if at == 0 else b"1," * 5000) <= MAX_VALUE + 1
    assert held(lambda at: b'{"' if at == 0 else b"a" * 10_000) <= 64
    assert held(lambda at: b'{"a":"' if at == 0 else b"a" * 10_000) <= 64
