"""Where a message body ends: by length, by chunks, or with the connection (RFC 9112 section 6).

Rules kept here:
- Content-Length once and in plain digits, or Transfer-Encoding `chunked` once and alone, never both;
- a chunk begins with one to sixteen hex digits and nothing else but bounded extensions by the grammar, and ends with
  CR LF; blanks beside them, which RFC 9112 tolerates, are read differently by different parsers and refused;
- extensions are checked against the grammar and dropped, trailers are checked and kept apart.
"""

import re
from collections.abc import Callable, Sequence
from typing import Protocol, final

from strongroom.delivery.egress.head import Head, ReplyHead, RequestHead
from strongroom.delivery.egress.refusals import Refusal, bad_reply, bad_request

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
_QUOTED = rb'"(?:[\t\x20\x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*+"'
_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,16})(?:;%b(?:=(?:%b|%b))?)*+" % (_TOKEN, _TOKEN, _QUOTED))  # RFC 9112 7.1.1
_TRAILER = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*")
_LONGEST_SIZE_LINE = 1024
_LONGEST_TRAILERS = 16 * 1024
_LARGEST_CHUNK = 1 << 60
_MOST_DIGITS = 18  # of a Content-Length: less than 63 bits, as other implementations can hold

LAST_CHUNK = b"0\r\n\r\n"


class BodyReader(Protocol):
    """One body, cut out of a stream of bytes."""

    length: int | None
    """How long the body is, if the head told."""
    done: bool
    """Whether the last byte has been read."""

    @property
    def trailers(self) -> Sequence[bytes]:
        """The field lines that came behind the body."""

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """Return the body's part of the data, and what lies behind the body's end."""


@final
class LengthReader:
    """A body of a length that the head told."""

    __slots__ = ("_left", "done", "length", "trailers")

    def __init__(self, length: int) -> None:
        self.length: int | None = length
        self.trailers: tuple[bytes, ...] = ()
        self._left = length
        self.done = length == 0

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """Return what belongs to the body, and the rest."""
        size = len(data)
        if size <= self._left:
            self._left -= size
            self.done = self._left == 0
            return data, b""
        cut, self._left, self.done = self._left, 0, True
        return data[:cut], data[cut:]


@final
class OpenReader:
    """A body that ends with the connection."""

    __slots__ = ("done", "length", "trailers")

    def __init__(self) -> None:
        self.length: int | None = None
        self.trailers: tuple[bytes, ...] = ()
        self.done = False

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """Everything belongs to the body."""
        return data, b""


@final
class ChunkedReader:
    """A body in chunks. Raises the refusal that `broken` makes for anything but the plain form."""

    __slots__ = ("_behind", "_broken", "_held", "_left", "_trailer_bytes", "done", "length", "trailers")

    def __init__(self, broken: Callable[[], Refusal]) -> None:
        self.length: int | None = None
        self.done = False
        self._broken = broken
        self._held = b""
        self._left = -1  # bytes of the present chunk still to come, its CR LF included; -1: a size line is due
        self._behind = False  # the last chunk has been read
        self._trailer_bytes = 0
        self.trailers: list[bytes] = []

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """Return the payload without its frames, and what lies behind the end."""
        if self._held:
            data, self._held = self._held + data, b""
        pieces: list[bytes] = []
        at = 0
        while not self.done:
            if self._left > 0:
                at = self._chunk(data, at, pieces)
                if self._left > 0:
                    return b"".join(pieces), b""
                continue
            end = data.find(b"\r\n", at)
            if end < 0:
                self._hold(data[at:])
                return b"".join(pieces), b""
            self._line(data[at:end])
            at = end + 2
        return b"".join(pieces), data[at:]

    def _chunk(self, data: bytes, at: int, pieces: list[bytes]) -> int:
        """Take what there is of the present chunk and of the CR LF behind it; return where to go on."""
        payload = self._left - 2
        if payload > 0:
            piece = data[at : at + payload]
            pieces.append(piece)
            self._left -= len(piece)
            at += len(piece)
        if self._left <= 2:  # noqa: PLR2004 - CR LF
            closing = data[at : at + self._left]
            if closing != b"\r\n"[2 - self._left :][: len(closing)]:
                raise self._broken()
            self._left = self._left - len(closing) or -1
            at += len(closing)
        return at

    def _line(self, line: bytes) -> None:
        if self._behind:
            self._trailer_bytes += len(line)
            self.done = not line
            if not line:
                return
            if _TRAILER.fullmatch(line) is None or self._trailer_bytes > _LONGEST_TRAILERS:
                raise self._broken()
            self.trailers.append(line)
            return
        found = _SIZE_LINE.fullmatch(line)
        size = int(found[1], 16) if found is not None and len(line) <= _LONGEST_SIZE_LINE else _LARGEST_CHUNK
        if size >= _LARGEST_CHUNK:
            raise self._broken()
        self._behind = size == 0
        self._left = size + 2 if size else -1

    def _hold(self, rest: bytes) -> None:
        """Keep the beginning of a line; a bare LF in it is seen now, not when the line ends."""
        longest = _LONGEST_TRAILERS if self._behind else _LONGEST_SIZE_LINE
        if len(rest.removesuffix(b"\r")) > longest or b"\n" in rest or b"\r" in rest[:-1]:
            raise self._broken()
        self._held = rest


def chunk(payload: bytes) -> bytes:
    """Return the payload as one chunk; nothing for no payload, which would end the body."""
    return b"%x\r\n%b\r\n" % (len(payload), payload) if payload else b""


def last_chunk(trailers: Sequence[bytes]) -> bytes:
    """Return the end of a body in chunks, with these field lines behind it."""
    return b"\r\n".join([b"0", *trailers, b"", b""]) if trailers else LAST_CHUNK


def request_body(head: RequestHead) -> BodyReader | None:
    """Return the reader of a request's body, or None where there is none. Raises a refusal."""
    reader = _framed(head, _broken_request)
    if reader is not None and reader.length is None and head.minor == 0:
        raise bad_request("HTTP/1.0 has no Transfer-Encoding")
    return reader


def reply_body(head: ReplyHead, *, method: bytes) -> BodyReader | None:
    """Return the reader of a final reply's body, or None where there is none. Raises a refusal."""
    reader = _framed(head, _broken_reply)
    if method == b"HEAD" or head.status in BODILESS:
        return None
    return OpenReader() if reader is None else reader


BODILESS = frozenset({204, 304})
"""Final statuses without a body, whatever their heads say."""


def _framed(head: Head, broken: Callable[[], Refusal]) -> BodyReader | None:
    names = head.names
    if b"transfer-encoding" in names:
        coding = head.all(b"transfer-encoding")
        if b"content-length" in names or len(coding) != 1 or coding[0].lower() != b"chunked":
            raise broken()
        return ChunkedReader(broken)
    if b"content-length" in names:
        length = head.lines[names.index(b"content-length")][len(b"content-length:") :].strip(b" \t")
        if names.count(b"content-length") > 1 or not length.isdigit() or len(length) > _MOST_DIGITS:
            raise broken()
        return LengthReader(int(length))
    return None


def _broken_request() -> Refusal:
    return bad_request("the request body is not framed as RFC 9112 asks")


def _broken_reply() -> Refusal:
    return bad_reply("the upstream's reply is not framed as RFC 9112 asks")
