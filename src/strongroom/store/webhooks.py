"""Webhooks with their sealed secrets: registered, rotated, enabled, removed; and what became of their deliveries."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, final

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from strongroom.core.events import Event, EventType
from strongroom.core.failures import Invalid, NotFound
from strongroom.core.fields import read_time
from strongroom.core.ids import EventId, OrganizationId, VaultId, WebhookId, WorkspaceId
from strongroom.core.webhooks import MAX_WEBHOOKS, Delivery, Ended, State, Webhook
from strongroom.store import tables
from strongroom.store.database import Database
from strongroom.store.outbox import wait
from strongroom.store.rows import Row, reads

_WEBHOOKS, _DELIVERIES, _WORKSPACES = tables.webhooks, tables.webhook_deliveries, tables.workspaces
_IN_PLACE = (_WEBHOOKS.c.id == bindparam("webhook"), _WEBHOOKS.c.workspace_id == bindparam("workspace"))

DELIVERY = (*_DELIVERIES.c, _DELIVERIES.c.event_id.label("id"))
"""The columns that `read_delivery` reads."""

_ADD = insert(_WEBHOOKS)
_HOME = select(_WORKSPACES.c.id).where(_WORKSPACES.c.id == bindparam("workspace")).with_for_update()
_COUNT = select(func.count()).select_from(_WEBHOOKS).where(_WEBHOOKS.c.workspace_id == bindparam("workspace"))
_GET = select(_WEBHOOKS).where(*_IN_PLACE)
_LOCKED = _GET.with_for_update()
_ALL = (
    select(_WEBHOOKS)
    .where(_WEBHOOKS.c.workspace_id == bindparam("workspace"))
    .order_by(_WEBHOOKS.c.created_at.desc(), _WEBHOOKS.c.id.desc())
)
_DELETE = delete(_WEBHOOKS).where(*_IN_PLACE)
_DELETE_DELIVERIES = delete(_DELIVERIES).where(_DELIVERIES.c.webhook_id == bindparam("webhook"))
_ROTATE = (
    update(_WEBHOOKS)
    .where(*_IN_PLACE, _WEBHOOKS.c.revision == bindparam("expected"))
    .values(
        previous_secret=_WEBHOOKS.c.secret,
        secret=bindparam("new_secret"),
        revision=bindparam("new_revision"),
        previous_until=bindparam("new_previous_until"),
        updated_at=bindparam("new_updated_at"),
    )
)
_ENABLE = (
    update(_WEBHOOKS)
    .where(*_IN_PLACE)
    .values(disabled_at=None, disabled_because=None, failing_since=None, updated_at=bindparam("at"))
)
_DROP_WAITING = (
    update(_DELIVERIES)
    .where(_DELIVERIES.c.webhook_id == bindparam("webhook"), _DELIVERIES.c.due_at.is_not(None))
    .values(due_at=None, state=State.DROPPED.value, error=bindparam("words"), finished_at=bindparam("at"))
)
_OF_WEBHOOK = (
    select(*DELIVERY)
    .where(_DELIVERIES.c.webhook_id == bindparam("webhook"))
    .order_by(_DELIVERIES.c.created_at.desc(), _DELIVERIES.c.event_id.desc())
    .limit(bindparam("most"))
)


@final
class WebhookStore:
    """Implements `Webhooks`."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    async def add(self, webhook: Webhook, secret: bytes) -> None:
        """Add a webhook with its sealed secret. Raises `Invalid` beyond `MAX_WEBHOOKS` of a workspace."""
        await self._database.write(partial(_add, webhook, secret))

    async def get(self, workspace: WorkspaceId, webhook: WebhookId) -> Webhook:
        """Return a webhook. Raises `NotFound`."""
        return await self._database.read(partial(_required, workspace, webhook))

    async def all(self, workspace: WorkspaceId) -> list[Webhook]:
        """Return a workspace's webhooks, newest first."""
        return await self._database.read(partial(_all, workspace))

    async def delete(self, workspace: WorkspaceId, webhook: WebhookId) -> None:
        """Remove a webhook and what waits for it. Raises `NotFound`."""
        await self._database.write(partial(_delete, workspace, webhook), purges=True)

    async def rotate(self, webhook: Webhook, secret: bytes, *, expected: int) -> bool:
        """Put a new secret in front of the present one if `revision` is still `expected`; tell whether it was."""
        return await self._database.write(partial(_rotate, webhook, secret, expected), purges=True)

    async def enable(self, workspace: WorkspaceId, webhook: WebhookId, at: datetime) -> Webhook:
        """Enable a webhook; what waited before is dropped. An enabled one is returned unchanged. Raises `NotFound`."""
        return await self._database.write(partial(_enable, workspace, webhook, at))

    async def enqueue(self, webhook: WebhookId, event: Event) -> None:
        """Let one event wait for one webhook, whatever types it chose."""
        await self._database.write(partial(_enqueue, webhook, event))

    async def deliveries(self, workspace: WorkspaceId, webhook: WebhookId, *, limit: int) -> list[Delivery]:
        """Return a webhook's last deliveries, newest first. Raises `NotFound`."""
        return await self._database.read(partial(_deliveries, workspace, webhook, limit))


