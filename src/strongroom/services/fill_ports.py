"""The doors of filling logins to the store. As in `ports.py`: one method, one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Protocol, final

from strongroom.core.ids import CredentialId, SessionId, VaultId, WorkspaceId

MAX_OFFERED = 1000
"""Placeholders of one session that are waited for at a time."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A placeholder that was given out, by the SHA-256 of its text: for one field of one credential on one site."""

    digest: bytes
    session: SessionId
    workspace: WorkspaceId
    vault: VaultId
    credential: CredentialId
    field: str
    site: str
    created_at: datetime
    expires_at: datetime
    redeemed_at: datetime | None = None


class Claim(Enum):
    """What became of a try to redeem a placeholder."""

    MINE = auto()
    USED = auto()
    """It was redeemed before, or is gone."""
    CODE_USED = auto()
    """The code that it would give now was given out before; the placeholder is still good."""


class FillTokens(Protocol):
    """Tokens by which a program acts for one session where logins are filled, by their SHA-256."""

    async def add(self, workspace: WorkspaceId, session: SessionId, digest: bytes, at: datetime) -> None:
        """Add one. Raises `NotFound` for the session."""

    async def session(self, digest: bytes) -> tuple[WorkspaceId, SessionId] | None:
        """Return whose token it is."""


class Fills(Protocol):
    """Placeholders that were given out, and for a day what became of them."""

    async def add(self, offered: Sequence[Offered]) -> None:
        """Add those of one offer, and forget old ones. Raises `TooMany` beyond `MAX_OFFERED` of the session."""

    async def find(self, session: SessionId, digest: bytes) -> Offered | None:
        """Return a placeholder that was given to this session."""

    async def claim(self, digest: bytes, *, at: datetime, step: int | None = None) -> Claim:
        """Redeem a placeholder that was not before. `step` numbers a code of the credential: each comes once."""
