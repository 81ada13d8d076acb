"""Compressed replies: decoded when they must be scrubbed, refused when they cannot be."""

import gzip
import zlib

import brotli  # type: ignore[import-untyped]  # the wheel has no stubs
import pytest
import zstandard

from strongroom.delivery.egress import commands as do
from strongroom.delivery.egress.decoding import decoder
from strongroom.delivery.egress.refusals import Refusal
from tests.delivery.egress.doubles import PLACEHOLDER, SECRET, FixedDelivery, swap
from tests.delivery.egress.talk import Talk, reply, request
from tests.delivery.egress.test_conversation import refused, unchunked

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


@pytest.mark.parametrize(
    ("coding", "bomb"),
    [
        ("gzip", gzip.compress(bytes(50 << 20))),
        ("br", brotli.compress(bytes(50 << 20), quality=5)),
        ("zstd", zstandard.compress(bytes(50 << 20))),
    ],
)
def test_a_bomb_is_not_unpacked(coding: str, bomb: bytes) -> None:
    with pytest.raises(Refusal, match="without measure"):
        decoder([coding.encode()]).feed(bomb)  # type: ignore[union-attr]


def test_a_compressed_reply_without_secrets_is_not_touched() -> None:
    talk = Talk(FixedDelivery(swaps=(swap(),))).tunnel().client(request())
    sent = reply(COMPRESSED["gzip"], "Content-Encoding: gzip")
    assert talk.upstream(sent).heard_by_client() == sent


def test_a_reply_to_head_is_not_decoded() -> None:
    talk = Talk(FixedDelivery(swaps=(swap(),))).tunnel().client(request("/", f"X: {PLACEHOLDER}", method="HEAD"))
    talk.upstream(b"HTTP/1.1 200 OK\r\nContent-Encoding: compress\r\nContent-Length: 5\r\n\r\n")
    assert talk.heard_by_client().startswith(b"HTTP/1.1 200 OK\r\nContent-Encoding: compress\r\n")
