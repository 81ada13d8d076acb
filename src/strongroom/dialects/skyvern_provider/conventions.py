"""How a refusal is worded for Skyvern (contract skyvern-credentials 7.4): a message, which reaches its users.

Skyvern shows the first of `message`, `error`, `detail` that it finds, and a body that has none of them whole. So every
refusal is one short sentence, which names fields and never what was in them.
"""

from collections.abc import Mapping, Sequence
from typing import Any, final

from fastapi import Response
from pydantic import BaseModel
from starlette.datastructures import Headers

from strongroom.core.failures import (
    Conflict,
    CustodianFailed,
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
from strongroom.core.grants import Principal
from strongroom.dialects.openapi import Parameter
from strongroom.dialects.refusals import Malformed, NoRoute, WrongMethod
from strongroom.dialects.replies import reply

TABLE: tuple[tuple[type[Failure], int, str | None], ...] = (
    (Malformed, 422, None),
    (Invalid, 422, None),
    (NotAuthenticated, 401, "unauthorized"),
    (NotPermitted, 403, None),
    (NotFound, 404, "not found"),
    (NoRoute, 404, "not found"),
    (WrongMethod, 405, "method not allowed"),
    (Conflict, 409, None),
    (TooLarge, 413, None),
    (TooMany, 429, None),
    (UpstreamFailure, 502, "the vault that keeps this item did not answer as it should"),
    (Unavailable, 503, "the vault cannot do this at the moment"),
    (Failure, 500, "something went wrong in the vault"),
)
"""The first row that fits, with its sentence; None is the failure's own."""

_STATUSES = tuple(sorted({status for _, status, _ in TABLE}))


class Refusal(BaseModel):
    """The body of every answer that is not a success."""

    message: str


@final
class ProviderConventions:
    """Skyvern sends no headers of its own."""

    responses: Mapping[int | str, dict[str, Any]] = {
        status: {"model": Refusal, "description": "Refused" if status < 500 else "Failed"}  # noqa: PLR2004 - HTTP
        for status in _STATUSES
    }
    parameters: Sequence[Parameter] = ()

    def check(self, headers: Headers, principal: Principal) -> None:
        """Every request that came this far is taken."""

    def refusal(self, failure: Failure, request_id: str) -> Response:  # noqa: ARG002 - it is a header of the answer
        """Answer by the table."""
        status, message = next((status, said) for shape, status, said in TABLE if isinstance(failure, shape))
        if isinstance(failure, CustodianFailed):
            message = f"{message}: {failure.custodian}"
        answer = reply({"message": str(failure) if message is None else message}, status=status)
        if isinstance(failure, NotAuthenticated):
            answer.headers["www-authenticate"] = "Bearer"
        if isinstance(failure, TooMany):
            answer.headers["retry-after"] = str(failure.retry_after)
        return answer