def drop_waiting(connection: Connection, webhook: WebhookId, at: datetime, words: str) -> None:
    """End all that waits for a webhook: nothing is replayed (contract anthropic-vaults 9.4)."""
    connection.execute(_DROP_WAITING, {"webhook": webhook, "at": at, "words": words})


def _add(webhook: Webhook, secret: bytes, connection: Connection) -> None:
    # The lock on the workspace's row makes the count and the insert one step for every other writer.
    connection.execute(_HOME, {"workspace": webhook.workspace})
    if connection.execute(_COUNT, {"workspace": webhook.workspace}).scalar_one() >= MAX_WEBHOOKS:
        raise Invalid(f"the workspace already has {MAX_WEBHOOKS} webhooks: delete one first")
    connection.execute(
        _ADD,
        {
            "id": webhook.id,
            "organization_id": webhook.organization,
            "workspace_id": webhook.workspace,
            "url": webhook.url,
            "events": None if webhook.events is None else [type_.value for type_ in webhook.events],
            "created_at": webhook.created_at,
            "updated_at": webhook.updated_at,
            "revision": webhook.revision,
            "secret": secret,
            "missed": webhook.missed,
        },
    )


def _required(workspace: WorkspaceId, webhook: WebhookId, connection: Connection, *, lock: bool = False) -> Webhook:
    row = connection.execute(_LOCKED if lock else _GET, {"webhook": webhook, "workspace": workspace}).one_or_none()
    if row is None:
        raise NotFound("webhook", webhook)
    return read_webhook(row)


def _all(workspace: WorkspaceId, connection: Connection) -> list[Webhook]:
    return [read_webhook(row) for row in connection.execute(_ALL, {"workspace": workspace})]


def _delete(workspace: WorkspaceId, webhook: WebhookId, connection: Connection) -> None:
    _required(workspace, webhook, connection, lock=True)
    connection.execute(_DELETE_DELIVERIES, {"webhook": webhook})
    connection.execute(_DELETE, {"webhook": webhook, "workspace": workspace})


def _rotate(webhook: Webhook, secret: bytes, expected: int, connection: Connection) -> bool:
    parameters = {
        "webhook": webhook.id,
        "workspace": webhook.workspace,
        "expected": expected,
        "new_secret": secret,
        "new_revision": webhook.revision,
        "new_previous_until": webhook.previous_until,
        "new_updated_at": webhook.updated_at,
    }
    return connection.execute(_ROTATE, parameters).rowcount == 1


def _enable(workspace: WorkspaceId, webhook: WebhookId, at: datetime, connection: Connection) -> Webhook:
    found = _required(workspace, webhook, connection, lock=True)
    if found.disabled_at is None:
        return found
    drop_waiting(connection, webhook, at, "the webhook was disabled")
    connection.execute(_ENABLE, {"webhook": webhook, "workspace": workspace, "at": at})
    return replace(found, disabled_at=None, disabled_because=None, failing_since=None, updated_at=at)


def _enqueue(webhook: WebhookId, event: Event, connection: Connection) -> None:
    wait(connection, webhook, [event])


def _deliveries(workspace: WorkspaceId, webhook: WebhookId, limit: int, connection: Connection) -> list[Delivery]:
    _required(workspace, webhook, connection)
    return [read_delivery(row) for row in connection.execute(_OF_WEBHOOK, {"webhook": webhook, "most": limit})]


@reads("webhook")
def read_webhook(row: Row) -> Webhook:
    """Read a row of `webhooks`, whose secrets are not needed."""
    return Webhook(
        id=row.id,
        organization=row.organization_id,
        workspace=row.workspace_id,
        url=row.url,
        events=None if row.events is None else tuple(map(EventType, row.events)),
        created_at=row.created_at,
        updated_at=row.updated_at,
        revision=row.revision,
        previous_until=row.previous_until,
        disabled_at=row.disabled_at,
        disabled_because=None if row.disabled_because is None else Ended(row.disabled_because),
        failing_since=row.failing_since,
        missed=row.missed,
    )


@reads("delivery of event")
def read_delivery(row: Row) -> Delivery:
    """Read a row of `webhook_deliveries`."""
    return Delivery(
        webhook=row.webhook_id,
        event=_event(row.event),
        state=State(row.state),
        attempts=row.attempts,
        due_at=row.due_at,
        status=row.status,
        error=row.error,
        finished_at=row.finished_at,
    )


def _event(plain: Mapping[str, Any]) -> Event:
    return Event(
        id=EventId(plain["id"]),
        type=EventType(plain["type"]),
        at=read_time(plain["at"]),
        organization=OrganizationId(plain["organization"]),
        workspace=WorkspaceId(plain["workspace"]),
        subject=plain["subject"],
        vault=None if plain["vault"] is None else VaultId(plain["vault"]),
        facts=plain["facts"],
    )
