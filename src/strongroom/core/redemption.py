"""From consent to tokens: what the token endpoint is asked, and what a credential is made of its answer.

The refresh block names no scope: a renewal without one is for what was granted, whatever that was (RFC 6749 section 6),
and one that names more than was granted is refused.
"""

from datetime import datetime, timedelta
from typing import Final

from strongroom.core.authorization import Attempt, Code
from strongroom.core.credentials.mcp_oauth import McpOAuth, McpOAuthDetails, Refresh
from strongroom.core.discovery import CODE, DEVICE_CODE
from strongroom.core.oauth import Refreshed, TokenRequest
from strongroom.core.secret import Secret

PENDING: Final = "authorization_pending"
SLOW_DOWN: Final = "slow_down"
"""RFC 8628 section 3.5: ask again, and ask again more rarely."""


def redemption(attempt: Attempt, consent: Code) -> TokenRequest:
    """Redeem a code (RFC 6749 section 4.1.3, RFC 7636 section 4.5, RFC 8707 section 2.2)."""
    return _request(
        attempt,
        {
            "grant_type": CODE,
            "code": consent.code,
            "redirect_uri": attempt.redirect or "",
            "code_verifier": attempt.verifier or "",
            "resource": attempt.resource,
        },
    )


def device_redemption(attempt: Attempt) -> TokenRequest:
    """Ask whether the person has consented (RFC 8628 section 3.4)."""
    return _request(
        attempt,
        {"grant_type": DEVICE_CODE, "device_code": attempt.device_code or "", "resource": attempt.resource},
    )


def credential_of(
    attempt: Attempt, got: Refreshed, *, server: str, asked_at: datetime
) -> tuple[McpOAuthDetails, McpOAuth]:
    """Return what is stored. Without a refresh token there is nothing to renew with, and no refresh block."""
    refresh = Refresh(
        client_id=attempt.client_id,
        token_endpoint=attempt.token_endpoint,
        token_endpoint_auth=attempt.client_auth,
        resource=attempt.resource,
    )
    renewable = got.refresh_token is not None
    details = McpOAuthDetails(
        mcp_server_url=server,
        expires_at=None if got.lifetime is None else asked_at + timedelta(seconds=got.lifetime),
        lifetime=got.lifetime,
        refresh=refresh if renewable else None,
    )
    material = McpOAuth(
        access_token=got.access_token,
        refresh_token=got.refresh_token,
        client_secret=attempt.client_secret if renewable else None,
    )
    return details, material


def _request(attempt: Attempt, fields: dict[str, str | Secret]) -> TokenRequest:
    return TokenRequest(
        token_endpoint=attempt.token_endpoint,
        client_id=attempt.client_id,
        auth=attempt.client_auth,
        client_secret=attempt.client_secret,
        fields=fields,
    )
