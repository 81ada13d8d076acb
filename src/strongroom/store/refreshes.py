"""The lease under which a credential's tokens are renewed, and how earlier tries ended.

A lease is a name in a row, taken and given back by compare-and-swap. It has no time in it: whether a holder has died is
judged by those who wait, each by how long it has seen the same name there, so that no two clocks have to agree.
"""

from datetime import datetime
from functools import partial
from typing import final

from sqlalchemy import Connection, bindparam, func, select, update
from sqlalchemy.exc import IntegrityError

from strongroom.core.credentials import Credential
from strongroom.core.events import EventType
from strongroom.core.failures import NotFound
from strongroom.core.ids import CredentialId
from strongroom.services.oauth_ports import Renewal, Standing
from strongroom.services.ports import Change, Custody, Subject
from strongroom.store import tables
from strongroom.store.changes import ChangeFeed, News
from strongroom.store.credentials import rewrite
from strongroom.store.database import UPSERTS, Database

_REFRESHES, _CREDENTIALS = tables.refreshes, tables.credentials

_THIS = _REFRESHES.c.credential_id == bindparam("credential")
_STANDING = select(
    _REFRESHES.c.holder,
    _REFRESHES.c.attempts,
    _REFRESHES.c.not_before,
    _REFRESHES.c.failed,
    _REFRESHES.c.renewed_at,
    _REFRESHES.c.rejections,
).where(_THIS)
_FIRST = {"attempts": 0, "rejections": 0}
_TAKE = {
    name: insert(_REFRESHES).on_conflict_do_update(
        index_elements=[_REFRESHES.c.credential_id],
        set_={"holder": bindparam("new_holder")},
        where=_REFRESHES.c.holder.is_(None) | (_REFRESHES.c.holder == bindparam("instead_of")),
    )
    for name, insert in UPSERTS.items()
}
_RELEASE = update(_REFRESHES).where(_THIS, _REFRESHES.c.holder == bindparam("mine")).values(holder=None)
_RENEWED = (
    update(_REFRESHES)
    .where(_THIS)
    .values(
        attempts=0, not_before=None, failed=None, renewed_at=bindparam("at"), rejections=bindparam("new_rejections")
    )
)
_FAILED = (
    update(_REFRESHES)
    .where(_THIS, func.coalesce(_REFRESHES.c.failed, -1) != bindparam("new_failed"))
    .values(attempts=0, not_before=None, failed=bindparam("new_failed"))
)
_TROUBLED = (
    update(_REFRESHES).where(_THIS).values(attempts=_REFRESHES.c.attempts + 1, not_before=bindparam("new_not_before"))
)
_SEALED_AT = (
    select(_CREDENTIALS.c.custody_revision)
    .where(_CREDENTIALS.c.id == bindparam("credential"), _CREDENTIALS.c.archived_at.is_(None))
    .with_for_update()
)


@final
class RefreshStore:
    """Implements `Refreshes`."""

    def __init__(self, *, database: Database, feed: ChangeFeed) -> None:
        self._database = database
        self._feed = feed

    async def standing(self, credential: CredentialId) -> Standing:
        """Return how things stand; at the first sight of a credential, that nothing happened yet."""
        return await self._database.read(partial(_standing, credential))

    async def take(self, credential: CredentialId, *, holder: str, instead_of: str | None) -> bool:
        """Take the lease if nobody holds it, or if it is still held by `instead_of`; tell whether it is ours.

        Raises `NotFound` if the credential is gone.
        """
        return await self._database.write(partial(_take, credential, holder, instead_of))

    async def renewed(self, renewal: Renewal, *, holder: str) -> bool:
        """Write new tokens and give the lease back, in one step; tell whether the revision was still the expected one.

        Nothing is written if it was not, and the lease stays.
        """
        return await self._feed.write(partial(_renewed, renewal, holder), purges=True)

    async def rejected(self, credential: Credential, custody: Custody, *, holder: str, at: datetime) -> bool:
        """Write that the grant is gone, tell the event of it, and give the lease back; tell whether that is news.

        It is not if the material is no longer that of `custody`: then another grant stands in its place.
        """
        return await self._feed.write(partial(_rejected, credential, custody, holder, at))

    async def troubled(self, credential: CredentialId, *, holder: str, not_before: datetime) -> None:
        """Count a try that failed for now, and give the lease back."""
        await self._database.write(partial(_troubled, credential, holder, not_before))

    async def release(self, credential: CredentialId, *, holder: str) -> None:
        """Give the lease back: there was nothing to do."""
        await self._database.write(partial(_release, credential, holder))


def _standing(credential: CredentialId, connection: Connection) -> Standing:
    row = connection.execute(_STANDING, {"credential": credential}).mappings().one_or_none()
    return Standing() if row is None else Standing(**row)


def _take(credential: CredentialId, holder: str, instead_of: str | None, connection: Connection) -> bool:
    taking = {"credential_id": credential, "holder": holder, "new_holder": holder, "instead_of": instead_of}
    try:
        return connection.execute(_TAKE[connection.dialect.name], taking | _FIRST).rowcount == 1
    except IntegrityError:
        raise NotFound("credential", credential) from None


def _renewed(renewal: Renewal, holder: str, connection: Connection, news: News) -> bool:
    credential = renewal.credential
    if not rewrite(credential, renewal.custody, renewal.expected, connection):
        return False
    done = {"credential": credential.id, "at": renewal.at, "new_rejections": renewal.rejections}
    connection.execute(_RENEWED, done)
    _release(credential.id, holder, connection)
    news.append(
        Change(subject=Subject.TOKENS, workspace=credential.workspace, id=credential.id, vault=credential.vault)
    )
    return True


def _rejected(  # noqa: PLR0913 - what, as of which material, and who says so when
    credential: Credential, custody: Custody, holder: str, at: datetime, connection: Connection, news: News
) -> bool:
    _release(credential.id, holder, connection)
    sealed_at = connection.execute(_SEALED_AT, {"credential": credential.id}).scalar_one_or_none()
    if sealed_at != custody.revision:
        return False
    failed = {"credential": credential.id, "new_failed": custody.revision}
    if connection.execute(_FAILED, failed).rowcount == 0:  # somebody has told it already
        return False
    news.tell(EventType.CREDENTIAL_REFRESH_FAILED, credential.id, credential, at=at, vault=credential.vault)
    return True


def _troubled(credential: CredentialId, holder: str, not_before: datetime, connection: Connection) -> None:
    _release(credential, holder, connection)
    connection.execute(_TROUBLED, {"credential": credential, "new_not_before": not_before})


def _release(credential: CredentialId, holder: str, connection: Connection) -> None:
    connection.execute(_RELEASE, {"credential": credential, "mine": holder})
