"""Lists of tools in a server's answers, without those that a session may not use.

A list is known by its shape, not by the request that it answers: a stream that is resumed answers earlier ones. Pages
keep their cursors. What is no list passes byte for byte. Hiding is for the agent's sake: it is the refusal of calls
(`tools.py`) that holds against one that guesses.
"""

import json
from typing import Any, final

from strongroom.delivery.egress.refusals import Refusal, bad_reply
from strongroom.delivery.mcp.events import Event, Events

HELD_BYTES = 16 << 20
"""The longest answer that is looked into; it has to be held as a whole."""


def without(answer: bytes, allowed: frozenset[str]) -> bytes | None:
    """Return an answer without other tools; None where there is nothing to leave out. Raises `ValueError`."""
    try:
        read = json.loads(answer)
    except RecursionError:
        raise ValueError from None
    messages = read if isinstance(read, list) else [read]
    shortened = [_shortened(message, allowed) for message in messages]  # all of them, not up to the first
    if not any(shortened):
        return None
    return json.dumps(read, separators=(",", ":")).encode()


def _shortened(message: Any, allowed: frozenset[str]) -> bool:  # noqa: ANN401 - any JSON value
    result = message.get("result") if isinstance(message, dict) else None
    if not isinstance(result, dict) or not isinstance(tools := result.get("tools"), list):
        return False
    kept = [tool for tool in tools if isinstance(tool, dict) and tool.get("name") in allowed]
    result["tools"] = kept
    return len(kept) != len(tools)


@final
class WholeList:
    """An answer that is one JSON document. Implements `Rewriting`."""

    __slots__ = ("_allowed", "_held", "_length")

    def __init__(self, allowed: frozenset[str]) -> None:
        self._allowed = allowed
        self._held: list[bytes] = []
        self._length = 0

    def feed(self, piece: bytes) -> bytes:
        """Hold a piece. Raises `Refusal` for an answer that is too long to be looked into."""
        self._length += len(piece)
        if self._length > HELD_BYTES:
            raise _too_long()
        self._held.append(piece)
        return b""

    def finish(self) -> bytes:
        """Return the answer. Raises `Refusal` for one that is not JSON."""
        answer = b"".join(self._held)
        self._held.clear()
        if not answer.strip():
            return answer
        try:
            shortened = without(answer, self._allowed)
        except ValueError:
            raise bad_reply("the MCP server's answer is not JSON, so its tools cannot be told") from None
        return answer if shortened is None else shortened


@final
class EventLists:
    """An answer that is a stream of events. Implements `Rewriting`."""

    __slots__ = ("_allowed", "_events")

    def __init__(self, allowed: frozenset[str]) -> None:
        self._allowed = allowed
        self._events = Events()

    def feed(self, piece: bytes) -> bytes:
        """Return the events that end in this piece. Raises a refusal for one that is too long."""
        return b"".join(map(self._rewritten, self._events.feed(piece)))

    def finish(self) -> bytes:
        """Return nothing: an event that does not end is none."""
        self._events.finish()
        return b""

    def _rewritten(self, event: Event) -> bytes:
        try:
            shortened = without(event.data, self._allowed) if event.data else None
        except ValueError:
            return event.raw  # not JSON: no list of tools in any reader's eyes
        if shortened is None:
            return event.raw
        others = [b"%b: %b\n" % field for field in event.fields if field[0] != b"data"]
        return b"".join(others) + b"data: " + shortened + b"\n\n"


def _too_long() -> Refusal:
    return bad_reply(f"the MCP server's answer is longer than {HELD_BYTES >> 20} MiB, so its tools cannot be told")
