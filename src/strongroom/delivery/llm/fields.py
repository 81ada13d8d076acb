"""Which header fields pass through the gateway: those that are named here and no others (contract 4.3).

A client's other fields say who somebody is, or what its library and network are; an upstream's other fields would be
obeyed as if they were ours, or tell whose account it is.
"""

from collections.abc import Iterable, Sequence

from strongroom.delivery.llm.refusals import Code, Headers, Turned

Fields = Iterable[tuple[bytes, bytes]]

OURS = (("user-agent", "Strongroom"), ("accept-encoding", "identity"))
"""What every request to an upstream says."""

_TO_UPSTREAM = frozenset(
    {
        b"accept",
        b"anthropic-beta",
        b"anthropic-version",
        b"content-type",
        b"idempotency-key",
        b"openai-beta",
        b"traceparent",
        b"tracestate",
        b"x-claude-code-session-id",
    }
)
_HOP = frozenset({b"keep-alive", b"close", b""})
_TO_CLIENT = frozenset(
    {b"content-type", b"openai-processing-ms", b"openai-version", b"retry-after", b"retry-after-ms", b"x-should-retry"}
)
_TO_CLIENT_PREFIXES = (b"x-ratelimit-", b"anthropic-ratelimit-")
_AS_IT_CAME = frozenset({b"content-encoding", b"content-length"})
"""True of a body that is passed on untouched."""
_REQUEST_IDS = frozenset({b"request-id", b"x-request-id"})
EVENTS = b"text/event-stream"


def to_upstream(fields: Fields) -> list[tuple[str, str]]:
    """Return what a client's request says to an upstream. Raises `Turned`."""
    passed: list[tuple[str, str]] = []
    dropped: set[bytes] = set()
    for name, value in fields:
        if name in _TO_UPSTREAM:
            try:
                passed.append((name.decode("ascii"), value.decode()))
            except UnicodeDecodeError:
                raise Turned(Code.INVALID_REQUEST, "a header field is not in UTF-8") from None
        elif name == b"connection" and value.lower() not in _HOP:
            dropped |= {item.strip() for item in value.lower().split(b",")}
        elif name == b"content-encoding" and value.strip().lower() not in {b"", b"identity"}:
            raise Turned(Code.INVALID_REQUEST, "a request to a model has no Content-Encoding")
    return [field for field in passed if field[0].encode() not in dropped] if dropped else passed


def to_client(fields: Fields, secrets: Sequence[bytes], *, untouched: bool) -> Headers:
    """Return what an upstream's answer says to the client; a value that holds a secret is left out.

    `untouched` says that the body follows as it came.
    """
    passed: Headers = []
    for name, value in ((name.lower(), value) for name, value in fields):
        if name in _REQUEST_IDS:
            name = b"x-upstream-request-id"  # noqa: PLW2901 - as it is told
        elif not (name in _TO_CLIENT or name.startswith(_TO_CLIENT_PREFIXES) or (untouched and name in _AS_IT_CAME)):
            continue
        if not any(secret in value for secret in secrets):
            passed.append((name, value))
    return passed


def one(fields: Fields, wanted: bytes) -> bytes:
    """Return the value of a field that stands there once, or else nothing."""
    values = [value for name, value in fields if name.lower() == wanted]
    return values[0] if len(values) == 1 else b""


def is_events(fields: Fields) -> bool:
    """Tell whether a body is a stream of events."""
    return one(fields, b"content-type").partition(b";")[0].strip().lower() == EVENTS
