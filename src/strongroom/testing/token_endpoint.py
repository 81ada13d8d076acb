"""A token endpoint in memory: it rotates refresh tokens, and one that comes a second time ends the grant.

So a renewal that asks twice, or that loses what it was given, is noticed.
"""

import asyncio
import json
from collections import deque
from typing import final

from strongroom.core.failures import Failure
from strongroom.core.oauth import TokenReply, TokenRequest
from strongroom.core.secret import Secret


@final
class SimulatedTokenEndpoint:
    """Implements `TokenEndpoint`. Tokens are `a1`, `a2`, … and `r1`, `r2`, …; the first pair is the caller's to store.

    `script` is what it answers, or fails with, before it does what it would do otherwise. While `open` is not set,
    requests arrive, and wait.
    """

    def __init__(self, *, lifetime: int | None = 3600) -> None:
        self.lifetime = lifetime
        self.requests: list[TokenRequest] = []
        self.script: deque[TokenReply | Failure] = deque()
        self.open = asyncio.Event()
        self.open.set()
        self.arrived = asyncio.Event()
        self._issued = 1
        self._revoked = False

    @property
    def exchanges(self) -> int:
        """How often it was asked."""
        return len(self.requests)

    async def exchange(self, request: TokenRequest, *, within: float | None = None) -> TokenReply:  # noqa: ARG002 - it never hangs by itself
        """Answer a request."""
        self.requests.append(request)
        self.arrived.set()
        await self.open.wait()
        if self.script:
            answer = self.script.popleft()
            if isinstance(answer, Failure):
                raise answer
            return answer
        if self._revoked or request.fields.get("refresh_token") != Secret(f"r{self._issued}"):
            self._revoked = True
            return reply({"error": "invalid_grant", "error_description": "the refresh token was used before"}, 400)
        self._issued += 1
        told = {} if self.lifetime is None else {"expires_in": self.lifetime}
        body = {"access_token": f"a{self._issued}", "refresh_token": f"r{self._issued}", "token_type": "Bearer"}
        return reply(body | told)


def reply(body: object, status: int = 200) -> TokenReply:
    """Return an answer in JSON."""
    return TokenReply(status=status, body=json.dumps(body).encode(), content_type="application/json")
