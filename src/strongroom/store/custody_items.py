"""The journal of what lies in others' vaults: see `services/custody_ports.py` for how an item moves on.

`settle`, `leave` and `leave_all` are parts of the transactions that write, archive and delete credentials.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import final

from sqlalchemy import Connection, Executable, bindparam, delete, func, insert, select, update

from strongroom.core.failures import CustodianFailed
from strongroom.core.ids import CredentialId, ItemId, VaultId
from strongroom.services.custody_ports import TOOK_TOO_LONG, Item, Standing
from strongroom.services.ports import Custody
from strongroom.store import tables
from strongroom.store.database import Database
from strongroom.store.rows import Row

_ITEMS, _CREDENTIALS = tables.custody_items, tables.credentials
_THIS = _ITEMS.c.id == bindparam("item")
_UNDECIDED = (Standing.WRITING.value, Standing.DROPPING.value)

_BEGIN = insert(_ITEMS)
_SETTLE = (
    update(_ITEMS)
    .where(
        _THIS,
        _ITEMS.c.credential_id == bindparam("credential"),
        _ITEMS.c.standing == Standing.WRITING.value,
        _ITEMS.c.reference.is_not(None),
    )
    .values(standing=Standing.KEPT.value, due_at=None)
)
_LEAVE = (
    update(_ITEMS)
    .where(_ITEMS.c.credential_id == bindparam("credential"), _ITEMS.c.standing == Standing.KEPT.value)
    .values(standing=Standing.DROPPING.value, due_at=bindparam("at"))
)
_LEAVE_ALL = (
    update(_ITEMS)
    .where(
        _ITEMS.c.credential_id.in_(select(_CREDENTIALS.c.id).where(_CREDENTIALS.c.vault_id == bindparam("vault"))),
        _ITEMS.c.standing == Standing.KEPT.value,
    )
    .values(standing=Standing.DROPPING.value, due_at=bindparam("at"))
)
_ARRIVED = update(_ITEMS).where(_THIS).values(reference=bindparam("its_reference")).returning(_ITEMS.c.standing)
_FOUND = (
    update(_ITEMS)
    .where(_THIS, _ITEMS.c.standing == Standing.LOST.value)
    .values(standing=Standing.DROPPING.value, due_at=_ITEMS.c.created_at)
)
_GIVE_UP = (
    update(_ITEMS)
    .where(_THIS, _ITEMS.c.standing == Standing.WRITING.value)
    .values(standing=Standing.DROPPING.value, due_at=bindparam("due"))
)
_IS_DUE = select(_ITEMS.c.id).where(_ITEMS.c.due_at <= bindparam("now"), _ITEMS.c.standing.in_(_UNDECIDED)).limit(1)
_DUE = (
    select(_ITEMS.c.id)
    .where(_ITEMS.c.due_at <= bindparam("now"), _ITEMS.c.standing.in_(_UNDECIDED))
    .order_by(_ITEMS.c.due_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_CLAIM = (
    update(_ITEMS)
    .where(_THIS, _ITEMS.c.standing.in_(_UNDECIDED))
    .values(standing=Standing.DROPPING.value, due_at=bindparam("until"), attempts=_ITEMS.c.attempts + 1)
    .returning(*_ITEMS.c)
)
_POSTPONE = update(_ITEMS).where(_THIS).values(due_at=bindparam("due"), problem=bindparam("its_problem"))
_LOSE = (
    update(_ITEMS)
    .where(_THIS, _ITEMS.c.reference.is_(None))
    .values(standing=Standing.LOST.value, due_at=None, problem=bindparam("its_problem"))
)
_GONE = delete(_ITEMS).where(_THIS, _ITEMS.c.standing != Standing.KEPT.value)
_COUNTS = select(_ITEMS.c.standing, func.count()).group_by(_ITEMS.c.standing)


@final
class CustodyItemStore:
    """Implements `CustodyItems`."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    async def begin(self, item: Item, *, at: datetime, abandoned: datetime) -> None:
        """Write that an item is about to be written; from `abandoned` on it counts as left behind."""
        columns = {
            "id": item.id,
            "organization_id": item.organization,
            "credential_id": item.credential,
            "custodian": item.custodian,
            "standing": Standing.WRITING.value,
            "created_at": at,
            "due_at": abandoned,
            "attempts": 0,
        }
        await self._database.write(partial(_run, _BEGIN, columns))

    async def arrived(self, item: ItemId, reference: str) -> bool:
        """Write what the vault calls an item; tell whether it may still become a credential's."""
        return await self._database.write(partial(_arrived, item, reference))

    async def give_up(self, item: ItemId, *, due: datetime) -> None:
        """Have an item dropped that no credential will need, once it is `due`."""
        await self._database.write(partial(_run, _GIVE_UP, {"item": item, "due": due}))

    async def is_due(self, now: datetime) -> bool:
        """Tell whether anything waits to be dropped."""
        return await self._database.read(partial(_is_due, now))

    async def claim(self, now: datetime, *, until: datetime, most: int) -> Sequence[Item]:
        """Take items that are due, each counted as tried once more; nobody else gets them before `until`."""
        return await self._database.write(partial(_claim, now, until, most))

    async def postpone(self, item: ItemId, *, due: datetime, problem: str) -> None:
        """Have an item tried again later."""
        await self._database.write(partial(_run, _POSTPONE, {"item": item, "due": due, "its_problem": problem}))

    async def lose(self, item: ItemId, *, problem: str) -> None:
        """Write that an item cannot be found; one whose name has arrived meanwhile can be."""
        await self._database.write(partial(_run, _LOSE, {"item": item, "its_problem": problem}))

    async def gone(self, item: ItemId) -> None:
        """Forget an item: nothing lies there."""
        await self._database.write(partial(_run, _GONE, {"item": item}))

    async def counts(self) -> dict[Standing, int]:
        """Return how many items there are of each standing."""
        return await self._database.read(_counts)


