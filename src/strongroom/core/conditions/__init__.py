"""Conditions that a grant may carry, one file each. To add one, write its file and a line in `CONDITIONS`.

A condition answers `Holds` or `Fails(reason)`. A stored tag that nobody knows refuses.
"""

from strongroom.core.conditions.base import Asked, Condition, Fails, Holds, Verdict
from strongroom.core.conditions.not_after import NotAfter
from strongroom.core.conditions.only_vaults import OnlyVaults

CONDITIONS: dict[str, type[Condition]] = {
    condition.tag: condition
    for condition in (
        NotAfter,
        OnlyVaults,
    )
}

__all__ = ["CONDITIONS", "Asked", "Condition", "Fails", "Holds", "NotAfter", "OnlyVaults", "Verdict"]
