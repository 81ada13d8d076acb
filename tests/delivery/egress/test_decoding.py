"""Compressed replies: decoded when they must be scrubbed, refused when they cannot be."""

import gzip
import random
import zlib
from collections.abc import Callable

import brotli  # type: ignore[import-untyped]  # the wheel has no stubs
import pytest
import zstandard

from strongroom.core.overriding import override
from strongroom.delivery.egress import commands as do
from strongroom.delivery.egress import events as on
from strongroom.delivery.egress.bodies import LAST_CHUNK
from strongroom.delivery.egress.decoding import STEP, decoder
from tests.delivery.egress.doubles import PLACEHOLDER, SECRET, FixedDelivery, swap
from tests.delivery.egress.talk import Talk, refused, reply, request, unchunked

TEXT = b"some text, and %b, and more " % SECRET.encode() * 50
CLEAN = TEXT.replace(SECRET.encode(), PLACEHOLDER.encode())


def bare_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(data) + compressor.flush()


COMPRESSED = {
    "gzip": gzip.compress(TEXT),
    "x-gzip": gzip.compress(TEXT[:99]) + gzip.compress(TEXT[99:]),
    "deflate": zlib.compress(TEXT),
    "Deflate": bare_deflate(TEXT),
    "br": brotli.compress(TEXT),
    "zstd": zstandard.compress(TEXT[:50]) + zstandard.compress(TEXT[50:]),
}


def asked() -> Talk:
    talk = Talk(FixedDelivery(swaps=(swap(),))).tunnel().client(request("/", f"X: {PLACEHOLDER}"))
    talk.heard_by_upstream()
    return talk


@pytest.mark.parametrize("coding", COMPRESSED)
def test_a_compressed_reply_is_scrubbed_and_sent_on_plain(coding: str) -> None:
    heard = asked().upstream(reply(COMPRESSED[coding], f"Content-Encoding: {coding}")).heard_by_client()
    assert heard == b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(CLEAN), CLEAN)


