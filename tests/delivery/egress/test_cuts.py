"""However the bytes arrive, each side hears the same."""

import itertools
import json

from hypothesis import given, settings
from hypothesis import strategies as some

from tests.delivery.egress.doubles import PLACEHOLDER, SECRET, STRAY, FixedDelivery, swap
from tests.delivery.egress.talk import Talk, request, unchunked

CHUNKED = request("/1", "Transfer-Encoding: chunked", method="POST") + b"".join(
    b"%x\r\n%b\r\n" % (len(piece), piece)
    for piece in (b"a" + PLACEHOLDER[:7].encode(), PLACEHOLDER[7:].encode() + b"z")
)
REQUESTS = {
    "bodiless": request("/0", f"Authorization: Bearer {PLACEHOLDER}", f"X: {STRAY}"),
    "with a length": request(
        "/1", "Content-Type: application/json", method="POST", body=json.dumps({"k": PLACEHOLDER}).encode()
    ),
    "in chunks": CHUNKED + b"0\r\n\r\n",
}
REPLIES = {
    "with a length": b"HTTP/1.1 200 OK\r\nX: %b\r\nContent-Length: %d\r\n\r\n<%b>"
    % (SECRET.encode(), len(SECRET) + 2, SECRET.encode()),
    "in chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n"
    % (SECRET[:5].encode(), len(SECRET) - 5, SECRET[5:].encode()),
    "after interim ones": b"HTTP/1.1 103 Early Hints\r\nX: %b\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n" % SECRET.encode(),
}


def cut(wire: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(wire), *(cut % len(wire) for cut in cuts)})
    return [wire[start:end] for start, end in itertools.pairwise(places)]


def plain(heard: bytes) -> bytes:
    """Join chunks, since where they are cut may differ."""
    head, _, body = heard.rpartition(b"\r\n\r\n") if b"hunked" not in heard else heard.partition(b"\r\n\r\n")
    if b"Transfer-Encoding: chunked" not in head:
        return heard
    return (
        head.replace(b"Transfer-Encoding: chunked", b"Content-Length: %d" % len(unchunked(body)))
        + b"\r\n\r\n"
        + unchunked(body)
    )


def conversation(asked: list[bytes], answered: list[bytes]) -> tuple[bytes, bytes]:
    talk = Talk(FixedDelivery(swaps=(swap(),))).tunnel()
    for piece in asked:
        talk.client(piece)
    for piece in answered:
        talk.upstream(piece)
    return plain(talk.heard_by_upstream()), plain(talk.heard_by_client())


@settings(max_examples=150)
@given(
    some.sampled_from(sorted(REQUESTS)),
    some.sampled_from(sorted(REPLIES)),
    some.lists(some.integers(0, 10_000), max_size=6),
    some.lists(some.integers(0, 10_000), max_size=6),
)
def test_bytes_cut_anywhere_are_heard_the_same(asks: str, answers: str, first: list[int], second: list[int]) -> None:
    asked, answered = REQUESTS[asks], REPLIES[answers]
    whole = conversation([asked], [answered])
    assert conversation(cut(asked, first), cut(answered, second)) == whole
    assert SECRET.encode() not in whole[1]


def test_every_single_byte_by_itself_is_heard_the_same() -> None:
    for asked in REQUESTS.values():
        for answered in REPLIES.values():
            whole = conversation([asked], [answered])
            bytewise = conversation([bytes([byte]) for byte in asked], [bytes([byte]) for byte in answered])
            assert bytewise == whole