def settle(credential: CredentialId, custody: Custody, connection: Connection) -> None:
    """Make a fresh item the credential's, in the transaction that writes its receipt; ours has none.

    Raises `CustodianFailed`, and with it nothing is written, if the item was given up: it may be gone already.
    """
    if custody.item is None:
        return
    if connection.execute(_SETTLE, {"item": custody.item, "credential": credential}).rowcount != 1:
        raise CustodianFailed(custody.custodian, TOOK_TOO_LONG)


def leave(credential: CredentialId, at: datetime, connection: Connection) -> None:
    """Have what others keep for a credential dropped, in the transaction in which it is needed no more."""
    connection.execute(_LEAVE, {"credential": credential, "at": at})


def leave_all(vault: VaultId, at: datetime, connection: Connection) -> None:
    """Do so for all credentials of a vault, before they are gone."""
    connection.execute(_LEAVE_ALL, {"vault": vault, "at": at})


def _run(statement: Executable, parameters: dict[str, object], connection: Connection) -> None:
    connection.execute(statement, parameters)


def _arrived(item: ItemId, reference: str, connection: Connection) -> bool:
    standing = connection.execute(_ARRIVED, {"item": item, "its_reference": reference}).scalar_one_or_none()
    if standing == Standing.LOST.value:
        connection.execute(_FOUND, {"item": item})
    return standing == Standing.WRITING.value


def _is_due(now: datetime, connection: Connection) -> bool:
    return connection.execute(_IS_DUE, {"now": now}).first() is not None


def _claim(now: datetime, until: datetime, most: int, connection: Connection) -> list[Item]:
    due = connection.execute(_DUE, {"now": now, "most": most}).scalars().all()
    taken = (connection.execute(_CLAIM, {"item": item, "until": until}).one_or_none() for item in due)
    return [_read(row) for row in taken if row is not None]


def _counts(connection: Connection) -> dict[Standing, int]:
    return {Standing(standing): count for standing, count in connection.execute(_COUNTS)}


def _read(row: Row) -> Item:
    return Item(
        id=row.id,
        organization=row.organization_id,
        credential=row.credential_id,
        custodian=row.custodian,
        reference=row.reference,
        attempts=row.attempts,
    )
