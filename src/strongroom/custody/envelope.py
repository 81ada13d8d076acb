"""Our own custody: material sealed in an envelope that the store keeps beside the credential."""

from typing import ClassVar, final

from strongroom.core.binding import Binding
from strongroom.core.credentials import KINDS, Credential, Material
from strongroom.core.credentials.credential import OURS
from strongroom.core.failures import Unreadable
from strongroom.core.grants import Granted
from strongroom.crypto.keyring import KeyRing
from strongroom.crypto.materials import read_material, write_material
from strongroom.custody.bound import binding_of, require_concerned
from strongroom.services.ports import Custody

_TRIAL = Binding(organization="", vault="", subject="trial", kind="trial", revision=0)


@final
class EnvelopeCustodian:
    """Seals with the key ring. Implements the port `Custodian`."""

    name: ClassVar[str] = OURS

    def __init__(self, *, keyring: KeyRing) -> None:
        self._keyring = keyring

    async def keep(self, granted: Granted, credential: Credential, material: Material) -> Custody:
        """Seal material at the credential's present revision."""
        require_concerned(granted, credential)
        if material.tag != credential.kind:
            raise Unreadable(f"material of the kind {material.tag} is not kept for a {credential.kind}")
        binding = binding_of(credential, credential.revision)
        envelope = await self._keyring.seal(binding, write_material(material))
        return Custody(custodian=self.name, receipt=envelope, revision=credential.revision)

    async def open(self, granted: Granted, credential: Credential, custody: Custody) -> Material:
        """Return the material. Raises `Unreadable` where receipt and credential do not belong together."""
        require_concerned(granted, credential)
        self._require_ours(custody)
        kind = KINDS.get(credential.kind)
        if kind is None:
            raise Unreadable(f"this version does not know the kind {credential.kind}")
        written = await self._keyring.open(binding_of(credential, custody.revision), custody.receipt)
        return read_material(kind, written)

    async def drop(self, granted: Granted, credential: Credential, custody: Custody) -> None:
        """Nothing lies elsewhere: the envelope goes with its row."""
        require_concerned(granted, credential)
        self._require_ours(custody)

    async def check(self) -> None:
        """Seal and open something of no value. Raises `Unavailable` or `Unreadable`."""
        if await self._keyring.open(_TRIAL, await self._keyring.seal(_TRIAL, b"trial")) != b"trial":
            raise Unreadable("the root key does not open what it sealed")

    def _require_ours(self, custody: Custody) -> None:
        if custody.custodian != self.name:
            raise Unreadable(f"the material lies with {custody.custodian}, not here")
