"""The door of the connecting use cases to the store. As in `ports.py`: one method, one transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, final

from strongroom.core.authorization import Authorization
from strongroom.core.ids import AuthorizationId, CredentialId, WorkspaceId


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """When a device flow's server may be asked next, and how many seconds lie between two questions."""

    at: datetime
    interval: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An authorization with what is needed to finish it. `sealed` is gone once it has an outcome."""

    authorization: Authorization
    state: bytes | None
    """The SHA-256 of the state that went along with the request."""
    sealed: bytes | None
    asking: Asking | None = None


class Authorizations(Protocol):
    """Authorizations under way, and for a day what became of them."""

    async def add(self, waiting: Waiting) -> None:
        """Add one. Raises `TooMany` beyond `MAX_PENDING` of the workspace that are under way."""

    async def get(self, workspace: WorkspaceId, authorization: AuthorizationId) -> Waiting:
        """Return one. Raises `NotFound`."""

    async def by_state(self, state: bytes) -> Waiting | None:
        """Return the one that a state's digest belongs to."""

    async def take(self, authorization: AuthorizationId, *, now: datetime) -> bool:
        """Take a pending one that has not run out, so that nobody else redeems its answer; tell whether it is ours."""

    async def ask(self, authorization: AuthorizationId, *, now: datetime, next_at: datetime) -> bool:
        """Claim the next question of a device flow if its time has come; tell whether it is ours."""

    async def slow_down(self, authorization: AuthorizationId, asking: Asking) -> None:
        """Write when the server of a device flow may be asked from now on."""

    async def settle(
        self, authorization: AuthorizationId, *, credential: CredentialId | None = None, problem: str | None = None
    ) -> None:
        """Write the outcome of one that has none, and drop what was sealed: connected, or failed with a sentence."""
