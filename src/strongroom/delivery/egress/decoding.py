"""Decoding compressed replies piece by piece, so that they can be scrubbed.

Rules kept here:
- a coding that is not in the table refuses the reply: what cannot be read cannot be scrubbed;
- memory stays bounded however much a reply grows (a "zip bomb" or an honest one): a decoder gives out little more than
  `STEP` bytes at a time, and the rest waits as it came until it is asked for.
"""

import zlib
from collections.abc import Callable, Iterator
from typing import Protocol, final

import brotli  # type: ignore[import-untyped]  # the wheel has no stubs
import zstandard

from strongroom.delivery.egress.head import Head
from strongroom.delivery.egress.refusals import Code, Refusal, bad_reply

STEP = 1 << 18
_ZSTD_SLICE = 32  # 8 blocks of up to 128 KiB each: what a few bytes can make zstd write at once
_ZSTD_WINDOW = 8 << 20  # RFC 9659 section 3


class _Coding(Protocol):
    """One decompressor: pieces in, pieces out."""

    @property
    def complete(self) -> bool:
        """Whether the compressed stream has ended properly, or not begun."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what the data decodes to."""


@final
class Decoder:
    """Undoes a Content-Encoding."""

    __slots__ = ("_arrived", "_coding", "_pieces", "pending")

    def __init__(self, coding: _Coding) -> None:
        self._coding = coding
        self._arrived: list[bytes] = []
        self._pieces: Iterator[bytes] = iter(())
        self.pending = False
        """Whether there may be more to read."""

    def feed(self, data: bytes) -> None:
        """Take what has arrived; `read` gives out what it decodes to."""
        self._arrived.append(data)
        self.pending = True

    def read(self) -> bytes:
        """Return the next piece, while there is one. Raises a refusal for corrupt data."""
        pieces: list[bytes] = []
        size = 0
        try:
            while size < STEP and self.pending:
                piece = next(self._pieces, None)
                if piece is not None:
                    pieces.append(piece)
                    size += len(piece)
                elif self._arrived:
                    self._pieces = self._coding.feed(b"".join(self._arrived))
                    self._arrived.clear()
                else:
                    self.pending = False
        except (zlib.error, brotli.error, zstandard.ZstdError):
            raise bad_reply("the upstream's compressed reply cannot be decoded") from None
        return b"".join(pieces)

    def finish(self) -> None:
        """Raise a refusal if the compressed stream is cut short."""
        if not self._coding.complete:
            raise bad_reply("the upstream's compressed reply is cut short")


@final
class _Zlib:
    """gzip, several members one behind the other included, and deflate with or without its zlib wrapper."""

    def __init__(self, *, gzip: bool) -> None:
        self._bits = zlib.MAX_WBITS | 16 if gzip else 0
        self._inflate = zlib.decompressobj(self._bits) if gzip else None
        self.complete = True

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._inflate is None:
                self._bits = self._bits or _deflate_bits(data[0])
                self._inflate = zlib.decompressobj(self._bits)
            self.complete = False
            full = True
            while full and not self._inflate.eof:  # a full piece may leave more behind, though all input is taken
                piece = self._inflate.decompress(data, STEP)
                data, full = self._inflate.unconsumed_tail, len(piece) == STEP
                yield piece
            if self._inflate.eof:
                data, self._inflate, self.complete = self._inflate.unused_data, None, True


def _deflate_bits(first: int) -> int:
    """Tell zlib-wrapped deflate (RFC 9110 8.4.1.2) from the bare one that some servers send, by the first byte."""
    wrapped = first & 0x0F == zlib.DEFLATED and first >> 4 <= zlib.MAX_WBITS - 8
    return zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS


@final
class _Brotli:
    """br (RFC 7932)."""

    def __init__(self) -> None:
        self._decompressor = brotli.Decompressor()
        self._begun = False

    @property
    def complete(self) -> bool:
        return not self._begun or bool(self._decompressor.is_finished())

    def feed(self, data: bytes) -> Iterator[bytes]:
        self._begun = self._begun or bool(data)
        piece = self._decompressor.process(data, output_buffer_limit=STEP)
        yield piece
        while not self._decompressor.is_finished() and (piece or not self._decompressor.can_accept_more_data()):
            piece = self._decompressor.process(b"", output_buffer_limit=STEP)
            yield piece


@final
class _Zstd:
    """zstd (RFC 8878), several frames one behind the other included."""

    def __init__(self) -> None:
        self._decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
        self._frame: zstandard.ZstdDecompressionObj | None = None
        self.complete = True

    def feed(self, data: bytes) -> Iterator[bytes]:
        for start in range(0, len(data), _ZSTD_SLICE):
            part = data[start : start + _ZSTD_SLICE]
            while part:
                frame = self._frame or self._decompressor.decompressobj()
                yield frame.decompress(part)
                self.complete = frame.eof
                self._frame, part = (None, frame.unused_data) if frame.eof else (frame, b"")


_CODINGS: dict[bytes, Callable[[], _Coding]] = {
    b"gzip": lambda: _Zlib(gzip=True),
    b"x-gzip": lambda: _Zlib(gzip=True),
    b"deflate": lambda: _Zlib(gzip=False),
    b"br": _Brotli,
    b"zstd": _Zstd,
}


def plain(content_encoding: list[bytes]) -> bool:
    """Tell whether a reply's Content-Encoding values speak of plain bytes."""
    return not _codings(content_encoding)


def _codings(content_encoding: list[bytes]) -> list[bytes]:
    listed = b",".join(content_encoding).lower().split(b",")
    return [coding for each in listed if (coding := each.strip(b" \t")) not in {b"", b"identity"}]


def decoder(content_encoding: list[bytes]) -> Decoder | None:
    """Return the decoder for a reply's Content-Encoding values, or None for plain bytes. Raises a refusal."""
    codings = _codings(content_encoding)
    if not codings:
        return None
    if len(codings) > 1 or codings[0] not in _CODINGS:
        raise Refusal(
            Code.ENCODING_NOT_SUPPORTED,
            "the reply may hold a secret, and its Content-Encoding is none that can be searched:"
            " neither identity nor gzip, deflate, br or zstd alone",
        )
    return Decoder(_CODINGS[codings[0]]())


MESSAGE_CODINGS = (b"grpc-encoding", b"connect-content-encoding")


def require_plain_messages(head: Head) -> None:
    """Require that the messages inside a body (gRPC, Connect) are not compressed one by one. Raises a refusal."""
    for name in MESSAGE_CODINGS:
        if name in head.names and not plain(head.all(name)):
            raise Refusal(
                Code.ENCODING_NOT_SUPPORTED,
                "the reply may hold a secret, and its messages are compressed one by one and cannot be searched",
            )


_PLAIN_FLAGS = frozenset({0, 0x80})  # a message that is not compressed; the trailers of gRPC-Web


def require_plain_message(flag: int) -> None:
    """Require that a message begins as one of gRPC that is not compressed. Raises a refusal.

    Where the flag is anything else, what is held for messages may be none: a secret cut in two by a length that
    somebody else has written would be in none of them.
    """
    if flag not in _PLAIN_FLAGS:
        raise Refusal(
            Code.ENCODING_NOT_SUPPORTED,
            "the reply may hold a secret, and what it calls messages of gRPC are compressed, or are none",
        )
