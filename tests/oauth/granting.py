"""Tokens of a real authorization server: a client that registers, a person who consents, a code that is exchanged."""

import base64
import hashlib
from dataclasses import dataclass, field
from typing import Any, final

import httpx

from tests.oauth.stage import SCOPE, Person
from tests.plain_http import UNUSED_TLS

_BACK = "http://127.0.0.1:1/back"
_VERIFIER = "v" * 64


@final
@dataclass(frozen=True, kw_only=True)
class Grant:
    """What a client holds afterwards."""

    issuer: str
    client_id: str
    client_secret: str | None = field(repr=False)
    method: str
    resource: str
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)

    @property
    def token_endpoint(self) -> str:
        return f"{self.issuer}/token"

    def auth(self, server_url: str, **more: object) -> dict[str, Any]:
        """Return the `auth` object with which the grant is stored."""
        secret = {} if self.client_secret is None else {"client_secret": self.client_secret}
        return {
            "type": "mcp_oauth",
            "mcp_server_url": server_url,
            "access_token": self.access_token,
            "refresh": {
                "client_id": self.client_id,
                "refresh_token": self.refresh_token,
                "token_endpoint": self.token_endpoint,
                "token_endpoint_auth": {"type": self.method, **secret},
                "resource": self.resource,
                "scope": f"offline_access {SCOPE}",
            },
            **more,
        }


def granted(issuer: str, *, resource: str, method: str = "none") -> Grant:
    """Have somebody consent to a client of one's own."""
    with httpx.Client(trust_env=False, verify=UNUSED_TLS, timeout=20) as http:
        client = http.post(
            f"{issuer}/reg",
            json={
                "application_type": "native",
                "redirect_uris": [_BACK],
                "grant_types": ["authorization_code", "refresh_token"],
                "response_types": ["code"],
                "token_endpoint_auth_method": method,
                "scope": f"openid offline_access {SCOPE}",
            },
        ).json()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(_VERIFIER.encode()).digest()).decode().rstrip("=")
        asked = {
            "client_id": client["client_id"],
            "response_type": "code",
            "redirect_uri": _BACK,
            "scope": f"openid offline_access {SCOPE}",
            "prompt": "consent",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "resource": resource,
        }
        person = Person()
        back = httpx.URL(person.consents(str(httpx.URL(f"{issuer}/auth", params=asked))))
        person.close()
        secret = client.get("client_secret")
        exchange = {
            "grant_type": "authorization_code",
            "code": back.params["code"],
            "redirect_uri": _BACK,
            "code_verifier": _VERIFIER,
            "resource": resource,
        }
        basic: httpx.Auth = httpx.Auth()
        if method == "client_secret_basic":
            basic = httpx.BasicAuth(client["client_id"], secret)
        else:
            exchange |= {"client_id": client["client_id"]} | ({} if secret is None else {"client_secret": secret})
        answer = http.post(f"{issuer}/token", data=exchange, auth=basic).json()
    return Grant(
        issuer=issuer,
        client_id=client["client_id"],
        client_secret=secret,
        method=method,
        resource=resource,
        access_token=answer["access_token"],
        refresh_token=answer["refresh_token"],
    )
