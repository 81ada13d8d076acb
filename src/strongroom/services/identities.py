"""Identity tokens of sessions, and the keys that sign them.

The keys lie in one sealed envelope. Whoever signs or shows them reads the envelope and opens it if it is another than
the last time: so every process signs with the newest key as soon as there is one.
"""

from collections.abc import Mapping
from typing import Any, final

from strongroom.core import identity
from strongroom.core.actions import Action
from strongroom.core.credentials import Credential, Material
from strongroom.core.credentials.agent_identity import AgentIdentity, AgentIdentityDetails, SignedIdentity
from strongroom.core.failures import Unavailable
from strongroom.core.grants import Granted, Principal, Target
from strongroom.core.ids import IDENTITY_TOKEN, NewId
from strongroom.core.sessions import Session
from strongroom.core.sources import Clock
from strongroom.crypto.identity_keys import IdentityKeys
from strongroom.services.contention import changed
from strongroom.services.gate import Gate
from strongroom.services.installation import IDENTITY_KEYS, binding
from strongroom.services.ports import Seal, Sealed


@final
class IdentityRing:
    """The keys of one purpose as they are now, for one process."""

    def __init__(self, *, sealed: Sealed, seal: Seal, name: str = IDENTITY_KEYS) -> None:
        self._name = name
        self._sealed = sealed
        self._seal = seal
        self._opened: tuple[bytes, IdentityKeys] | None = None

    async def now(self) -> tuple[bytes, IdentityKeys]:
        """Return the keys, and the envelope that they lie in."""
        envelope = await self._sealed.get(self._name)
        if envelope is None:
            raise Unavailable(f"the {self._name.replace('_', ' ')} are missing: start the server again")
        if self._opened is None or self._opened[0] != envelope:
            written = await self._seal.open(binding(self._name), envelope)
            self._opened = envelope, IdentityKeys.read(written)
        return self._opened

    async def replace(self, keys: IdentityKeys, *, expected: bytes) -> bool:
        """Keep other keys if the envelope is still the expected one; tell whether."""
        envelope = await self._seal.seal(binding(self._name), keys.to_bytes())
        return await self._sealed.replace(self._name, envelope, expected=expected)


@final
class Identities:
    """Signs what sessions are sent out with. `issuer` is the URL that the key set is found below."""

    def __init__(self, *, ring: IdentityRing, clock: Clock, new_id: NewId, issuer: str) -> None:
        self._ring = ring
        self._clock = clock
        self._new_id = new_id
        self._issuer = issuer

    async def stated(self, granted: Granted, session: Session, credential: Credential, material: Material) -> Material:
        """Return the material with which a session is sent out: of an identity a fresh token, of all others itself."""
        if not isinstance(material, AgentIdentity):
            return material
        details = credential.details
        assert isinstance(details, AgentIdentityDetails)  # noqa: S101 - the custodian opens no other kind's material
        assert granted.target.name == credential.id  # noqa: S101 - as the custodian demands
        _, keys = await self._ring.now()
        now = self._clock()
        said = identity.claims(
            session, credential, details, issuer=self._issuer, token_id=self._new_id(IDENTITY_TOKEN), now=now
        )
        return SignedIdentity(token=keys.sign(said, now), signed_at=now)


@final
class IdentityKeyService:
    """Use cases on the keys. They belong to the installation, so only its operator rotates them."""

    def __init__(self, *, ring: IdentityRing, gate: Gate, clock: Clock, issuer: str) -> None:
        self._ring = ring
        self._gate = gate
        self._clock = clock
        self.issuer = issuer
        """What tokens name as their issuer."""

    async def key_set(self) -> Mapping[str, Any]:
        """Return what verifiers need. It is public, so nobody is asked who they are."""
        _, keys = await self._ring.now()
        return keys.key_set(self._clock())

    async def all(self, principal: Principal) -> IdentityKeys:
        """Return the keys, the newest first."""
        await self._gate.admit(principal, Action.IDENTITY_KEY_LIST, _target(principal))
        _, keys = await self._ring.now()
        return keys

    async def rotate(self, principal: Principal, *, at_once: bool = False) -> IdentityKeys:
        """Make a new key, show it, and sign with it in a while; the one before it is shown until its last token ends.

        With `at_once`, after a key became known, it signs from here on and those before it are gone.
        """
        facts = {"at_once": int(at_once)}
        await self._gate.admit(principal, Action.IDENTITY_KEY_ROTATE, _target(principal), facts)

        async def attempt() -> IdentityKeys | None:
            envelope, keys = await self._ring.now()
            now = self._clock()
            rotated = IdentityKeys.fresh(now) if at_once else keys.rotated(now)
            return rotated if await self._ring.replace(rotated, expected=envelope) else None

        return await changed(attempt, what="the key of agent identities")


def _target(principal: Principal) -> Target:
    return Target(name="identity_keys", workspace=principal.workspace)
