"""The doors of the webhook use cases to the outside: where they are kept, the outbox, and who sends.

As in `ports.py`: every store method is one transaction that is durable when it returns.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, final

from strongroom.core.events import Event
from strongroom.core.ids import WebhookId, WorkspaceId
from strongroom.core.webhooks import Delivery, Ended, Receiver, State, Webhook


@final
@dataclass(frozen=True, slots=True)
class SealedSecrets:
    """A webhook's signing secret as an envelope, and the one before it where that still signs."""

    current: bytes
    previous: bytes | None = None


class Webhooks(Protocol):
    """Webhooks; look-ups are within a workspace, others answer `NotFound`."""

    async def add(self, webhook: Webhook, secret: bytes) -> None:
        """Add a webhook with its sealed secret. Raises `Invalid` beyond `MAX_WEBHOOKS` of a workspace."""

    async def get(self, workspace: WorkspaceId, webhook: WebhookId) -> Webhook:
        """Return a webhook. Raises `NotFound`."""

    async def all(self, workspace: WorkspaceId) -> list[Webhook]:
        """Return a workspace's webhooks, newest first."""

    async def delete(self, workspace: WorkspaceId, webhook: WebhookId) -> None:
        """Remove a webhook and what waits for it. Raises `NotFound`."""

    async def rotate(self, webhook: Webhook, secret: bytes, *, expected: int) -> bool:
        """Put a new secret in front of the present one if `revision` is still `expected`; tell whether it was."""

    async def enable(self, workspace: WorkspaceId, webhook: WebhookId, at: datetime) -> Webhook:
        """Enable a webhook; what waited before is dropped. An enabled one is returned unchanged. Raises `NotFound`."""

    async def enqueue(self, webhook: WebhookId, event: Event) -> None:
        """Let one event wait for one webhook, whatever types it chose."""

    async def deliveries(self, workspace: WorkspaceId, webhook: WebhookId, *, limit: int) -> list[Delivery]:
        """Return a webhook's last deliveries, newest first. Raises `NotFound`."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A delivery that is ours to try, until the claim runs out. `delivery.attempts` counts this try already."""

    webhook: Webhook
    secrets: SealedSecrets
    delivery: Delivery


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How much one process can take on. `busy` are the tries under way by webhook.

    A webhook that fails at the moment gets one at a time, and all of those together `most_failing`, so that dead
    receivers, however many, leave room for the others.
    """

    most: int
    most_failing: int
    each: int
    busy: Mapping[WebhookId, int]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """How a try ended. `due_at` is when the next one is; `disables` ends all that waits for the webhook."""

    at: datetime
    state: State
    due_at: datetime | None = None
    status: int | None = None
    error: str | None = None
    disables: Ended | None = None


class Outbox(Protocol):
    """Events that wait, written by the transactions that made them happen. Any number of nodes empty it together."""

    async def is_due(self, now: datetime) -> bool:
        """Tell whether anything waits to be tried."""

    async def claim(self, now: datetime, *, until: datetime, room: Room) -> list[Claim]:
        """Claim deliveries whose time has come, so that nobody else tries them before `until`."""

    async def settle(self, claim: Claim, settlement: Settlement) -> None:
        """Write how a try ended, unless the claim ran out and somebody else has tried since."""

    async def prune(self, *, before: datetime, keep: int) -> None:
        """Forget finished deliveries from before a moment, and of each webhook all but the last `keep`."""


class WebhookSender(Protocol):
    """Sends one attempt."""

    async def post(self, receiver: Receiver, headers: Mapping[str, str], body: bytes) -> int:
        """Return the answer's status; nothing else of it is read.

        Raises `NotPermitted` for an address that may not be reached, and `UpstreamFailure`.
        """
