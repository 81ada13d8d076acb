"""The one table from failures to what Anthropic's clients understand (contract anthropic-vaults 1.7)."""

from typing import Literal, NotRequired

from fastapi import Response
from typing_extensions import TypedDict

from strongroom.core.failures import (
    Conflict,
    Failure,
    Invalid,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    TooLarge,
    TooMany,
    Unavailable,
    UpstreamFailure,
)
from strongroom.dialects.refusals import Malformed, NoRoute, WrongMethod
from strongroom.dialects.replies import reply

ErrorType = Literal[
    "invalid_request_error",
    "authentication_error",
    "permission_error",
    "not_found_error",
    "conflict_error",
    "request_too_large",
    "rate_limit_error",
    "api_error",
]

TABLE: tuple[tuple[type[Failure], int, ErrorType], ...] = (
    (Malformed, 400, "invalid_request_error"),
    (Invalid, 400, "invalid_request_error"),
    (NotAuthenticated, 401, "authentication_error"),
    (NotPermitted, 403, "permission_error"),
    (NotFound, 404, "not_found_error"),
    (NoRoute, 404, "not_found_error"),
    (WrongMethod, 405, "invalid_request_error"),
    (Conflict, 409, "conflict_error"),
    (TooLarge, 413, "request_too_large"),
    (TooMany, 429, "rate_limit_error"),
    (Unavailable, 503, "api_error"),
    (UpstreamFailure, 503, "api_error"),
    (Failure, 500, "api_error"),
)
"""The first row that fits."""

STATUSES = tuple(sorted({status for _, status, _ in TABLE}))
UNAVAILABLE = "the server cannot do this at the moment"
BROKEN = "something went wrong on our side"


class Details(TypedDict):
    """A reason for programs, where the contract lists one."""

    error_code: str


class Reason(TypedDict):
    """What went wrong."""

    type: ErrorType
    message: str
    details: NotRequired[Details]


class Error(TypedDict):
    """The body of every answer that is not a success."""

    type: Literal["error"]
    error: Reason
    request_id: str


def refusal(failure: Failure, request_id: str) -> Response:
    """Return the answer to a failure."""
    status, kind = next((status, kind) for shape, status, kind in TABLE if isinstance(failure, shape))
    reason: Reason = {"type": kind, "message": _message(failure, status)}
    if isinstance(failure, Invalid) and failure.code is not None:
        reason["details"] = {"error_code": failure.code}
    body: Error = {"type": "error", "error": reason, "request_id": request_id}
    answer = reply(body, status=status)
    if isinstance(failure, Conflict):
        # No conflict here resolves by waiting, and clients repeat a 409 by themselves.
        answer.headers["x-should-retry"] = "false"
    if isinstance(failure, TooMany):
        answer.headers["retry-after"] = str(failure.retry_after)
    return answer


def _message(failure: Failure, status: int) -> str:
    if isinstance(failure, NotAuthenticated):
        return "invalid x-api-key" if failure.presented else "x-api-key header is required"
    if status == 503:  # noqa: PLR2004 - the row of the table
        return UNAVAILABLE
    return BROKEN if status == 500 else str(failure)  # noqa: PLR2004 - as above
