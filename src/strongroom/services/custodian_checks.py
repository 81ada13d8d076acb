"""How the vaults stand in which an organization's secrets may lie: which are set up, and which would serve now."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, final

from strongroom.core.actions import Action
from strongroom.core.failures import Failure, Invalid, NotPermitted, UpstreamFailure
from strongroom.core.grants import Principal, Target
from strongroom.core.ids import OrganizationId
from strongroom.services.gate import Gate

CHECK_SECONDS = 10.0


class Vault(Protocol):
    """A vault that can say how it stands."""

    async def ready(self, organization: OrganizationId) -> None:
        """Raise `Invalid` if nobody has set it up for this organization."""

    async def check(self, organization: OrganizationId) -> None:
        """Ask whether it would serve us. Raises `UpstreamFailure`, `NotPermitted` and `Invalid`."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CustodianStanding:
    """How one stands. `failure` says why it would not serve, and is empty if it would or is not set up."""

    custodian: str
    is_default: bool
    is_set_up: bool
    failure: str = ""


@final
class CustodianChecks:
    """Asks vaults how they stand, all of them at once."""

    def __init__(
        self, *, ours: str, vaults: Mapping[str, Vault], default: str, gate: Gate, seconds: float = CHECK_SECONDS
    ) -> None:
        self._ours = ours
        self._vaults = vaults
        self._default = default
        self._gate = gate
        self._seconds = seconds

    async def look(self, principal: Principal) -> Sequence[CustodianStanding]:
        """Return how each stands for the caller's organization, ours first."""
        await self._gate.admit(principal, Action.CUSTODY_READ, Target(name="custodians", workspace=principal.workspace))
        ours = CustodianStanding(custodian=self._ours, is_default=self._default == self._ours, is_set_up=True)
        others = (self._standing(name, vault, principal.organization) for name, vault in self._vaults.items())
        return [ours, *await asyncio.gather(*others)]

    async def _standing(self, name: str, vault: Vault, organization: OrganizationId) -> CustodianStanding:
        is_default = name == self._default
        try:
            await vault.ready(organization)
        except Invalid:
            return CustodianStanding(custodian=name, is_default=is_default, is_set_up=False)
        failure = ""
        try:
            async with asyncio.timeout(self._seconds):
                await vault.check(organization)
        except TimeoutError:
            failure = f"it did not answer in {self._seconds:.3g} seconds"
        except (UpstreamFailure, NotPermitted, Invalid) as refused:
            failure = _words(refused)
        return CustodianStanding(custodian=name, is_default=is_default, is_set_up=True, failure=failure)


def _words(refused: Failure) -> str:
    return refused.rule if isinstance(refused, Invalid) else str(refused)
