"""What the gateway says when it does not pass a request or its answer on: one code, one status, one sentence.

The body is a JSON-RPC error without an id, which MCP's Streamable HTTP allows beside any HTTP error: a client then
shows our sentence where it would have said "error 502". The codes are stable, and no sentence holds a secret.
"""

import json
from enum import StrEnum
from http import HTTPStatus
from typing import final

from strongroom.core.failures import Failure
from strongroom.delivery.egress.refusals import STATUS as EGRESS_STATUS
from strongroom.delivery.egress.refusals import Code as EgressCode
from strongroom.delivery.egress.refusals import Refusal, refusal_of

_SERVER_ERROR = -32000  # JSON-RPC 2.0 section 5.1: for implementation-defined errors
Headers = list[tuple[bytes, bytes]]


class Code(StrEnum):
    """The reasons that only the gateway has; the others are the egress proxy's."""

    HOST_NOT_OURS = "host_not_ours"
    ORIGIN_NOT_ALLOWED = "origin_not_allowed"
    SERVER_NOT_FOUND = "mcp_server_not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    AUTHENTICATION_FAILED = "mcp_authentication_failed"
    REDIRECTED = "upstream_redirects"
    INSECURE = "insecure_upstream"
    TOOL_NOT_ALLOWED = "tool_not_allowed"


STATUS = {code.value: status for code, status in EGRESS_STATUS.items()} | {
    EgressCode.AUTHENTICATION_REQUIRED.value: HTTPStatus.UNAUTHORIZED,  # here it is the server itself that asks
    Code.HOST_NOT_OURS.value: HTTPStatus.FORBIDDEN,
    Code.ORIGIN_NOT_ALLOWED.value: HTTPStatus.FORBIDDEN,
    Code.SERVER_NOT_FOUND.value: HTTPStatus.NOT_FOUND,
    Code.METHOD_NOT_ALLOWED.value: HTTPStatus.METHOD_NOT_ALLOWED,
    Code.AUTHENTICATION_FAILED.value: HTTPStatus.BAD_GATEWAY,  # a 401 would make the client ask its user to sign in
    Code.REDIRECTED.value: HTTPStatus.BAD_GATEWAY,
    Code.INSECURE.value: HTTPStatus.FORBIDDEN,
    Code.TOOL_NOT_ALLOWED.value: HTTPStatus.FORBIDDEN,
}
CODES = tuple(sorted(STATUS))

_MISSING = "no session token was sent: send the session's `egress.token` as Authorization: Bearer"


@final
class Turned(Exception):
    """The request is not passed on, or its answer not given."""

    def __init__(self, code: Code | EgressCode, sentence: str, *, retry_after: int | None = None) -> None:
        super().__init__(sentence)
        self.code = code.value
        self.sentence = sentence
        self.retry_after = retry_after


def turned(error: Failure | Refusal, *, dialling: bool = False) -> Turned:
    """Return what to tell the client about a failure, or a refusal in the egress proxy's terms."""
    refusal = error if isinstance(error, Refusal) else refusal_of(error, dialling=dialling)
    return Turned(refusal.code, refusal.sentence, retry_after=refusal.retry_after)


def no_token() -> Turned:
    """Return the refusal of a request without a token."""
    return Turned(EgressCode.AUTHENTICATION_REQUIRED, _MISSING)


def written(refusal: Turned) -> tuple[int, Headers, bytes]:
    """Return status, headers and body of the answer."""
    error = {"code": _SERVER_ERROR, "message": refusal.sentence, "data": {"strongroom_refused": refusal.code}}
    body = json.dumps({"jsonrpc": "2.0", "id": None, "error": error}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"strongroom-refused", refusal.code.encode()),
    ]
    if refusal.code == EgressCode.AUTHENTICATION_REQUIRED:
        headers.append((b"www-authenticate", b'Bearer realm="strongroom"'))  # RFC 6750 section 3
    if refusal.code == Code.METHOD_NOT_ALLOWED:
        headers.append((b"allow", b"GET, POST, DELETE"))
    if refusal.retry_after is not None:
        headers.append((b"retry-after", str(refusal.retry_after).encode()))
    return STATUS[refusal.code], headers, body
