"""A real MCP server that asks for tokens of a real issuer, as a program: issuer, and a scope where it wants one.

It prints its URL once it listens, and ends when its standard input does.
"""

import asyncio
import json
import os
import socket
import sys
from typing import Any
from urllib.request import urlopen

import jwt
import uvicorn
from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings
from mcp.server.mcpserver import MCPServer
from pydantic import AnyHttpUrl


class Verifier:
    """Looks at signature, issuer, audience and time, and at nothing that is not in the token.

    Keys and algorithm are what the issuer says of itself (OpenID Connect Discovery 1.0).
    """

    def __init__(self, issuer: str, audience: str) -> None:
        with urlopen(f"{issuer}/.well-known/openid-configuration", timeout=20) as answer:  # noqa: S310 - on loopback
            told = json.load(answer)
        self._issuer, self._audience = issuer, audience
        self._algorithms = told["id_token_signing_alg_values_supported"]
        self._keys = jwt.PyJWKClient(told["jwks_uri"])

    async def verify_token(self, token: str) -> AccessToken | None:
        return await asyncio.to_thread(self._verified, token)

    def _verified(self, token: str) -> AccessToken | None:
        try:
            key = self._keys.get_signing_key_from_jwt(token)
            claims = jwt.decode(token, key, algorithms=self._algorithms, issuer=self._issuer, audience=self._audience)
        except jwt.PyJWTError:
            return None
        scopes = str(claims.get("scope", "")).split()
        return AccessToken(
            token=token,
            client_id=claims["client_id"],
            scopes=scopes,
            expires_at=claims["exp"],
            resource=claims["aud"],
            claims=claims,
        )


async def main(issuer: str, scope: str | None = None) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/mcp"
    server = MCPServer(
        "protected",
        log_level="WARNING",
        token_verifier=Verifier(issuer, url),
        auth=AuthSettings(
            issuer_url=AnyHttpUrl(issuer),
            resource_server_url=AnyHttpUrl(url),
            required_scopes=None if scope is None else [scope],
            validate_token_resource=True,
        ),
    )

    @server.tool()
    def add(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    @server.tool()
    def caller() -> dict[str, Any]:
        """Say what the caller's token says."""
        token = get_access_token()
        return dict(token.claims or {}) if token is not None else {}

    running = uvicorn.Server(uvicorn.Config(server.streamable_http_app(), log_level="warning"))
    serving = asyncio.create_task(running.serve(sockets=[listening]))
    print(json.dumps({"url": url}), flush=True)  # the socket listens already: whoever connects is answered
    await asyncio.to_thread(sys.stdin.read)
    running.should_exit = True
    await serving


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
    os._exit(0)  # a thread of the library may still wait for its keys
