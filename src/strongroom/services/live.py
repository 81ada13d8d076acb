"""What a proxy holds in memory of a session that is running.

A `LiveSession` is a session's identity, its connections' alarm bell and its plans; a `LivePlan` is
one plan with its prepared substituter and scrubber. Both are dropped by event within a second of any
change they depend on: `live` turns false, and whoever holds one asks again.
"""

from asyncio import TimerHandle
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar, final
from weakref import WeakSet

from strongroom.core.failures import CustodianFailed, StrayRefused
from strongroom.core.grants import Principal
from strongroom.core.hosts import Host
from strongroom.core.ids import CredentialId
from strongroom.core.mcp_servers import Served
from strongroom.core.mcp_urls import normal_target
from strongroom.core.overriding import override
from strongroom.core.plans import Destination, Placement, Plan, Signer, Swap
from strongroom.core.scrubbing import LET_GO_AFTER, Scrubber, Sent
from strongroom.core.sessions import Session
from strongroom.core.substitution import Substituter
from strongroom.core.surfaces import Surface
from strongroom.services.pace import Pace
from strongroom.services.usage import Meter, RefusalKey, UseKey

_T = TypeVar("_T")

MAX_PLANS = 1024
"""Destinations, and refused hosts, that a session is remembered to have asked for."""
MAX_SENT_TO = 2 * MAX_PLANS
"""Hosts that are told apart by what a session has sent to them: more than it has plans."""
MAX_REFUSED = 256
"""Reasons and hosts of refusals that are told apart for a session; further hosts are counted together."""
NEW_PLANS_PER_MINUTE = 600
"""Plans that a session may have made: each asks the database and writes to the audit log."""


