"""Taking secrets out of replies: each becomes the placeholder it was put in for.

A secret is looked for in every form an upstream is likely to echo it in: raw, JSON-escaped,
HTML-escaped, percent-encoded (both spellings) and base64 at any of the three alignments, in both
alphabets. At an odd alignment the base64 digits that mix with a neighbour's bits are left alone;
the digits that depend on the secret alone are replaced.
"""

import base64
import html
import json
from collections.abc import Iterable, Iterator
from typing import final
from urllib.parse import quote, quote_plus

from strongroom.core.needles import Needles, Stream
from strongroom.core.overriding import override
from strongroom.core.secret import Secret

_MIN_BASE64 = 6  # fewer digits say too little and occur by chance


@final
class Scrubber:
    """The secrets that one session may have sent to one host. Holds no state of a reply."""

    __slots__ = ("_needles", "_table")

    def __init__(self, secrets: Iterable[tuple[Secret, str]]) -> None:
        self._table = {form: name.encode() for secret, name in secrets for form in _forms(secret.reveal())}
        self._needles = Needles(self._table)

    @override
    def __repr__(self) -> str:
        return "Scrubber(…)"

    def __bool__(self) -> bool:
        return bool(self._table)

    def concerns(self, data: bytes) -> bool:
        """Tell quickly whether a secret may stand in the data: never wrongly no."""
        return self._needles.occur_in(data)

    def clean(self, data: bytes) -> bytes:
        """Return complete data (a header value, a whole body) without secrets."""
        return self._needles.replace(data, self._table.__getitem__)

    def stream(self) -> Stream:
        """Return a stream that cleans one body."""
        return Stream(self._needles, self._table.__getitem__)


def _forms(secret: str) -> Iterator[bytes]:
    raw = secret.encode()
    yield raw
    for escaped in (json.dumps(secret), json.dumps(secret, ensure_ascii=False)):
        yield escaped[1:-1].encode()
        yield escaped[1:-1].replace("/", "\\/").encode()
    yield html.escape(secret).encode()
    for percent in (quote(secret, safe=""), quote(secret), quote(secret, safe="!'()*"), quote_plus(secret)):
        yield percent.encode()
        yield _lower_escapes(percent).encode()
    for shift in range(3):
        digits = _own_digits(raw, shift)
        if len(digits) >= _MIN_BASE64:
            yield digits
            yield digits.translate(_URL_SAFE)


_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def _own_digits(raw: bytes, shift: int) -> bytes:
    """Return the base64 digits that depend on `raw` alone when `shift` bytes stand before it."""
    digits = base64.b64encode(b"\0" * shift + raw).rstrip(b"=")
    first = (0, 2, 3)[shift]  # digits shared with the bytes before
    shared_after = (shift + len(raw)) % 3 != 0  # the last digit also carries bits of what follows
    return digits[first : len(digits) - shared_after]


def _lower_escapes(percent: str) -> str:
    head, *escapes = percent.split("%")
    return "%".join([head, *(escape[:2].lower() + escape[2:] for escape in escapes)])
