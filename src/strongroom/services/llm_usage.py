"""What was used of models, for those who may see keys; and what each key may still take."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import final

from strongroom.core.actions import Action
from strongroom.core.grants import Principal, Target
from strongroom.core.llm.gateway_keys import GatewayKey
from strongroom.core.llm.limits import Limits, Window
from strongroom.core.llm.uses import Use
from strongroom.core.pages import Page, Position
from strongroom.core.sources import Clock
from strongroom.services.gate import Facts, Gate
from strongroom.services.llm_books import Books
from strongroom.services.llm_connections import Forget
from strongroom.services.llm_ports import GatewayKeys
from strongroom.services.llm_use_ports import Chosen, Grouped, Grouping, LlmUses


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A gateway key, and what it has taken of its limits today and this month; None where it has none."""

    key: GatewayKey
    day: int | None
    month: int | None
    day_ends: datetime
    month_ends: datetime


@final
class LlmUsageService:
    """Use cases on what was used."""

    def __init__(  # noqa: PLR0913 - what it stands on
        self, *, uses: LlmUses, keys: GatewayKeys, books: Books, gate: Gate, clock: Clock, forget: Forget
    ) -> None:
        self._uses = uses
        self._keys = keys
        self._books = books
        self._gate = gate
        self._clock = clock
        self._forget = forget

    async def grouped(
        self, principal: Principal, chosen: Chosen, by: Sequence[Grouping], *, limit: int
    ) -> list[Grouped]:
        """Return sums of days, told apart as asked for, at most `limit`."""
        await self._gate.admit(principal, Action.LLM_USAGE_READ, _target(principal, "usage"))
        await self._books.flush()  # so that whoever asks sees what was used before
        return await self._uses.grouped(principal.workspace, chosen, by, limit)

    async def page(self, principal: Principal, chosen: Chosen, *, limit: int, after: Position | None) -> Page[Use]:
        """Return requests of the last days, the latest first."""
        await self._gate.admit(principal, Action.LLM_USAGE_READ, _target(principal, "usage"))
        await self._books.flush()
        return await self._uses.page(principal.workspace, chosen, limit=limit, after=after)

    async def standings(self, principal: Principal) -> list[Standing]:
        """Return all keys with what they have taken, oldest first, revoked ones included."""
        await self._gate.admit(principal, Action.GATEWAY_KEY_LIST, _target(principal, "gateway keys"))
        return [self._standing(key) for key in await self._keys.all(principal.workspace)]

    async def limit(self, principal: Principal, key: str, limits: Limits) -> Standing:
        """Set what a key may take; on other servers it holds within a second. Raises `Invalid` and `NotFound`."""
        limits.checked()
        facts: Facts = {
            name: limit
            for name, limit in (("tokens_per_day", limits.day), ("tokens_per_month", limits.month))
            if limit is not None
        }
        await self._gate.admit(principal, Action.GATEWAY_KEY_LIMIT, _target(principal, key), facts)
        limited = await self._keys.limit(principal.workspace, key, limits)
        await self._books.look()  # what it has taken before its limit counts as well
        self._forget(principal.workspace)
        return self._standing(limited)

    def _standing(self, key: GatewayKey) -> Standing:
        now = self._clock()
        day, month = self._books.taken(key.id, now)
        is_limited = key.limits.day is not None or key.limits.month is not None
        return Standing(
            key=key,
            day=day if is_limited else None,
            month=month if is_limited else None,
            day_ends=Window.DAY.ends(now),
            month_ends=Window.MONTH.ends(now),
        )


def _target(principal: Principal, name: str) -> Target:
    return Target(name=name, workspace=principal.workspace)
