"""An authorization under way: a person is asked, and what comes back is checked before anything of it is used.

RFC 6749 section 4.1, RFC 7636, RFC 8707, RFC 9207. Rules kept here:
- nothing of an answer counts before its `state` is ours and its `iss` is the server's that was asked;
- a parameter that stands there twice makes the whole answer void (RFC 6749 section 3.1);
- of a refusal only names that the standards list are repeated; its words are somebody else's.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from strongroom.core.calls import ControlUrl
from strongroom.core.credentials.mcp_oauth import ClientAuth
from strongroom.core.discovery import OFFLINE, Issuer
from strongroom.core.failures import Invalid
from strongroom.core.ids import AuthorizationId, CredentialId, OrganizationId, PrincipalId, VaultId, WorkspaceId
from strongroom.core.pkce import METHOD
from strongroom.core.registration import Client
from strongroom.core.secret import Secret

LIFETIME = timedelta(minutes=10)
"""How long a person may take."""
KEPT = timedelta(days=1)
"""How long it is known what became of one."""
MAX_PENDING = 50
"""Authorizations of one workspace that may be under way at a time."""
MAX_CALLBACK = 16 * 1024
MAX_CODE = 8192
_LOOPBACK = ("127.0.0.1", "::1", "localhost")

DENIED = "access_denied"
ERRORS: Mapping[str, str] = {
    DENIED: "you, or the server, said no: begin again and allow it",
    "invalid_request": "it finds our request wrong (invalid_request)",
    "unauthorized_client": "this client may not ask that way (unauthorized_client)",
    "unsupported_response_type": "it gives no codes (unsupported_response_type)",
    "invalid_scope": "it does not know the scope (invalid_scope): name one with --scope",
    "invalid_target": "it does not issue tokens for this server (invalid_target)",
    "server_error": "it has a problem of its own (server_error): try again later",
    "temporarily_unavailable": "it is not available now (temporarily_unavailable): try again later",
    "login_required": "somebody has to sign in there first (login_required)",
    "consent_required": "somebody has to consent there first (consent_required)",
    "interaction_required": "it has to ask somebody first (interaction_required)",
}
"""RFC 6749 section 4.1.2.1, RFC 8707 section 2, OpenID Connect Core section 3.1.2.6."""
OTHER_ERROR = "it gave a reason that is in no standard"


class Flow(StrEnum):
    """How the answer comes back: to a port on the person's machine, to our own server, or by asking again and again."""

    LOOPBACK = "loopback"
    SERVER = "server"
    DEVICE = "device"


class Standing(StrEnum):
    """What became of an authorization. Taken: its answer is being redeemed, which happens once."""

    PENDING = "pending"
    TAKEN = "taken"
    CONNECTED = "connected"
    FAILED = "failed"


