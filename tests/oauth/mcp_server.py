"""A real MCP server that asks for tokens of a real authorization server, as a program: issuer, scope.

It prints its URL once it listens, and ends when its standard input does.
"""

import asyncio
import json
import os
import socket
import sys

import jwt
import uvicorn
from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings
from mcp.server.mcpserver import MCPServer
from pydantic import AnyHttpUrl


class Verifier:
    """Looks at signature, issuer, audience and time, and at nothing that is not in the token."""

    def __init__(self, issuer: str, audience: str) -> None:
        self._issuer, self._audience = issuer, audience
        self._keys = jwt.PyJWKClient(f"{issuer}/jwks")

    async def verify_token(self, token: str) -> AccessToken | None:
        return await asyncio.to_thread(self._verified, token)

    def _verified(self, token: str) -> AccessToken | None:
        try:
            key = self._keys.get_signing_key_from_jwt(token)
            claims = jwt.decode(token, key, algorithms=["RS256"], issuer=self._issuer, audience=self._audience)
        except jwt.PyJWTError:
            return None
        scopes = str(claims.get("scope", "")).split()
        return AccessToken(
            token=token,
            client_id=claims["client_id"],
            scopes=scopes,
            expires_at=claims["exp"],
            resource=claims["aud"],
        )


async def main(issuer: str, scope: str) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/mcp"
    server = MCPServer(
        "protected",
        log_level="WARNING",
        token_verifier=Verifier(issuer, url),
        auth=AuthSettings(
            issuer_url=AnyHttpUrl(issuer),
            resource_server_url=AnyHttpUrl(url),
            required_scopes=[scope],
            validate_token_resource=True,
        ),
    )

    @server.tool()
    def add(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    running = uvicorn.Server(uvicorn.Config(server.streamable_http_app(), log_level="warning"))
    serving = asyncio.create_task(running.serve(sockets=[listening]))
    print(json.dumps({"url": url}), flush=True)  # the socket listens already: whoever connects is answered
    await asyncio.to_thread(sys.stdin.read)
    running.should_exit = True
    await serving


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
    os._exit(0)  # a thread of the library may still wait for its keys
