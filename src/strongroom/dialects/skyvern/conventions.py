"""What this dialect asks for in headers (nothing), and how it words a refusal."""

from collections.abc import Mapping, Sequence
from typing import Any, final

from fastapi import Response
from starlette.datastructures import Headers

from strongroom.core.failures import Failure
from strongroom.core.grants import Principal
from strongroom.dialects.manner import Manner
from strongroom.dialects.openapi import Parameter
from strongroom.dialects.presented import api_key, bearer
from strongroom.dialects.skyvern.errors import BadRequest, Broken, Sentence, Unprocessable, refusal

MAX_BODY = 256 * 1024

MANNER = Manner(
    presented=bearer,
    otherwise_presented=api_key,
    max_body=MAX_BODY,
    ignores_stray_bodies=True,
    stamped={
        "x-frame-options": "DENY",
        "content-security-policy": "frame-ancestors 'none'",
        "x-content-type-options": "nosniff",
    },
    request_id_headers=("request-id", "x-request-id"),
)
"""Either header brings the key (contract skyvern-credentials 1), and every answer is stamped (4)."""


@final
class SkyvernConventions:
    """Refusals as Skyvern's clients know them."""

    responses: Mapping[int | str, dict[str, Any]] = {
        400: {"model": BadRequest, "description": "The request asks for something that cannot be"},
        403: {"model": Sentence, "description": "No key, one that is not valid, or one that may not do this"},
        404: {"model": Sentence, "description": "No such thing for this key"},
        405: {"model": Sentence, "description": "The path does not take this method"},
        409: {"model": Sentence, "description": "Somebody else has changed it meanwhile"},
        413: {"model": Sentence, "description": "The body is too large"},
        422: {"model": Unprocessable, "description": "Fields break a rule"},
        429: {"model": Sentence, "description": "Too many requests"},
        500: {"model": Broken, "description": "A mistake on the server's side"},
        502: {"model": Sentence, "description": "Another server, which keeps the secret, did not answer as it should"},
        503: {"model": Broken, "description": "A part of the server does not answer"},
    }
    parameters: Sequence[Parameter] = ()

    def check(self, headers: Headers, principal: Principal) -> None:
        """Every request that came this far is taken."""

    def refusal(self, failure: Failure, request_id: str) -> Response:  # noqa: ARG002 - it stands in the headers only
        """Answer by the table."""
        return refusal(failure)
