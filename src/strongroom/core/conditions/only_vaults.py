"""A grant that reaches into listed vaults only."""

from dataclasses import dataclass
from typing import ClassVar, final

from strongroom.core.conditions.base import Asked, Fails, Holds, Verdict
from strongroom.core.ids import VaultId


@final
@dataclass(frozen=True, slots=True)
class OnlyVaults:
    """Holds for targets that lie in no vault, or in a listed one."""

    tag: ClassVar[str] = "only_vaults"
    vaults: frozenset[VaultId]

    def judge(self, asked: Asked) -> Verdict:
        """Look the target's vault up."""
        return Holds() if asked.vault is None or asked.vault in self.vaults else Fails("its vault is not granted")
