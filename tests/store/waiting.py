"""Claiming and settling what waits in the outbox, as one node with much room."""

from datetime import datetime, timedelta

from strongroom.core.webhooks import Ended, State
from strongroom.services.ports import Store
from strongroom.services.webhook_ports import Claim, Room, Settlement

MUCH = Room(most=1000, most_failing=1000, each=1000, busy={})
CLAIM = timedelta(seconds=60)


async def claimed(store: Store, now: datetime, room: Room = MUCH) -> list[Claim]:
    return await store.outbox.claim(now, until=now + CLAIM, room=room)


async def settled(
    store: Store,
    now: datetime,
    state: State = State.DROPPED,
    *,
    due_at: datetime | None = None,
    disables: bool = False,
) -> None:
    """Claim one delivery and settle it."""
    claim, *_ = await claimed(store, now, Room(most=1, most_failing=1, each=1, busy={}))
    ended = Ended.REDIRECTED if disables else None
    await store.outbox.settle(claim, Settlement(at=now, state=state, due_at=due_at, error="words", disables=ended))
