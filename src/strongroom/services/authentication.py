"""Who is calling: an API key to its principal."""

import asyncio
from collections.abc import Sequence
from typing import final

from strongroom.core.failures import NotAuthenticated, Unavailable
from strongroom.core.grants import Principal
from strongroom.core.ids import PrincipalId, WorkspaceId
from strongroom.core.secret import Secret
from strongroom.core.tenants import ApiKey
from strongroom.crypto.tokens import digest
from strongroom.services.delivery import FEED_PATIENCE, RETRY_SECONDS
from strongroom.services.ports import Change, Changes, Subject, Tenants

MAX_REMEMBERED = 10_000


@final
class Authentication:
    """Looks keys up by their digest and remembers those that are good until news says otherwise."""

    def __init__(self, *, tenants: Tenants) -> None:
        self._tenants = tenants
        self._known: dict[bytes, Principal] = {}

    async def principal(self, key: Secret | None) -> Principal:
        """Return who holds the key. Raises `NotAuthenticated`, the same for wrong and revoked keys."""
        if key is None:
            raise NotAuthenticated(presented=False)
        fingerprint = digest(key)
        known = self._known.get(fingerprint)
        if known is not None:
            return known
        found = await self._tenants.key_by_digest(fingerprint)
        if found is None or found.revoked_at is not None:
            raise NotAuthenticated(presented=True)
        if len(self._known) >= MAX_REMEMBERED:
            self._known.clear()
        self._known[fingerprint] = _principal(found)
        return self._known[fingerprint]

    async def holder(self, workspace: WorkspaceId, key: PrincipalId) -> Principal:
        """Return who holds the key with that id. Raises `NotAuthenticated` if it is gone or revoked."""
        for found in await self._tenants.keys(workspace):
            if PrincipalId(found.id) == key and found.revoked_at is None:
                return _principal(found)
        raise NotAuthenticated(presented=True)

    async def follow(self, changes: Changes) -> None:
        """Forget revoked keys; runs as long as the process. A silent feed forgets all."""
        feed = changes.follow()
        while True:
            try:
                async with asyncio.timeout(FEED_PATIENCE):  # `wait_for` can lose a cancellation before Python 3.12
                    batch = await anext(feed)
                self._forget(batch)
            except (TimeoutError, StopAsyncIteration, Unavailable):
                feed = changes.follow()  # first: what changes from here on is heard
                self._known.clear()
                await asyncio.sleep(RETRY_SECONDS)

    def _forget(self, batch: Sequence[Change]) -> None:
        revoked = {change.id for change in batch if change.subject is Subject.KEY}
        if revoked:
            self._known = {print_: who for print_, who in self._known.items() if who.id not in revoked}


def _principal(key: ApiKey) -> Principal:
    return Principal(id=PrincipalId(key.id), organization=key.organization, workspace=key.workspace, scopes=key.scopes)
