"""Putting secrets where placeholders stand, in one request.

Rules kept here:
- a placeholder is replaced only on the surfaces its credential allows (DESIGN: header values,
  the decoded user and password of Basic authorization, body; query and path where allowed);
- each surface has its own encoding: JSON, form, XML and percent escapes are applied where needed;
- a value with CR, LF or NUL never enters a header: the placeholder goes out as it is;
- what changes with the clock is made at the moment at which it is put in;
- header names are never touched, and what was put in is never searched again.
"""

import base64
import binascii
import html
import json
import re
from collections.abc import Callable
from enum import Enum, auto
from typing import Final, assert_never, final
from urllib.parse import quote, quote_plus

from strongroom.core.length_prefixed import LengthPrefixed
from strongroom.core.mcp_urls import normal_target
from strongroom.core.needles import Needles, Stream
from strongroom.core.plans import Placement, Plan, Swap
from strongroom.core.secret import Secret
from strongroom.core.surfaces import Surface

FORBIDDEN_IN_HEADER = ("\r", "\n", "\0")


class BodyEncoding(Enum):
    """How a text is escaped inside a body."""

    RAW = auto()
    JSON = auto()
    FORM = auto()
    XML = auto()
    MESSAGES = auto()
    """Not at all, in messages that tell their lengths: only a secret of the placeholder's own length fits."""


RAW: Final = BodyEncoding.RAW
JSON: Final = BodyEncoding.JSON
FORM: Final = BodyEncoding.FORM
XML: Final = BodyEncoding.XML
MESSAGES: Final = BodyEncoding.MESSAGES
"""Taken once for what runs with every body: before Python 3.12, to ask an enumeration for a member is slow."""

_BODY = Surface.BODY
_GRPC = re.compile(rb"application/grpc(?:-web)?(?:\+[^;]*)?")


def body_encoding(content_type: bytes) -> BodyEncoding:
    """Read the escaping from a Content-Type value; anything unknown is raw."""
    kind = content_type.partition(b";")[0].strip().lower()
    if kind == b"application/x-www-form-urlencoded":
        return FORM
    if kind.endswith((b"/json", b"+json", b"/x-ndjson", b"/jsonl", b"/json-seq")):
        return JSON
    if kind.endswith((b"/xml", b"+xml")):
        return XML
    if _GRPC.fullmatch(kind):
        return MESSAGES
    return RAW


def encode(text: str, encoding: BodyEncoding) -> bytes:
    """Escape a text for a place inside a body of that encoding."""
    if encoding is JSON:
        return json.dumps(text, ensure_ascii=False)[1:-1].encode()
    if encoding is RAW or encoding is MESSAGES:
        return text.encode()
    if encoding is FORM:
        return quote_plus(text, safe="").encode()
    if encoding is XML:
        return html.escape(text).encode()
    assert_never(encoding)


Used = Callable[[Swap | Placement], None]
"""Told of each secret that was put in."""
Strayed = Callable[[str, Surface], None]
"""Told of each live placeholder that was met where it does not belong, and of the surface. It may raise a failure."""

Live = Callable[[], bool]
"""Tells whether the plan still holds; asked before each secret that is put in."""


