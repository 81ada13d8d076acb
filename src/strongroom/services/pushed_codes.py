"""One-time codes that somebody forwards, for whoever waits for them.

They are secrets that live for minutes: sealed at rest, the code destroyed ten minutes after it came, and the message it
was in after a day, whether anybody asks or not.
"""

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import final

from strongroom.core.actions import Action
from strongroom.core.binding import Binding
from strongroom.core.failures import Unavailable
from strongroom.core.grants import Principal, Target
from strongroom.core.ids import PUSHED_CODE, NewId, OrganizationId, PushedCodeId
from strongroom.core.pushed_codes import (
    CODE_LIFETIME,
    CONTENT_LIFETIME,
    CodeKind,
    PushedCode,
    compared_identifier,
    extracted,
    stored_identifier,
)
from strongroom.core.secret import Secret
from strongroom.core.sources import Clock
from strongroom.crypto.materials import read_fields, write_fields
from strongroom.services.gate import Gate
from strongroom.services.login_ports import CodeQuery, PushedCodes, SealedCode
from strongroom.services.ports import Seal

BETWEEN_SWEEPS = 30.0

_log = logging.getLogger(__name__)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class NewCode:
    """A message as it was forwarded."""

    identifier: str
    content: Secret
    task: str | None = None
    workflow: str | None = None
    workflow_run: str | None = None
    source: str | None = None
    expired_at: datetime | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CodesWanted:
    """Which pushed codes are asked for; empty fields do not narrow."""

    limit: int
    identifier: str | None = None
    workflow_run: str | None = None
    kind: CodeKind | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class _Text:
    """What is sealed."""

    text: Secret


@final
class PushedCodeService:
    """Use cases on pushed codes."""

    def __init__(self, *, codes: PushedCodes, seal: Seal, gate: Gate, clock: Clock, new_id: NewId) -> None:
        self._codes = codes
        self._seal = seal
        self._gate = gate
        self._clock = clock
        self._new_id = new_id

    async def push(self, principal: Principal, new: NewCode) -> PushedCode:
        """Keep a message and the code in it. Raises `Invalid` for a long one in which none is found."""
        now = self._clock()
        found = extracted(new.content)
        pushed = PushedCode(
            id=PushedCodeId(self._new_id(PUSHED_CODE)),
            organization=principal.organization,
            workspace=principal.workspace,
            identifier=stored_identifier(new.identifier),
            content=new.content,
            code=None if found is None else found.code,
            kind=None if found is None else found.kind,
            task=new.task,
            workflow=new.workflow,
            workflow_run=new.workflow_run,
            source=new.source,
            expired_at=new.expired_at,
            created_at=now,
        )
        await self._admit(principal, Action.PUSHED_CODE_CREATE, pushed.id)
        await self._codes.add(await self._sealed(pushed), since=now - CONTENT_LIFETIME)
        return pushed

    async def page(self, principal: Principal, wanted: CodesWanted) -> list[PushedCode]:
        """Return those of the last day in which something was found, newest first; a code that is over is left out."""
        await self._admit(principal, Action.PUSHED_CODE_LIST, "pushed codes")
        now = self._clock()
        query = CodeQuery(
            limit=wanted.limit,
            since=now - CONTENT_LIFETIME,
            compared=None if wanted.identifier is None else compared_identifier(wanted.identifier),
            workflow_run=wanted.workflow_run,
            kind=wanted.kind,
        )
        return [await self._opened(row, now) for row in await self._codes.page(principal.workspace, query)]

    async def run(self) -> None:
        """Destroy what is over, for as long as the process runs."""
        while True:
            try:
                await self.sweep()
            except Unavailable as failure:
                _log.warning("codes that are over could not be destroyed yet: %s", failure)
            await asyncio.sleep(BETWEEN_SWEEPS)

    async def sweep(self) -> None:
        """Destroy what is over."""
        now = self._clock()
        await self._codes.forget(codes_before=now - CODE_LIFETIME, all_before=now - CONTENT_LIFETIME)

    async def _sealed(self, pushed: PushedCode) -> SealedCode:
        return SealedCode(
            id=pushed.id,
            organization=pushed.organization,
            workspace=pushed.workspace,
            identifier=pushed.identifier,
            compared=compared_identifier(pushed.identifier),
            content=await self._seal_one(pushed, "pushed_content", pushed.content),
            code=await self._seal_one(pushed, "pushed_code", pushed.code),
            kind=pushed.kind,
            task=pushed.task,
            workflow=pushed.workflow,
            workflow_run=pushed.workflow_run,
            source=pushed.source,
            expired_at=pushed.expired_at,
            created_at=pushed.created_at,
        )

    async def _seal_one(self, of: PushedCode, kind: str, text: Secret | None) -> bytes | None:
        return None if text is None else await self._seal.seal(_binding(of, kind), write_fields(_Text(text=text)))

    async def _opened(self, row: SealedCode, now: datetime) -> PushedCode:
        over = row.created_at < now - CODE_LIFETIME
        return PushedCode(
            id=row.id,
            organization=OrganizationId(row.organization),
            workspace=row.workspace,
            identifier=row.identifier,
            content=await _open_one(self._seal, row, "pushed_content", row.content),
            code=None if over else await code_in(row, self._seal),
            kind=row.kind,
            task=row.task,
            workflow=row.workflow,
            workflow_run=row.workflow_run,
            source=row.source,
            expired_at=row.expired_at,
            created_at=row.created_at,
        )

    async def _admit(self, principal: Principal, action: Action, name: str) -> None:
        await self._gate.admit(principal, action, Target(name=name, workspace=principal.workspace))


async def code_in(row: SealedCode, seal: Seal) -> Secret | None:
    """Return the code of a message; None once its time is over."""
    return await _open_one(seal, row, "pushed_code", row.code)


async def _open_one(seal: Seal, of: SealedCode, kind: str, envelope: bytes | None) -> Secret | None:
    if envelope is None:
        return None
    return read_fields(_Text, await seal.open(_binding(of, kind), envelope), what="pushed code").text


def _binding(of: PushedCode | SealedCode, kind: str) -> Binding:
    return Binding(organization=of.organization, vault="", subject=of.id, kind=kind, revision=1)
