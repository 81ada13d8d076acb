"""Clients that repeat their fields, more or less, and what their sessions may do at the host."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count

from hypothesis import strategies as st

from strongroom.core.plans import Swap
from strongroom.core.secret import Secret
from strongroom.core.surfaces import Surface
from tests.delivery.egress.doubles import (
    BOTH,
    HEADER,
    NOW,
    OTHER,
    PLACEHOLDER,
    SECRET,
    STRAY,
    VAULT,
    FixedDelivery,
    placement,
    swap,
)
from tests.delivery.egress.talk import reply

BEARER = f"Authorization: Bearer {PLACEHOLDER}"
BASIC = "Authorization: Basic bWU6c3JwXzRiSnhrcVR6OFdtUGQyVmZZblJjTHM3R2hROXZFYVUz"
LATER = "srp_LaterOfAnotherCredential00000000"
LATER_SECRET = "tok-later-and-secret"
EVERYWHERE = frozenset(Surface)


def later() -> Swap:
    return Swap(placeholder=LATER, secret=Secret(LATER_SECRET), surfaces=EVERYWHERE, credential=OTHER, vault=VAULT)


def clocked() -> Swap:
    """A secret that is another one each time."""
    numbers = count()
    template = swap(secret="")

    def present() -> Swap:
        return replace(
            template, secret=Secret(f"code-{next(numbers):08}"), at_sending=None, ends=NOW + timedelta(seconds=30)
        )

    return replace(template, at_sending=present)


@dataclass(frozen=True)
class Setting:
    """What a session may do at the host."""

    name: str
    make: Callable[[], FixedDelivery]


SETTINGS = [
    Setting("both surfaces", lambda: FixedDelivery(swaps=(swap(BOTH),))),
    Setting("headers alone", lambda: FixedDelivery(swaps=(swap(HEADER), later()))),
    Setting("everywhere", lambda: FixedDelivery(swaps=(swap(EVERYWHERE), later()), strays={})),
    Setting("strays are refused", lambda: FixedDelivery(swaps=(swap(BOTH),), refuses_strays=True)),
    Setting("a code of the moment", lambda: FixedDelivery(swaps=(clocked(), later()))),
    Setting("a token that is placed", lambda: FixedDelivery(swaps=(later(),), placements=(placement("/mcp"),))),
    Setting("nothing", lambda: FixedDelivery(strays={})),
]
FIELDS = [
    (),
    (BEARER,),
    ("Accept: */*", BASIC, "X-Other: 1"),
    (BEARER, "Content-Type: application/json", "Accept-Encoding: gzip", "Range: bytes=0-1"),
    (BEARER, f"X-Later: {LATER}"),
    (f"X-Later: {LATER}",),
    (f"X-Stray: {STRAY}",),
    (BEARER, "Connection: close"),
    (BEARER, "Connection: keep-alive, X-Hop", "X-Hop: 1", "Proxy-Thing: 2"),
    (BEARER, "TE: trailers", "Connection: TE"),
    (BEARER, "Expect: 100-continue"),
    (BEARER, "X-Length: Content-Length: 5"),
    (BEARER, "Connection: X-Hop"),
]
TARGETS = [
    "/",
    "/a?b=c",
    f"/{PLACEHOLDER}",
    f"/?q={PLACEHOLDER}",
    f"/{STRAY}",
    "/mcp",
    "//twice",
    "*",
    "https://api.example.com/",
    "/a#b",
]
OWN = [
    "",
    "X-Id: 1",
    "X-Id: 2",
    "X-Id: 3",
    "X-Id: 4\nContent-Type: application/json",
    "Content-Type: application/grpc\nContent-Encoding: identity\nX-Id: 5",
    f"X-Key: {PLACEHOLDER}",
    f"X-Key: {STRAY}",
    BASIC,
    "Connection: close",
    "Connection: X-Id\nX-Id: 6",
    "Accept-Encoding: br",
    "X-Hop: 1",
    "X-Hop: 2",
    "Range: bytes=0-1",
    "Host: evil.example.com",
    "Expect: 100-continue",
    "TE: trailers",
    "Keep-Alive: 1",
    "Trailer: X-Sum",
    "Upgrade: other",
    "HTTP2-Settings: AAAA",
    "If-Range: tag",
    "gRPC-Accept-Encoding: gzip",
    "connect-accept-encoding: gzip",
    "proxy-thing: 1",
    "Transfer-Encoding: chunked",
    "Content-Length: 2",
    "Bad Name: 1",
    "X-Bad: \0",
]
METHODS = ["GET", "POST", "PUT", "HEAD", "OPTIONS", "get", "CONNECT", "LOCK"]
BODIES = [b"", b"{}", b"0123456789ab", f"token={PLACEHOLDER}".encode(), f"{STRAY}".encode(), b"x" * 401]
MOSTLY_PLAIN_METHODS = st.sampled_from(METHODS[:2] * 4 + METHODS)
MOSTLY_PLAIN_TARGETS = st.sampled_from(TARGETS[:2] * 4 + TARGETS)
REPLIES = [reply(), reply(b"you sent " + SECRET.encode()), reply(LATER_SECRET.encode(), "Content-Type: text/plain")]


def asking(method: str, target: str, body: bytes | None, fields: tuple[str, ...], *own: str) -> bytes:
    """A request that has some fields of its own, and perhaps a Content-Length, between others."""
    lines = [f"{method} {target} HTTP/1.1", "Host: api.example.com", *fields, *own]
    if body is not None:
        lines.append(f"content-Length:  {len(body)}")
    return "\r\n".join([*lines, "X-Last: 1", "", ""]).encode() + (body or b"")


def _asking(method: str, target: str, body: bytes | None, fields: tuple[str, ...], own: str) -> bytes:
    return asking(method, target, body, fields, *filter(None, own.split("\n")))


@st.composite
def repeating(draw: st.DrawFn) -> list[bytes]:
    """Requests of which most have the fields of the one before."""
    said: list[bytes] = []
    for _ in range(draw(st.integers(1, 3))):
        fields = draw(st.sampled_from(FIELDS))
        bodies = st.sampled_from(BODIES) if draw(st.booleans()) else st.none()
        own = draw(st.sampled_from([st.just(""), st.sampled_from(OWN)]))
        variants = st.builds(_asking, MOSTLY_PLAIN_METHODS, MOSTLY_PLAIN_TARGETS, bodies, st.just(fields), own)
        said += draw(st.lists(variants, min_size=1, max_size=4))
    return said


LINES = ["Host: api.example.com", "hOST: API.example.com", BEARER, *filter(None, "\n".join(OWN).split("\n"))]
edits = st.lists(st.tuples(st.integers(0, 6), st.sampled_from([None, *LINES]), st.booleans()), max_size=2)


@st.composite
def drifting(draw: st.DrawFn) -> list[bytes]:
    """Requests whose lines come, go and change, one or two at a time and often none."""
    lines = ["Host: api.example.com", *draw(st.lists(st.sampled_from(LINES[2:]), max_size=4))]
    said: list[bytes] = []
    for changed in draw(st.lists(edits, min_size=2, max_size=8)):
        before = list(lines)
        for at, line, instead in changed:
            lines[at : at + instead] = [] if line is None else [line]
        said.append("\r\n".join(["GET / HTTP/1.1", *lines, "", ""]).encode())
        lines = before if draw(st.booleans()) else lines
    return said
