"""Decides and records, in that order and never one without the other.

Every use case asks here first. The entry is durable before the proof is handed out; if it cannot
be written, the answer is no.
"""

from collections.abc import Mapping, Sequence
from typing import final

from strongroom.core.actions import Action
from strongroom.core.audit import Outcome, Record
from strongroom.core.failures import NotPermitted
from strongroom.core.grants import Denied, Granted, Principal, Target, decide
from strongroom.core.ids import ENTRY, EntryId, NewId
from strongroom.core.sources import Clock
from strongroom.services.ports import AuditAppender

Facts = Mapping[str, str | int]


@final
class Gate:
    """The only way to a `Granted`."""

    def __init__(self, *, log: AuditAppender, clock: Clock, new_id: NewId) -> None:
        self._log = log
        self._clock = clock
        self._new_id = new_id

    async def admit(self, principal: Principal, action: Action, target: Target, facts: Facts | None = None) -> Granted:
        """Return the proof for one request. Raises `NotPermitted` after recording the refusal."""
        (granted,) = await self.admit_all(principal, [(action, target)], facts)
        return granted

    async def admit_all(
        self, principal: Principal, asked: Sequence[tuple[Action, Target]], facts: Facts | None = None
    ) -> list[Granted]:
        """Decide several things that belong together; all are recorded, one refusal refuses all."""
        now = self._clock()
        answers = [decide(principal, action, target, now) for action, target in asked]
        records = [
            self._record(principal, action, target, answer, facts or {})
            for (action, target), answer in zip(asked, answers, strict=True)
        ]
        await self._log.append(records)
        granted: list[Granted] = []
        for answer in answers:
            if isinstance(answer, Denied):
                raise NotPermitted(answer.sentence)
            granted.append(answer)
        return granted

    async def refuse(
        self, principal: Principal, action: Action, target: Target, *, reason: str, facts: Facts | None = None
    ) -> None:
        """Record a refusal that follows from a policy rather than from the principal's rights."""
        await self._log.append([self._entry(principal, action.label, target.name, Outcome.DENIED, reason, facts or {})])

    async def observe(self, principal: Principal, event: str, target: str, facts: Facts) -> None:
        """Record something that happened and was not a decision: a security event."""
        await self._log.append([self._entry(principal, event, target, Outcome.OBSERVED, None, facts)])

    def _record(
        self, principal: Principal, action: Action, target: Target, answer: Granted | Denied, facts: Facts
    ) -> Record:
        if isinstance(answer, Denied):
            return self._entry(principal, action.label, target.name, Outcome.DENIED, answer.why.value, facts)
        return self._entry(principal, action.label, target.name, Outcome.ALLOWED, None, facts)

    def _entry(  # noqa: PLR0913 - one argument per field of the entry
        self, principal: Principal, action: str, target: str, outcome: Outcome, reason: str | None, facts: Facts
    ) -> Record:
        return Record(
            id=EntryId(self._new_id(ENTRY)),
            at=self._clock(),
            organization=principal.organization,
            workspace=principal.workspace,
            principal=principal.id,
            action=action,
            target=target,
            outcome=outcome,
            reason=reason,
            facts=facts,
        )