@final
class Substituter:
    """Follows a plan. One per plan: it holds no state of a request."""

    __slots__ = ("_for_headers", "_live", "_needles", "_plan", "_strayed", "_swaps", "_used", "concerns", "lines_in")

    def __init__(self, plan: Plan, *, used: Used, strayed: Strayed, live: Live = lambda: True) -> None:
        self._plan = plan
        self._live = live
        self._swaps = {swap.placeholder.encode(): swap for swap in plan.swaps}
        self._for_headers = {
            found: swap
            for found, swap in self._swaps.items()
            if Surface.HEADER in swap.surfaces and _fits_header(swap.secret)
        }
        self._needles = Needles([*self._swaps, *map(str.encode, plan.strays)])
        self.concerns = self._needles.occur_in
        """Tells quickly whether a placeholder may stand in some data, in clear: never wrongly no."""
        self.lines_in = self._needles.lines_in
        """Returns the lines of a head in which a placeholder may stand, in clear: never too few."""
        self._used = used
        self._strayed = strayed

    def header_value(self, value: bytes) -> bytes:
        """Return a header value with its placeholders replaced."""
        return self._needles.replace(value, self._in_header)

    def basic(self, value: bytes) -> bytes:
        """Return a `Basic …` value whose decoded user and password had their placeholders replaced.

        What is not valid Basic authorization (RFC 7617) is returned as it came.
        """
        scheme, space, encoded = value.partition(b" ")
        if scheme.lower() != b"basic" or not space:
            return value
        try:
            decoded = base64.b64decode(encoded.strip() + b"==", validate=False)
        except binascii.Error:
            return value
        replaced = self._needles.replace(decoded, self._in_header)
        return value if replaced == decoded else scheme + b" " + base64.b64encode(replaced)

    def target(self, target: bytes) -> bytes:
        """Return a request target with placeholders replaced in path and query, where allowed."""
        if not self.concerns(target):
            return target
        path, mark, query = target.partition(b"?")
        return (
            self._needles.replace(path, lambda found: self._percent(found, Surface.PATH))
            + mark
            + self._needles.replace(query, lambda found: self._percent(found, Surface.QUERY))
        )

    def body(self, encoding: BodyEncoding, held: bytes = b"") -> Stream:
        """Return a stream that replaces placeholders in one body, or goes on with what another has `held` back."""
        return Stream(self._needles, lambda found: self._in_body(found, encoding), held)

    def messages(self) -> LengthPrefixed:
        """Return a stream that replaces placeholders in the messages of one body, where a secret fits."""
        return LengthPrefixed(self.body(BodyEncoding.MESSAGES))

    def report(self, data: bytes, surface: Surface) -> None:
        """Report the placeholders in data that nothing is put into."""
        self._needles.replace(data, lambda found: self._stray(found, surface))

    def watch(self) -> Stream:
        """Return a stream that leaves one body as it is, and reports the placeholders in it."""
        return Stream(self._needles, self._met_in_body)

    def placed(self, target: str, *, reserved: bool = False) -> tuple[str, bytes] | None:
        """Return the header, name and value, to set on a request to this target, if the plan has one.

        It takes the place of whatever the client sent under that name. Who looks into the request's messages gets
        `reserved` ones too.
        """
        if not self._plan.placements:
            return None
        normal = normal_target(target)
        for placement in self._plan.placements:
            if placement.reserved and not reserved:
                continue
            if placement.target == normal and self._live() and _fits_header(placement.secret):
                self._used(placement)
                return placement.header, f"{placement.scheme} {placement.secret.reveal()}".encode()
        return None

    def require_none_left(self, head: bytes) -> None:
        """Report the first placeholder that stands in a head that is ready to be sent, in a name for instance."""
        self.report(head, Surface.HEADER)

    def _in_header(self, found: bytes) -> bytes:
        swap = self._for_headers.get(found)
        if swap is None or not self._live():
            self._allowed(found, Surface.HEADER)
            return found
        sent = swap.present
        self._used(sent)
        return sent.secret.reveal().encode()

    def _in_body(self, found: bytes, encoding: BodyEncoding) -> bytes:
        swap = self._allowed(found, _BODY)
        if swap is None:
            return found
        sent = swap.present
        written = encode(sent.secret.reveal(), encoding)
        if encoding is MESSAGES and len(written) != len(found):
            return self._stray(found, Surface.BODY)
        self._used(sent)
        return written

    def _met_in_body(self, found: bytes) -> bytes:
        if self._live():
            self._strayed(found.decode(), Surface.BODY)
        return found

    def _percent(self, found: bytes, surface: Surface) -> bytes:
        swap = self._allowed(found, surface)
        if swap is None:
            return found
        sent = swap.present
        self._used(sent)
        return quote(sent.secret.reveal(), safe="").encode()

    def _allowed(self, found: bytes, surface: Surface) -> Swap | None:
        if not self._live():
            return None  # revoked while the request was under way: the literal goes out, and is no misuse
        swap = self._swaps.get(found)
        if swap is not None and surface in swap.surfaces:
            return swap
        self._stray(found, surface)
        return None

    def _stray(self, found: bytes, surface: Surface) -> bytes:
        if self._live():
            self._strayed(found.decode(), surface)
        return found


def _fits_header(secret: Secret) -> bool:
    text = secret.reveal()
    return not any(char in text for char in FORBIDDEN_IN_HEADER)
