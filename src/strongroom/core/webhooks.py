"""Webhooks: where events are sent, how often it is tried, and what ends it (contract anthropic-vaults 9.4).

Rules kept here:
- a receiver is an https URL on port 443; only what the operator opened may be on another port or on plain http;
- three attempts with a growing, jittered wait between them, then the event is dropped;
- a redirect, or an address that may not be reached, disables the webhook at once; so does a long time without success.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import final

from strongroom.core.calls import ControlUrl
from strongroom.core.events import Event, EventType
from strongroom.core.failures import Invalid
from strongroom.core.ids import OrganizationId, WebhookId, WorkspaceId

MAX_WEBHOOKS = 20
"""Webhooks of one workspace."""
MAX_URL = 2048
MAX_WAITING = 1000
"""Events that wait for one webhook; what comes on top of them is counted as missed."""
ATTEMPTS = 3
PATIENCE = timedelta(days=3)
"""How long a webhook may fail without one success before it is disabled."""
_WAITS = {1: (5.0, 30.0), 2: (30.0, 120.0)}
"""Seconds to wait at least and at most after the first and the second attempt (contract 9.4: 5 to 120)."""


@final
@dataclass(frozen=True, slots=True)
class Receiver:
    """Where a webhook's events are sent."""

    url: ControlUrl

    @classmethod
    def parse(cls, text: str, *, other_ports: bool = False, insecure: bool = False) -> "Receiver":
        """Read a URL. Raises `Invalid` unless it is https on port 443, or one of what the operator opened."""
        if len(text) > MAX_URL:
            raise Invalid(f"must have at most {MAX_URL} characters", field="url")
        try:
            url = ControlUrl.parse(text, insecure=insecure)
        except Invalid as refused:
            raise Invalid(refused.rule, field="url") from None
        if not url.is_ordinary and not other_ports:
            raise Invalid(
                "must be on port 443: other ports are for receivers in a range of STRONGROOM_EGRESS_ALLOW_PRIVATE",
                field="url",
            )
        return cls(url)


class Ended(StrEnum):
    """Why a webhook was disabled."""

    REDIRECTED = "redirected"
    NOT_ALLOWED = "address_not_allowed"
    FAILING = "failing"
    UNREADABLE = "secret_unreadable"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A registered receiver. Its signing secret lies elsewhere, sealed at `revision`.

    `events` None means every type. After a rotation the secret before it signs as well until `previous_until`.
    """

    id: WebhookId
    organization: OrganizationId
    workspace: WorkspaceId
    url: str
    events: tuple[EventType, ...] | None
    created_at: datetime
    updated_at: datetime
    revision: int = 1
    previous_until: datetime | None = None
    disabled_at: datetime | None = None
    disabled_because: Ended | None = None
    failing_since: datetime | None = None
    missed: int = 0


class State(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DROPPED = "dropped"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event on its way to one webhook.

    `due_at` is when it is tried next; `status` and `error` are those of the last try.
    """

    webhook: WebhookId
    event: Event
    state: State
    attempts: int
    due_at: datetime | None = None
    status: int | None = None
    error: str | None = None
    finished_at: datetime | None = None


@final
@dataclass(frozen=True, slots=True)
class Accepted:
    """The receiver has it."""

    status: int


@final
@dataclass(frozen=True, slots=True)
class Failed:
    """Not this time; it is worth another try."""

    sentence: str
    status: int | None = None


@final
@dataclass(frozen=True, slots=True)
class Unfit:
    """Nothing more is sent there until somebody enables the webhook again."""

    why: Ended
    sentence: str
    status: int | None = None


Outcome = Accepted | Failed | Unfit


def judge(status: int) -> Outcome:
    """Say what an answer's status means for its event and its webhook."""
    match status // 100:
        case 2:
            return Accepted(status)
        case 3:
            return Unfit(
                Ended.REDIRECTED,
                f"answered {status}: redirects are not followed, register the address that it leads to",
                status,
            )
        case _:
            return Failed(f"answered {status}", status)


def wait_after(attempt: int, chance: bytes) -> timedelta:
    """Return how long to wait after a failed attempt; `chance` is a few random bytes."""
    least, most = _WAITS[attempt]
    part = int.from_bytes(chance) / (1 << 8 * len(chance))
    return timedelta(seconds=least + (most - least) * part)
