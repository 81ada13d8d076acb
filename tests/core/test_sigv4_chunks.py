"""Chunks that are signed: the examples that AWS publishes, and every cut of them."""

import pytest

from strongroom.core.sigv4 import Claim, Request, Scope
from strongroom.core.sigv4_chunks import LARGEST_CHUNK, Chain, LargeChunk, SignedChunks, WrongChunk
from strongroom.core.sigv4_claims import read_claim

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
SCOPE = Scope(b"20130524", b"us-east-1", b"s3")
MOMENT = b"20130524T000000Z"
SIZES = (65536, 1024, 0)
PLAIN = (
    b"4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
    b"ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
    b"0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
    b"b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
)
TRAILED = (
    b"106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
    b"b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
    b"1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
    b"2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
)
TRAILER = b"x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:%b\r\n\r\n"
TRAILER_SIGNATURE = b"d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435"


def test_the_request_of_the_published_example_has_its_published_signature() -> None:
    authorization = (
        b"AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
        b"SignedHeaders=content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;"
        b"x-amz-decoded-content-length;x-amz-storage-class, Signature=" + PLAIN[0]
    )
    fields = [
        (b"host", b"s3.amazonaws.com"),
        (b"x-amz-date", MOMENT),
        (b"x-amz-storage-class", b"REDUCED_REDUNDANCY"),
        (b"authorization", authorization),
        (b"x-amz-content-sha256", b"STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
        (b"content-encoding", b"aws-chunked"),
        (b"x-amz-decoded-content-length", b"66560"),
        (b"content-length", b"66824"),
    ]
    request = Request(method=b"PUT", target=b"/examplebucket/chunkObject.txt", fields=fields)
    claim = read_claim(request, {b"AKIAIOSFODNN7EXAMPLE"})
    assert isinstance(claim, Claim)
    word = b"STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
    assert claim.form(SCOPE.key(SECRET), request, payload=word) is not None


def plain(signatures: tuple[bytes, ...] = PLAIN) -> bytes:
    return b"".join(
        b"%x;chunk-signature=%b\r\n%b\r\n" % (size, given, b"a" * size)
        for size, given in zip(SIZES, signatures[1:], strict=True)
    )


def trailed(last: bytes = TRAILER_SIGNATURE) -> bytes:
    return plain(TRAILED).removesuffix(b"\r\n") + TRAILER % last


def chunks(seed: bytes, *, trailer: bool = False, ours: str = SECRET) -> SignedChunks:
    return SignedChunks(
        theirs=Chain(SCOPE.key(SECRET), SCOPE, MOMENT, seed=seed),
        ours=Chain(SCOPE.key(ours), SCOPE, MOMENT, seed=seed),
        trailer=trailer,
    )


def passed(body: bytes, signing: SignedChunks, *, cut: int) -> bytes:
    out = b"".join(signing.feed(body[at : at + cut]) for at in range(0, len(body), cut))
    signing.finish()
    return out


@pytest.mark.parametrize("cut", [97, 1000, 65536, 1 << 20])
def test_the_published_examples_are_verified_and_come_out_the_same_under_the_same_key(cut: int) -> None:
    assert passed(plain(), chunks(PLAIN[0]), cut=cut) == plain()
    assert passed(trailed(), chunks(TRAILED[0], trailer=True), cut=cut) == trailed()


def test_under_another_key_only_the_signatures_change_and_their_chain_holds() -> None:
    for body, seed, trailer in ((plain(), PLAIN[0], False), (trailed(), TRAILED[0], True)):
        out = passed(body, chunks(seed, trailer=trailer, ours="other"), cut=5000)
        assert len(out) == len(body)
        assert out != body
        verified = SignedChunks(
            theirs=Chain(SCOPE.key("other"), SCOPE, MOMENT, seed=seed),
            ours=Chain(SCOPE.key(SECRET), SCOPE, MOMENT, seed=seed),
            trailer=trailer,
        )
        assert passed(out, verified, cut=5000) == body


def test_a_chunk_is_held_until_it_is_complete() -> None:
    signing, body = chunks(PLAIN[0]), plain()
    end = len(b"10000;chunk-signature=") + 64 + 2 + 65536 + 2
    assert signing.feed(body[: end - 1]) == b""
    assert signing.held == end - 1
    assert len(signing.feed(body[end - 1 : end])) == end


@pytest.mark.parametrize(
    "body",
    [
        plain().replace(b"a", b"b", 70_000),
        plain().replace(PLAIN[2], PLAIN[1]),
        plain()[:-1],
        plain()[:-2],
        plain() + b"0",
        plain().replace(b"10000;", b"+10000;"),
        plain().replace(b";chunk-signature", b";signature"),
        b"x" * 9000,
        plain()[len(b"10000;chunk-signature=") + 64 + 2 + 65536 + 2 :],
    ],
)
def test_a_body_that_is_not_what_was_signed_is_wrong(body: bytes) -> None:
    with pytest.raises(WrongChunk):
        passed(body, chunks(PLAIN[0]), cut=4096)


@pytest.mark.parametrize(
    "body",
    [
        trailed(b"0" * 64),
        trailed().replace(b"sOO8", b"sOO9"),
        trailed()[:-2],
        trailed() + b"x: y\r\n",
        plain(TRAILED),
        trailed().replace(b"x-amz-checksum-crc32c:", b"x-amz-checksum-crc32c "),
    ],
)
def test_fields_behind_the_last_chunk_that_are_not_what_was_signed_are_wrong(body: bytes) -> None:
    with pytest.raises(WrongChunk):
        passed(body, chunks(TRAILED[0], trailer=True), cut=4096)


def test_a_chunk_beyond_the_bound_is_refused_before_it_has_come() -> None:
    with pytest.raises(LargeChunk):
        chunks(PLAIN[0]).feed(b"%x;chunk-signature=%b\r\n" % (LARGEST_CHUNK + 1, b"0" * 64))
