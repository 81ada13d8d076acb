"""What the proxy says when it does not forward: one code, one status and one sentence for each reason.

The codes are stable: programs rely on them. A sentence never holds a secret, nor what was refused.
"""

import json
from enum import StrEnum
from typing import final

from strongroom.core.failures import (
    BadReply,
    Failure,
    Invalid,
    NotAuthenticated,
    NotPermitted,
    TooMany,
    Unreachable,
)


class Code(StrEnum):
    """The reason, as it stands in the body and in the `strongroom-refused` header."""

    AUTHENTICATION_REQUIRED = "authentication_required"
    HOST_NOT_ALLOWED = "host_not_allowed"
    ADDRESS_NOT_ALLOWED = "address_not_allowed"
    AUTHORITY_MISMATCH = "authority_mismatch"
    BAD_REQUEST = "bad_request"
    REQUEST_TIMEOUT = "request_timeout"
    TOO_LARGE = "too_large"
    TOO_MANY = "too_many"
    UPGRADE_NOT_SUPPORTED = "upgrade_not_supported"
    UPSTREAM_UNREACHABLE = "upstream_unreachable"
    UPSTREAM_TIMEOUT = "upstream_timeout"
    UPSTREAM_BAD_REPLY = "upstream_bad_reply"
    ENCODING_NOT_SUPPORTED = "encoding_not_supported"
    UNAVAILABLE = "unavailable"


_STATUS = {
    Code.AUTHENTICATION_REQUIRED: "407 Proxy Authentication Required",
    Code.HOST_NOT_ALLOWED: "403 Forbidden",
    Code.ADDRESS_NOT_ALLOWED: "403 Forbidden",
    Code.AUTHORITY_MISMATCH: "421 Misdirected Request",
    Code.BAD_REQUEST: "400 Bad Request",
    Code.REQUEST_TIMEOUT: "408 Request Timeout",
    Code.TOO_LARGE: "413 Content Too Large",
    Code.TOO_MANY: "429 Too Many Requests",
    Code.UPGRADE_NOT_SUPPORTED: "501 Not Implemented",
    Code.UPSTREAM_UNREACHABLE: "502 Bad Gateway",
    Code.UPSTREAM_TIMEOUT: "504 Gateway Timeout",
    Code.UPSTREAM_BAD_REPLY: "502 Bad Gateway",
    Code.ENCODING_NOT_SUPPORTED: "502 Bad Gateway",
    Code.UNAVAILABLE: "503 Service Unavailable",
}

FINAL = frozenset({Code.BAD_REQUEST, Code.AUTHORITY_MISMATCH})
"""After these the connection is closed: what follows on it cannot be trusted to be a request."""


@final
class Refusal(Exception):
    """The request is not forwarded, or its reply not passed on."""

    def __init__(self, code: Code, sentence: str, *, retry_after: int | None = None) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.retry_after = retry_after
        """Seconds after which to try again, where that is known."""


def bad_request(sentence: str) -> Refusal:
    """Return the refusal of a request that breaks a rule of HTTP, or one of ours."""
    return Refusal(Code.BAD_REQUEST, sentence)


def bad_reply(sentence: str) -> Refusal:
    """Return the refusal of an upstream's reply that breaks a rule of HTTP."""
    return Refusal(Code.UPSTREAM_BAD_REPLY, sentence)


def mismatch(sentence: str) -> Refusal:
    """Return the refusal of a request whose several names of its host do not agree."""
    return Refusal(Code.AUTHORITY_MISMATCH, sentence)


def refusal_of(failure: Failure, *, dialling: bool = False) -> Refusal:  # noqa: PLR0911 - one row each
    """Return what to tell the client about a failure: the only table from failures to answers."""
    match failure:
        case NotAuthenticated():
            return Refusal(Code.AUTHENTICATION_REQUIRED, "a valid session token is required")
        case NotPermitted():
            return Refusal(Code.ADDRESS_NOT_ALLOWED if dialling else Code.HOST_NOT_ALLOWED, str(failure))
        case Invalid():
            return bad_request(str(failure))
        case TooMany():
            return Refusal(Code.TOO_MANY, str(failure), retry_after=failure.retry_after)
        case Unreachable():
            return Refusal(Code.UPSTREAM_UNREACHABLE, str(failure))
        case BadReply():
            return bad_reply(str(failure))
        case _:  # no policy, no key, no audit writer: no request (DESIGN section 5, line 10)
            return Refusal(Code.UNAVAILABLE, "the vault cannot decide about this request now; try again later")


def answer(refusal: Refusal, *, close: bool, bodiless: bool = False) -> bytes:
    """Return the whole reply. `bodiless` leaves the body out, as a reply to HEAD must."""
    body = json.dumps({"error": {"code": refusal.code, "message": refusal.sentence}}).encode() + b"\n"
    lines = [
        f"HTTP/1.1 {_STATUS[refusal.code]}",
        "content-type: application/json",
        f"content-length: {len(body)}",
        f"strongroom-refused: {refusal.code}",
        "cache-control: no-store",
    ]
    if refusal.code is Code.AUTHENTICATION_REQUIRED:
        lines.append('proxy-authenticate: Basic realm="strongroom"')
    if refusal.retry_after is not None:
        lines.append(f"retry-after: {refusal.retry_after}")
    if close:
        lines.append("connection: close")
    return "\r\n".join([*lines, "", ""]).encode() + (b"" if bodiless else body)
