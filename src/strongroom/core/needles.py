"""Finding many byte strings at once in a stream that may be cut anywhere, and replacing them.

Rules kept here:
- the leftmost match wins, and of several at one place the longest;
- the result does not depend on where the stream was cut: what may be the beginning of a match is
  held back until the next piece (or the end) decides, and nothing else is;
- a replacement is never searched again.

Used in both directions: placeholders to secrets in requests, secrets to placeholders in replies.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable
from typing import final

from strongroom.core.overriding import override

_MIN_ANCHOR = 4
_MAX_ANCHORS = 48
_LONG_ANCHOR = 256
_ALIKE = re.compile(rb"\0+")
_HEAD = 4
_BEGINNING = 8
_GLIMPSE = 32
_FEW = 4
"""Up to so many are compared faster than hashed."""

Replace = Callable[[bytes], bytes]
"""Given the needle found, what to write in its place."""


@final
class Needles:
    """A fixed set of byte strings, prepared for searching. Needles are not empty."""

    __slots__ = ("_anchors", "_beginning", "_first", "_heads", "_set", "_shorter", "_sorted", "longest")

    def __init__(self, needles: Iterable[bytes]) -> None:
        self._set = frozenset(needles)
        ordered = sorted(self._set, key=lambda needle: (-len(needle), needle))
        # The pattern holds beginnings alone, of one length. To compile whole needles takes long: a secret can be a key
        # of a few thousand characters, in a hundred forms.
        size = min(_BEGINNING, len(ordered[-1])) if ordered else 0
        beginnings = sorted({needle[:size] for needle in ordered})
        self._beginning = re.compile(b"|".join(map(re.escape, beginnings)))
        self._first = re.compile(
            b"[%b]" % b"".join(re.escape(needle[:1]) for needle in ordered) if ordered else b"(?!)"
        )
        self._anchors = _anchors(ordered)
        self._sorted = sorted(self._set)
        self._shorter = _shorter(self._sorted)
        self._heads = frozenset(needle[:size] for needle in ordered for size in range(1, _HEAD + 1))
        self.longest = len(ordered[0]) if ordered else 0

    def __bool__(self) -> bool:
        return bool(self._set)

    @override
    def __repr__(self) -> str:
        return f"Needles({len(self._set)})"

    def occur_in(self, data: bytes) -> bool:
        """Tell quickly whether a needle may stand in the data: never wrongly no."""
        part = data.partition  # quicker than `in`, which raises inside, and than `find`; this runs for every message
        for anchor in self._anchors:  # noqa: SIM110 - a generator costs thrice
            if part(anchor)[1]:
                return True
        return False

    def lines_in(self, head: bytes) -> Collection[bytes]:
        """Return the lines, each ended by CR LF, in which a needle may stand: never too few. No needle holds an end."""
        lines: list[bytes] = []
        find = head.find
        for anchor in self._anchors:
            at = find(anchor)
            while at >= 0:
                end = find(b"\r\n", at)
                lines.append(head[head.rfind(b"\n", 0, at) + 1 : end])
                at = find(anchor, end)
        return lines if len(lines) <= _FEW else frozenset(lines)

    def replace(self, data: bytes, replace: Replace) -> bytes:
        """Return complete data with every needle replaced."""
        if not self.occur_in(data):  # without needles there are no anchors
            return data
        done: list[bytes] = []
        position = 0
        while found := self._search(data, position):
            start, needle = found
            done += data[position:start], replace(needle)
            position = start + len(needle)
        done.append(data[position:])
        return b"".join(done)

    def feed(self, data: bytes, replace: Replace) -> tuple[bytes, bytes]:
        """Return what is settled, with needles replaced, and the tail that the next piece decides."""
        if not self._set:
            return data, b""
        if not self.occur_in(data):
            cut = self._open_end(data, 0)
            return data[:cut], data[cut:]
        done: list[bytes] = []
        position, hold = 0, self._open_end(data, 0)
        while True:
            if position > hold:  # and only then: no place is looked at twice, however many matches there are
                hold = self._open_end(data, position)
            found = self._search(data, position)
            if found is None or found[0] >= hold:
                done.append(data[position:hold])
                return b"".join(done), data[hold:]
            start, needle = found
            done += data[position:start], replace(needle)
            position = start + len(needle)

    def _search(self, data: bytes, position: int) -> tuple[int, bytes] | None:
        """Return the first needle from a position on, the longest one there, and where it stands."""
        while begins := self._beginning.search(data, position):
            start = begins.start()
            needle = self._at(data[start : start + self.longest])
            if needle is not None:
                return start, needle
            position = start + 1
        return None

    def _at(self, rest: bytes) -> bytes | None:
        """Return the longest needle that the rest begins with.

        It sorts before the rest, and the last needle that does so lies between the two: that one begins with it too.
        """
        before = bisect_right(self._sorted, rest)
        needle = self._sorted[before - 1] if before else None
        while needle is not None and not rest.startswith(needle):
            needle = self._shorter[needle]
        return needle

    def _open_end(self, data: bytes, start: int) -> int:
        """Return the first place from `start` at which the rest is a proper beginning of a needle."""
        for first in self._first.finditer(data, max(start, len(data) - self.longest + 1)):
            place = first.start()
            if data[place : place + _HEAD] in self._heads and self._begins(data, place):  # the cheaper question first
                return place
        return len(data)

    def _begins(self, data: bytes, place: int) -> bool:
        """Tell whether the data from `place` on is a proper beginning of a needle; a glimpse rules out most."""
        return self._extended(data[place : place + _GLIMPSE]) and self._extended(data[place:], proper=True)

    def _extended(self, rest: bytes, *, proper: bool = False) -> bool:
        if not proper and rest in self._set:
            return True
        following = bisect_right(self._sorted, rest)  # what extends `rest` stands right behind it
        return following < len(self._sorted) and self._sorted[following].startswith(rest)


def _shorter(needles: list[bytes]) -> dict[bytes, bytes | None]:
    """Return for each of the sorted needles the longest other one that it begins with."""
    found: dict[bytes, bytes | None] = {}
    last: bytes | None = None
    for needle in needles:
        while last is not None and not needle.startswith(last):
            last = found[last]
        found[needle], last = last, needle
    return found


def _anchors(needles: list[bytes]) -> tuple[bytes, ...]:
    """Return few byte strings such that every needle holds one of them."""
    if len(needles) <= 1:
        return tuple(needles)
    groups: dict[bytes, list[bytes]] = {}
    for needle in needles:
        groups.setdefault(needle[:_MIN_ANCHOR], []).append(needle)
    if len(groups) > _MAX_ANCHORS:
        return tuple({needle[:1] for needle in needles})
    return tuple(map(_in_common, groups.values()))


def _in_common(group: list[bytes]) -> bytes:
    """Return the longest string that all have at the same place, near their beginnings: a long one is found faster.

    Forms that differ in the case of their escapes have much in common behind the first of these.
    """
    first, *others = group
    size = min(_LONG_ANCHOR, *map(len, group))
    differing = 0
    for other in others:
        differing |= int.from_bytes(first[:size]) ^ int.from_bytes(other[:size])
    runs = [found.span() for found in _ALIKE.finditer(differing.to_bytes(size))]
    start, end = max(runs, key=lambda run: run[1] - run[0])
    return first[start:end]


@final
class Stream:
    """One direction of one body: feed pieces, then finish."""

    __slots__ = ("_held", "_needles", "_replace")

    def __init__(self, needles: Needles, replace: Replace, held: bytes = b"") -> None:
        self._needles = needles
        self._replace = replace
        self._held = held

    @property
    def held(self) -> bytes:
        """What is held back: with it another stream can go on where this one stopped."""
        return self._held

    def feed(self, piece: bytes) -> bytes:
        """Return what is settled after this piece."""
        settled, self._held = self._needles.feed(self._held + piece if self._held else piece, self._replace)
        return settled

    def finish(self) -> bytes:
        """Return what was held back, now that nothing follows."""
        rest, self._held = self._held, b""
        return self._needles.replace(rest, self._replace)
