"""The first start of an installation, and the secrets that belong to it alone.

The installation's own secret signs page tokens and fingerprints repeated requests; it also proves,
before anything else is touched, that the root key is the right one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

from strongroom.core.actions import ALL_SCOPES
from strongroom.core.binding import Binding
from strongroom.core.failures import NotReady, Unreadable
from strongroom.core.secret import Secret
from strongroom.core.sources import Entropy
from strongroom.services.organizations import OrganizationService
from strongroom.services.ports import Seal, Sealed, Tenants

INSTALLATION = "installation"
AUTHORITY = "authority"
IDENTITY_KEYS = "identity_keys"
TOKEN_KEYS = "token_keys"  # noqa: S105 - what the keys that sign tokens are kept under
_SECRET_BYTES = 32
_FIRST_ORGANIZATION = "default"


def binding(name: str) -> Binding:
    """What a named envelope of the installation is sealed to."""
    return Binding(organization="", vault="", subject=name, kind="installation", revision=1)


async def require_right_key(seal: Seal, envelope: bytes | None) -> None:
    """Raise `NotReady` if the root key does not open what an earlier start has sealed."""
    if envelope is None:
        return
    try:
        await seal.open(binding(INSTALLATION), envelope)
    except Unreadable:
        raise NotReady(
            "the root key does not fit this database: start with the --root-key it was made with, "
            "or point --data-dir somewhere else"
        ) from None


async def kept(name: str, *, sealed: Sealed, seal: Seal) -> bytes:
    """Return what an earlier start has kept sealed under a name. Raises `NotReady` if nothing is."""
    envelope = await sealed.get(name)
    if envelope is None:
        raise NotReady("the database has not been prepared: start the server again")
    return await seal.open(binding(name), envelope)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Foundation:
    """What a start found or made. `first_key` is there on the very first start only."""

    secret: bytes
    first_key: Secret | None


@final
class Installation:
    """Prepares a database that may be new."""

    def __init__(
        self, *, sealed: Sealed, tenants: Tenants, organizations: OrganizationService, seal: Seal, entropy: Entropy
    ) -> None:
        self._sealed = sealed
        self._tenants = tenants
        self._organizations = organizations
        self._seal = seal
        self._entropy = entropy

    async def prepare(self, *, first_key: Callable[[], Secret]) -> Foundation:
        """Make what is missing: the secret, and the first organization with its admin key.

        `first_key` is asked on the first start only, and has kept the key when it returns.
        """
        secret = await self.keep(INSTALLATION, self._entropy(_SECRET_BYTES))
        if await self._tenants.organizations():
            return Foundation(secret=secret, first_key=None)
        first = await self._organizations.found(_FIRST_ORGANIZATION, secret=first_key(), scopes=ALL_SCOPES)
        return Foundation(secret=secret, first_key=first.secret)

    async def keep(self, name: str, fresh: bytes) -> bytes:
        """Return what is kept sealed under a name; `fresh` is kept if nothing is."""
        envelope = await self._sealed.get(name)
        if envelope is None:
            envelope = await self._sealed.put_if_absent(name, await self._seal.seal(binding(name), fresh))
        return await self._seal.open(binding(name), envelope)
