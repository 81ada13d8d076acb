"""Our own issuer's paths: documents for programs, an endpoint for tokens, and the page that asks a person for a key."""

from collections.abc import Mapping
from typing import Any

from starlette.types import ASGIApp

from strongroom.core.pkce import METHOD
from strongroom.core.sign_in import OFFLINE, OPENID, REALM
from strongroom.crypto.identity_keys import ALGORITHM
from strongroom.dialects.options import Options
from strongroom.dialects.signing_in.page import SignInPage
from strongroom.dialects.signing_in.token_endpoint import GRANTS, TokenEndpoint
from strongroom.dialects.well_known import METADATA, WellKnown
from strongroom.services.issuing import Issuing

PROTOCOL = "/protocol/openid-connect"
KEYS, TOKEN, AUTHORIZE = f"{PROTOCOL}/certs", f"{PROTOCOL}/token", f"{PROTOCOL}/auth"


def signing_in(issuing: Issuing | None, options: Options) -> dict[str, ASGIApp]:
    """Return the applications by their paths."""
    if issuing is None:
        return {}
    issuer = issuing.issuer

    async def metadata() -> Mapping[str, Any]:
        return {
            "issuer": issuer,
            "authorization_endpoint": issuer + AUTHORIZE,
            "token_endpoint": issuer + TOKEN,
            "jwks_uri": issuer + KEYS,
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": list(GRANTS),
            "scopes_supported": [OPENID, OFFLINE],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
            "code_challenge_methods_supported": [METHOD],
            "authorization_response_iss_parameter_supported": True,
        }

    return {
        REALM + METADATA: WellKnown(REALM + METADATA, metadata),
        REALM + KEYS: WellKnown(REALM + KEYS, issuing.key_set),
        REALM + TOKEN: TokenEndpoint(issuing),
        REALM + AUTHORIZE: SignInPage(issuing, options),
    }
