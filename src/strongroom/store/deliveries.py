"""The emptying of the outbox, by any number of nodes at once.

Who claims a delivery moves the moment it is due to the end of the claim: nobody else sees it as due until then, and if
the node dies, it becomes due again by itself. What is written later counts only while no other try has begun.
"""

import logging
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any, final

from sqlalchemy import Connection, and_, bindparam, delete, func, select, update

from strongroom.core.failures import Unreadable
from strongroom.core.ids import WebhookId
from strongroom.core.webhooks import ATTEMPTS, State, Webhook
from strongroom.services.webhook_ports import Claim, Room, SealedSecrets, Settlement
from strongroom.store import tables
from strongroom.store.columns import Moment
from strongroom.store.database import Database
from strongroom.store.rows import Row
from strongroom.store.webhooks import DELIVERY, drop_waiting, read_delivery, read_webhook

_WEBHOOKS, _DELIVERIES = tables.webhooks, tables.webhook_deliveries
_log = logging.getLogger(__name__)

_CUT_OFF = "the last attempt was cut off"
_DISABLED = "the webhook was disabled"

_IS_DUE = _DELIVERIES.c.due_at <= bindparam("now", type_=Moment)
_ANY_DUE = select(_DELIVERIES.c.event_id).where(_IS_DUE).limit(1)
_HAVE_DUE = (
    select(_WEBHOOKS.c.id)
    .join_from(_WEBHOOKS, _DELIVERIES, _DELIVERIES.c.webhook_id == _WEBHOOKS.c.id)
    .where(_IS_DUE, _WEBHOOKS.c.disabled_at.is_(None))
    .group_by(_WEBHOOKS.c.id, _WEBHOOKS.c.failing_since)
    # Those that take what they are sent come first, then whoever waits longest.
    .order_by(_WEBHOOKS.c.failing_since.is_not(None), func.min(_DELIVERIES.c.due_at))
)
_WEBHOOK = select(_WEBHOOKS).where(_WEBHOOKS.c.id == bindparam("webhook"))
_DUE = (
    select(*DELIVERY)
    .where(_DELIVERIES.c.webhook_id == bindparam("webhook"), _IS_DUE)
    .order_by(_DELIVERIES.c.due_at, _DELIVERIES.c.event_id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_THIS = and_(_DELIVERIES.c.webhook_id == bindparam("webhook"), _DELIVERIES.c.event_id == bindparam("event_"))
_ONE = select(*DELIVERY).where(_THIS)
_TAKE = update(_DELIVERIES).where(_THIS).values(attempts=_DELIVERIES.c.attempts + 1, due_at=bindparam("until"))
_WRITE = (
    update(_DELIVERIES)
    .where(_THIS, _DELIVERIES.c.attempts == bindparam("tried"), _DELIVERIES.c.due_at.is_not(None))
    .values(
        state=bindparam("new_state"),
        due_at=bindparam("new_due_at"),
        status=bindparam("new_status"),
        error=bindparam("new_error"),
        finished_at=bindparam("new_finished_at"),
    )
)
_THIS_WEBHOOK = _WEBHOOKS.c.id == bindparam("webhook")
_SUCCEEDED = update(_WEBHOOKS).where(_THIS_WEBHOOK, _WEBHOOKS.c.failing_since.is_not(None)).values(failing_since=None)
_FAILS = (
    update(_WEBHOOKS).where(_THIS_WEBHOOK, _WEBHOOKS.c.failing_since.is_(None)).values(failing_since=bindparam("at"))
)
_DISABLE = (
    update(_WEBHOOKS)
    .where(_THIS_WEBHOOK, _WEBHOOKS.c.disabled_at.is_(None))
    .values(disabled_at=bindparam("at"), disabled_because=bindparam("why"), updated_at=bindparam("at"))
)
_PRUNE = delete(_DELIVERIES).where(_DELIVERIES.c.finished_at < bindparam("before", type_=Moment))
_MANY = (
    select(_DELIVERIES.c.webhook_id)
    .where(_DELIVERIES.c.finished_at.is_not(None))
    .group_by(_DELIVERIES.c.webhook_id)
    .having(func.count() > bindparam("keep"))
)
_LAST_KEPT = (
    select(_DELIVERIES.c.finished_at)
    .where(_DELIVERIES.c.webhook_id == bindparam("webhook"), _DELIVERIES.c.finished_at.is_not(None))
    .order_by(_DELIVERIES.c.finished_at.desc())
    .offset(bindparam("keep"))
    .limit(1)
)
_PRUNE_ONE = delete(_DELIVERIES).where(
    _DELIVERIES.c.webhook_id == bindparam("webhook"), _DELIVERIES.c.finished_at <= bindparam("last", type_=Moment)
)


@final
class DeliveryStore:
    """Implements `Outbox`."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    async def is_due(self, now: datetime) -> bool:
        """Tell whether anything waits to be tried."""
        return await self._database.read(partial(_any_due, now))

    async def claim(self, now: datetime, *, until: datetime, room: Room) -> list[Claim]:
        """Claim deliveries whose time has come, so that nobody else tries them before `until`."""
        return await self._database.write(partial(_claim, now, until, room))

    async def settle(self, claim: Claim, settlement: Settlement) -> None:
        """Write how a try ended, unless the claim ran out and somebody else has tried since."""
        await self._database.write(partial(_settle, claim, settlement))

    async def prune(self, *, before: datetime, keep: int) -> None:
        """Forget finished deliveries from before a moment, and of each webhook all but the last `keep`."""
        await self._database.write(partial(_prune, before, keep))


def _any_due(now: datetime, connection: Connection) -> bool:
    return connection.execute(_ANY_DUE, {"now": now}).first() is not None


def _claim(now: datetime, until: datetime, room: Room, connection: Connection) -> list[Claim]:
    claims: list[Claim] = []
    failing = 0
    for webhook in connection.execute(_HAVE_DUE, {"now": now}).scalars().all():
        try:
            row = connection.execute(_WEBHOOK, {"webhook": webhook}).one()
            fails = row.failing_since is not None
            share = (1 if fails else room.each) - room.busy.get(webhook, 0)
            share = min(share, room.most - len(claims), room.most_failing - failing if fails else share)
            taken = list(_claims_of(row, share, now, until, connection)) if share > 0 else []
        except Unreadable as unreadable:  # somebody changed it; the others must not wait for that
            _log.error("webhook %s gets nothing: %s", webhook, unreadable)
            continue
        claims += taken
        failing += len(taken) if fails else 0
    return claims


def _claims_of(row: Row, share: int, now: datetime, until: datetime, connection: Connection) -> Iterator[Claim]:
    webhook, secrets = read_webhook(row), SealedSecrets(row.secret, row.previous_secret)
    for due in connection.execute(_DUE, {"webhook": webhook.id, "now": now, "most": share}).all():
        if due.attempts >= ATTEMPTS:  # whoever made the last one did not live to say how it ended
            _finish_cut_off(webhook, due, now, connection)
            continue
        connection.execute(_TAKE, _key(webhook.id, due.event_id) | {"until": until})
        taken = connection.execute(_ONE, _key(webhook.id, due.event_id)).one()
        yield Claim(webhook=webhook, secrets=secrets, delivery=read_delivery(taken))


def _finish_cut_off(webhook: Webhook, due: Row, now: datetime, connection: Connection) -> None:
    connection.execute(
        _WRITE,
        _key(webhook.id, due.event_id)
        | {
            "tried": due.attempts,
            "new_state": State.DROPPED.value,
            "new_due_at": None,
            "new_status": due.status,
            "new_error": _CUT_OFF,
            "new_finished_at": now,
        },
    )


def _settle(claim: Claim, settlement: Settlement, connection: Connection) -> None:
    webhook, delivery = claim.webhook.id, claim.delivery
    written = connection.execute(
        _WRITE,
        _key(webhook, delivery.event.id)
        | {
            "tried": delivery.attempts,
            "new_state": settlement.state.value,
            "new_due_at": settlement.due_at,
            "new_status": settlement.status,
            "new_error": settlement.error,
            "new_finished_at": settlement.at if settlement.due_at is None else None,
        },
    )
    if written.rowcount == 0:
        return
    if settlement.state is State.DELIVERED:
        connection.execute(_SUCCEEDED, {"webhook": webhook})
    else:
        connection.execute(_FAILS, {"webhook": webhook, "at": settlement.at})
    if settlement.disables is not None:
        why = settlement.disables.value
        connection.execute(_DISABLE, {"webhook": webhook, "at": settlement.at, "why": why})
        drop_waiting(connection, webhook, settlement.at, _DISABLED)


def _key(webhook: WebhookId, event: str) -> dict[str, Any]:
    return {"webhook": webhook, "event_": event}


def _prune(before: datetime, keep: int, connection: Connection) -> None:
    connection.execute(_PRUNE, {"before": before})
    for webhook in connection.execute(_MANY, {"keep": keep}).scalars().all():
        last = connection.execute(_LAST_KEPT, {"webhook": webhook, "keep": keep}).scalar_one_or_none()
        if last is not None:
            connection.execute(_PRUNE_ONE, {"webhook": webhook, "last": last})
