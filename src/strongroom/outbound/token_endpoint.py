"""Asks token endpoints: writes the form and the client's proof, reads a bounded answer.

Rules kept here (RFC 6749 sections 2.3.1 and 4; contract anthropic-vaults 6.6, 6.7):
- Basic authentication carries both halves form-encoded; otherwise the client names itself in the body;
- a redirect is an answer: what was posted is never posted a second time elsewhere;
- neither request nor answer is written to a log; the answer goes to the one who asked, and is read there.
"""

from base64 import b64encode
from typing import final
from urllib.parse import quote_plus, urlencode

from strongroom.core.calls import Call, ControlUrl
from strongroom.core.credentials.mcp_oauth import ClientAuth
from strongroom.core.failures import Invalid, Unreachable
from strongroom.core.oauth import TokenReply, TokenRequest
from strongroom.core.secret import Secret
from strongroom.services.oauth_ports import Control

ANSWER_BYTES = 128 * 1024
"""The most of an answer that is read: two of the longest tokens, and room for the rest."""


@final
class HttpTokenEndpoint:
    """Implements `TokenEndpoint` on the control client."""

    def __init__(self, *, client: Control) -> None:
        self._client = client

    async def exchange(self, request: TokenRequest, *, within: float | None = None) -> TokenReply:
        """Return the answer as it came. Raises `NotPermitted`, `Unreachable` and `BadReply`."""
        try:
            url = ControlUrl.parse(request.token_endpoint, insecure=True)  # the client admits plain http, or not
        except Invalid as invalid:
            raise Unreachable(f"the token endpoint's URL cannot be used: it {invalid.rule}") from None
        headers = {"accept": "application/json", "content-type": "application/x-www-form-urlencoded"}
        if request.auth is ClientAuth.BASIC:
            headers["authorization"] = _basic(request)
        call = Call(method="POST", url=url, headers=headers, body=_form(request), limit_bytes=ANSWER_BYTES)
        reply = await self._client.send(call, within=within)
        return TokenReply(
            status=reply.status,
            body=reply.body,
            content_type=reply.headers.get("content-type", ""),
            truncated=reply.truncated,
        )


def _form(request: TokenRequest) -> bytes:
    fields = dict(request.fields)
    if request.auth is not ClientAuth.BASIC:
        fields["client_id"] = request.client_id
    if request.auth is ClientAuth.POST and request.client_secret is not None:
        fields["client_secret"] = request.client_secret
    written = {name: value.reveal() if isinstance(value, Secret) else value for name, value in fields.items()}
    return urlencode(written).encode()


def _basic(request: TokenRequest) -> str:
    secret = "" if request.client_secret is None else request.client_secret.reveal()
    return "Basic " + b64encode(f"{quote_plus(request.client_id)}:{quote_plus(secret)}".encode()).decode()
