"""Fields that are not just forwarded.

Those that concern one connection only never are (RFC 9110 section 7.6.1), `Proxy-*` among them.
A `Connection` field may name more of them, but not such as carry authority or meaning from end to end: naming those
there is an attack, and they are forwarded all the same.
"""

from strongroom.delivery.egress.head import Head

HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"http2-settings",
        b"content-length",  # written anew, with the framing that is really used
    }
)

PARTS = frozenset({b"range", b"if-range"})
NEGOTIATED = PARTS | {b"accept-encoding", b"grpc-accept-encoding", b"connect-accept-encoding"}
"""What a client may wish of a reply: forwarded where no secret can come back, and otherwise replaced by a wish for the
whole, uncompressed."""

END_TO_END = frozenset(
    {
        b"accept-encoding",
        b"authorization",
        b"cache-control",
        b"content-encoding",
        b"content-range",
        b"content-security-policy",
        b"content-type",
        b"cookie",
        b"date",
        b"expect",
        b"forwarded",
        b"host",
        b"location",
        b"origin",
        b"referer",
        b"set-cookie",
        b"strict-transport-security",
        b"www-authenticate",
        b"x-api-key",
    }
)


def persists(head: Head) -> bool:
    """Tell whether a connection goes on after a reply, as far as its head says (RFC 9112 9.3)."""
    return head.minor == 1 and (b"connection" not in head.names or b"close" not in head.tokens(b"connection"))


def not_forwarded(head: Head, besides: frozenset[bytes]) -> frozenset[bytes]:
    """Return the names of the fields to leave out of a forwarded message; `besides` holds `HOP_BY_HOP` and more."""
    if b"connection" not in head.names and head.lower.find(b"proxy-") < 0:  # `in` raises inside, and takes longer
        return besides
    named = head.tokens(b"connection") - END_TO_END
    return besides | named | {name for name in head.names if name.startswith(b"proxy-")}
