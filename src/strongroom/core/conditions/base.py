"""What a condition is asked, and what it answers."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol, final

from strongroom.core.actions import Action
from strongroom.core.ids import VaultId


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The request that a condition judges. `vault` is the vault of the target, if it lies in one."""

    action: Action
    vault: VaultId | None
    now: datetime


@final
@dataclass(frozen=True, slots=True)
class Holds:
    """Nothing stands against it."""


@final
@dataclass(frozen=True, slots=True)
class Fails:
    """It stands against it, and says why in words."""

    reason: str


Verdict = Holds | Fails


class Condition(Protocol):
    """A rule that narrows what a principal may do."""

    tag: ClassVar[str]

    def judge(self, asked: Asked) -> Verdict:
        """Answer for one request."""
