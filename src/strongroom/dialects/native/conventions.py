"""How the native API words a refusal: one table from failures to statuses and codes."""

from collections.abc import Mapping, Sequence
from typing import Any, final

from fastapi import Response
from pydantic import BaseModel
from starlette.datastructures import Headers

from strongroom.core.failures import (
    Conflict,
    CustodianFailed,
    Failure,
    FillRefused,
    Invalid,
    NotAuthenticated,
    NotFilled,
    NotFound,
    NotPermitted,
    TooLarge,
    TooMany,
    Unavailable,
    UpstreamFailure,
)
from strongroom.core.grants import Principal
from strongroom.dialects.openapi import Parameter
from strongroom.dialects.refusals import Malformed, NoRoute, WrongMethod
from strongroom.dialects.replies import reply

REFUSALS: Mapping[type[Failure], tuple[int, str]] = {
    Invalid: (400, "invalid"),
    Malformed: (400, "invalid"),
    NotAuthenticated: (401, "not_authenticated"),
    NotPermitted: (403, "not_permitted"),
    NotFound: (404, "not_found"),
    NoRoute: (404, "not_found"),
    WrongMethod: (405, "method_not_allowed"),
    Conflict: (409, "conflict"),
    TooLarge: (413, "too_large"),
    TooMany: (429, "too_many_requests"),
    UpstreamFailure: (502, "upstream"),
    Unavailable: (503, "unavailable"),
}
UNABLE = (500, "internal")
"""Everything else that is ours, and what nobody thought of. Its words stay in the log."""

FILL_STATUSES: Mapping[NotFilled, int] = {
    NotFilled.UNKNOWN: 404,
    NotFilled.USED: 409,
    NotFilled.EXPIRED: 409,
    NotFilled.OTHER_SITE: 403,
    NotFilled.NO_SITE: 403,
    NotFilled.HOST: 403,
    NotFilled.SESSION_OVER: 403,
}
"""Refusals to fill a login. Their code is in the header `strongroom-refused` as well, like those of the proxies."""

_WORDS = {
    400: "The request breaks a rule; the field and the rule are named.",
    401: "No key, or one that is not valid.",
    403: "The key may not do this.",
    404: "No such thing for this key.",
    405: "The path does not take this method.",
    409: "It clashes with something that exists.",
    413: "The body is too large.",
    429: "Too many requests.",
    500: "A mistake on the server's side.",
    502: "Another server, which had to be asked, did not answer as it should; the step is named.",
    503: "A part of the server does not answer; try again later.",
}


class Problem(BaseModel):
    """What went wrong, in one word for programs and one sentence for people."""

    code: str
    message: str
    field: str | None = None


class Refusal(BaseModel):
    """The body of every answer that is no success."""

    error: Problem
    request_id: str


@final
class NativeConventions:
    """The native API asks for no headers of its own."""

    responses: Mapping[int | str, dict[str, Any]] = {
        status: {"model": Refusal, "description": words} for status, words in _WORDS.items()
    }
    parameters: Sequence[Parameter] = ()

    def check(self, headers: Headers, principal: Principal) -> None:
        """Every request that came this far is taken."""

    def refusal(self, failure: Failure, request_id: str) -> Response:
        """Return the answer to a failure."""
        if isinstance(failure, FillRefused):
            status, code = FILL_STATUSES[failure.why], failure.why.value
        elif isinstance(failure, CustodianFailed) and not failure.set_up:
            status, code = REFUSALS[Invalid]
        else:
            status, code = next((row for kind, row in REFUSALS.items() if isinstance(failure, kind)), UNABLE)
        message = "something went wrong on our side" if (status, code) == UNABLE else str(failure)
        problem = {"code": code, "message": message, "field": _field(failure)}
        answer = reply({"error": problem, "request_id": request_id}, status=status)
        if isinstance(failure, TooMany):
            answer.headers["retry-after"] = str(failure.retry_after)
        if isinstance(failure, FillRefused):
            answer.headers["strongroom-refused"] = failure.why.value
        return answer


def _field(failure: Failure) -> str | None:
    match failure:
        case Invalid(field=field):
            return field or None
        case Malformed(problems=((field, _), *_)):
            return field
        case _:
            return None
