"""Where programs exchange a secret, a code or a refresh token for tokens (RFC 6749 sections 2.3.1, 4.4, 5 and 6).

A client shows its secret by Basic or in the form, never both. Answers are not kept by anybody on the way, and repeat
nothing of what was sent.
"""

import base64
import binascii
import json
import logging
import traceback
from collections.abc import Mapping
from typing import Any, final
from urllib.parse import unquote_plus

from fastapi import Response
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from strongroom.core.failures import Invalid, Unavailable
from strongroom.core.secret import Secret
from strongroom.core.sign_in import GrantRefused, OAuthError
from strongroom.dialects.replies import JSON
from strongroom.dialects.signing_in.forms import read_form
from strongroom.services.issuing import Issuing, Presented, Tokens

CLIENT_CREDENTIALS, CODE, REFRESH = "client_credentials", "authorization_code", "refresh_token"
GRANTS = (CLIENT_CREDENTIALS, CODE, REFRESH)
_UNKEPT = {"cache-control": "no-store", "pragma": "no-cache"}
_log = logging.getLogger(__name__)


@final
class TokenEndpoint:
    """Answers POST, and nothing else."""

    def __init__(self, issuing: Issuing) -> None:
        self._issuing = issuing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await (await self._answer(scope, receive))(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        if scope["method"] != "POST":
            return Response(status_code=405, headers={"allow": "POST"})
        headers = Headers(scope=scope)
        try:
            form = await read_form(headers, receive)
            return _reply(200, _written(await self._granted(presented(headers, form), form)))
        except Exception as error:  # noqa: BLE001 - the last place that can word an answer
            return _refusal_of(error)

    async def _granted(self, client: Presented, form: Mapping[str, str]) -> Tokens:
        match form.get("grant_type"):
            case "client_credentials":
                return await self._issuing.for_machine(client, form.get("scope", ""))
            case "authorization_code":
                code, verifier = Secret(_needed(form, "code")), Secret(_needed(form, "code_verifier"))
                redirect = _needed(form, "redirect_uri")
                return await self._issuing.redeem(client, code, verifier=verifier, redirect_uri=redirect)
            case "refresh_token":
                return await self._issuing.refresh(client, Secret(_needed(form, "refresh_token")))
            case _:
                raise GrantRefused(OAuthError.UNSUPPORTED_GRANT_TYPE, f"grant_type must be one of {', '.join(GRANTS)}")


def presented(headers: Headers, form: Mapping[str, str]) -> Presented:
    """Return who a client says it is. Raises `Invalid`, and `GrantRefused` where it does not say it."""
    given = headers.get("authorization")
    if given is None:
        posted = form.get("client_secret")
        return Presented(id=_needed(form, "client_id"), secrets=() if posted is None else (Secret(posted),))
    if "client_secret" in form:
        raise Invalid("must come by Basic or in the form, not both", field="client_secret")
    scheme, _, encoded = given.partition(" ")
    try:
        id_, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        id_, colon, secret = "", "", ""
    if scheme.lower() != "basic" or not colon:
        raise GrantRefused(OAuthError.INVALID_CLIENT, "the client must show its secret by Basic, or in the form")
    # The standard has both halves form-encoded, and many clients do not encode them: a key may have a % or a +.
    spellings = dict.fromkeys((secret, unquote_plus(secret)))
    if form.get("client_id", id_) not in {id_, unquote_plus(id_)}:
        raise Invalid("must be the one that Basic names", field="client_id")
    return Presented(id=unquote_plus(id_), secrets=tuple(map(Secret, filter(None, spellings))))


def _needed(form: Mapping[str, str], name: str) -> str:
    if not form.get(name):
        raise Invalid("is needed", field=name)
    return form[name]


def _written(tokens: Tokens) -> dict[str, Any]:
    said: dict[str, Any] = {
        "access_token": tokens.access_token.reveal(),
        "token_type": "Bearer",
        "expires_in": tokens.seconds,
        "scope": tokens.scope,
    }
    if tokens.refresh_token is not None:
        said["refresh_token"] = tokens.refresh_token.reveal()
    if tokens.id_token is not None:
        said["id_token"] = tokens.id_token.reveal()
    return said


def _refusal_of(error: Exception) -> Response:
    match error:
        case Invalid():
            return _refusal(400, OAuthError.INVALID_REQUEST, str(error))
        case GrantRefused(error=OAuthError.INVALID_CLIENT):
            answer = _refusal(401, OAuthError.INVALID_CLIENT, str(error))
            answer.headers["www-authenticate"] = 'Basic realm="strongroom"'
            return answer
        case GrantRefused():
            return _refusal(400, error.error, str(error))
        case Unavailable():
            return _refusal(503, "temporarily_unavailable", "the server cannot do this at the moment")
        case _:
            where = "".join(traceback.format_tb(error.__traceback__))
            _log.error("the token endpoint failed with %s\n%s", type(error).__name__, where)
            return _refusal(500, "server_error", "something went wrong on our side")


def _refusal(status: int, error: str, sentence: str) -> Response:
    return _reply(status, {"error": str(error), "error_description": sentence})


def _reply(status: int, said: Mapping[str, Any]) -> Response:
    return Response(json.dumps(said).encode(), status_code=status, media_type=JSON, headers=_UNKEPT)
