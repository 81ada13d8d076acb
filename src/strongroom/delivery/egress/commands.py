"""What a conversation wants done. The shell obeys, in order."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import final

from strongroom.core.hosts import Host
from strongroom.core.plans import Destination
from strongroom.core.secret import Secret
from strongroom.services.live import LiveSession, Rejected


@final
@dataclass(slots=True)
class SendClient:
    """Send bytes to the client."""

    data: bytes


@final
@dataclass(slots=True)
class SendUpstream:
    """Send bytes to the upstream."""

    data: bytes


@final
@dataclass(slots=True)
class FindSession:
    """Find the session of a token: `SessionFound` or `Failed`."""

    token: Secret


@final
@dataclass(slots=True)
class CountRefusal:
    """Count a refusal for the session of a token, if there is one."""

    token: Secret
    code: str
    host: str


@final
@dataclass(slots=True)
class MakePlan:
    """Make the plan for a destination: `PlanMade` or `Failed`. `rejected` asks for one with another token."""

    live: LiveSession
    destination: Destination
    rejected: Rejected | None = None


class Wanted(Enum):
    """Which version of HTTP suits a request."""

    HTTP_1_ALONE = auto()
    """It changes to another protocol."""
    HTTP_1 = auto()
    """Its client speaks HTTP/1.1, which is then the quicker way; an upstream that speaks only HTTP/2 will do."""
    EITHER = auto()
    """Its client speaks HTTP/2."""


@final
@dataclass(slots=True)
class OpenUpstream:
    """Get a connection, a `fresh` one or a kept one: `UpstreamOpened` or `Failed`."""

    live: LiveSession
    destination: Destination
    fresh: bool
    wanted: Wanted


@final
@dataclass(slots=True)
class AwaitClient:
    """There is more for the client: `ClientReady` when it has room for it. Until then the upstream is not read."""


@final
@dataclass(slots=True)
class AwaitUpstream:
    """There is more for the upstream: `UpstreamReady` when it has room for it, and others have had their turn."""


@final
@dataclass(slots=True)
class KeepUpstream:
    """The exchange is over and the upstream's connection fit for another one."""


@final
@dataclass(slots=True)
class DropUpstream:
    """Close the upstream's connection, or give up making one."""


@final
@dataclass(slots=True)
class FinishUpstream:
    """Close the upstream's connection when everything is sent and it has had time to close its side.

    `ended` closes our side of it first.
    """

    ended: bool = False


@final
@dataclass(slots=True)
class StartTls:
    """Speak TLS with the client from here on, as this host; `early` is what has arrived of it."""

    host: Host
    early: bytes


@final
@dataclass(slots=True)
class CloseClient:
    """Close the client's connection when everything is sent; `linger` if the client may still be sending."""

    linger: bool


@final
@dataclass(slots=True)
class AbortClient:
    """Cut the client's connection, so that it cannot take what it has got for complete."""


Command = (
    SendClient
    | SendUpstream
    | FindSession
    | CountRefusal
    | MakePlan
    | OpenUpstream
    | AwaitClient
    | AwaitUpstream
    | KeepUpstream
    | DropUpstream
    | FinishUpstream
    | StartTls
    | CloseClient
    | AbortClient
)
# The classes are not frozen: several are made for every request, and freezing trebles the cost of making one.
