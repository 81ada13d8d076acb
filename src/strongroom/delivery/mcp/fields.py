"""Which header fields pass through the gateway.

Rules kept here:
- to the server pass all that a client says, but for what belongs to the hop to us (RFC 9110 7.6.1), what proves who
  somebody is (Authorization, Cookie, Proxy-*), what names us or the client's network (Host, Origin, Forwarded, …), and
  `Accept-Encoding`: answers are asked for as they are, so that they can be searched;
- from the server pass only fields that mean something to an MCP client. A browser, or a proxy before us, would obey
  others as if they were ours: cookies, CORS, redirects, challenges to sign in, `X-Accel-*`.
"""

from collections.abc import Iterable, Sequence

from strongroom.core.scrubbing import Scrubber
from strongroom.delivery.egress.hops import END_TO_END, HOP_BY_HOP
from strongroom.delivery.egress.refusals import bad_request
from strongroom.delivery.mcp.refusals import Turned, turned
from strongroom.services.live import LivePlan

Fields = Iterable[tuple[bytes, bytes]]

_KEPT_BACK = HOP_BY_HOP | {
    b"accept-encoding",
    b"authorization",
    b"cookie",
    b"cookie2",
    b"expect",
    b"forwarded",
    b"host",
    b"max-forwards",
    b"origin",
    b"referer",
    b"via",
    b"x-real-ip",
}
_KEPT_BACK_PREFIXES = (b"access-control-", b"proxy-", b"sec-", b"strongroom-", b"x-forwarded-")

_PASSED_ON = frozenset(
    {
        b"allow",
        b"cache-control",
        b"content-language",
        b"content-type",
        b"ratelimit",
        b"ratelimit-policy",
        b"request-id",
        b"retry-after",
        b"traceparent",
        b"x-correlation-id",
        b"x-request-id",
    }
)
_PASSED_ON_PREFIXES = (b"mcp-", b"ratelimit-", b"x-ratelimit-")

OURS = [(b"x-content-type-options", b"nosniff"), (b"content-security-policy", b"default-src 'none'; sandbox")]
"""An answer is for a program. Where a browser shows one nonetheless, it runs nothing under our name."""


def one(fields: Fields, wanted: bytes) -> bytes:
    """Return the value of a field that stands there once, or else nothing."""
    values = [value for name, value in fields if name.lower() == wanted]
    return values[0] if len(values) == 1 else b""


def to_server(fields: Fields, plan: LivePlan) -> list[tuple[str, str]]:
    """Return what a client's request says to the server, placeholders replaced. Raises a refusal or a failure."""
    sent = [(name.lower(), value) for name, value in fields]
    named = {item.strip() for name, value in sent if name == b"connection" for item in value.lower().split(b",")}
    kept_back = _KEPT_BACK | (named - END_TO_END)
    passed: list[tuple[str, str]] = [("accept-encoding", "identity")]
    for name, value in sent:
        if name in kept_back or name.startswith(_KEPT_BACK_PREFIXES):
            continue
        put_in = plan.substituter.header_value(value) if plan.substituter.concerns(value) else value
        try:
            passed.append((name.decode("ascii"), put_in.decode()))
        except UnicodeDecodeError:
            raise turned(bad_request("a header field is not in UTF-8")) from None
    return passed


def to_client(fields: Sequence[tuple[bytes, bytes]], scrubber: Scrubber) -> list[tuple[bytes, bytes]]:
    """Return what the server's answer says to the client, without secrets."""
    passed = []
    for name, value in ((name.lower(), value) for name, value in fields):
        if (name in _PASSED_ON or name.startswith(_PASSED_ON_PREFIXES)) and scrubber.clean(name) == name:
            passed.append((name, scrubber.clean(value)))
    return passed + OURS


def no_encoding(fields: Fields) -> None:
    """Raise a refusal for a request in an encoding: nobody could search it."""
    for name, value in fields:
        if name.lower() == b"content-encoding" and value.strip().lower() not in {b"", b"identity"}:
            raise _encoded()


def _encoded() -> Turned:
    return turned(bad_request("a request to an MCP server has no Content-Encoding"))
