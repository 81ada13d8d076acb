"""Who is calling: an API key to its principal."""

from typing import final

from strongroom.core.failures import NotAuthenticated
from strongroom.core.grants import Principal
from strongroom.core.ids import PrincipalId, WorkspaceId
from strongroom.core.secret import Secret
from strongroom.core.tenants import ApiKey
from strongroom.crypto.tokens import digest
from strongroom.services.known_callers import Caller, KnownCallers
from strongroom.services.ports import Changes, Tenants


@final
class Authentication:
    """Looks keys up by their digest and remembers those that are good until news says otherwise."""

    def __init__(self, *, tenants: Tenants, known: KnownCallers | None = None) -> None:
        self._tenants = tenants
        self._known = known or KnownCallers()

    async def principal(self, key: Secret | None) -> Principal:
        """Return who holds the key. Raises `NotAuthenticated`, the same for wrong and revoked keys."""
        if key is None:
            raise NotAuthenticated(presented=False)
        fingerprint = digest(key)
        known = self._known.find(fingerprint)
        if known is not None and known.until is None:
            return known.principal
        since = self._known.news
        found = await self._tenants.key_by_digest(fingerprint)
        if found is None or found.revoked_at is not None:
            raise NotAuthenticated(presented=True)
        principal = _principal(found)
        self._known.remember(fingerprint, Caller(principal), since=since)
        return principal

    async def holder(self, workspace: WorkspaceId, key: PrincipalId) -> Principal:
        """Return who holds the key with that id. Raises `NotAuthenticated` if it is gone or revoked."""
        for found in await self._tenants.keys(workspace):
            if PrincipalId(found.id) == key and found.revoked_at is None:
                return _principal(found)
        raise NotAuthenticated(presented=True)

    async def follow(self, changes: Changes) -> None:
        """Forget revoked keys; runs as long as the process. A silent feed forgets all."""
        await self._known.follow(changes)


def _principal(key: ApiKey) -> Principal:
    return Principal(id=PrincipalId(key.id), organization=key.organization, workspace=key.workspace, scopes=key.scopes)
