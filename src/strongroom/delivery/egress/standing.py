"""The plan that a relay runs under, for as long as its connections last."""

from collections.abc import Callable
from typing import final

from strongroom.delivery.egress.commands import Command, MakePlan
from strongroom.delivery.egress.refusals import Code, Refusal
from strongroom.services.live import LivePlan, LiveSession

_MOST_PLANS = 4
"""Plans asked for in a row, each over before it could be used."""


@final
class Standing:
    """A plan that is asked for anew when it is over. Until the answer nothing stands."""

    __slots__ = ("_asked", "_asking", "_emit", "_live", "plan")

    def __init__(self, plan: LivePlan, live: LiveSession, *, emit: Callable[[Command], None]) -> None:
        self.plan = plan
        self._live = live
        self._emit = emit
        self._asked = 0
        self._asking = False

    def holds(self) -> bool:
        """Tell whether the plan holds; if not, another is under way. Raises a refusal."""
        if self._asking:
            return False
        if self.plan.live:
            self._asked = 0
            return True
        if self._asked >= _MOST_PLANS:
            raise Refusal(Code.UNAVAILABLE, "the credentials change faster than they can be used; connect again")
        self._asked += 1
        self._asking = True
        self._emit(MakePlan(self._live, self.plan.destination))
        return False

    def renew(self, plan: LivePlan) -> None:
        """Take the answer."""
        self._asking = False
        self.plan = plan
