"""Message heads by the grammar of RFC 9112, and nothing beside it.

Rules kept here:
- a head is accepted only if the whole of it matches the grammar below, so nothing is left to interpret: no bare CR or
  LF, no NUL, no folded lines, no space before a colon, no empty name, no other version than 1.0 and 1.1;
- what matched is cut at the places that the grammar names; it is not parsed a second time;
- names are compared in lower case and values without the blanks around them; the target stays byte for byte as sent.
"""

import re
from typing import final

from strongroom.delivery.egress.refusals import Refusal, bad_reply, bad_request

END = b"\r\n\r\n"
_MOST_EMPTY_LINES = 2

METHOD = rb"[A-Z][A-Z0-9_-]{0,31}"
VISIBLE = rb"[!-\"$-~]"
"""A byte of a target: no fragment's (RFC 9112 3.2)."""
TEXT = rb"[\t\x20-\x7e\x80-\xff]"
"""A byte of a field's value or a reason."""
LINE = rb"[!#$%%&'*+.^_`|~0-9A-Za-z-]++:%b*+\r\n" % TEXT
"""A field, with its line end."""

_FIELD_LINES = rb"((?:%b)*+)\r\n" % LINE
_REQUEST = re.compile(rb"(%b) (%b+) HTTP/1\.([01])\r\n" % (METHOD, VISIBLE) + _FIELD_LINES)
_REPLY = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9][0-9])(?: (%b*))?\r\n" % TEXT + _FIELD_LINES)
_NAMES = re.compile(rb"([^:\n]+):[^\n]*\n").findall
"""Given fields that the grammar has accepted."""


Fields = tuple[list[bytes], list[bytes], bytes]
"""Fields that the grammar has accepted: names in lower case, lines, and all of it in lower case."""


def fields_of(lines: list[bytes]) -> Fields:
    """Return the fields that stand on these lines."""
    lower = b"".join([line + b"\r\n" for line in lines]).lower()
    return _NAMES(lower), lines, lower


def any_case(*names: bytes) -> bytes:
    """Return an expression for names, or what names begin with. First letters are sets, which rule most out at once."""
    return b"|".join(b"[%b%b](?i:%b)" % (name[:1].upper(), name[:1], re.escape(name[1:])) for name in names)


class Head:
    """The fields of a message: `lines` as they came, without their ends, and beside them `names` in lower case.

    Plain slots and nothing split that nobody asks for: two of these are made for every request. There are as many lines
    as names, by the grammar, and to have `zip` check it costs half as much again.
    """

    __slots__ = ("lines", "lower", "minor", "names", "raw")

    def __init__(self, raw: bytes, minor: int, fields: bytes) -> None:
        self.raw = raw
        self.minor = minor
        self.lines = fields.split(b"\r\n")
        self.lines.pop()  # what follows the last line end: nothing
        self.lower = fields.lower()
        self.names: list[bytes] = _NAMES(self.lower)

    def one(self, name: bytes) -> bytes | None:
        """Return the first value of a field, by its lower-case name."""
        return value_of(self.lines[self.names.index(name)]) if name in self.names else None

    def all(self, name: bytes) -> list[bytes]:
        """Return every value of a field, in order."""
        if name not in self.names:
            return []
        return [value_of(line) for lower, line in zip(self.names, self.lines, strict=True) if lower == name]

    def tokens(self, name: bytes) -> frozenset[bytes]:
        """Return the members of a comma-separated list of tokens, in lower case."""
        if name not in self.names:
            return frozenset()
        listed = b",".join(self.all(name)).lower().split(b",")
        return frozenset(token.strip(b" \t") for token in listed) - {b""}

    def lines_without(self, names: frozenset[bytes]) -> list[bytes]:
        """Return the lines of all fields but these, byte for byte."""
        return [line for lower, line in zip(self.names, self.lines) if lower not in names]  # noqa: B905 - see above


def value_of(line: bytes) -> bytes:
    """Return the value in a field's line, without the blanks around it."""
    return line.partition(b":")[2].strip(b" \t")


@final
class RequestHead(Head):
    """What a client asks for."""

    __slots__ = ("method", "target")

    def __init__(self, raw: bytes, found: re.Match[bytes]) -> None:
        self.method, self.target, minor, fields = found.groups()
        super().__init__(raw, 1 if minor == b"1" else 0, fields)

    @classmethod
    def known(cls, raw: bytes, method: bytes, target: bytes, fields: Fields) -> "RequestHead":
        """Return the head of a request of HTTP/1.1 that has been read in another way."""
        head = cls.__new__(cls)
        head.raw, head.method, head.target, head.minor = raw, method, target, 1
        head.names, head.lines, head.lower = fields
        return head


@final
class ReplyHead(Head):
    """What an upstream answers."""

    __slots__ = ("line", "reason", "status")

    def __init__(self, raw: bytes, found: re.Match[bytes]) -> None:
        minor, status, reason, fields = found.groups()
        self.status = int(status)
        self.reason = reason or b""
        self.line = b"HTTP/1.1 " + status + b" " + self.reason
        super().__init__(raw, 1 if minor == b"1" else 0, fields)


def parse_request(raw: bytes) -> RequestHead:
    """Read a request head, its empty line included. Raises a refusal."""
    found = _REQUEST.fullmatch(raw)
    if found is None:
        raise bad_request("the request head breaks the grammar of HTTP/1.1")
    return RequestHead(raw, found)


def readable(raw: bytes) -> RequestHead | None:
    """Read a request head, or return None where it cannot be read."""
    try:
        return parse_request(raw)
    except Refusal:
        return None


def parse_reply(raw: bytes) -> ReplyHead:
    """Read a reply head, its empty line included. Raises a refusal."""
    found = _REPLY.fullmatch(raw)
    if found is None:
        raise bad_reply("the upstream's reply head breaks the grammar of HTTP/1.1")
    return ReplyHead(raw, found)


@final
class HeadBuffer:
    """Gathers bytes until a head is complete; each byte is searched once."""

    __slots__ = ("_limit", "_searched", "_skipped", "held")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._searched = 0
        self._skipped = 0
        self.held = b""

    def add(self, data: bytes) -> None:
        """Append what arrived."""
        self.held = self.held + data if self.held else data

    def head(self) -> bytes | None:
        """Take a complete head off the front, or return None while there is none. Raises `OverflowError`."""
        end = self.held.find(END, max(self._searched - len(END) + 1, 0))
        if end < 0:
            self._searched = len(self.held)
            if self._searched >= self._limit:
                raise OverflowError
            return None
        if end + len(END) > self._limit:
            raise OverflowError
        self._searched = self._skipped = 0
        raw, self.held = self.held[: end + len(END)], self.held[end + len(END) :]
        return raw

    def skip_empty_lines(self) -> bool:
        """Drop empty lines from the front, two at most before a head (RFC 9112 2.2); tell whether anything is left."""
        self._searched = 0
        while self._skipped < _MOST_EMPTY_LINES and self.held.startswith(b"\r\n"):
            self._skipped += 1
            self.held = self.held[2:]
        return bool(self.held)

    def rest(self) -> bytes:
        """Take everything."""
        self._searched = 0
        held, self.held = self.held, b""
        return held
