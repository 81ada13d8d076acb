"""Who is signed in with our own issuer. Each step is one statement that names what it steps from."""

from datetime import datetime, timedelta
from functools import partial
from typing import final

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    LargeBinary,
    Table,
    Text,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from strongroom.core.actions import Scope
from strongroom.services.sign_in_ports import SignIn, Step
from strongroom.store.columns import ID, Json, Moment
from strongroom.store.database import Database
from strongroom.store.rows import Row, reads
from strongroom.store.tables import metadata

KEPT = timedelta(days=1)
"""How long it is remembered that one is over."""

sign_ins = Table(
    "sign_ins",
    metadata,
    Column("id", ID, primary_key=True),
    Column("workspace_id", ID, nullable=False),
    Column("key_id", ID, ForeignKey("api_keys.id"), nullable=False),
    Column("client", Text, nullable=False),
    Column("scopes", Json, nullable=False),
    Column("words", Text, nullable=False),
    Column("redirect_uri", Text, nullable=False),
    Column("challenge", Text, nullable=False),
    Column("nonce", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
    Column("code", LargeBinary, nullable=False, unique=True),
    Column("redeemed_at", Moment),
    Column("refresh", LargeBinary),
    Column("ended_at", Moment),
)

_ADD = insert(sign_ins)
_PRUNE = delete(sign_ins).where(sign_ins.c.expires_at < bindparam("before", type_=Moment))
_BY_CODE = sign_ins.c.code == bindparam("presented")
_BY_ID = sign_ins.c.id == bindparam("sign_in")
_GOING_ON = sign_ins.c.ended_at.is_(None)
_TAKE = (
    update(sign_ins).where(_BY_CODE, sign_ins.c.redeemed_at.is_(None), _GOING_ON).values(redeemed_at=bindparam("at"))
)
_END_BY_CODE = update(sign_ins).where(_BY_CODE, _GOING_ON).values(ended_at=bindparam("at"))
_END = update(sign_ins).where(_BY_ID, _GOING_ON).values(ended_at=bindparam("at"))
_BEGIN = update(sign_ins).where(_BY_ID, sign_ins.c.refresh.is_(None), _GOING_ON).values(refresh=bindparam("fresh"))
_ROTATE = (
    update(sign_ins)
    .where(
        _BY_ID,
        sign_ins.c.refresh == bindparam("expected"),
        sign_ins.c.expires_at > bindparam("at", type_=Moment),
        _GOING_ON,
    )
    .values(refresh=bindparam("fresh"))
)
_GET_BY_CODE = select(sign_ins).where(_BY_CODE)
_GET = select(sign_ins).where(_BY_ID)


@final
class SignInStore:
    """Implements `SignIns`."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    async def add(self, sign_in: SignIn, *, code: bytes) -> None:
        """Add one that waits for its code, and forget those that are over."""
        await self._database.write(partial(_add, sign_in, code))

    async def take(self, code: bytes, *, at: datetime) -> Step | None:
        """Redeem a code that was not before. One that comes a second time ends what came of it."""
        return await self._database.write(partial(_take, code, at))

    async def begin(self, sign_in: str, *, refresh: bytes) -> None:
        """Give one that was redeemed its first refresh token."""
        await self._database.write(partial(_begin, sign_in, refresh))

    async def rotate(self, sign_in: str, *, expected: bytes, fresh: bytes, at: datetime) -> Step | None:
        """Put another refresh token in the place of the expected one. If that is not it, all of it ends."""
        return await self._database.write(partial(_rotate, sign_in, expected, fresh, at))

    async def end(self, sign_in: str, *, at: datetime) -> None:
        """Let nothing more come of it."""
        await self._database.write(partial(_end, sign_in, at))


def _add(sign_in: SignIn, code: bytes, connection: Connection) -> None:
    connection.execute(_PRUNE, {"before": sign_in.created_at - KEPT})
    connection.execute(
        _ADD,
        {
            "id": sign_in.id,
            "workspace_id": sign_in.workspace,
            "key_id": sign_in.key,
            "client": sign_in.client,
            "scopes": sorted(sign_in.scopes),
            "words": sign_in.words,
            "redirect_uri": sign_in.redirect_uri,
            "challenge": sign_in.challenge,
            "nonce": sign_in.nonce,
            "created_at": sign_in.created_at,
            "expires_at": sign_in.expires_at,
            "code": code,
        },
    )


def _take(code: bytes, at: datetime, connection: Connection) -> Step | None:
    bound = {"presented": code, "at": at}
    done = connection.execute(_TAKE, bound).rowcount == 1
    if not done and connection.execute(_END_BY_CODE, bound).rowcount != 1:
        return None
    return Step(_read(connection.execute(_GET_BY_CODE, {"presented": code}).one()), done)


def _begin(sign_in: str, refresh: bytes, connection: Connection) -> None:
    connection.execute(_BEGIN, {"sign_in": sign_in, "fresh": refresh})


def _rotate(sign_in: str, expected: bytes, fresh: bytes, at: datetime, connection: Connection) -> Step | None:
    bound = {"sign_in": sign_in, "expected": expected, "fresh": fresh, "at": at}
    done = connection.execute(_ROTATE, bound).rowcount == 1
    if not done and connection.execute(_END, {"sign_in": sign_in, "at": at}).rowcount != 1:
        return None
    return Step(_read(connection.execute(_GET, {"sign_in": sign_in}).one()), done)


def _end(sign_in: str, at: datetime, connection: Connection) -> None:
    connection.execute(_END, {"sign_in": sign_in, "at": at})


@reads("sign-in")
def _read(row: Row) -> SignIn:
    return SignIn(
        id=row.id,
        workspace=row.workspace_id,
        key=row.key_id,
        client=row.client,
        scopes=frozenset(map(Scope, row.scopes)),
        words=row.words,
        redirect_uri=row.redirect_uri,
        challenge=row.challenge,
        nonce=row.nonce,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
