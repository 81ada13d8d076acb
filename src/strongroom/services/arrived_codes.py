"""One-time codes that a site sent by mail or message, for whoever types one (contract skyvern-credentials 8.4).

Rules kept here:
- the newest counts, and none but it: a site that sends another code takes the one before back;
- it came after the session began and within ten minutes, and is not over by what its sender says;
- one that was forwarded to a task, a workflow or a run is for that one, and sessions are none of them;
- a link is not typed, and an empty code is one that is still to come.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import final

from strongroom.core.pushed_codes import CODE_LIFETIME, CodeKind, compared_identifier
from strongroom.core.secret import Secret
from strongroom.core.sessions import Session
from strongroom.services.login_ports import CodeQuery, PushedCodes, SealedCode
from strongroom.services.ports import Seal
from strongroom.services.pushed_codes import code_in

LOOKED_AT = 50
"""Of one address in ten minutes; among so many there is one for sessions."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A code, and until when it is good. `number` tells it from the others of its credential."""

    number: int
    code: Secret
    ends: datetime


@final
class ArrivedCodes:
    """Finds them. Who may have one is decided and recorded by the caller."""

    def __init__(self, *, codes: PushedCodes, seal: Seal) -> None:
        self._codes = codes
        self._seal = seal

    async def newest(self, session: Session, sent_to: str, now: datetime) -> Arrived | None:
        """Return the code for an address that a session may use now; None while none has come."""
        query = CodeQuery(
            limit=LOOKED_AT,
            since=max(session.created_at, now - CODE_LIFETIME),
            compared=compared_identifier(sent_to),
            kind=CodeKind.TOTP,
        )
        for row in await self._codes.page(session.workspace, query):
            ends = _ends(row)
            if row.task or row.workflow or row.workflow_run or ends <= now:
                continue
            code = await code_in(row, self._seal)
            if code is not None and code != Secret(""):
                return Arrived(number=_number(row.created_at), code=code, ends=ends)
        return None


def _ends(row: SealedCode) -> datetime:
    ends = row.created_at + CODE_LIFETIME
    return ends if row.expired_at is None else min(ends, row.expired_at)


def _number(at: datetime) -> int:
    """Return the microsecond: far beyond the steps of codes that are made with a key."""
    return int(at.timestamp()) * 1_000_000 + at.microsecond
