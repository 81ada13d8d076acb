"""What a proxy holds in memory of a session that is running.

A `LiveSession` is a session's identity, its connections' alarm bell and its plans; a `LivePlan` is
one plan with its prepared substituter and scrubber. Both are dropped by event within a second of any
change they depend on: `live` turns false, and whoever holds one asks again.
"""

from collections.abc import Callable
from datetime import datetime
from typing import final

from strongroom.core.grants import Principal
from strongroom.core.hosts import Host
from strongroom.core.ids import CredentialId
from strongroom.core.overriding import override
from strongroom.core.plans import Destination, Placement, Plan, Swap
from strongroom.core.scrubbing import Scrubber
from strongroom.core.secret import Secret
from strongroom.core.sessions import Session
from strongroom.core.substitution import Substituter
from strongroom.core.surfaces import Surface
from strongroom.services.usage import Meter, UseKey


@final
class LivePlan:
    """A plan in use. Check `live` before every request; the rest is ready to run without any I/O.

    `scrubber` knows the secrets that were put in under this plan so far: a secret stored upstream by
    one request is taken out of the reply to a later one, too.
    """

    __slots__ = ("_keys", "_meter", "_seen", "live", "plan", "scrubber", "substituter")

    def __init__(self, plan: Plan, *, principal: Principal, meter: Meter) -> None:
        self.plan = plan
        self.live = True
        self.substituter = Substituter(plan, used=self._used, strayed=self._strayed)
        self.scrubber = Scrubber(())
        self._meter = meter
        self._seen: dict[CredentialId, tuple[Secret, str]] = {}
        host = plan.destination.host
        known = [*(swap.credential for swap in plan.swaps), *plan.strays.values()]
        known += [placement.credential for placement in plan.placements]
        self._keys = {each: UseKey(principal, plan.session, each, host) for each in known}

    @property
    def destination(self) -> Destination:
        """Where the plan's requests go."""
        return self.plan.destination

    @property
    def expires_at(self) -> datetime:
        """When the session ends by itself."""
        return self.plan.expires_at

    def _used(self, what: Swap | Placement) -> None:
        self._meter.used(self._keys[what.credential])
        if what.credential not in self._seen:
            marker = what.placeholder if isinstance(what, Swap) else what.marker
            self._seen[what.credential] = (what.secret, marker)
            self.scrubber = Scrubber(self._seen.values())

    def _strayed(self, placeholder: str, surface: Surface) -> None:
        credential = self.plan.strays.get(placeholder) or self._credential_of(placeholder)
        self._meter.strayed(self._keys[credential], surface)

    def _credential_of(self, placeholder: str) -> CredentialId:
        return next(swap.credential for swap in self.plan.swaps if swap.placeholder == placeholder)


@final
class LiveSession:
    """A session that at least one connection uses."""

    __slots__ = ("_alarms", "ended", "generation", "plans", "principal", "refusals", "seed", "session")

    def __init__(self, session: Session, *, principal: Principal, seed: bytes) -> None:
        self.session = session
        self.principal = principal
        self.seed = seed
        self.ended = False
        self.generation = 0
        self.plans: dict[Destination, LivePlan] = {}
        self.refusals: dict[Host, str] = {}
        self._alarms: set[Callable[[], None]] = set()

    @override
    def __repr__(self) -> str:
        return f"LiveSession({self.session.id})"

    def watch(self, alarm: Callable[[], None]) -> None:
        """Have `alarm` called once when the session ends; connections close themselves in it."""
        self._alarms.add(alarm)

    def unwatch(self, alarm: Callable[[], None]) -> None:
        """Take an alarm back."""
        self._alarms.discard(alarm)

    def forget(self) -> None:
        """Drop every plan: something they depend on has changed."""
        self.generation += 1
        for plan in self.plans.values():
            plan.live = False
        self.plans.clear()
        self.refusals.clear()

    def end(self) -> None:
        """Drop every plan and close every connection."""
        self.ended = True
        self.forget()
        alarms, self._alarms = self._alarms, set()
        for alarm in alarms:
            alarm()
