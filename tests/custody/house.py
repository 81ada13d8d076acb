"""Use cases on credentials whose secrets lie elsewhere, on a real store; and a vault in memory that does as told."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, cast

from strongroom.core.actions import ALL_SCOPES, SESSION_SCOPES, Action
from strongroom.core.credentials import Credential, Material, NewCredential
from strongroom.core.credentials.flat import from_flat
from strongroom.core.custodians import CUSTOM, OPENBAO
from strongroom.core.failures import BadReply
from strongroom.core.grants import Granted, Principal, Target, decide
from strongroom.core.ids import OrganizationId, PrincipalId
from strongroom.core.logins import Login
from strongroom.core.sources import Clock
from strongroom.custody import Custodians, ExternalVault
from strongroom.custody.elsewhere import Declined, Kept, Parcel
from strongroom.custody.envelope import EnvelopeCustodian
from strongroom.services.credentials import CredentialService
from strongroom.services.custody_ports import CustodyItems, Item
from strongroom.services.ports import Credentials, Custody
from tests.custody.outside import LOGIN
from tests.services.rooms import Rooms


@dataclass
class MemoryVault:
    """Implements `ExternalVault`. `fails` is raised after an item was kept, or instead of what was asked for."""

    name: ClassVar[str] = CUSTOM
    items: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    fails: Exception | None = None
    declines: bool = False
    nameless: bool = False
    missing: Exception | None = None

    async def ready(self, organization: OrganizationId) -> None:
        if self.missing is not None:
            raise self.missing

    async def keep(self, parcel: Parcel) -> Kept | Declined:
        if self.declines:
            return Declined("it said no")
        self.items[f"at {parcel.id}"] = parcel.fields
        if self.fails is not None:
            raise self.fails
        return Kept(f"at {parcel.id}")

    async def open(self, organization: OrganizationId, reference: str) -> Mapping[str, Any]:
        if self.fails is not None:
            raise self.fails
        if reference not in self.items:
            raise BadReply("it does not have this item any more")
        return self.items[reference]

    async def drop(self, item: Item) -> bool:
        if self.fails is not None:
            raise self.fails
        if item.reference is None and self.nameless:
            return False
        self.items.pop(item.reference or f"at {item.id}", None)
        return True

    async def check(self, organization: OrganizationId) -> None:
        if self.fails is not None:
            raise self.fails


async def nothing() -> None:
    """What happens before a write unless a test says otherwise."""


class Interposed:
    """The real store of credentials, with something happening just before it writes."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        before_add: Callable[[], Awaitable[None]] = nothing,
        before_replace: Callable[[], Awaitable[None]] = nothing,
    ) -> None:
        self._credentials = credentials
        self._before_add = before_add
        self._before_replace = before_replace

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the store has
        return getattr(self._credentials, name)

    async def add(self, credential: Credential, custody: Custody, *, login: Login | None = None) -> None:
        await self._before_add()
        await self._credentials.add(credential, custody, login=login)

    async def replace(
        self, credential: Credential, custody: Custody | None, *, expected: int, login: Login | None = None
    ) -> bool:
        await self._before_replace()
        return await self._credentials.replace(credential, custody, expected=expected, login=login)


def new(fields: Mapping[str, Any] = LOGIN, *, custodian: str = CUSTOM, name: str = "GitHub") -> NewCredential:
    details, material = from_flat(fields)
    return NewCredential(details=details, material=material, display_name=name, metadata={}, custodian=custodian)


def custodians(
    rooms: Rooms, vault: ExternalVault, *, items: CustodyItems | None = None, clock: Clock | None = None
) -> Custodians:
    return Custodians(
        own=EnvelopeCustodian(keyring=rooms.keyring),
        vaults={vault.name: vault, OPENBAO: vault},
        items=items or rooms.store.custody_items,
        seal=rooms.keyring,
        clock=clock or rooms.clock,
        new_id=rooms.entropy.new_id,
    )


def service(
    rooms: Rooms, custodian: Custodians, *, credentials: "Credentials | Interposed | None" = None
) -> CredentialService:
    return CredentialService(
        credentials=cast("Credentials", credentials or rooms.store.credentials),
        vaults=rooms.store.vaults,
        custodian=custodian,
        gate=rooms.gate,
        clock=rooms.clock,
        new_id=rooms.entropy.new_id,
    )


def granted(credential: Credential) -> Granted:
    principal = Principal(
        id=PrincipalId("key_1"),
        organization=credential.organization,
        workspace=credential.workspace,
        scopes=ALL_SCOPES | SESSION_SCOPES,
    )
    target = Target(name=credential.id, workspace=credential.workspace, vault=credential.vault)
    answer = decide(principal, Action.CREDENTIAL_USE, target, credential.created_at)
    assert isinstance(answer, Granted)
    return answer


async def opened(rooms: Rooms, custodian: Custodians, credential: Credential) -> Material:
    """Return the material of a credential as it is stored."""
    held = await rooms.store.credentials.held(credential.workspace, credential.vault, credential.id)
    assert held is not None
    return await custodian.open(granted(held[0]), *held)
