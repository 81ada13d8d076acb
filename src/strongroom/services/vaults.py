"""Vaults: made, listed, renamed, archived with all they hold, deleted."""

from collections.abc import Collection, Mapping
from typing import final

from strongroom.core import metadata as notes
from strongroom.core.actions import Action
from strongroom.core.grants import Principal, Target
from strongroom.core.ids import VAULT, NewId, VaultId
from strongroom.core.pages import Page, PageQuery
from strongroom.core.sources import Clock
from strongroom.core.vaults import ALL_PURPOSES, Purpose, Vault, checked_name
from strongroom.services.contention import changed, later
from strongroom.services.gate import Gate
from strongroom.services.ports import Vaults


@final
class VaultService:
    """Use cases on vaults."""

    def __init__(self, *, vaults: Vaults, gate: Gate, clock: Clock, new_id: NewId) -> None:
        self._vaults = vaults
        self._gate = gate
        self._clock = clock
        self._new_id = new_id

    async def create(self, principal: Principal, *, display_name: str, metadata: Mapping[str, str]) -> Vault:
        """Make a vault. Names need not be unique."""
        now = self._clock()
        vault = Vault(
            id=VaultId(self._new_id(VAULT)),
            organization=principal.organization,
            workspace=principal.workspace,
            display_name=checked_name(display_name),
            metadata=notes.checked(metadata),
            created_at=now,
            updated_at=now,
        )
        await self._gate.admit(principal, Action.VAULT_CREATE, _target(principal, vault.id))
        await self._vaults.add(vault)
        return vault

    async def home(self, principal: Principal, purpose: Purpose, *, name: str, of: str = "") -> Vault:
        """Return the one vault of the workspace for this purpose, made now if there is none, however many ask at once.

        `of` tells those of one purpose apart. `name` is what it is called if it is made.
        """
        found = await self.home_if_any(principal, purpose, of=of)
        if found is not None:
            return found
        now = self._clock()
        vault = Vault(
            id=VaultId(self._new_id(VAULT)),
            organization=principal.organization,
            workspace=principal.workspace,
            display_name=checked_name(name),
            metadata={},
            created_at=now,
            updated_at=now,
            purpose=purpose,
            home=_home(purpose, of),
        )
        await self._gate.admit(principal, Action.VAULT_SETTLE, _target(principal, vault.id), {"purpose": purpose.value})
        return await self._vaults.settle(vault)

    async def home_if_any(self, principal: Principal, purpose: Purpose, *, of: str = "") -> Vault | None:
        """Return it if it was made before. What is done with it is decided by whoever does it."""
        return await self._vaults.home(principal.workspace, _home(purpose, of))

    async def get(self, principal: Principal, vault: VaultId) -> Vault:
        """Return a vault."""
        await self._gate.admit(principal, Action.VAULT_READ, _target(principal, vault))
        return await self._vaults.get(principal.workspace, vault)

    async def page(
        self, principal: Principal, query: PageQuery, *, purposes: Collection[Purpose] = ALL_PURPOSES
    ) -> Page[Vault]:
        """Return a page of vaults of these purposes."""
        await self._gate.admit(principal, Action.VAULT_LIST, Target(name="vaults", workspace=principal.workspace))
        return await self._vaults.page(principal.workspace, query, purposes=purposes)

    async def update(
        self,
        principal: Principal,
        vault: VaultId,
        *,
        display_name: str | None = None,
        metadata: Mapping[str, str | None] | None = None,
    ) -> Vault:
        """Change name or metadata; None keeps. Raises `Invalid` for an archived vault."""
        await self._gate.admit(principal, Action.VAULT_UPDATE, _target(principal, vault))

        async def attempt() -> Vault | None:
            before = await self._vaults.get(principal.workspace, vault)
            before.require_active()
            after = before.changed(
                later(self._clock(), than=before.updated_at), display_name=display_name, metadata=metadata
            )
            done = after is before or await self._vaults.replace(after, expected=before.updated_at)
            return after if done else None

        return await changed(attempt, what=f"vault {vault}")

    async def archive(self, principal: Principal, vault: VaultId) -> Vault:
        """Archive a vault and every credential in it, destroying their secrets. Repeating is harmless.

        Raises `Conflict` for the vault of a workspace's connections.
        """
        await self._gate.admit(principal, Action.VAULT_ARCHIVE, _target(principal, vault))
        (await self._vaults.get(principal.workspace, vault)).require_removable()
        return await self._vaults.archive(principal.workspace, vault, self._clock())

    async def delete(self, principal: Principal, vault: VaultId) -> None:
        """Remove a vault and everything in it. Raises `Conflict` as above."""
        await self._gate.admit(principal, Action.VAULT_DELETE, _target(principal, vault))
        (await self._vaults.get(principal.workspace, vault)).require_removable()
        await self._vaults.delete(principal.workspace, vault)


def _home(purpose: Purpose, of: str) -> str:
    return f"{purpose.value}/{of}" if of else purpose.value


def _target(principal: Principal, vault: VaultId) -> Target:
    return Target(name=vault, workspace=principal.workspace, vault=vault)
