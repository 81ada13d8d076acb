"""A grant that ends at a moment."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, final

from strongroom.core.conditions.base import Asked, Fails, Holds, Verdict


@final
@dataclass(frozen=True, slots=True)
class NotAfter:
    """Holds before `at`."""

    tag: ClassVar[str] = "not_after"
    at: datetime

    def judge(self, asked: Asked) -> Verdict:
        """Compare with the moment the use case began."""
        return Holds() if asked.now < self.at else Fails("it has expired")
