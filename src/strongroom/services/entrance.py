"""Lets in who holds a key of ours, or a token of an issuer that is trusted: at the doors of all dialects alike.

Rules kept here:
- a token that was verified is believed for a while, and never beyond its end;
- one that is not taken is never remembered, and is counted by its reason.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Protocol, final

from strongroom.core.failures import NotAuthenticated, NotPermitted, NotTaken
from strongroom.core.grants import Principal
from strongroom.core.ids import USER, PrincipalId, WorkspaceId
from strongroom.core.secret import Secret
from strongroom.core.sources import Clock
from strongroom.crypto.signed_tokens import SignedToken, is_signed_token
from strongroom.crypto.tokens import digest
from strongroom.services.authentication import Authentication
from strongroom.services.known_callers import Caller, KnownCallers
from strongroom.services.ports import Changes

BELIEVED = timedelta(minutes=5)
"""How long a token is believed before it is verified anew: its issuer may have taken the key back."""


class Issued(Protocol):
    """One issuer's tokens."""

    @property
    def issuer(self) -> str:
        """What they name as their issuer."""

    async def caller(self, token: SignedToken) -> Caller:
        """Return whom a token stands for. Raises `NotAuthenticated`, `NotPermitted` and `Unavailable`."""


@final
class Entrance:
    """Knows who presents a key or a token. `known` is shared with `keys`."""

    def __init__(self, *, keys: Authentication, issued: Iterable[Issued], known: KnownCallers, clock: Clock) -> None:
        self._keys = keys
        self._issued = {each.issuer: each for each in issued}
        self._known = known
        self._clock = clock
        self.refused: Counter[NotTaken] = Counter()

    async def principal(self, key: Secret | None) -> Principal:
        """Return who holds it. Raises `NotAuthenticated`, and `NotPermitted` for tokens that act nowhere."""
        if key is None or not is_signed_token(key):
            return await self._keys.principal(key)
        try:
            return await self._bearer(key)
        except (NotAuthenticated, NotPermitted) as refused:
            if refused.why is not None:
                self.refused[refused.why] += 1
            raise

    async def holder(self, workspace: WorkspaceId, id_: PrincipalId) -> Principal:
        """Return who began something a while ago. Raises `NotAuthenticated` if a key is revoked, a token over."""
        if not id_.startswith(USER):
            return await self._keys.holder(workspace, id_)
        known = self._known.by_id(workspace, id_)
        if known is None or known.until is None or known.until <= self._clock():
            raise NotAuthenticated(presented=True, why=NotTaken.EXPIRED)
        return known.principal

    async def follow(self, changes: Changes) -> None:
        """Forget revoked keys; runs as long as the process. A silent feed forgets all."""
        await self._known.follow(changes)

    async def _bearer(self, key: Secret) -> Principal:
        fingerprint, now = digest(key), self._clock()
        known = self._known.find(fingerprint)
        if known is not None and known.until is not None and now < known.until:
            return known.principal
        token, since = SignedToken.read(key), self._known.news
        source = self._issued.get(token.issuer)
        if source is None:
            raise NotAuthenticated(presented=True, why=NotTaken.ISSUER)
        caller = await source.caller(token)
        assert caller.until is not None  # noqa: S101 - every token ends
        until = min(caller.until, now + BELIEVED)
        if now < until:  # within the leeway after its end it is good for this once
            self._known.remember(fingerprint, Caller(caller.principal, until=until), since=since)
        return caller.principal
