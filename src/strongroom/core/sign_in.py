"""Signing in with our own issuer: what a program may ask for, and what the tokens say that it gets. Pure.

RFC 6749, RFC 7636, RFC 8252, RFC 9068, RFC 9207; contract barndoor-credentials 2.8. Rules kept here:
- a token is made from a key of ours, names it, and never says more than that key may;
- a program without a secret is sent its code on this machine and nowhere else, and only with a proof key (S256);
- what cannot be answered where it is to be sent is said to the person, and nobody is sent anywhere.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, final
from urllib.parse import urlencode

from strongroom.core.actions import DEFAULT_SCOPES, OPERATOR_SCOPES, Scope
from strongroom.core.failures import Invalid, Refused
from strongroom.core.grants import Principal
from strongroom.core.identity import BACKDATE, LIFETIME
from strongroom.core.ids import WorkspaceId
from strongroom.core.pkce import METHOD
from strongroom.core.uuids import uuid_for

REALM = "/realms/strongroom"
"""Where the issuer is, below the URL that the API is known by."""
CLIENT = "barndoor-cli"
"""The one program without a secret: what the vendor's own client calls itself."""
OPENID, OFFLINE = "openid", "offline_access"
ASKING_LIVES = timedelta(minutes=10)
CODE_LIVES = timedelta(seconds=60)
REFRESH_LIVES = timedelta(days=30)
"""How long somebody stays signed in; then the key is asked for again."""
ADMIN = "admin"
_REDIRECT = re.compile(r"(http://127\.0\.0\.1(?::[1-9][0-9]{0,4})?)(?:/[\x21\x24-\x3a\x3c-\x7e]*)?\Z")  # no " # ;
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}\Z")  # RFC 7636 section 4.2: a SHA-256
_MAX_TEXT = 2000


class OAuthError(StrEnum):
    """What the standards call a refusal (RFC 6749 sections 4.1.2.1 and 5.2)."""

    INVALID_REQUEST = "invalid_request"
    INVALID_CLIENT = "invalid_client"
    INVALID_GRANT = "invalid_grant"
    UNAUTHORIZED_CLIENT = "unauthorized_client"
    UNSUPPORTED_GRANT_TYPE = "unsupported_grant_type"
    UNSUPPORTED_RESPONSE_TYPE = "unsupported_response_type"
    INVALID_SCOPE = "invalid_scope"


@final
class GrantRefused(Refused):
    """No code and no token: `error` says it to programs, the sentence to people."""

    def __init__(self, error: OAuthError, sentence: str) -> None:
        super().__init__(sentence)
        self.error = error


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a program asks for when it sends a person here."""

    redirect_uri: str
    state: str
    scope: str
    challenge: str
    nonce: str

    @property
    def origin(self) -> str:
        """Where the answer goes, without its path."""
        found = _REDIRECT.match(self.redirect_uri)
        assert found is not None  # noqa: S101 - it was read so
        return found[1]

    def answer(self, issuer: str, **said: str) -> str:
        """Return the URL of an answer."""
        state = {"state": self.state} if self.state else {}
        joined = "&" if "?" in self.redirect_uri else "?"
        return self.redirect_uri + joined + urlencode({**said, **state, "iss": issuer})


def read_asked(query: Mapping[str, str]) -> Asked:
    """Read a request. Raises `Invalid` where nothing may be answered to the program; `refusal` says the rest."""
    if query.get("client_id") != CLIENT:
        raise Invalid(f"must be {CLIENT}: programs with a secret need no browser", field="client_id")
    redirect = query.get("redirect_uri", "")
    if len(redirect) > _MAX_TEXT or not _REDIRECT.match(redirect):
        raise Invalid("must be http://127.0.0.1, with a port and a path", field="redirect_uri")
    if any(len(query.get(name, "")) > _MAX_TEXT for name in ("state", "scope", "nonce")):
        raise Invalid("is too long", field="state, scope or nonce")
    return Asked(
        redirect_uri=redirect,
        state=query.get("state", ""),
        scope=query.get("scope", ""),
        challenge=query.get("code_challenge", ""),
        nonce=query.get("nonce", ""),
    )


def refusal(query: Mapping[str, str]) -> GrantRefused | None:
    """Return why a request is refused that the program can be told of, or None."""
    if query.get("response_type") != "code":
        return GrantRefused(OAuthError.UNSUPPORTED_RESPONSE_TYPE, "response_type must be code")
    if query.get("code_challenge_method") != METHOD or not _CHALLENGE.match(query.get("code_challenge", "")):
        return GrantRefused(OAuthError.INVALID_REQUEST, "a code_challenge is needed, with the method S256")
    if query.get("response_mode", "query") != "query":
        return GrantRefused(OAuthError.INVALID_REQUEST, "response_mode must be query")
    return None


def narrowed(asked: str, may: frozenset[Scope]) -> frozenset[Scope]:
    """Return what a token is for: the scopes of ours that are asked for, or else what a key is made with.

    Raises `GrantRefused` for one that the key lacks. Names that are not ours are left to those who know them.
    """
    known = {scope.value: scope for scope in Scope}
    named = frozenset(known[word] for word in asked.split() if word in known)
    if not named <= may:
        raise GrantRefused(OAuthError.INVALID_SCOPE, "a token cannot have a scope that its key lacks")
    return named or may & DEFAULT_SCOPES


def access_claims(  # noqa: PLR0913 - what a token says, and who says it when
    principal: Principal,
    scopes: frozenset[Scope],
    *,
    organization: str,
    client: str,
    issuer: str,
    audience: str,
    token_id: str,
    now: datetime,
) -> Mapping[str, Any]:
    """Return what an access token says (RFC 9068). `organization` is its UUID."""
    is_admin = scopes >= DEFAULT_SCOPES - OPERATOR_SCOPES
    return {
        **_times(now),
        "iss": issuer,
        "sub": uuid_for(principal.id),
        "aud": audience,
        "jti": token_id,
        "client_id": client,
        "key_id": principal.id,
        "workspace_id": principal.workspace,
        "org_id": organization,
        "roles": [ADMIN] if is_admin else [],
        "scope": written(scopes),
    }


def id_claims(principal: Principal, *, client: str, issuer: str, nonce: str, now: datetime) -> Mapping[str, Any]:
    """Return what a token says that tells a program who signed in (OpenID Connect Core section 2)."""
    said = {**_times(now), "iss": issuer, "sub": uuid_for(principal.id), "aud": client}
    return {**said, "nonce": nonce} if nonce else said


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class FromKey:
    """What a verified token of ours says of the key that it was made from."""

    workspace: WorkspaceId
    key: str
    scopes: frozenset[Scope]


def read_own(claims: Mapping[str, Any]) -> FromKey:
    """Read a token of ours, whose signature is verified: its fields are as we have written them."""
    known = {scope.value: scope for scope in Scope}
    return FromKey(
        workspace=WorkspaceId(claims["workspace_id"]),
        key=claims["key_id"],
        scopes=frozenset(known[word] for word in claims["scope"].split() if word in known),
    )


def written(scopes: frozenset[Scope], *more: str) -> str:
    """Write scopes as tokens and answers have them."""
    words: Sequence[str] = [*more, *sorted(scope.value for scope in scopes)]
    return " ".join(words)


def _times(now: datetime) -> Mapping[str, int]:
    good_from = int((now - BACKDATE).timestamp())
    return {"iat": good_from, "nbf": good_from, "exp": int((now + LIFETIME).timestamp())}
