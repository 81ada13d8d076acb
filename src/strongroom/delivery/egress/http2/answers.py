"""An upstream's reply on an HTTP/2 stream, written as the HTTP/1.1 reply that the conversation reads.

Rules kept here:
- each field is checked by itself before it stands on a line;
- the body is framed by us: its Content-Length is held against what really comes (RFC 9113 8.1.1).
"""

import re
from collections.abc import Iterable
from typing import final

from strongroom.delivery.egress.bodies import BODILESS, chunk, last_chunk
from strongroom.delivery.egress.http2.fields import Malformed, checked

_PSEUDO = frozenset({b":status"})
_NONE: frozenset[bytes] = frozenset()
_STATUS = re.compile(rb"[1-5][0-9][0-9]")
_LENGTH = re.compile(rb"[0-9]{1,18}")
_SWITCHING = 101
_SHORT = "has a body of another length than its content-length"


@final
class Answer:
    """One reply. What its methods return is to be sent on; they raise `Malformed`."""

    __slots__ = ("_chunked", "_left", "_method")

    def __init__(self, method: bytes) -> None:
        self._method = method
        self._chunked = False
        self._left: int | None = None

    def interim(self, fields: Iterable[tuple[bytes, bytes]]) -> bytes:
        """Take an interim head."""
        status, lines = _read(fields)
        return _head(status, lines)

    def head(self, fields: Iterable[tuple[bytes, bytes]], *, last: bool) -> bytes:
        """Take the final head; `last` if nothing follows it."""
        status, lines = _read(fields)
        told = [line.partition(b": ")[2] for line in lines if line.startswith(b"content-length:")]
        if len(told) > 1 or (told and _LENGTH.fullmatch(told[0]) is None):
            raise Malformed("has a content-length that is none")
        if self._method == b"HEAD" or status in BODILESS:
            self._left = 0
            return _head(status, lines)
        if last and told and int(told[0]):
            raise Malformed(_SHORT)
        if told:
            self._left = int(told[0])
        elif last:
            self._left = 0
            lines.append(b"content-length: 0")
        else:
            self._chunked = True
            lines.append(b"transfer-encoding: chunked")
        return _head(status, lines)

    def body(self, payload: bytes, *, last: bool) -> bytes:
        """Take a piece of the body."""
        if self._left is not None:
            self._left -= len(payload)
            if self._left < 0 or (last and self._left):
                raise Malformed(_SHORT)
            return payload
        return chunk(payload) + last_chunk([]) if last else chunk(payload)

    def trailers(self, fields: Iterable[tuple[bytes, bytes]]) -> bytes:
        """Take the fields behind the body."""
        _, rest = checked(fields, pseudo=_NONE)
        if self._left:
            raise Malformed(_SHORT)
        return last_chunk([name + b": " + value for name, value in rest]) if self._chunked else b""


def _read(fields: Iterable[tuple[bytes, bytes]]) -> tuple[int, list[bytes]]:
    pseudo, rest = checked(fields, pseudo=_PSEUDO)
    status = pseudo.get(b":status", b"")
    if _STATUS.fullmatch(status) is None or int(status) == _SWITCHING:  # RFC 9113 8.6
        raise Malformed("has a :status that HTTP/2 does not know")
    return int(status), [name + b": " + value for name, value in rest]


def _head(status: int, lines: list[bytes]) -> bytes:
    return b"\r\n".join([b"HTTP/1.1 %d " % status, *lines, b"", b""])
