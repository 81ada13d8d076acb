"""A compressed reply of any bytes: it is refused, or read to its end piece by piece, and the secret is not in it."""

from strongroom.core.scrubbing import Scrubber
from strongroom.core.secret import Secret
from strongroom.delivery.egress.decoding import STEP, decoder
from strongroom.delivery.egress.refusals import Refusal
from tests.fuzz.conversation import SECRET

CODINGS = (b"gzip", b"deflate", b"br", b"zstd", b"x-gzip")
_LARGEST = 16 * STEP
_SCRUBBER = Scrubber([(Secret(SECRET), "srp_placeholder")])


def check(data: bytes) -> None:
    """Decode what follows the first byte, cut where the second says. Raises `AssertionError` where a rule fails."""
    if len(data) <= 2:
        return
    cut, body = data[1], data[2:]
    decoding = decoder([CODINGS[data[0] % len(CODINGS)]])
    assert decoding is not None
    stream = _SCRUBBER.stream()
    heard, size = b"", 0
    try:
        for piece in (body[:cut], body[cut:]):
            decoding.feed(piece)
            while decoding.pending and size < _LARGEST:
                got = decoding.read()
                assert len(got) <= 8 * STEP, "memory stays bounded"
                size += len(got)
                heard = heard[-len(SECRET) :] + stream.feed(got)
                assert SECRET.encode() not in heard
        decoding.finish()
    except Refusal:
        return
    assert SECRET.encode() not in heard + stream.finish()