@final
class LivePlan:
    """A plan in use. Check `live` before every request; the rest is ready to run without any I/O.

    `sent` knows the secrets that the session has sent to the host so far, under this plan or another.
    Once the plan is revoked, nothing is put in any more, not even for a request that has begun. One that is merely
    outdated, because a token was renewed, serves the requests that have begun to their end.
    """

    __slots__ = (
        "__weakref__",
        "_keys",
        "_meter",
        "_noted",
        "_rehearsed",
        "_revoked",
        "_timer",
        "fills_bodies",
        "live",
        "plan",
        "renews",
        "sent",
        "steady",
        "substituter",
        "takes_time",
    )

    def __init__(self, plan: Plan, *, principal: Principal, meter: Meter, sent: Sent) -> None:
        self.plan = plan
        self.live = True
        self.renews = any(placement.renewable for placement in plan.placements)
        """Whether it is worth a question if an upstream rejects a token."""
        self.steady = not plan.placements and all(swap.at_sending is None for swap in plan.swaps)
        """Whether what it puts into fields depends on neither the clock nor the target."""
        self.takes_time = bool(plan.signers) or self.renews
        """Whether a request under it may need more than to be sent and answered."""
        self._revoked = False
        self._timer: TimerHandle | None = None
        self.substituter = Substituter(plan, used=self._used, strayed=self._strayed, live=lambda: not self._revoked)
        self.sent = sent
        self.fills_bodies = any(Surface.BODY in swap.surfaces for swap in plan.swaps)
        """Whether a secret may be put into a body."""
        self._meter = meter
        self._rehearsed: list[UseKey | None] | None = None  # instead of counting, while somebody rehearses
        self._noted: set[str] = set()
        """What stands for the secrets that are noted already; a credential may have several."""
        host = plan.destination.host
        known = [*(swap.credential for swap in plan.swaps), *plan.strays.values()]
        known += [placement.credential for placement in plan.placements]
        known += [part.credential for signer in plan.signers.values() for part in signer.parts]
        self._keys = {each: UseKey(principal, plan.session, each, host, plan.vaults.get(each)) for each in known}

    @property
    def scrubber(self) -> Scrubber:
        """What takes the secrets sent so far out of a complete reply."""
        return self.sent.scrubber

    @property
    def destination(self) -> Destination:
        """Where the plan's requests go."""
        return self.plan.destination

    @property
    def expires_at(self) -> datetime:
        """When the session ends by itself."""
        return self.plan.expires_at

    @property
    def revoked(self) -> bool:
        """Whether what allowed it is over, rather than that there are newer tokens."""
        return self._revoked

    def renewable(self, target: str) -> Placement | None:
        """Return what the egress proxy puts into requests to a target, if another token can be had for it."""
        if not self.renews:
            return None
        normal = normal_target(target)
        first = next((each for each in self.plan.placements if each.target == normal), None)
        return first if first is not None and first.renewable and not first.reserved else None

    def outdate_by(self, timer: TimerHandle) -> None:
        """Have it outdated by a timer, which does not outlive it, and takes the place of one before it."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = timer

    def outdate(self) -> None:
        """Let no further request begin under it."""
        self.live = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def revoke(self) -> None:
        """Put nothing in any more."""
        self._revoked = True
        self.outdate()

    def rehearse(self, put_in: Callable[[], _T]) -> tuple[_T, list[UseKey] | None]:
        """Put secrets in without counting it. Return what comes of it, and what to count each time it is sent.

        The latter is None if anything would be reported.
        """
        heard: list[UseKey | None] = []
        self._rehearsed = heard
        try:
            made = put_in()
        finally:
            self._rehearsed = None
        uses = [use for use in heard if use is not None]
        return made, uses if len(uses) == len(heard) else None

    def count(self, uses: Iterable[UseKey]) -> None:
        """Count what a request was sent with."""
        for use in uses:
            self._meter.used(use)

    def signs(self, signer: Signer) -> None:
        """Count a request that is signed anew, and remember what of the keys it carries."""
        for credential in dict.fromkeys(part.credential for part in signer.parts):
            self._meter.used(self._keys[credential])
        if signer.access_key_id.placeholder not in self._noted:
            self._noted.update(part.placeholder for part in signer.parts)
            for part in signer.sent:
                self.sent.note(part.secret, part.placeholder, worthless=True)

    def _used(self, what: Swap | Placement) -> None:
        use = self._keys[what.credential]
        if self._rehearsed is None:
            self._meter.used(use)
        else:
            self._rehearsed.append(use)
        marker = what.placeholder if isinstance(what, Swap) else what.marker
        if marker in self._noted:
            return
        if isinstance(what, Placement) or what.ends is None:  # the next code is another secret
            self._noted.add(marker)
        if isinstance(what, Placement) or what.scrubbed:
            self.sent.note(what.secret, marker)
            self.sent.ends(what.secret, what.ends)
        if isinstance(what, Swap) and what.ends is not None:
            kept = [what.secret, *(secret for secret, _ in self.plan.marked())]
            self.sent.let_go(ended_by=what.ends - LET_GO_AFTER, but_for=kept)

    def _strayed(self, placeholder: str, surface: Surface) -> None:
        if self._rehearsed is not None:
            self._rehearsed.append(None)
            return
        credential = self.plan.strays.get(placeholder) or self._credential_of(placeholder)
        custodian = self.plan.missing.get(credential)
        if custodian is not None:
            raise CustodianFailed(custodian, f"it did not hand out the secret of credential {credential}")
        self._meter.strayed(self._keys[credential], surface, refused=self.plan.refuses_strays)
        if self.plan.refuses_strays:
            raise StrayRefused(
                f"the placeholder of credential {credential} does not belong in the {surface} of a request to "
                f"{self.plan.destination.authority}, and the session's environment refuses such requests"
            )

    def _credential_of(self, placeholder: str) -> CredentialId:
        return next(swap.credential for swap in self.plan.swaps if swap.placeholder == placeholder)


@final
@dataclass(frozen=True, slots=True)
class Rejected:
    """A token that an upstream has rejected, and the plan under which it was sent."""

    plan: LivePlan
    placement: Placement


@final
class LiveSession:
    """A session that at least one connection uses."""

    __slots__ = (
        "_alarms",
        "_meter",
        "_outdated",
        "_refused",
        "_sent_elsewhere",
        "ended",
        "generation",
        "pace",
        "plans",
        "principal",
        "refusals",
        "seed",
        "sent",
        "servers",
        "session",
    )

    def __init__(self, session: Session, *, principal: Principal, seed: bytes, meter: Meter) -> None:
        self.session = session
        self.principal = principal
        self.seed = seed
        self.ended = False
        self.generation = 0
        self.pace = Pace(NEW_PLANS_PER_MINUTE)
        self.plans: OrderedDict[Destination, LivePlan] = OrderedDict()
        self.refusals: OrderedDict[Host, str] = OrderedDict()
        self.sent: dict[Host, Sent] = {}
        self._sent_elsewhere: Sent | None = None
        self.servers: tuple[Served, ...] | None = None
        """The MCP servers that it can speak to, where somebody has asked for them."""
        self._alarms: set[Callable[[], None]] = set()
        self._outdated: WeakSet[LivePlan] = WeakSet()
        self._meter = meter
        self._refused: set[tuple[str, str]] = set()

    @override
    def __repr__(self) -> str:
        return f"LiveSession({self.session.id})"

    @property
    def watched(self) -> bool:
        """Whether a connection uses it."""
        return bool(self._alarms)

    def watch(self, alarm: Callable[[], None]) -> None:
        """Have `alarm` called once when the session ends; connections close themselves in it."""
        self._alarms.add(alarm)

    def unwatch(self, alarm: Callable[[], None]) -> None:
        """Take an alarm back."""
        self._alarms.discard(alarm)

    def admit(self, plan: LivePlan) -> LivePlan:
        """Keep a plan; the one least recently made gives way beyond the bound."""
        self.plans[plan.destination] = plan
        if len(self.plans) > MAX_PLANS:
            _, oldest = self.plans.popitem(last=False)
            oldest.revoke()
        return plan

    def refuse(self, host: Host, sentence: str) -> None:
        """Keep a refusal, so that repeating the request asks nobody."""
        self.refusals[host] = sentence
        if len(self.refusals) > MAX_PLANS:
            self.refusals.popitem(last=False)

    def turned_away(self, code: str, host: str) -> None:
        """Count a refusal, for one reason at one host; beyond the bound without the host."""
        if (code, host) not in self._refused:
            if len(self._refused) >= MAX_REFUSED:
                host = ""
            else:
                self._refused.add((code, host))
        self._meter.turned_away(RefusalKey(self.principal, self.session.id, code, host))

    def sent_to(self, host: Host) -> Sent:
        """Return what the session has sent to a host.

        Beyond the bound hosts give way that got nothing and that no plan leads to. Where that is not enough, all
        further hosts are told together: what was sent to one is then looked for in what any of them answers.
        """
        known = self.sent.get(host)
        if known is not None:
            return known
        if self._sent_elsewhere is None and len(self.sent) >= MAX_SENT_TO:
            planned = {destination.host for destination in self.plans}
            for other in [name for name, sent in self.sent.items() if not sent.scrubber and name not in planned]:
                del self.sent[other]
            if len(self.sent) >= MAX_SENT_TO:
                self._sent_elsewhere = Sent()
        return self._sent_elsewhere or self.sent.setdefault(host, Sent())

    def outdate(self, plan: LivePlan) -> None:
        """Let no further request begin under a plan. What revokes the session's plans revokes it still."""
        if self.plans.get(plan.destination) is plan:
            del self.plans[plan.destination]
            plan.outdate()
            self._outdated.add(plan)

    def renew(self, credential: CredentialId) -> None:
        """Outdate every plan that sends a credential's tokens, those that are being made included."""
        self.generation += 1
        for plan in list(self.plans.values()):
            if any(placement.credential == credential for placement in plan.plan.placements):
                self.outdate(plan)

    def forget(self) -> None:
        """Drop every plan: something they depend on has changed."""
        self.generation += 1
        for plan in [*self.plans.values(), *self._outdated]:
            plan.revoke()
        self.plans.clear()
        self._outdated.clear()
        self.refusals.clear()
        self.servers = None

    def end(self) -> None:
        """Drop every plan and close every connection."""
        self.ended = True
        self.forget()
        alarms, self._alarms = self._alarms, set()
        for alarm in alarms:
            alarm()
