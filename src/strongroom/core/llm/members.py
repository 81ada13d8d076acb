"""Finds a few members near the top of a JSON document that comes in pieces, in constant memory.

Rules kept here:
- what is found does not depend on where the document was cut;
- only the members asked for are kept, each up to `MAX_VALUE` bytes; of all else only how deep it lies;
- a name within a string, or elsewhere than asked for, is not one of them: what a model says is not what its vendor
  counts;
- whatever the bytes are, nothing is raised: what is no JSON has no members.
"""

import re
from collections.abc import Iterable
from enum import Enum
from typing import final

MAX_VALUE = 16 * 1024

_STRING = rb'"(?:[^"\\]++|\\.)*+"'
_REST_OF_STRING = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
_SPACE = re.compile(rb"[ \t\r\n]*+")
_IN_VALUE = re.compile(rb'[^"{}\[\],]*+')
_BELOW = re.compile(rb'(?:[^"{}\[\]]++|' + _STRING + rb")*+", re.DOTALL)
"""Where nothing is asked for any more: everything up to the next bracket, whole strings included."""
_QUOTE, _COLON, _COMMA, _BRACE = b'":,{'
_OPENS = frozenset(b"{[")
_DEEPEST = 2


@final
class Wanted:
    """Which members are asked for: names at the top, and names in objects at the top, as `parent.name`."""

    def __init__(self, *paths: str) -> None:
        split = [tuple(part.encode() for part in path.split(".")) for path in paths]
        self.members = frozenset((None, *path)[-_DEEPEST:] for path in split)
        self.parents = frozenset(path[0] for path in split if len(path) == _DEEPEST)
        self.names = {name for path in split for name in path}
        self.longest = max(map(len, self.names))
        self.nothing = _browse(self.names)
        """Everything up to the next bracket, but for the names asked for."""


def _browse(names: Iterable[bytes]) -> re.Pattern[bytes]:
    ours = b"|".join(map(re.escape, sorted(names)))
    return re.compile(rb'(?:[^"{}\[\]]++|(?!"(?:' + ours + rb')")' + _STRING + rb")*+", re.DOTALL)


class _Mode(Enum):
    BROWSING = 1
    IN_STRING = 2
    AFTER_NAME = 3
    """A name that is asked for has ended; a colon makes it a member's."""
    BEFORE_OBJECT = 4
    """It is that of a parent; a brace opens the object."""


@final
class Members:
    """Watches one document. `found` has the bytes of each value, in order."""

    __slots__ = (
        "_begins",
        "_depth",
        "_escaped",
        "_mode",
        "_parent",
        "_text",
        "_value",
        "_value_at",
        "_wanted",
        "found",
    )

    def __init__(self, wanted: Wanted) -> None:
        self.found: list[bytes] = []
        self._wanted = wanted
        self._mode = _Mode.BROWSING
        self._depth = 0
        self._escaped = False
        self._text = b""
        self._parent: bytes | None = None
        self._value: bytearray | None = None
        self._value_at = 0
        self._begins = 0

    def feed(self, piece: bytes) -> None:
        """Look at what comes next of the document."""
        at, end = 0, len(piece)
        self._begins = 0
        while at < end:
            match self._mode:
                case _Mode.BROWSING:
                    at = self._browse(piece, at, end)
                case _Mode.IN_STRING:
                    at = self._string(piece, at, end)
                case _:
                    at = self._after_name(piece, at, end)
        if self._value is not None:
            self._keep(piece, end)

    def _browse(self, piece: bytes, at: int, end: int) -> int:
        depth = self._depth
        if self._value is not None and depth == self._value_at:
            skipped = _IN_VALUE
        else:
            skipped = self._wanted.nothing if depth <= _DEEPEST else _BELOW
        at = _end(skipped, piece, at)
        if at >= end:
            return end
        byte = piece[at]
        if byte == _QUOTE:
            self._mode, self._text = _Mode.IN_STRING, b""
        elif byte in _OPENS:
            self._depth = depth + 1
        else:
            self._close(piece, at, is_bracket=byte != _COMMA)
        return at + 1

    def _close(self, piece: bytes, at: int, *, is_bracket: bool) -> None:
        if self._value is not None and self._depth == self._value_at:
            self._keep(piece, at)
            if len(self._value) <= MAX_VALUE:
                self.found.append(bytes(self._value))
            self._value = None
        if is_bracket:
            if self._depth == _DEEPEST:
                self._parent = None
            self._depth = max(0, self._depth - 1)

    def _string(self, piece: bytes, at: int, end: int) -> int:
        """Go on within a string; return where to go on after it."""
        if self._escaped:
            self._escaped = False
            at += 1
            self._text += b"\\"  # no name asked for has one
        stop = _end(_REST_OF_STRING, piece, at)
        if len(self._text) <= self._wanted.longest:
            self._text += piece[at : min(stop, at + self._wanted.longest + 1)]
        if stop >= end:
            return end
        if piece[stop] == _QUOTE:
            is_name = self._value is None and self._text in self._wanted.names and 0 < self._depth <= _DEEPEST
            self._mode = _Mode.AFTER_NAME if is_name else _Mode.BROWSING
        else:
            self._escaped = True  # a backslash at the very end
        return stop + 1

    def _after_name(self, piece: bytes, at: int, end: int) -> int:
        at = _end(_SPACE, piece, at)
        if at >= end:
            return end
        before_object, self._mode = self._mode is _Mode.BEFORE_OBJECT, _Mode.BROWSING
        if before_object:
            self._parent = self._text if piece[at] == _BRACE else None
            return at
        if piece[at] != _COLON:
            return at
        depth, name = self._depth, self._text
        if (self._parent if depth == _DEEPEST else None, name) in self._wanted.members and (depth == 1 or self._parent):
            self._value, self._value_at, self._begins = bytearray(), depth, at + 1
        elif depth == 1 and name in self._wanted.parents:
            self._mode = _Mode.BEFORE_OBJECT
        return at + 1

    def _keep(self, piece: bytes, end: int) -> None:
        if self._value is not None:
            room = MAX_VALUE + 1 - len(self._value)
            self._value += piece[self._begins : min(end, self._begins + room)]


def _end(pattern: re.Pattern[bytes], piece: bytes, at: int) -> int:
    """Return where a pattern that matches nothing as well stops."""
    found = pattern.match(piece, at)
    return at if found is None else found.end()
