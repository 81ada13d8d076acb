"""What the proxy says when it does not forward: one code, one status and one sentence for each reason.

The codes are stable: programs rely on them. A sentence never holds a secret, nor what was refused.
"""

from enum import StrEnum
from http import HTTPStatus
from typing import final

from strongroom.core.failures import (
    BadReply,
    CustodianFailed,
    Failure,
    Invalid,
    NotAuthenticated,
    NotPermitted,
    OtherProtocol,
    StrayRefused,
    TooMany,
    Unreachable,
)


class Code(StrEnum):
    """The reason, as it stands in the `strongroom-refused` header and in the body."""

    AUTHENTICATION_REQUIRED = "authentication_required"
    HOST_NOT_ALLOWED = "host_not_allowed"
    ADDRESS_NOT_ALLOWED = "address_not_allowed"
    PLACEHOLDER_NOT_ALLOWED = "placeholder_not_allowed"
    SIGNATURE_MISMATCH = "signature_mismatch"
    SIGNATURE_NOT_SUPPORTED = "signature_not_supported"
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
    CUSTODIAN_FAILED = "custodian_failed"
    UNAVAILABLE = "unavailable"


STATUS = {
    Code.AUTHENTICATION_REQUIRED: HTTPStatus.PROXY_AUTHENTICATION_REQUIRED,
    Code.HOST_NOT_ALLOWED: HTTPStatus.FORBIDDEN,
    Code.ADDRESS_NOT_ALLOWED: HTTPStatus.FORBIDDEN,
    Code.PLACEHOLDER_NOT_ALLOWED: HTTPStatus.FORBIDDEN,
    Code.SIGNATURE_MISMATCH: HTTPStatus.FORBIDDEN,
    Code.SIGNATURE_NOT_SUPPORTED: HTTPStatus.FORBIDDEN,
    Code.AUTHORITY_MISMATCH: HTTPStatus.MISDIRECTED_REQUEST,
    Code.BAD_REQUEST: HTTPStatus.BAD_REQUEST,
    Code.REQUEST_TIMEOUT: HTTPStatus.REQUEST_TIMEOUT,
    Code.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Code.TOO_MANY: HTTPStatus.TOO_MANY_REQUESTS,
    Code.UPGRADE_NOT_SUPPORTED: HTTPStatus.NOT_IMPLEMENTED,
    Code.UPSTREAM_UNREACHABLE: HTTPStatus.BAD_GATEWAY,
    Code.UPSTREAM_TIMEOUT: HTTPStatus.GATEWAY_TIMEOUT,
    Code.UPSTREAM_BAD_REPLY: HTTPStatus.BAD_GATEWAY,
    Code.ENCODING_NOT_SUPPORTED: HTTPStatus.BAD_GATEWAY,
    Code.CUSTODIAN_FAILED: HTTPStatus.BAD_GATEWAY,
    Code.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
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


STOPS = (Refusal, Failure)
"""What ends an exchange: a failure comes from what is put in, and becomes a refusal by the table below."""


def bad_request(sentence: str) -> Refusal:
    """Return the refusal of a request that breaks a rule of HTTP, or one of ours."""
    return Refusal(Code.BAD_REQUEST, sentence)


def bad_reply(sentence: str) -> Refusal:
    """Return the refusal of an upstream's reply that breaks a rule of HTTP."""
    return Refusal(Code.UPSTREAM_BAD_REPLY, sentence)


def mismatch(sentence: str) -> Refusal:
    """Return the refusal of a request whose several names of its host do not agree."""
    return Refusal(Code.AUTHORITY_MISMATCH, sentence)


_MISSING = "no session token was sent: use the session's proxy URL, which holds it"
_INVALID = "the session token is not valid, or its session has ended: open a new session"

_KEPT_ELSEWHERE = (
    "a secret that this request needs lies in the vault {}, which does not hand it out now: nothing was put in; "
    "try again later"
)
"""Why is said in the server's log: it may name places that are no business of an agent."""


def refusal_of(failure: Failure, *, dialling: bool = False) -> Refusal:  # noqa: PLR0911 - one row each
    """Return what to tell the client about a failure: the only table from failures to answers."""
    match failure:
        case NotAuthenticated():
            return Refusal(Code.AUTHENTICATION_REQUIRED, _INVALID if failure.presented else _MISSING)
        case StrayRefused():
            return Refusal(Code.PLACEHOLDER_NOT_ALLOWED, str(failure))
        case NotPermitted():
            return Refusal(Code.ADDRESS_NOT_ALLOWED if dialling else Code.HOST_NOT_ALLOWED, str(failure))
        case Invalid():
            return bad_request(str(failure))
        case TooMany():
            return Refusal(Code.TOO_MANY, str(failure), retry_after=failure.retry_after)
        case Unreachable() | OtherProtocol():
            return Refusal(Code.UPSTREAM_UNREACHABLE, str(failure))
        case BadReply():
            return bad_reply(str(failure))
        case CustodianFailed():
            return Refusal(Code.CUSTODIAN_FAILED, _KEPT_ELSEWHERE.format(failure.custodian))
        case _:  # no policy, no key, no audit writer: no request (DESIGN section 5, line 10)
            return Refusal(Code.UNAVAILABLE, "the vault cannot decide about this request now; try again later")
