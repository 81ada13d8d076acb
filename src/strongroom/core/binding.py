"""What a seal is bound to."""

from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """The place that sealed bytes belong to. Opening under any other binding fails.

    `terms` is what they may be used for, where that is part of the bargain.
    """

    organization: str
    vault: str
    subject: str
    kind: str
    revision: int
    terms: str = ""
