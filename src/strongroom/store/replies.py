"""Answers kept for repeated creates: whoever claims a key first does the work.

A claim that was never settled is void after `ABANDONED`: its process died, or it would have
released it. So is everything older than the caller's `expired`, and it is removed on the way.
"""

from datetime import datetime, timedelta
from functools import partial
from typing import final

from sqlalchemy import Connection, and_, bindparam, delete, or_, select, update

from strongroom.services.ports import StoredReply
from strongroom.store import tables
from strongroom.store.columns import Moment
from strongroom.store.database import UPSERTS, Database

ABANDONED = timedelta(seconds=60)

_REPLIES = tables.replies

_REMOVE_VOID = delete(_REPLIES).where(
    or_(
        _REPLIES.c.claimed_at < bindparam("expired", type_=Moment),
        and_(
            _REPLIES.c.key == bindparam("key"),
            _REPLIES.c.sealed.is_(None),
            _REPLIES.c.claimed_at < bindparam("abandoned", type_=Moment),
        ),
    )
)
_CLAIM = {name: insert(_REPLIES).on_conflict_do_nothing() for name, insert in UPSERTS.items()}
_GET = select(_REPLIES).where(_REPLIES.c.key == bindparam("key"))
_SETTLE = (
    update(_REPLIES)
    .where(_REPLIES.c.key == bindparam("claimed"), _REPLIES.c.sealed.is_(None))
    .values(sealed=bindparam("answer"))
)
_RELEASE = delete(_REPLIES).where(_REPLIES.c.key == bindparam("key"), _REPLIES.c.sealed.is_(None))


@final
class ReplyStore:
    """Implements `Replies`."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    async def claim(self, key: bytes, fingerprint: bytes, *, now: datetime, expired: datetime) -> StoredReply | None:
        """Claim a key. None: it is ours. Otherwise what another request left. Rows from before `expired` are void."""
        return await self._database.write(partial(_claim, key, fingerprint, now, expired))

    async def settle(self, key: bytes, sealed: bytes) -> None:
        """Keep the answer of a claimed key."""
        await self._database.write(partial(_settle, key, sealed))

    async def release(self, key: bytes) -> None:
        """Give a claim up: nothing was created."""
        await self._database.write(partial(_release, key))


def _claim(
    key: bytes, fingerprint: bytes, now: datetime, expired: datetime, connection: Connection
) -> StoredReply | None:
    connection.execute(_REMOVE_VOID, {"key": key, "expired": expired, "abandoned": now - ABANDONED})
    ours = {"key": key, "fingerprint": fingerprint, "claimed_at": now, "sealed": None}
    if connection.execute(_CLAIM[connection.dialect.name], ours).rowcount == 1:
        return None
    row = connection.execute(_GET, {"key": key}).one()
    return StoredReply(fingerprint=row.fingerprint, claimed_at=row.claimed_at, sealed=row.sealed)


def _settle(key: bytes, sealed: bytes, connection: Connection) -> None:
    connection.execute(_SETTLE, {"claimed": key, "answer": sealed})


def _release(key: bytes, connection: Connection) -> None:
    connection.execute(_RELEASE, {"key": key})
