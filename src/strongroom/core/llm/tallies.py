"""Reads off an answer how many tokens it took, while it passes (contract 4.6).

Fed with the pieces of a body as they come, a tally neither delays nor changes a byte of it. It knows the shapes of
OpenAI (chat, responses, embeddings) and Anthropic (messages), as one JSON document and as server-sent events.
Rules kept here:
- the same bytes give the same counts, however they were cut;
- what a model says is never taken for what its vendor counts: only `usage` where vendors put it is read;
- memory is bounded, and no bytes make it fail: what cannot be read is unknown.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, final

from strongroom.core.llm.members import Members, Wanted
from strongroom.core.llm.uses import Tokens

MAX_COUNT = 2**53 - 1
EVENT_STREAM = "text/event-stream"

_DOCUMENT = Wanted("usage")
_EVENT = Wanted("usage", "message.usage", "response.usage", "x_groq.usage")
"""Chat chunks and `message_delta`; `message_start`; `response.completed`; Groq's last chunk."""

_LINE_END = re.compile(rb"[\r\n]")
_FIELD = b"data:"
_SIGN = b'usage"'
"""What a line cannot hold counts without."""

_COUNTS: Mapping[str, str] = {
    "prompt_tokens": "input",
    "input_tokens": "input",
    "completion_tokens": "output",
    "output_tokens": "output",
    "cache_read_input_tokens": "cache_read",
    "cache_creation_input_tokens": "cache_creation",
    "prompt_cache_hit_tokens": "cached",
}
_DETAILS = ("prompt_tokens_details", "input_tokens_details")
_DETAIL_COUNTS: Mapping[str, str] = {"cached_tokens": "cached", "cache_write_tokens": "cache_write"}


@final
class Tally:
    """The counts of one answer. `events` is how many a stream had."""

    __slots__ = ("_document", "_head", "_is_stream", "_seen", "events")

    def __init__(self, *, is_stream: bool) -> None:
        self.events = 0
        self._is_stream = is_stream
        self._seen: dict[str, int] = {}
        self._document: Members | None = None if is_stream else Members(_DOCUMENT)
        self._head = b""

    @classmethod
    def of(cls, content_type: str) -> "Tally":
        """Return a tally for an answer of that type."""
        return cls(is_stream=content_type.partition(";")[0].strip().lower() == EVENT_STREAM)

    def feed(self, piece: bytes) -> None:
        """Look at the next bytes of the body."""
        if self._is_stream:
            self._lines(piece)
        elif self._document is not None:
            self._document.feed(piece)
            self._read(self._document)

    def tokens(self) -> Tokens:
        """Return what has been told so far; a stream tells its last when it ends."""
        seen = self._seen
        read, created = seen.get("cache_read"), seen.get("cache_creation")
        taken = seen.get("input")
        if taken is not None:  # Anthropic counts beside `input_tokens` what it reads from a cache and writes to it
            taken += (read or 0) + (created or 0)
        return Tokens(
            input=taken,
            output=seen.get("output"),
            cached=seen.get("cached") if read is None else read,
            cache_write=seen.get("cache_write") if created is None else created,
        )

    def _lines(self, piece: bytes) -> None:
        """Read the `data` of events. Each line is a document by itself: no vendor sends one in several."""
        at, end = 0, len(piece)
        while at < end:
            found = _LINE_END.search(piece, at)
            stop = end if found is None else found.start()
            if found is not None and not self._head and _SIGN not in piece[at:stop]:
                self.events += piece.startswith(_FIELD, at, stop)
            else:
                self._line(piece[at:stop])
                if found is not None:
                    self._end_line()
            at = stop + 1

    def _line(self, part: bytes) -> None:
        """Go on with a line. `_head` is how it begins, and is empty between lines."""
        missing = len(_FIELD) - len(self._head)
        if missing:
            self._head += part[:missing]
            if self._head == _FIELD:
                self.events += 1
                self._document = Members(_EVENT)
        if self._document is not None:
            self._document.feed(part[missing:])

    def _end_line(self) -> None:
        if self._document is not None:
            self._read(self._document)
        self._head, self._document = b"", None

    def _read(self, document: Members) -> None:
        for value in document.found:
            try:
                usage = json.loads(value)
            except (ValueError, RecursionError):
                continue
            if isinstance(usage, dict):
                self._take(usage)
        document.found.clear()

    def _take(self, usage: Mapping[str, Any]) -> None:
        """Remember what is told; later counts are of more, and take the place of earlier ones."""
        self._seen |= _counts(usage, _COUNTS)
        for name in _DETAILS:
            details = usage.get(name)
            if isinstance(details, dict):
                self._seen |= _counts(details, _DETAIL_COUNTS)


def _counts(usage: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, int]:
    told = ((ours, usage.get(theirs)) for theirs, ours in names.items())
    return {ours: count for ours, count in told if type(count) is int and 0 <= count <= MAX_COUNT}
