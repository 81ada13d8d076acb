"""Renewal of OAuth access tokens as pure functions: when it is due, what is asked for, what an answer means.

Rules kept here (contract anthropic-vaults 6.6, RFC 6749):
- due when the token has expired or is about to; how much before depends on how long it lives at all;
- an answer is one of three: new tokens, a grant that is gone for good, or a trouble that may pass;
- of an answer that is not a success nothing is kept but its status and an error code of the standard;
- new tokens are merged with what was stored meanwhile: a token that a user has replaced stays theirs.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, final

from strongroom.core.credentials.credential import Credential
from strongroom.core.credentials.mcp_oauth import ClientAuth, McpOAuth, McpOAuthDetails
from strongroom.core.secret import Secret

MARGIN = timedelta(seconds=60)
"""How long before its end a token is renewed (contract 6.6); half of its life if it lives shorter than twice that."""
MAX_TOKEN = 32 * 1024
"""The longest token that is taken: more fits into no header."""
_MAX_LIFETIME = 10 * 365 * 24 * 3600
_TRANSIENT = frozenset({408, 425, 429})
_ERRORS = frozenset(
    {
        *("invalid_request", "invalid_client", "invalid_grant", "unauthorized_client"),  # RFC 6749 section 5.2
        *("unsupported_grant_type", "invalid_scope"),
        *("invalid_target", "invalid_dpop_proof", "interaction_required"),  # RFC 8707, RFC 9449, OpenID Connect
        *("authorization_pending", "slow_down", "access_denied", "expired_token"),  # RFC 8628 section 3.5
        *("bad_refresh_token", "incorrect_client_credentials"),  # GitHub, which says them with status 200
    }
)
_FINAL = frozenset(
    {"invalid_client", "invalid_grant", "unauthorized_client", "bad_refresh_token", "incorrect_client_credentials"}
)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """What a token endpoint is asked, in parts: how it is written as a form is the business of the sender.

    `fields` are those of the grant (`grant_type` and its own); the client's go with `auth`.
    """

    token_endpoint: str
    client_id: str
    auth: ClientAuth
    client_secret: Secret | None = None
    fields: Mapping[str, str | Secret] = field(default_factory=dict)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TokenReply:
    """What a token endpoint answered. The body may hold tokens, or quote what was sent: it is never shown as it is."""

    status: int
    body: bytes = field(repr=False)
    content_type: str = ""
    truncated: bool = False


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """New tokens. `refresh_token` None: the old one stays good. `lifetime` in seconds; None: it was not told."""

    access_token: Secret
    refresh_token: Secret | None = None
    lifetime: int | None = None
    scope: str | None = None


@final
@dataclass(frozen=True, slots=True)
class Rejected:
    """The grant is gone for good, as far as it is up to us. `error` is a code of the standard, or empty."""

    status: int
    error: str = ""


@final
@dataclass(frozen=True, slots=True)
class TryLater:
    """It may work another time. `status` None: there was no answer."""

    status: int | None = None
    error: str = ""


Outcome = Refreshed | Rejected | TryLater


def due_at(details: McpOAuthDetails) -> datetime | None:
    """Return the moment from which the access token is to be renewed; None if it cannot be, or its end is unknown."""
    if details.refresh is None or details.expires_at is None:
        return None
    if details.lifetime is None:  # given by a user, who said when it ends and not how long it lives
        return details.expires_at - MARGIN
    return details.expires_at - min(MARGIN, timedelta(seconds=details.lifetime) / 2)


def due(details: McpOAuthDetails, now: datetime) -> bool:
    """Tell whether the access token is to be renewed before it is used."""
    moment = due_at(details)
    return moment is not None and now >= moment


def refresh_request(details: McpOAuthDetails, material: McpOAuth) -> TokenRequest | None:
    """Return what the token endpoint is asked (RFC 6749 section 6); None where nothing can be renewed."""
    refresh = details.refresh
    if refresh is None or material.refresh_token is None:
        return None
    fields: dict[str, str | Secret] = {"grant_type": "refresh_token", "refresh_token": material.refresh_token}
    if refresh.scope:
        fields["scope"] = refresh.scope
    if refresh.resource:
        fields["resource"] = refresh.resource  # RFC 8707 section 2.2
    return TokenRequest(
        token_endpoint=refresh.token_endpoint,
        client_id=refresh.client_id,
        auth=refresh.token_endpoint_auth,
        client_secret=material.client_secret,
        fields=fields,
    )


def read_reply(reply: TokenReply) -> Outcome:
    """Say what an answer means.

    A redirect is not followed, and a success without a token that can be sent is none: both may pass.
    """
    answered = _object(reply)
    error = answered.get("error")
    error = error if isinstance(error, str) and error in _ERRORS else ""
    if 200 <= reply.status <= 299:  # noqa: PLR2004 - success is a class of its own
        token = _token(answered.get("access_token"))
        if token is not None and _is_bearer(answered.get("token_type")):
            scope = answered.get("scope")
            return Refreshed(
                access_token=token,
                refresh_token=_token(answered.get("refresh_token")),
                lifetime=_lifetime(answered.get("expires_in")),
                scope=scope if isinstance(scope, str) else None,
            )
        return Rejected(reply.status, error) if error in _FINAL else TryLater(reply.status, error)
    if 400 <= reply.status <= 499 and reply.status not in _TRANSIENT:  # noqa: PLR2004 - as above
        return Rejected(reply.status, error)
    return TryLater(reply.status, error)


def merged(
    got: Refreshed,
    *,
    asked_at: datetime,
    before: tuple[McpOAuthDetails, McpOAuth],
    stored: tuple[Credential, McpOAuthDetails, McpOAuth],
) -> tuple[Credential, McpOAuth]:
    """Return what is to be stored: each token is replaced unless somebody else has replaced it since it was read.

    The token's end is counted from the moment before it was asked for. `before` is what was sent, `stored` what is
    there now.
    """
    old_details, old = before
    credential, details, present = stored
    ours = present.access_token == old.access_token
    if ours:
        end = None if got.lifetime is None else asked_at + timedelta(seconds=got.lifetime)
        if details.expires_at == old_details.expires_at:  # else a user has said when it ends
            details = replace(details, expires_at=end, lifetime=got.lifetime)
    refresh_token = present.refresh_token
    if got.refresh_token is not None and present.refresh_token == old.refresh_token:
        refresh_token = got.refresh_token
    material = McpOAuth(
        access_token=got.access_token if ours else present.access_token,
        refresh_token=refresh_token,
        client_secret=present.client_secret,
    )
    return replace(credential, details=details), material


def _object(reply: TokenReply) -> Mapping[str, Any]:
    if reply.truncated:
        return {}
    try:
        found = json.loads(reply.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _token(value: object) -> Secret | None:
    """A token that may stand in a header: visible ASCII (RFC 6749 appendix A.12), and not too long."""
    if not isinstance(value, str) or not value or len(value) > MAX_TOKEN:
        return None
    return Secret(value) if all("\x21" <= character <= "\x7e" for character in value) else None


def _is_bearer(value: object) -> bool:
    """RFC 6749 section 5.1: required, and its case does not matter. Some servers leave it out."""
    return value is None or (isinstance(value, str) and value.lower() == "bearer")


def _lifetime(value: object) -> int | None:
    """Some servers write the number as a text; nothing, zero or less tells nothing."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
    except ValueError:
        return None
    return int(min(seconds, _MAX_LIFETIME)) if seconds >= 1 else None
