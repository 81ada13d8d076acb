"""The one table from failures to what Skyvern's clients understand (contract skyvern-credentials 4).

Mostly `{"detail": …}`: a sentence, or the list of fields that were refused. Nothing that was sent is repeated but the
id in a path, where clients know the sentence by it.
"""

from collections.abc import Sequence
from typing import Any, Literal, final

from fastapi import Response
from typing_extensions import TypedDict

from strongroom.core.failures import (
    Conflict,
    CustodianFailed,
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
from strongroom.dialects.refusals import Malformed, NoRoute, Problem, WrongMethod
from strongroom.dialects.replies import reply
from strongroom.dialects.validation import OURS

KEY_CODES = frozenset({"authenticator_key_required", "invalid_authenticator_key"})
"""What is wrong with an authenticator key; clients read these out of `detail`."""
MODIFIED = "Credential was modified by another request. Please retry."
UNKNOWN_KEY = "Invalid credentials"


@final
class Told(Refused):
    """A refusal whose sentence and status Skyvern's clients know."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


TABLE: tuple[tuple[type[Failure], int], ...] = (
    (Malformed, 422),
    (Invalid, 400),
    (NotAuthenticated, 403),
    (NotPermitted, 403),
    (NotFound, 404),
    (NoRoute, 404),
    (WrongMethod, 405),
    (Conflict, 409),
    (TooLarge, 413),
    (TooMany, 429),
    (UpstreamFailure, 502),
    (Unavailable, 503),
    (Failure, 500),
)
"""The first row that fits."""

_FIXED: tuple[tuple[type[Failure], str], ...] = (
    (NotAuthenticated, UNKNOWN_KEY),
    (NoRoute, "Not Found"),
    (WrongMethod, "Method Not Allowed"),
    (Conflict, MODIFIED),
)
_UNREAD = {"body": "json_invalid", "content-type": "model_attributes_type"}
"""What a body that is no JSON is called, and one of another type."""


class FieldProblem(TypedDict):
    """A field that was refused."""

    loc: list[str | int]
    msg: str
    type: str


class KeyProblem(TypedDict):
    """What is wrong with an authenticator key."""

    error_code: Literal["authenticator_key_required", "invalid_authenticator_key"]
    message: str


class Sentence(TypedDict):
    """A refusal in words."""

    detail: str


class BadRequest(TypedDict):
    """A refusal in words, or what is wrong with an authenticator key."""

    detail: str | KeyProblem


class Unprocessable(TypedDict):
    """Every field that was refused."""

    detail: list[FieldProblem]


class Broken(TypedDict):
    """A mistake on the server's side."""

    error: str


def refusal(failure: Failure) -> Response:
    """Return the answer to a failure."""
    if isinstance(failure, Told):
        return reply({"detail": str(failure)}, status=failure.status)
    if isinstance(failure, Malformed):
        return reply({"detail": _problems(failure.found)}, status=422)
    if isinstance(failure, Invalid) and failure.field in _UNREAD:
        unread = Problem(where=("body",), kind=_UNREAD[failure.field], rule=failure.rule)
        return reply({"detail": _problems([unread])}, status=422)
    if isinstance(failure, CustodianFailed) and not failure.set_up:
        return reply({"detail": str(failure)}, status=400)
    status = next(status for shape, status in TABLE if isinstance(failure, shape))
    answer = reply(_body(failure, status), status=status)
    if isinstance(failure, TooMany):
        answer.headers["retry-after"] = str(failure.retry_after)
    return answer


def _body(failure: Failure, status: int) -> dict[str, Any]:
    if status == 503:  # noqa: PLR2004 - the row of the table
        return {"error": "Database temporarily unavailable"}
    if status == 500:  # noqa: PLR2004 - as above
        return {"error": f"Unexpected error: {type(failure).__name__}"}
    if isinstance(failure, Invalid) and failure.code in KEY_CODES:
        return {"detail": {"error_code": failure.code, "message": f"The authenticator key {failure.rule}."}}
    return {"detail": next((words for shape, words in _FIXED if isinstance(failure, shape)), str(failure))}


def _problems(found: Sequence[Problem]) -> list[FieldProblem]:
    return [
        {
            "loc": list(problem.where),
            "msg": problem.rule,
            "type": "value_error" if problem.kind == OURS else problem.kind,
        }
        for problem in found
    ]
