"""All custodians as one: ours, and the vaults of others, chosen by what a credential says.

Rules kept here:
- who keeps a credential is chosen when it is made; a custodian that is not set up is refused, and none takes its place;
- the journal knows of an item before its vault does, and the store makes it the credential's or nobody does;
- every write is a new item: what a row points to is never written over, so a lost race or a crash loses nothing;
- a receipt is sealed to its credential's place and terms, as material is: rows that are swapped open nothing;
- what a vault returns is checked for its kind and shape; what we say of the credential stays ours.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import final

from strongroom.core.credentials import Credential, Material
from strongroom.core.credentials.credential import OURS
from strongroom.core.credentials.flat import from_flat, to_flat
from strongroom.core.custodians import not_configured
from strongroom.core.failures import CustodianFailed, Failure, Invalid, NotPermitted, UpstreamFailure
from strongroom.core.grants import Granted
from strongroom.core.ids import ITEM, ItemId, NewId
from strongroom.core.sources import Clock
from strongroom.custody.bound import binding_of, require_concerned
from strongroom.custody.elsewhere import Declined, ExternalVault, Parcel
from strongroom.custody.envelope import EnvelopeCustodian
from strongroom.services.custody_ports import TOOK_TOO_LONG, CustodyItems, Item
from strongroom.services.ports import Custody, Seal

ABANDONED = timedelta(minutes=10)
"""When an item that no transaction has claimed is taken for the trace of a crash: no write of ours lasts so long."""
SETTLED = timedelta(minutes=2)
"""How long after a failed write a vault may still come to carry it out."""


@final
class Custodians:
    """Implements the ports `Custodian` and `Remover`."""

    def __init__(  # noqa: PLR0913 - one argument per port, and who there is
        self,
        *,
        own: EnvelopeCustodian,
        vaults: Mapping[str, ExternalVault],
        items: CustodyItems,
        seal: Seal,
        clock: Clock,
        new_id: NewId,
    ) -> None:
        self._own = own
        self._vaults = vaults
        self._items = items
        self._seal = seal
        self._clock = clock
        self._new_id = new_id

    async def keep(self, granted: Granted, credential: Credential, material: Material) -> Custody:
        """Take material into custody where the credential says.

        Raises `Invalid` for a custodian that is not set up, or that does not keep this kind, and `CustodianFailed`
        where it cannot be asked or does not do it.
        """
        if credential.custodian == OURS:
            return await self._own.keep(granted, credential, material)
        require_concerned(granted, credential)
        vault = self._vault(credential.custodian)
        fields = to_flat(credential.details, material)
        await vault.ready(credential.organization)
        item = ItemId(self._new_id(ITEM))
        now = self._clock()
        begun = Item(
            id=item, organization=credential.organization, credential=credential.id, custodian=credential.custodian
        )
        await self._items.begin(begun, at=now, abandoned=now + ABANDONED)
        title = credential.display_name or credential.id
        parcel = Parcel(id=item, organization=credential.organization, title=title, fields=fields)
        reference = await self._kept(vault, parcel)
        if not await self._items.arrived(item, reference):
            raise CustodianFailed(credential.custodian, TOOK_TOO_LONG)
        binding = binding_of(credential, credential.revision, elsewhere=credential.custodian)
        receipt = await self._seal.seal(binding, reference.encode())
        return Custody(credential.custodian, receipt, credential.revision, item)

    async def open(self, granted: Granted, credential: Credential, custody: Custody) -> Material:
        """Return the material.

        Raises `Unreadable` where receipt and credential do not belong together, `CustodianFailed` where its vault
        cannot be asked or returns something else.
        """
        if custody.custodian == OURS:
            return await self._own.open(granted, credential, custody)
        require_concerned(granted, credential)
        binding = binding_of(credential, custody.revision, elsewhere=custody.custodian)
        reference = (await self._seal.open(binding, custody.receipt)).decode()
        return await self._opened(credential, custody.custodian, reference)

    async def drop(self, granted: Granted, credential: Credential, custody: Custody) -> None:
        """Give up what `keep` has just taken: it goes as soon as it surely does not come any more."""
        require_concerned(granted, credential)
        if custody.custodian == OURS:
            await self._own.drop(granted, credential, custody)
        elif custody.item is not None:
            await self._items.give_up(custody.item, due=self._clock())

    async def remove(self, item: Item) -> bool:
        """Destroy what lies elsewhere; False if its vault cannot tell which item it is."""
        return await self._vault(item.custodian).drop(item)

    async def check(self) -> None:
        """Ask ours whether it works. Others are asked when they are needed: one that is down stops no start."""
        await self._own.check()

    async def _opened(self, credential: Credential, custodian: str, reference: str) -> Material:
        try:
            flat = await self._vault(custodian).open(credential.organization, reference)
        except (UpstreamFailure, NotPermitted) as failure:
            raise CustodianFailed(custodian, str(failure)) from None
        except Invalid as missing:
            raise CustodianFailed(custodian, str(missing), set_up=False) from None
        try:
            _, material = from_flat(flat)
        except Invalid as wrong:
            raise CustodianFailed(custodian, f"what it returned cannot be used: {wrong.field} {wrong.rule}") from None
        if material.tag != credential.kind:
            raise CustodianFailed(custodian, f"it returned a {material.tag} for a {credential.kind}")
        return material

    async def _kept(self, vault: ExternalVault, parcel: Parcel) -> str:
        try:
            outcome = await vault.keep(parcel)
        except Invalid:  # it was not asked at all
            await self._items.gone(parcel.id)
            raise
        except NotPermitted as failure:  # nor here
            await self._items.gone(parcel.id)
            raise CustodianFailed(vault.name, str(failure)) from None
        except Failure as failure:
            await self._items.give_up(parcel.id, due=self._clock() + SETTLED)
            if isinstance(failure, UpstreamFailure):
                raise CustodianFailed(vault.name, str(failure)) from None
            raise
        if isinstance(outcome, Declined):
            await self._items.gone(parcel.id)
            raise CustodianFailed(vault.name, outcome.sentence)
        return outcome.reference

    def _vault(self, custodian: str) -> ExternalVault:
        found = self._vaults.get(custodian)
        if found is None:
            raise not_configured(custodian)
        return found
