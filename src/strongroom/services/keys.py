"""API keys: minted and shown once, listed, revoked with the sessions they opened."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import final

from strongroom.core.actions import ALL_SCOPES, DEFAULT_SCOPES, OPERATOR_SCOPES, Action, Scope
from strongroom.core.failures import Invalid, NotFound
from strongroom.core.grants import Principal, Target
from strongroom.core.ids import KEY, KeyId, NewId, WorkspaceId
from strongroom.core.secret import Secret
from strongroom.core.sources import Clock, Entropy
from strongroom.core.tenants import ApiKey
from strongroom.crypto.tokens import digest, hint, mint_api_key
from strongroom.services.gate import Gate
from strongroom.services.ports import Tenants


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class MintedKey:
    """A fresh key: its description, and the key itself, shown this once."""

    key: ApiKey
    secret: Secret


@final
class KeyService:
    """Use cases on API keys."""

    def __init__(self, *, tenants: Tenants, gate: Gate, clock: Clock, new_id: NewId, entropy: Entropy) -> None:
        self._tenants = tenants
        self._gate = gate
        self._clock = clock
        self._new_id = new_id
        self._entropy = entropy

    async def create(
        self,
        principal: Principal,
        *,
        name: str | None,
        scopes: Iterable[Scope] | None,
        workspace: WorkspaceId | None = None,
    ) -> MintedKey:
        """Mint a key. Without scopes it gets every scope of the caller's but those by which values come back.

        A key cannot have a scope that its maker lacks (`Invalid`), nor lie in another organization's
        workspace (`NotFound`). Scopes that must be named can be given by a key which may do all else.
        """
        wanted = DEFAULT_SCOPES & principal.scopes if scopes is None else frozenset(scopes)
        if Scope.EGRESS in wanted or not wanted <= _may_give(principal):
            raise Invalid("a key cannot have a scope that the key which makes it lacks", field="scopes")
        if not wanted:
            raise Invalid("must name at least one scope", field="scopes")
        place = workspace or principal.workspace
        await self._gate.admit(principal, Action.KEY_CREATE, _target(principal, "keys"), {"workspace": place})
        if place not in {known.id for known in await self._tenants.workspaces(principal.organization)}:
            raise NotFound("workspace", place)
        secret = mint_api_key(self._entropy)
        key = ApiKey(
            id=KeyId(self._new_id(KEY)),
            organization=principal.organization,
            workspace=place,
            name=name,
            hint=hint(secret),
            scopes=wanted,
            created_at=self._clock(),
        )
        await self._tenants.add_key(key, digest(secret))
        return MintedKey(key=key, secret=secret)

    async def page(self, principal: Principal) -> list[ApiKey]:
        """Return the workspace's keys, newest first, revoked ones included."""
        await self._gate.admit(principal, Action.KEY_LIST, _target(principal, "keys"))
        return await self._tenants.keys(principal.workspace)

    async def revoke(self, principal: Principal, key: KeyId) -> ApiKey:
        """Revoke a key and end the sessions it opened, on every node within a second. Repeating is harmless."""
        await self._gate.admit(principal, Action.KEY_REVOKE, _target(principal, key))
        return await self._tenants.revoke_key(principal.workspace, key, self._clock())


_BY_NAME_ONLY = ALL_SCOPES - DEFAULT_SCOPES
"""Scopes by which values come back: keys get them by being asked for them, and in no other way."""

ORDINARY_SCOPES = DEFAULT_SCOPES - OPERATOR_SCOPES
"""What the first key of an organization that is not the operator's can do."""


def _may_give(principal: Principal) -> frozenset[Scope]:
    """Return its own scopes, and those that are had by being named alone, if it may do everything else."""
    return principal.scopes | _BY_NAME_ONLY if principal.scopes >= ORDINARY_SCOPES else principal.scopes


def _target(principal: Principal, name: str) -> Target:
    return Target(name=name, workspace=principal.workspace)
