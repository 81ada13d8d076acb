"""What can happen to a client's connection. The shell tells; the conversation answers with commands."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import final

from strongroom.core.failures import Failure
from strongroom.delivery.egress.shares import Share
from strongroom.services.live import LivePlan, LiveSession


class Waiting(Enum):
    """Whom a silent connection waits for."""

    HEAD = auto()
    """A client that has begun to say what it wants, or should by now."""
    NEXT = auto()
    """A client that may ask for something more."""
    ANSWER = auto()
    """An exchange under way: the upstream, or the rest of the client's body."""
    BODY = auto()
    """A client whose body has been coming too slowly for too long."""
    WHOLE = auto()
    """An exchange that has taken too long as a whole, though never silent for long."""
    OURSELVES = auto()
    """A decision, which has limits of its own."""


@final
@dataclass(slots=True)
class ClientSent:
    """Bytes from the client, decrypted if it speaks TLS."""

    data: bytes


@final
@dataclass(slots=True)
class ClientGone:
    """The client's connection has ended."""


@final
@dataclass(slots=True)
class ClientReady:
    """The answer to `AwaitClient`."""


@final
@dataclass(slots=True)
class UpstreamReady:
    """The answer to `AwaitUpstream`."""


@final
@dataclass(slots=True)
class SessionFound:
    """The answer to `FindSession`."""

    live: LiveSession
    share: Share


@final
@dataclass(slots=True)
class PlanMade:
    """The answer to `MakePlan`."""

    plan: LivePlan


@final
@dataclass(slots=True)
class Failed:
    """`FindSession`, `MakePlan` or `OpenUpstream` did not succeed."""

    failure: Failure


@final
@dataclass(slots=True)
class UpstreamOpened:
    """There is a connection to the upstream: the answer to `OpenUpstream`."""


@final
@dataclass(slots=True)
class UpstreamSent:
    """Bytes from the upstream."""

    data: bytes


@final
@dataclass(slots=True)
class UpstreamGone:
    """The upstream's connection has ended.

    `clean` if the upstream said so, instead of just vanishing; `reused` if the connection had carried requests before.
    """

    clean: bool
    reused: bool


@final
@dataclass(slots=True)
class TimedOut:
    """Nothing has happened for longer than the limit."""

    waiting: Waiting


Event = (
    ClientSent
    | ClientGone
    | ClientReady
    | SessionFound
    | PlanMade
    | Failed
    | UpstreamOpened
    | UpstreamReady
    | UpstreamSent
    | UpstreamGone
    | TimedOut
)
# The classes are not frozen: several are made for every request, and freezing trebles the cost of making one.
