"""What this dialect's clients know of refusals: one table from failures to statuses and words (contract 2.9)."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, final

from fastapi import Response
from starlette.datastructures import Headers
from typing_extensions import TypedDict

from strongroom.core.failures import (
    Conflict,
    Failure,
    Invalid,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    Refused,
    TooLarge,
    TooMany,
    Unavailable,
    UpstreamFailure,
)
from strongroom.core.grants import Principal
from strongroom.dialects.openapi import Parameter
from strongroom.dialects.refusals import Malformed, NoRoute, WrongMethod
from strongroom.dialects.replies import reply

MAX_BODY = 256 * 1024

ErrorType = Literal[
    "invalid_request_error",
    "authentication_error",
    "permission_error",
    "not_found_error",
    "conflict_error",
    "request_too_large",
    "rate_limit_error",
    "not_implemented_error",
    "api_error",
]


@final
class NotOffered(Refused):
    """The vendor has this and we do not."""

    def __init__(self) -> None:
        super().__init__("this server does not offer this part of the API")


TABLE: tuple[tuple[type[Failure], int, ErrorType, str], ...] = (
    (Malformed, 400, "invalid_request_error", "invalid_request"),
    (Invalid, 400, "invalid_request_error", "invalid_request"),
    (NotAuthenticated, 401, "authentication_error", "invalid_token"),
    (NotPermitted, 403, "permission_error", "permission_denied"),
    (NotFound, 404, "not_found_error", "not_found"),
    (WrongMethod, 405, "invalid_request_error", "method_not_allowed"),
    (Conflict, 409, "conflict_error", "conflict"),
    (TooLarge, 413, "request_too_large", "request_too_large"),
    (TooMany, 429, "rate_limit_error", "rate_limited"),
    (NotOffered, 501, "not_implemented_error", "not_implemented"),
    (NoRoute, 501, "not_implemented_error", "not_implemented"),
    (Unavailable, 503, "api_error", "unavailable"),
    (UpstreamFailure, 503, "api_error", "unavailable"),
    (Failure, 500, "api_error", "internal_error"),
)
"""The first row that fits."""

_STEADY = {
    401: "a valid token is required",
    501: "this server does not offer this part of the API",
    500: "something went wrong on our side",
    503: "the server cannot do this at the moment",
}


class Reason(TypedDict):
    """What went wrong."""

    message: str
    type: ErrorType
    code: str
    request_id: str


class Error(TypedDict):
    """The body of every answer that is not a success."""

    error: Reason


@final
class BarndoorConventions:
    """This dialect asks for no headers of its own."""

    responses: Mapping[int | str, dict[str, Any]] = {
        status: {"model": Error, "description": "Refused" if status < 500 else "Failed"}  # noqa: PLR2004 - HTTP
        for status in sorted({status for _, status, _, _ in TABLE})
    }
    parameters: Sequence[Parameter] = ()

    def check(self, headers: Headers, principal: Principal) -> None:
        """Every request that came this far is taken."""

    def refusal(self, failure: Failure, request_id: str) -> Response:
        """Answer by the table."""
        _, status, kind, code = next(row for row in TABLE if isinstance(failure, row[0]))
        if isinstance(failure, Invalid | Conflict) and failure.code is not None:
            code = failure.code
        is_explained = isinstance(failure, NotAuthenticated) and failure.why is not None
        message = str(failure) if is_explained else _STEADY.get(status, str(failure))
        body: Error = {"error": {"message": message, "type": kind, "code": code, "request_id": request_id}}
        answer = reply(body, status=status)
        match failure:
            case NotAuthenticated():
                answer.headers["www-authenticate"] = "Bearer"
            case TooMany(retry_after=seconds):
                answer.headers["retry-after"] = str(seconds)
            case _:
                pass
        return answer
