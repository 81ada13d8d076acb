"""The doors of the OAuth use cases to the outside: our own calls, token endpoints, and the state of renewals.

As in `ports.py`: every store method is one transaction that is durable when it returns.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, final

from strongroom.core.calls import Call, Reply
from strongroom.core.credentials import Credential
from strongroom.core.ids import CredentialId
from strongroom.core.oauth import TokenReply, TokenRequest
from strongroom.core.secret import Secret

if TYPE_CHECKING:  # that module has all of the store, and these with it
    from strongroom.services.ports import Custody


class Control(Protocol):
    """Sends our own short calls."""

    async def send(self, call: Call, *, within: float | None = None) -> Reply:
        """Return the reply. Raises `NotPermitted`, `Unreachable` and `BadReply`.

        `within` shortens the seconds that it may take.
        """


class TokenEndpoint(Protocol):
    """Asks token endpoints."""

    async def exchange(self, request: TokenRequest, *, within: float | None = None) -> TokenReply:
        """Return the answer as it came. Raises `NotPermitted`, `Unreachable` and `BadReply`."""


@final
@dataclass(frozen=True, slots=True)
class ProbeFailure:
    """The MCP method that did not succeed, and the answer to it, as it came, if there was one."""

    method: str
    reply: Reply | None


class McpProbe(Protocol):
    """Speaks to an MCP server, just enough to know that it answers."""

    async def probe(self, url: str, token: Secret, *, within: float) -> ProbeFailure | None:
        """Begin a session, list the tools and end it; return what did not succeed, or None. Raises nothing."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the renewal of a credential stands, on all nodes together.

    `holder` names the try that is under way, if one is. `attempts` counts troubles since the last success, and
    `not_before` is when the next try may be made. `failed` is the custody's revision whose grant was rejected.
    `renewed_at` is the last success, and `rejections` how many tokens in a row were rejected soon after they came.
    """

    holder: str | None = None
    attempts: int = 0
    not_before: datetime | None = None
    failed: int | None = None
    renewed_at: datetime | None = None
    rejections: int = 0


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """A credential with its new material sealed, to be written if it is still at the revision `expected`."""

    credential: Credential
    custody: "Custody"
    expected: int
    at: datetime
    rejections: int = 0


class Refreshes(Protocol):
    """The lease under which a credential is renewed, and what is remembered of earlier tries."""

    async def standing(self, credential: CredentialId) -> Standing:
        """Return how things stand; at the first sight of a credential, that nothing happened yet."""

    async def take(self, credential: CredentialId, *, holder: str, instead_of: str | None) -> bool:
        """Take the lease if nobody holds it, or if it is still held by `instead_of`; tell whether it is ours.

        Raises `NotFound` if the credential is gone.
        """

    async def renewed(self, renewal: Renewal, *, holder: str) -> bool:
        """Write new tokens and give the lease back, in one step; tell whether the revision was still the expected one.

        Nothing is written if it was not, and the lease stays. Whoever lost the lease writes all the same: new tokens
        are better than old ones, and compare-and-swap settles who was first.
        """

    async def rejected(self, credential: Credential, custody: "Custody", *, holder: str, at: datetime) -> bool:
        """Write that the grant is gone, tell the event of it, and give the lease back; tell whether that is news.

        It is not if the material is no longer that of `custody`: then another grant stands in its place.
        """

    async def troubled(self, credential: CredentialId, *, holder: str, not_before: datetime) -> None:
        """Count a try that failed for now, and give the lease back."""

    async def release(self, credential: CredentialId, *, holder: str) -> None:
        """Give the lease back: there was nothing to do."""
