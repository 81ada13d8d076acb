"""Bodies whose chunks are signed, each on top of the one before: verified and signed anew, chunk by chunk.

The form is `aws-chunked`: a size in hex and a signature, the payload, and behind the last chunk, which is empty,
optionally fields with a signature of their own. The first signature stands on that of the request. What is signed anew
is exactly as long as what came, so every length that the head told stays true.

A chunk is held until it is complete: a part of it could not be verified.
"""

import hashlib
import hmac
import re
from enum import Enum, auto
from typing import final

from strongroom.core.sigv4 import NOTHING_HASHED, Scope, sign

SIGNED_CHUNKS = b"STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_TRAILER = b"STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
LARGEST_CHUNK = 1 << 20

_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8});chunk-signature=([0-9a-f]{64})")
_LONGEST_LINE = 8 * 1024
_LONGEST_TRAILER = 16 * 1024
_TRAILER_SIGNATURE = b"x-amz-trailer-signature"


class WrongChunk(Exception):
    """A chunk is not signed with the key, or is not written as the form asks."""


class LargeChunk(Exception):
    """A chunk is longer than `LARGEST_CHUNK`."""


@final
class Chain:
    """The signatures of one body under one key, each made with the one before."""

    __slots__ = ("_heading", "_key", "last")

    def __init__(self, key: bytes, scope: Scope, moment: bytes, *, seed: bytes) -> None:
        self._key = key
        self._heading = (moment, bytes(scope))
        self.last = seed

    def chunk(self, hashed: bytes) -> bytes:
        """Return the next signature, for a payload with this hash."""
        lines = (b"AWS4-HMAC-SHA256-PAYLOAD", *self._heading, self.last, NOTHING_HASHED, hashed)
        self.last = sign(self._key, lines)
        return self.last

    def trailer(self, hashed: bytes) -> bytes:
        """Return the signature of the fields behind the last chunk."""
        self.last = sign(self._key, (b"AWS4-HMAC-SHA256-TRAILER", *self._heading, self.last, hashed))
        return self.last


@final
class SignedChunks:
    """One body: `feed` what comes and send on what is returned, then `finish`. Both raise the failures above."""

    __slots__ = ("_fields", "_held", "_ours", "_part", "_theirs", "_trailer")

    def __init__(self, *, theirs: Chain, ours: Chain, trailer: bool) -> None:
        self._theirs = theirs
        self._ours = ours
        self._trailer = trailer
        self._part = _Part.CHUNKS
        self._fields = b""  # those behind the last chunk, in canonical form
        self._held = bytearray()

    @property
    def held(self) -> int:
        """How many bytes wait for the rest of their chunk."""
        return len(self._held)

    def feed(self, data: bytes) -> bytes:
        """Return what is complete, signed anew."""
        self._held += data
        out: list[bytes] = []
        while self._held:
            taken = self._next()
            if taken is None:
                break
            out.append(taken)
        return b"".join(out)

    def finish(self) -> None:
        """Require that nothing is missing."""
        if self._part is not _Part.DONE or self._held:
            raise WrongChunk

    def _next(self) -> bytes | None:
        """Take one chunk, or one line behind the last, off the front; None while it is not complete."""
        end = self._held.find(b"\r\n", 0, _LONGEST_LINE)
        if end < 0:
            if len(self._held) >= _LONGEST_LINE:
                raise WrongChunk
            return None
        line = bytes(self._held[:end])
        match self._part:
            case _Part.CHUNKS:
                return self._chunk(line)
            case _Part.FIELDS:
                del self._held[: end + 2]
                return self._field(line) + b"\r\n"
            case _Part.LAST_LINE if not line:
                del self._held[: end + 2]
                self._part = _Part.DONE
                return b"\r\n"
            case _:
                raise WrongChunk

    def _chunk(self, line: bytes) -> bytes | None:
        found = _SIZE.fullmatch(line)
        if found is None:
            raise WrongChunk
        size = int(found[1], 16)
        if size > LARGEST_CHUNK:
            raise LargeChunk
        start = len(line) + 2
        fields_follow = not size and self._trailer  # at once, without the line end that closes a payload
        end = start if fields_follow else start + size + 2
        if len(self._held) < end:
            return None
        rest = bytes(self._held[start:end])
        del self._held[:end]
        if not fields_follow and not rest.endswith(b"\r\n"):
            raise WrongChunk
        hashed = hashlib.sha256(rest[:size]).hexdigest().encode()
        _require(self._theirs.chunk(hashed), found[2])
        if not size:
            self._part = _Part.FIELDS if self._trailer else _Part.DONE
        return b"%b;chunk-signature=%b\r\n%b" % (found[1], self._ours.chunk(hashed), rest)

    def _field(self, line: bytes) -> bytes:
        name, colon, value = line.partition(b":")
        name, value = name.strip().lower(), value.strip()
        if not colon or len(self._fields) > _LONGEST_TRAILER:
            raise WrongChunk
        if name != _TRAILER_SIGNATURE:
            self._fields += name + b":" + value + b"\n"
            return line
        hashed = hashlib.sha256(self._fields).hexdigest().encode()
        _require(self._theirs.trailer(hashed), value)
        self._part = _Part.LAST_LINE
        return line.replace(value, self._ours.trailer(hashed))


class _Part(Enum):
    CHUNKS = auto()
    FIELDS = auto()
    LAST_LINE = auto()
    DONE = auto()


def _require(expected: bytes, given: bytes) -> None:
    if not hmac.compare_digest(expected, given):
        raise WrongChunk
