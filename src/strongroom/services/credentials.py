"""Credentials: stored, described, changed, archived, deleted. Their secrets come in here and never go out."""

from collections.abc import Collection
from dataclasses import replace
from typing import final

from strongroom.core import metadata as notes
from strongroom.core.actions import Action
from strongroom.core.credentials import KINDS, Credential, NewCredential
from strongroom.core.credentials.credential import OURS
from strongroom.core.credentials.flat import FLAT
from strongroom.core.credentials.new import Change, require_sound
from strongroom.core.credentials.terms import terms
from strongroom.core.failures import Conflict, Failure, Invalid, NotFound
from strongroom.core.grants import Granted, Principal, Target
from strongroom.core.ids import CredentialId, NewId, VaultId
from strongroom.core.logins import Login
from strongroom.core.pages import Page, PageQuery
from strongroom.core.sources import Clock
from strongroom.services.contention import changed
from strongroom.services.gate import Gate
from strongroom.services.ports import Credentials, Custodian, Custody, Vaults

ALL_KINDS = frozenset(KINDS)
_FASTER = "somebody else has changed the credential meanwhile"


@final
class CredentialService:
    """Use cases on credentials. To a caller that names its `kinds`, those of others do not exist."""

    def __init__(  # noqa: PLR0913 - one argument per port
        self,
        *,
        credentials: Credentials,
        vaults: Vaults,
        custodian: Custodian,
        gate: Gate,
        clock: Clock,
        new_id: NewId,
        default_custodian: str = OURS,
    ) -> None:
        self._default_custodian = default_custodian
        self._credentials = credentials
        self._vaults = vaults
        self._custodian = custodian
        self._gate = gate
        self._clock = clock
        self._new_id = new_id

    async def create(
        self, principal: Principal, vault: VaultId, new: NewCredential, *, login: Login | None = None
    ) -> Credential:
        """Store a credential as it is given: no network call, no test of the secret.

        `login` is what is kept beside it, written with it.

        Raises `NotFound` for the vault, `Invalid` for an archived vault, broken rules and the cap,
        `Conflict` for a key that an active credential of the vault has.
        """
        now = self._clock()
        networking = new.reach()
        require_sound(networking, new.surfaces, new.material)
        credential = Credential(
            id=CredentialId(self._new_id(KINDS[new.details.tag].ids)),
            organization=principal.organization,
            workspace=principal.workspace,
            vault=vault,
            details=new.details,
            display_name=new.display_name or None,
            metadata=notes.checked(new.metadata),
            networking=networking,
            surfaces=new.surfaces,
            placeholder=new.shape(),
            custodian=new.custodian or (self._default_custodian if new.details.tag in FLAT else OURS),
            created_at=now,
            updated_at=now,
        )
        target = _target(principal, vault, credential.id)
        facts = {"vault": vault, "kind": credential.kind}
        granted = await self._gate.admit(principal, Action.CREDENTIAL_CREATE, target, facts)
        (await self._vaults.get(principal.workspace, vault)).require_active()
        custody = await self._custodian.keep(granted, credential, new.material)
        try:
            await self._credentials.add(credential, custody, login=login)
        except Failure:
            await self._given_back(granted, credential, custody)
            raise
        return credential

    async def get(
        self, principal: Principal, vault: VaultId, credential: CredentialId, *, kinds: Collection[str] = ALL_KINDS
    ) -> Credential:
        """Return a credential's description."""
        await self._admit(principal, Action.CREDENTIAL_READ, vault, credential)
        return await self._known(principal, vault, credential, kinds)

    async def page(
        self, principal: Principal, vault: VaultId, query: PageQuery, *, kinds: Collection[str] = ALL_KINDS
    ) -> Page[Credential]:
        """Return a page of a vault's credentials."""
        target = Target(name=vault, workspace=principal.workspace, vault=vault)
        await self._gate.admit(principal, Action.CREDENTIAL_LIST, target)
        return await self._credentials.page(principal.workspace, vault, query, kinds=kinds)

    async def update(  # noqa: PLR0913 - who, where, which, what
        self,
        principal: Principal,
        vault: VaultId,
        credential: CredentialId,
        change: Change,
        *,
        needs_material: bool,
        kinds: Collection[str] = ALL_KINDS,
        login: Login | None = None,
        expected: int | None = None,
    ) -> Credential:
        """Apply a change; the last write wins and none is lost.

        `login` takes the place of what is kept beside it, in the same transaction. With `expected` the change is made
        to that revision or not at all: `Conflict`.

        `needs_material` opens the stored secret for the change: say so only where the change merges
        with it. Raises `Invalid` for an archived credential or vault, and for a change to a kind that is none of
        `kinds` or has ids of another form.
        """
        granted = await self._admit(principal, Action.CREDENTIAL_UPDATE, vault, credential)

        async def attempt() -> Credential | None:
            (await self._known(principal, vault, credential, kinds)).require_active()
            (await self._vaults.get(principal.workspace, vault)).require_active()
            held = await self._credentials.held(principal.workspace, vault, credential)
            if held is None:  # archived or deleted since
                return None
            before, stored = (
                held  # read together: tokens may be renewed at any time, and the seal says of which revision
            )
            if expected not in (None, before.revision):
                raise Conflict(_FASTER)
            material = await self._custodian.open(granted, before, stored) if needs_material else None
            described, renewed = change(before, material)
            if described == before and renewed is None and login is None:
                return before
            if described.kind != before.kind:
                _require_change_of_kind(before, described, kinds)
            if renewed is None and terms(described) != terms(before):  # the seal is bound to them
                renewed = material or await self._custodian.open(granted, before, stored)
            after = replace(described, revision=before.revision + 1, updated_at=self._clock())
            custody = None if renewed is None else await self._custodian.keep(granted, after, renewed)
            try:
                done = await self._credentials.replace(after, custody, expected=before.revision, login=login)
            except Failure:
                await self._given_back(granted, after, custody)
                raise
            if not done:
                await self._given_back(granted, after, custody)
            return after if done else None

        return await changed(attempt, what=f"credential {credential}")

    async def archive(
        self, principal: Principal, vault: VaultId, credential: CredentialId, *, kinds: Collection[str] = ALL_KINDS
    ) -> Credential:
        """Hide a credential and destroy its secret; its key is free again. Repeating is harmless."""
        await self._admit(principal, Action.CREDENTIAL_ARCHIVE, vault, credential)
        await self._known(principal, vault, credential, kinds)
        return await self._credentials.archive(principal.workspace, vault, credential, self._clock())

    async def delete(
        self, principal: Principal, vault: VaultId, credential: CredentialId, *, kinds: Collection[str] = ALL_KINDS
    ) -> None:
        """Remove a credential with its material; what another's vault keeps is destroyed soon after."""
        await self._admit(principal, Action.CREDENTIAL_DELETE, vault, credential)
        await self._known(principal, vault, credential, kinds)
        await self._credentials.delete(principal.workspace, vault, credential)

    async def _given_back(self, granted: Granted, credential: Credential, custody: Custody | None) -> None:
        """Have dropped what was kept and not written."""
        if custody is not None:
            await self._custodian.drop(granted, credential, custody)

    async def _known(
        self, principal: Principal, vault: VaultId, credential: CredentialId, kinds: Collection[str]
    ) -> Credential:
        found = await self._credentials.get(principal.workspace, vault, credential)
        if found.kind not in kinds:
            raise NotFound("credential", credential)
        return found

    async def _admit(self, principal: Principal, action: Action, vault: VaultId, credential: CredentialId) -> Granted:
        return await self._gate.admit(principal, action, _target(principal, vault, credential), {"vault": vault})


def _require_change_of_kind(before: Credential, after: Credential, kinds: Collection[str]) -> None:
    if after.kind not in kinds or KINDS[after.kind].ids != KINDS[before.kind].ids:
        raise Invalid(f"a credential of the kind {before.kind} cannot become one of the kind {after.kind}")


def _target(principal: Principal, vault: VaultId, credential: CredentialId) -> Target:
    return Target(name=credential, workspace=principal.workspace, vault=vault)
