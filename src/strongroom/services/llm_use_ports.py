"""What the store keeps of requests to models: each of them for a while, and their sums by day for good."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, final

from strongroom.core.ids import WorkspaceId
from strongroom.core.llm.sums import Place, Sums
from strongroom.core.llm.uses import Use
from strongroom.core.pages import Page, Position


@final
class Grouping(StrEnum):
    """What sums are told apart by."""

    DAY = "day"
    KEY = "key"
    MODEL = "model"
    CREDENTIAL = "credential"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which requests are meant: from a moment on, and before one; of sums, days that begin so."""

    begins: datetime | None = None
    ends: datetime | None = None
    key: str | None = None
    model: str | None = None
    connection: str | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Grouped:
    """One line of sums. What it is not told apart by is None."""

    day: datetime | None = None
    key: str | None = None
    model: str | None = None
    connection: str | None = None
    sums: Sums


Taken = Mapping[str, Mapping[datetime, int]]
"""What counts against limits: by key, then by day."""


class LlmLedger(Protocol):
    """Where the books of the gateway are kept."""

    async def add(self, uses: Sequence[Use], sums: Mapping[Place, Sums]) -> None:
        """Write requests down, and add to the sums, in one transaction."""

    async def taken(self, since: datetime) -> Taken:
        """Return what keys with a limit have taken on days since then, over all workspaces."""

    async def prune(self, before: datetime, limit: int) -> int:
        """Remove requests of before that moment, but not their sums; tell how many were removed, at most `limit`."""


class LlmUses(LlmLedger, Protocol):
    """Requests to models, and their sums."""

    async def grouped(
        self, workspace: WorkspaceId, chosen: Chosen, by: Sequence[Grouping], limit: int
    ) -> list[Grouped]:
        """Return sums, in order of what they are told apart by, the latest day first."""

    async def page(self, workspace: WorkspaceId, chosen: Chosen, *, limit: int, after: Position | None) -> Page[Use]:
        """Return requests, the latest first."""
