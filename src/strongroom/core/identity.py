"""What a session's identity token says, and for how long. Pure.

Rules kept here (RFC 7519, RFC 9068, RFC 8693 section 4.1):
- the subject is the session, and whom the token is for is what the credential says: one server, one session;
- it lives for minutes, and is signed anew before it ends, so nobody has to revoke one;
- what it says of vault, workspace and organization are names, by which a server can tell tenants apart.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from strongroom.core.credentials.agent_identity import AgentIdentityDetails
from strongroom.core.credentials.credential import Credential
from strongroom.core.sessions import Session

LIFETIME = timedelta(minutes=5)
RENEWED_BEFORE = timedelta(minutes=1)
"""How long before its end a token is used no more: a request takes its time, and clocks differ."""
BACKDATE = timedelta(seconds=10)
"""How long before its making it is good: servers whose clock is a little behind accept it too."""
CLAIMS = (
    *("iss", "sub", "aud", "iat", "nbf", "exp", "jti", "client_id", "act"),
    *("organization_id", "workspace_id", "vault_id", "credential_id"),
)
"""What every token says."""


def claims(  # noqa: PLR0913 - what a token is about, and who says it when
    session: Session,
    credential: Credential,
    details: AgentIdentityDetails,
    *,
    issuer: str,
    token_id: str,
    now: datetime,
) -> Mapping[str, Any]:
    """Return what the token of a session says to the credential's server."""
    good_from = int((now - BACKDATE).timestamp())
    return {
        "iss": issuer,
        "sub": session.id,
        "aud": details.intended,
        "iat": good_from,
        "nbf": good_from,
        "exp": int(ends_at(now).timestamp()),
        "jti": token_id,
        "client_id": session.opened_by,  # who asked for the session (RFC 9068 section 2.2)
        "act": {"sub": session.agent.id},  # who acts in it (RFC 8693 section 4.1)
        "organization_id": session.organization,
        "workspace_id": session.workspace,
        "vault_id": credential.vault,
        "credential_id": credential.id,
    }


def renew_at(signed_at: datetime) -> datetime:
    """Return the moment from which another token is used."""
    return ends_at(signed_at) - RENEWED_BEFORE


def ends_at(signed_at: datetime) -> datetime:
    """Return the moment from which a token is worthless."""
    return signed_at + LIFETIME