RAN_OUT: Mapping[Standing, str] = {
    Standing.PENDING: "nobody consented in time: begin again",
    Standing.TAKEN: "it was interrupted while the tokens were fetched: begin again",
}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """What everybody who may read it sees of one."""

    id: AuthorizationId
    organization: OrganizationId
    workspace: WorkspaceId
    vault: VaultId
    opened_by: PrincipalId
    flow: Flow
    mcp_server_url: str
    standing: Standing = Standing.PENDING
    credential: CredentialId | None = None
    problem: str | None = None
    created_at: datetime
    expires_at: datetime

    def seen(self, now: datetime) -> "Authorization":
        """Return it as it stands at a moment: one that ran out has failed, whether somebody wrote that down or not."""
        if self.standing not in RAN_OUT or now < self.expires_at:
            return self
        return replace(self, standing=Standing.FAILED, problem=RAN_OUT[self.standing])


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What is sealed until the answer comes: whom we asked, as whom, and what shows that it was us."""

    issuer: str
    names_itself: bool
    token_endpoint: str
    client_id: str
    client_auth: ClientAuth
    client_secret: Secret | None = None
    resource: str
    scope: str | None = None
    redirect: str | None = None
    verifier: Secret | None = None
    device_code: Secret | None = None
    display_name: str | None = None

    @property
    def client(self) -> Client:
        """As whom."""
        return Client(id=self.client_id, auth=self.client_auth, secret=self.client_secret)


@final
@dataclass(frozen=True, slots=True)
class Code:
    """Consent: what is redeemed for tokens, once."""

    code: Secret


@final
@dataclass(frozen=True, slots=True)
class NoConsent:
    """The end of an authorization without one. The sentence is ours."""

    problem: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """The answer as it came: the parameters of the URL that the browser was sent to."""

    state: Secret
    issuer: str | None
    code: Secret | None
    error: str | None


def require_loopback(redirect: str) -> str:
    """Return a redirect to a port of the person's own machine (RFC 8252 section 7.3). Raises `Invalid`."""
    try:
        url = ControlUrl.parse(redirect, insecure=True)
    except Invalid as refused:
        raise Invalid(refused.rule, field="redirect_uri") from None
    if url.destination.scheme != "http" or url.destination.host not in _LOOPBACK or "?" in url.target:
        raise Invalid("must be http on 127.0.0.1, [::1] or localhost, without a query", field="redirect_uri")
    return redirect


def authorization_url(issuer: Issuer, attempt: Attempt, *, challenge: str, state: Secret) -> str:
    """Return where the person's browser goes. Raises `BadReply` where the server offers nothing of the kind."""
    endpoint = issuer.require_codes()
    asked = {
        "response_type": "code",
        "client_id": attempt.client_id,
        "redirect_uri": attempt.redirect or "",
        "state": state.reveal(),
        "code_challenge": challenge,
        "code_challenge_method": METHOD,
        "resource": attempt.resource,
    }
    if attempt.scope is not None:
        asked["scope"] = attempt.scope
        if OFFLINE in attempt.scope.split():  # OpenID Connect Core section 11: it is ignored without
            asked["prompt"] = "consent"
    joint = "&" if "?" in endpoint.target else "?"
    return endpoint.text + joint + urlencode(asked, quote_via=quote)


def read_callback(url: Secret) -> Callback:
    """Read the URL that the browser was sent to, or its query alone. Raises `Invalid`."""
    written = url.reveal()
    if len(written) > MAX_CALLBACK:
        raise Invalid("is far longer than any that a server sends", field="callback_url")
    query = urlsplit(written).query if "?" in written else written
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError:
        raise Invalid("must be the whole URL that the browser was sent to", field="callback_url") from None
    known = [(name, value) for name, value in pairs if name in {"state", "code", "iss", "error"}]
    answer = dict(known)
    if len(answer) != len(known) or not answer.get("state") or ("code" in answer) == ("error" in answer):
        raise Invalid("must have one state, and one code or one error", field="callback_url")
    code = answer.get("code")
    if code is not None and not (1 <= len(code) <= MAX_CODE and code.isascii() and code.isprintable()):
        raise Invalid("has a code that is none", field="callback_url")
    return Callback(
        state=Secret(answer["state"]),
        issuer=answer.get("iss"),
        code=None if code is None else Secret(code),
        error=answer.get("error"),
    )


def judge(callback: Callback, attempt: Attempt) -> Code | NoConsent:
    """Judge an answer whose `state` is known to be that of this attempt."""
    if callback.issuer is None and attempt.names_itself:
        return NoConsent("the answer does not say which authorization server it is from, as that server promises to")
    if callback.issuer is not None and not hmac.compare_digest(callback.issuer.encode(), attempt.issuer.encode()):
        return NoConsent("the answer is from another authorization server than the one that was asked")
    if callback.code is None:
        return NoConsent(f"the authorization server did not agree: {ERRORS.get(callback.error or '', OTHER_ERROR)}")
    return Code(callback.code)
