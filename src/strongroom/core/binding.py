"""What a seal is bound to."""

from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """Opening under any other binding fails, so rows cannot be swapped (DESIGN section 5 line 2)."""

    organization: str
    vault: str
    subject: str
    kind: str
    revision: int