@pytest.mark.parametrize("coding", COMPRESSED)
def test_it_may_come_byte_by_byte(coding: str) -> None:
    talk = asked().upstream(f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\n\r\n".encode())
    for byte in COMPRESSED[coding]:
        talk.upstream(bytes([byte]))
    head, _, body = talk.upstream_gone().heard_by_client().partition(b"\r\n\r\n")
    assert b"ontent-Encoding" not in head
    assert unchunked(body) == CLEAN


@pytest.mark.parametrize("coding", ["compress", "gzip, br", "aws-chunked", "*", "none", "utf-8"])
def test_a_coding_that_cannot_be_read_refuses_the_reply(coding: str) -> None:
    talk = asked().upstream(reply(TEXT, f"Content-Encoding: {coding}"))
    heard = talk.heard_by_client()
    assert refused(heard)[:2] == (502, "encoding_not_supported")
    assert "neither identity nor gzip" in refused(heard)[2]
    assert SECRET.encode() not in heard
    assert talk.done == [do.DropUpstream()]


@pytest.mark.parametrize("coding", ["identity", "", " , identity"])
def test_no_coding_is_none_however_it_is_written(coding: str) -> None:
    heard = asked().upstream(reply(TEXT, f"Content-Encoding: {coding}")).heard_by_client()
    assert heard.startswith(b"HTTP/1.1 200 OK\r\n")
    assert heard.endswith(b"\r\n\r\n" + CLEAN)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_damaged_data_refuse_the_reply(coding: str) -> None:
    damaged = b"\x78\x9c\x1f\x8b" + COMPRESSED[coding][4:40] + b"\xff" * 40
    assert refused(asked().upstream(reply(damaged, f"Content-Encoding: {coding}")).heard_by_client())[0] == 502


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_reply_cut_short_inside_its_compression_is_cut_for_the_client(coding: str) -> None:
    talk = asked().upstream(f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\n\r\n".encode())
    talk.upstream(COMPRESSED[coding][:-4]).upstream_gone()
    assert talk.done == [do.AbortClient()]


def brotli_of(data: bytes) -> bytes:
    return bytes(brotli.compress(data, quality=5))


GROWN = 8 << 20
COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "Deflate": bare_deflate,
    "br": brotli_of,
    "zstd": zstandard.compress,
}


@pytest.mark.parametrize("framing", ["Content-Length", "Transfer-Encoding"])
@pytest.mark.parametrize("coding", COMPRESSORS)
def test_however_much_a_reply_grows_it_is_given_out_in_pieces(coding: str, framing: str) -> None:
    prelude = random.Random(1).randbytes(100_000) + SECRET.encode()  # noqa: S311 - honest bytes before the bomb
    compressed = COMPRESSORS[coding](prelude + bytes(GROWN))
    size = b"Content-Length: %d\r\n\r\n" % len(compressed)
    frame = size if framing == "Content-Length" else b"\r\n"
    talk = asked().upstream(b"HTTP/1.1 200 OK\r\nContent-Encoding: %b\r\n%b%b" % (coding.encode(), frame, compressed))
    if framing != "Content-Length":
        talk.upstream_gone()
    assert talk.largest < STEP + (2 << 20)
    _, _, body = talk.heard_by_client().partition(b"\r\n\r\n")
    plain = unchunked(body)
    assert len(plain) == len(prelude) + GROWN + len(PLACEHOLDER) - len(SECRET)
    assert plain.rstrip(b"\0").endswith(PLACEHOLDER.encode())


@pytest.mark.parametrize("coding", COMPRESSORS)
def test_the_connection_is_kept_after_a_reply_that_grew(coding: str) -> None:
    talk = asked().upstream(reply(COMPRESSORS[coding](bytes(GROWN)), f"Content-Encoding: {coding}"))
    assert talk.heard_by_client().endswith(LAST_CHUNK)
    assert talk.done == [do.KeepUpstream()]
    assert talk.client(request()).upstream(reply()).heard_by_client() == reply()


class Slow(Talk):
    """A client that takes nothing more until it is told to."""

    @override
    def obey(self, command: do.Command) -> on.Event | None:
        return None if command == do.AwaitClient() else super().obey(command)


@pytest.mark.parametrize("clean", [True, False])
@pytest.mark.parametrize("coding", COMPRESSORS)
def test_no_more_is_decoded_than_the_client_takes(coding: str, clean: bool) -> None:
    talk = Slow(FixedDelivery(swaps=(swap(),))).tunnel().client(request("/", f"X: {PLACEHOLDER}"))
    compressed = COMPRESSORS[coding](bytes(GROWN))
    talk.upstream(reply(compressed, f"Content-Encoding: {coding}")[:-5]).upstream(compressed[-5:])
    assert len(talk.to_client) < STEP + (2 << 20)
    talk.upstream_gone(clean=clean)  # all of the reply is here
    while not talk.to_client.endswith(LAST_CHUNK):
        before = len(talk.to_client)
        talk.happen(on.ClientReady())
        assert before < len(talk.to_client) < before + STEP + (2 << 20)
    assert talk.client(request()).upstream(reply()).heard_by_client().endswith(reply())


@pytest.mark.parametrize("more", [0, 1, 100, 257, 258, 300])
@pytest.mark.parametrize("coding", COMPRESSORS)
def test_a_piece_that_ends_with_the_input_is_not_the_last(coding: str, more: int) -> None:
    for size in (STEP, 4 * STEP):
        decoding = decoder([coding.lower().encode()])
        assert decoding is not None
        decoding.feed(COMPRESSORS[coding](bytes(size + more)))
        given = 0
        while decoding.pending:
            given += len(decoding.read())
        decoding.finish()
        assert given == size + more


def test_a_compressed_reply_without_secrets_is_not_touched() -> None:
    talk = Talk(FixedDelivery(swaps=(swap(),))).tunnel().client(request())
    sent = reply(COMPRESSED["gzip"], "Content-Encoding: gzip")
    assert talk.upstream(sent).heard_by_client() == sent


def test_a_reply_to_head_is_not_decoded() -> None:
    talk = Talk(FixedDelivery(swaps=(swap(),))).tunnel().client(request("/", f"X: {PLACEHOLDER}", method="HEAD"))
    talk.upstream(b"HTTP/1.1 200 OK\r\nContent-Encoding: compress\r\nContent-Length: 5\r\n\r\n")
    assert talk.heard_by_client().startswith(b"HTTP/1.1 200 OK\r\nContent-Encoding: compress\r\n")
