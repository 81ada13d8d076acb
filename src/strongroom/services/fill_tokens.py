"""Tokens by which the program that drives a browser acts for one session, and for nothing else.

They are not the token of the proxy: that one is in the agent's own hands, and with it no value can be had.
"""

from datetime import datetime
from typing import Protocol, final

from strongroom.core.actions import Action, Scope
from strongroom.core.conditions import NotAfter, OnlyVaults
from strongroom.core.failures import Invalid, NotAuthenticated, NotFound
from strongroom.core.grants import Principal, Target
from strongroom.core.ids import PrincipalId, SessionId
from strongroom.core.secret import Secret
from strongroom.core.sessions import Session
from strongroom.core.sources import Clock, Entropy
from strongroom.crypto.tokens import digest, is_fill_token, mint_fill_token
from strongroom.services.fill_ports import FillTokens
from strongroom.services.gate import Gate
from strongroom.services.ports import Sessions


@final
class FillTokenService:
    """Makes such tokens, and says who holds one."""

    def __init__(self, *, tokens: FillTokens, sessions: Sessions, gate: Gate, clock: Clock, entropy: Entropy) -> None:
        self._tokens = tokens
        self._sessions = sessions
        self._gate = gate
        self._clock = clock
        self._entropy = entropy

    async def create(self, principal: Principal, session: SessionId) -> tuple[Session, Secret]:
        """Mint a token for a session that runs; it ends with the session. Raises `NotFound` and `Invalid`."""
        now = self._clock()
        target = Target(name=session, workspace=principal.workspace)
        await self._gate.admit(principal, Action.FILL_TOKEN_CREATE, target, {"session": session})
        found = await self._sessions.get(principal.workspace, session)
        if over(found, now):
            raise Invalid(f"session {session} has ended")
        token = mint_fill_token(self._entropy)
        await self._tokens.add(principal.workspace, session, digest(token), now)
        return found, token

    async def principal(self, token: Secret) -> Principal:
        """Return the session that a token acts for. Raises `NotAuthenticated`; nothing is remembered."""
        known = await self._tokens.session(digest(token))
        if known is None:
            raise NotAuthenticated(presented=True)
        try:
            session = await self._sessions.get(*known)
        except NotFound:
            raise NotAuthenticated(presented=True) from None
        if over(session, self._clock()):
            raise NotAuthenticated(presented=True)
        return Principal(
            id=PrincipalId(session.id),
            organization=session.organization,
            workspace=session.workspace,
            scopes=frozenset({Scope.TOTP_READ}),
            conditions=(NotAfter(session.expires_at), OnlyVaults(frozenset(session.vaults))),
        )


def over(session: Session, now: datetime) -> bool:
    """Tell whether a session has ended."""
    return session.archived_at is not None or now >= session.expires_at


class Keys(Protocol):
    """Knows who presents a key, or a token of an issuer."""

    async def principal(self, key: Secret | None) -> Principal:
        """Return who holds it. Raises `NotAuthenticated`."""


@final
class FillEntrance:
    """Lets in who holds a key, or such a token."""

    def __init__(self, *, keys: Keys, tokens: FillTokenService) -> None:
        self._keys = keys
        self._tokens = tokens

    async def principal(self, key: Secret | None) -> Principal:
        """Return who holds it. Raises `NotAuthenticated`."""
        if key is not None and is_fill_token(key):
            return await self._tokens.principal(key)
        return await self._keys.principal(key)
