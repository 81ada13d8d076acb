"""What clients are told where there is no answer of an upstream's to pass on (contract 4.7): one table, two dialects.

Rules kept here:
- a code is stable and stands in the body and in `strongroom-refused`; a sentence holds no secret and no word of an
  upstream's;
- what a client cannot mend by asking again says so, since the vendors' clients repeat every status from 500 on;
- a rejected key of a connection is a 502: a 401 would say that the client's own key is bad.
"""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import final

Headers = list[tuple[bytes, bytes]]


@final
class Code(StrEnum):
    """Why there is no answer."""

    INVALID_KEY = "invalid_api_key"
    INVALID_REQUEST = "invalid_request"
    NO_ROUTE_THERE = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    MODEL_NOT_FOUND = "model_not_found"
    UNSUPPORTED_DIALECT = "unsupported_dialect"
    TOO_LARGE = "request_too_large"
    TOO_MANY = "too_many_requests"
    SPEND_LIMIT_EXCEEDED = "spend_limit_exceeded"
    NO_ROUTE = "no_route_available"
    CREDENTIAL_UNAVAILABLE = "credential_unavailable"
    AUTH_FAILED = "upstream_auth_failed"
    RATE_LIMITED = "upstream_rate_limited"
    UPSTREAM_ERROR = "upstream_error"
    OVERLOADED = "upstream_overloaded"
    REDIRECTED = "upstream_redirects"
    UNREACHABLE = "upstream_unreachable"
    TIMEOUT = "upstream_timeout"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal_error"


@final
@dataclass(frozen=True, slots=True)
class Row:
    """How one code is told. `retries` is what `x-should-retry` says; None leaves it to the client."""

    status: int
    openai: str
    anthropic: str
    retries: bool | None = None
    to_anthropic: int | None = None
    """The status in Anthropic's dialect, where it is another."""


_BAD = Row(400, "invalid_request_error", "invalid_request_error")
TABLE: dict[Code, Row] = {
    Code.INVALID_KEY: Row(401, "authentication_error", "authentication_error"),
    Code.INVALID_REQUEST: _BAD,
    Code.NO_ROUTE_THERE: Row(404, "not_found_error", "not_found_error"),
    Code.METHOD_NOT_ALLOWED: Row(405, "invalid_request_error", "invalid_request_error"),
    Code.MODEL_NOT_FOUND: Row(404, "not_found_error", "not_found_error"),
    Code.UNSUPPORTED_DIALECT: _BAD,
    Code.TOO_LARGE: Row(413, "invalid_request_error", "request_too_large"),
    Code.TOO_MANY: Row(429, "rate_limit_error", "rate_limit_error"),
    Code.SPEND_LIMIT_EXCEEDED: Row(429, "rate_limit_error", "rate_limit_error", retries=False),
    Code.NO_ROUTE: Row(503, "api_error", "overloaded_error"),
    Code.CREDENTIAL_UNAVAILABLE: Row(503, "api_error", "api_error", retries=False),
    Code.AUTH_FAILED: Row(502, "api_error", "api_error", retries=False),
    Code.RATE_LIMITED: Row(429, "rate_limit_error", "rate_limit_error"),
    Code.UPSTREAM_ERROR: Row(502, "api_error", "api_error"),
    Code.OVERLOADED: Row(503, "api_error", "overloaded_error", to_anthropic=529),
    Code.REDIRECTED: Row(502, "api_error", "api_error", retries=False),
    Code.UNREACHABLE: Row(502, "api_error", "api_error"),
    Code.TIMEOUT: Row(504, "api_error", "api_error"),
    Code.UNAVAILABLE: Row(503, "api_error", "overloaded_error"),
    Code.INTERNAL: Row(500, "api_error", "api_error"),
}


@final
class Turned(Exception):
    """There is no answer of an upstream's to pass on."""

    def __init__(self, code: Code, sentence: str, *, retry_after: int | None = None, allow: str | None = None) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.retry_after = retry_after
        self.allow = allow

    def status(self, *, anthropic: bool) -> int:
        """Return the status in a dialect."""
        row = TABLE[self.code]
        return row.to_anthropic or row.status if anthropic else row.status


def written(refusal: Turned, request_id: str, *, anthropic: bool) -> tuple[int, Headers, bytes]:
    """Return status, headers and body of the answer."""
    body = json.dumps(_told(refusal, request_id, anthropic=anthropic)).encode()
    headers: Headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"strongroom-refused", refusal.code.encode()),
    ]
    if refusal.code is Code.INVALID_KEY:
        headers.append((b"www-authenticate", b"Bearer"))
    if refusal.allow is not None:
        headers.append((b"allow", refusal.allow.encode()))
    if refusal.retry_after is not None:
        headers.append((b"retry-after", str(refusal.retry_after).encode()))
    retries = TABLE[refusal.code].retries
    if retries is not None:
        headers.append((b"x-should-retry", b"true" if retries else b"false"))
    return refusal.status(anthropic=anthropic), headers, body


def event(refusal: Turned, request_id: str, *, anthropic: bool) -> bytes:
    """Return the event that ends a stream which has begun (contract 4.4). Nothing follows it."""
    told = json.dumps(_told(refusal, request_id, anthropic=anthropic))
    return f"event: error\ndata: {told}\n\n".encode() if anthropic else f"data: {told}\n\n".encode()


def _told(refusal: Turned, request_id: str, *, anthropic: bool) -> dict[str, object]:
    row = TABLE[refusal.code]
    if anthropic:
        error = {"type": row.anthropic, "message": refusal.sentence}
        return {"type": "error", "error": error, "request_id": request_id}
    return {"error": {"message": refusal.sentence, "type": row.openai, "code": refusal.code.value, "param": None}}
