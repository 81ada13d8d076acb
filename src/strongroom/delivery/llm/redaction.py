"""An upstream's error as a client may see it: without what the request was authenticated with (contract 4.9).

Every form in which an upstream is likely to echo a secret is looked for; what cannot be decoded cannot be searched,
and is not shown.
"""

from collections.abc import Sequence

from strongroom.core.scrubbing import Scrubber
from strongroom.core.secret import Secret
from strongroom.delivery.egress.decoding import decoder
from strongroom.delivery.egress.refusals import Refusal

REDACTED = "[redacted]"
UNREADABLE = b""


def redacted(
    body: bytes, fields: Sequence[tuple[bytes, bytes]], secrets: Sequence[Secret], *, most: int, complete: bool
) -> bytes:
    """Return what may be shown of a body, of which no more than `most` is."""
    try:
        text, whole = _decoded(body, fields, most)
    except Refusal:
        return UNREADABLE
    scrubber = Scrubber((secret, REDACTED) for secret in secrets)
    if whole and complete and len(text) <= most:
        return scrubber.clean(text)
    settled, _ = scrubber.settle(text[:most])  # what is cut off may be the rest of a secret
    return settled


def _decoded(body: bytes, fields: Sequence[tuple[bytes, bytes]], most: int) -> tuple[bytes, bool]:
    codings = [value for name, value in fields if name.lower() == b"content-encoding"]
    coding = decoder(codings)
    if coding is None:
        return body, True
    coding.feed(body)
    text = b""
    while coding.pending and len(text) <= most:
        text += coding.read()
    return text, not coding.pending
