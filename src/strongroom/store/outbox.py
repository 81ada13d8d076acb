"""The outbox: events are written for the webhooks that want them, by the transaction that makes them happen.

So an event is told if and only if what it tells of was committed, and a webhook hears of nothing that was before it.
"""

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from strongroom.core.events import Event
from strongroom.core.fields import to_plain
from strongroom.core.ids import WebhookId
from strongroom.core.webhooks import MAX_WAITING, State
from strongroom.store import tables
from strongroom.store.database import UPSERTS

_WEBHOOKS, _DELIVERIES = tables.webhooks, tables.webhook_deliveries

_LISTENING = select(_WEBHOOKS.c.id, _WEBHOOKS.c.events).where(
    _WEBHOOKS.c.workspace_id == bindparam("workspace"), _WEBHOOKS.c.disabled_at.is_(None)
)
_WAITING = (
    select(func.count())
    .select_from(_DELIVERIES)
    .where(_DELIVERIES.c.webhook_id == bindparam("webhook"), _DELIVERIES.c.due_at.is_not(None))
)
_ADD = {name: insert(_DELIVERIES).on_conflict_do_nothing() for name, insert in UPSERTS.items()}
_MISS = (
    update(_WEBHOOKS)
    .where(_WEBHOOKS.c.id == bindparam("webhook"))
    .values(missed=_WEBHOOKS.c.missed + bindparam("more"))
)


def publish(connection: Connection, events: Sequence[Event]) -> None:
    """Let events wait for every webhook of their workspace that wants them."""
    for workspace, told in groupby(sorted(events, key=attrgetter("workspace")), key=attrgetter("workspace")):
        batch = list(told)
        for webhook, chosen in connection.execute(_LISTENING, {"workspace": workspace}).all():
            wanted = [event for event in batch if chosen is None or event.type.value in chosen]
            if wanted:
                wait(connection, webhook, wanted)


def wait(connection: Connection, webhook: WebhookId, events: Sequence[Event]) -> None:
    """Let events wait for one webhook. Those beyond `MAX_WAITING` are missed, and counted as that."""
    room = max(MAX_WAITING - connection.execute(_WAITING, {"webhook": webhook}).scalar_one(), 0)
    if events[:room]:
        connection.execute(_ADD[connection.dialect.name], [_row(webhook, event) for event in events[:room]])
    if events[room:]:
        connection.execute(_MISS, {"webhook": webhook, "more": len(events[room:])})


def _row(webhook: WebhookId, event: Event) -> dict[str, Any]:
    return {
        "webhook_id": webhook,
        "event_id": event.id,
        "event": to_plain(event) | {"facts": dict(event.facts)},
        "created_at": event.at,
        "state": State.PENDING.value,
        "attempts": 0,
        "due_at": event.at,
        "status": None,
        "error": None,
        "finished_at": None,
    }
