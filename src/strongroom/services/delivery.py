"""Which secrets go where, for running sessions: asked once per session and destination.

The answer is made with the database, the gate and the custodian, and then followed from memory
until an event drops it. The hot path is `entered` and `planned`: two dictionary look-ups.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import final

from strongroom.core.actions import SESSION_SCOPES, Action
from strongroom.core.conditions import NotAfter, OnlyVaults
from strongroom.core.credentials import Credential, Material
from strongroom.core.environments import Environment
from strongroom.core.failures import CustodianFailed, NotAuthenticated, NotFound, NotPermitted, TooMany, Unavailable
from strongroom.core.grants import Granted, Principal, Target
from strongroom.core.hosts import HostSet
from strongroom.core.ids import CredentialId, PrincipalId
from strongroom.core.mcp_servers import Served, served
from strongroom.core.plans import Destination, Placement
from strongroom.core.scrubbing import LET_GO_AFTER
from strongroom.core.secret import Secret
from strongroom.core.sessions import Session
from strongroom.core.sources import Clock
from strongroom.crypto.tokens import digest
from strongroom.services.gate import Facts, Gate
from strongroom.services.holding import belongs, concerns, first_of_each, mcp_hosts
from strongroom.services.identities import Identities
from strongroom.services.live import LivePlan, LiveSession, Rejected
from strongroom.services.planner import Planner
from strongroom.services.ports import (
    Change,
    Changes,
    Credentials,
    Custody,
    Environments,
    Seal,
    Sessions,
    Subject,
)
from strongroom.services.refresh import Refresher
from strongroom.services.sessions import seed_binding
from strongroom.services.usage import Meter

RETRY_SECONDS = 0.2
RENEW_AGAIN_SECONDS = 30.0
"""How long a plan is kept whose token should have been renewed and could not be."""
ASK_AGAIN_SECONDS = 2.0
"""How long a plan is kept that lacks what another's vault did not hand out."""
_LONGEST_TIMER = 24 * 3600.0
MAX_LIVE = 20_000
"""Sessions that a process remembers; more than it takes connections, so that some can always be let go."""
FEED_PATIENCE = 3.0
"""Seconds without a sign of life from the change feed after which no warm plan is trusted."""

_log = logging.getLogger(__name__)


@final
class Delivery:
    """The running sessions of one process."""

    def __init__(  # noqa: PLR0913 - one argument per port
        self,
        *,
        sessions: Sessions,
        environments: Environments,
        credentials: Credentials,
        refresher: Refresher,
        identities: Identities,
        seal: Seal,
        gate: Gate,
        meter: Meter,
        clock: Clock,
        alone: bool = True,
        pass_through: HostSet | None = None,
        most_sessions: int = MAX_LIVE,
    ) -> None:
        """Take what it works with. It is not `alone` where a session's requests pass through other processes too.

        TLS to hosts of `pass_through` is left to the two ends: nothing is put in or looked for there.
        """
        self._sessions = sessions
        self._most_sessions = most_sessions
        self._environments = environments
        self._credentials = credentials
        self._refresher = refresher
        self._identities = identities
        self._seal = seal
        self._gate = gate
        self._meter = meter
        self._clock = clock
        self._alone = alone
        self._pass_through = pass_through or HostSet()
        self._live: dict[bytes, LiveSession] = {}

    def entered(self, token: Secret) -> LiveSession | None:
        """Return the session of a proxy token if it is running here already."""
        live = self._live.get(digest(token))
        return live if live is not None and not self._over(live.session) else None

    async def enter(self, token: Secret) -> LiveSession:
        """Return the session of a proxy token. Raises `NotAuthenticated` for unknown and ended ones."""
        live = self.entered(token)
        if live is not None:
            return live
        key = digest(token)
        found = await self._sessions.by_token(key)
        if found is None or self._over(found[0]):
            raise NotAuthenticated(presented=True)
        session, sealed = found
        seed = await self._seal.open(seed_binding(session), sealed)
        if len(self._live) >= self._most_sessions:
            self._let_go()
        return self._live.setdefault(
            key, LiveSession(session, principal=_principal(session), seed=seed, meter=self._meter)
        )

    def planned(self, live: LiveSession, destination: Destination) -> LivePlan | None:
        """Return the plan for a destination if it is warm."""
        return live.plans.get(destination)

    async def plan(self, live: LiveSession, destination: Destination, *, rejected: Rejected | None = None) -> LivePlan:
        """Return the plan for a destination, made now if it is not warm.

        After a token was `rejected`, it is renewed first if it can be; if not, the plan is the same as before.
        Raises `NotAuthenticated` if the session has ended, `NotPermitted` if its environment does
        not let the host through and `TooMany` if the session asks for too many plans.
        """
        if live.ended or self._over(live.session):
            raise NotAuthenticated(presented=True)
        if rejected is not None:
            await self._renew(live, rejected)
        warm = live.plans.get(destination)
        if warm is not None:
            return warm
        if destination.host in live.refusals:
            raise NotPermitted(_blocked(destination, live.refusals[destination.host]))
        wait = live.pace.wait(self._clock())
        if wait:
            raise TooMany("the session asks for too many new destinations in a minute", retry_after=wait)
        while True:
            seen = live.generation
            ready = await self._make(live, destination)
            if live.ended:
                raise NotAuthenticated(presented=True)
            if live.generation == seen:  # else something changed meanwhile: what was read may be stale
                return live.plans.get(destination) or self._admitted(live, ready)

    async def _renew(self, live: LiveSession, rejected: Rejected) -> None:
        """Have a rejected token renewed. If there is no other, the plan is kept a while, and asks no more."""
        plan = rejected.plan
        if live.plans.get(plan.destination) is not plan or not plan.renews:
            return  # somebody has seen to it
        if not await self.renew(live, rejected.placement) and plan.live:
            plan.renews = False
            plan.outdate_by(asyncio.get_running_loop().call_later(RENEW_AGAIN_SECONDS, live.outdate, plan))

    def _admitted(self, live: LiveSession, plan: LivePlan) -> LivePlan:
        """Keep a plan until the first of its tokens is to be renewed: no request has to look at a clock for that."""
        renew_at = plan.plan.renew_at
        if plan.plan.missing:
            plan.outdate_by(asyncio.get_running_loop().call_later(ASK_AGAIN_SECONDS, live.outdate, plan))
        elif renew_at is not None:
            seconds = (renew_at - self._clock()).total_seconds()
            seconds = min(seconds, _LONGEST_TIMER) if seconds > 0 else RENEW_AGAIN_SECONDS
            plan.outdate_by(asyncio.get_running_loop().call_later(seconds, live.outdate, plan))
        return live.admit(plan)

    async def renew(self, live: LiveSession, placement: Placement) -> bool:
        """Have a token renewed that a server has rejected; tell whether the next plan sends another.

        Raises a failure.
        """
        session = await self._current(live)
        if not placement.renewable:
            return False
        held = await self._credentials.held(session.workspace, placement.vault, placement.credential)
        if held is not None:
            facts: Facts = {"session": session.id}
            proof = await self._gate.admit(live.principal, Action.CREDENTIAL_USE, _target(held[0]), facts)
            if not await self._refresher.renew(proof, held[0], rejected=placement.secret):
                return False
        live.renew(placement.credential)  # the news of it may take a moment
        return True

    async def servers(self, live: LiveSession) -> tuple[Served, ...]:
        """Return the MCP servers that a session can speak to. Raises `NotAuthenticated` if it has ended."""
        while True:
            if live.ended or self._over(live.session):
                raise NotAuthenticated(presented=True)
            if live.servers is not None:
                return live.servers
            seen = live.generation
            session = await self._current(live)
            held = await self._credentials.active_in(session.workspace, session.vaults)
            if live.generation == seen:
                live.servers = served(session, [credential for credential, _ in held])

    async def follow(self, changes: Changes) -> None:
        """Drop what changes; runs as long as the process.

        A silent feed drops everything, and once it speaks again every session is looked at: news of
        its end may have been missed.
        """
        feed, missed = changes.follow(), False
        while True:
            try:
                async with asyncio.timeout(FEED_PATIENCE):  # `wait_for` can lose a cancellation before Python 3.12
                    batch = await anext(feed)
                if missed:
                    await self._look_at_all()
                    missed = False
                await self._drop(batch)
            except (TimeoutError, StopAsyncIteration, Unavailable):
                feed, missed = changes.follow(), True  # first of all: what changes from here on is heard
                self.forget_all()
                await asyncio.sleep(RETRY_SECONDS)

    async def keep_count(self) -> None:
        """Write the meter's counts once a second; runs as long as the process."""
        while True:
            await asyncio.sleep(1)
            self._end_expired()
            try:
                await self._meter.flush()
            except Unavailable:
                self.forget_all()  # no audit writer, no request

    def forget_all(self) -> None:
        """Trust no warm plan any more."""
        for live in self._live.values():
            live.forget()

    async def _make(self, live: LiveSession, destination: Destination) -> LivePlan:
        session = await self._current(live)
        environment = await self._permitting(live, destination)
        held = first_of_each(session, await self._credentials.active_in(session.workspace, session.vaults))
        passes = destination.scheme == "https" and self._pass_through.covers(destination.host)
        here = [] if passes else [pair for pair in held if belongs(pair[0], destination)]
        facts: Facts = {"session": session.id, "host": destination.host, "port": destination.port}
        granted = await self._gate.admit_all(
            live.principal,
            [(Action.EGRESS_CONNECT, Target(name=destination.host, workspace=session.workspace))]
            + [(Action.CREDENTIAL_USE, _target(credential)) for credential, _ in here],
            {**facts, "pass_through": 1} if passes else facts,
        )
        found = await asyncio.gather(
            *(
                self._opened(proof, session, credential, custody)
                for (credential, custody), proof in zip(here, granted[1:], strict=True)
            )
        )
        opened = [each for each in found if not isinstance(each, CustodianFailed)]
        missing = {
            credential.id: each.custodian
            for (credential, _), each in zip(here, found, strict=True)
            if isinstance(each, CustodianFailed)
        }
        planner = Planner(live.session, seed=live.seed, environment=environment, clock=self._clock)
        known = [credential for credential, _ in held]
        plan = planner.plan(destination, held=known, here=opened, missing=missing, passes_through=passes)
        sent = live.sent_to(destination.host)
        sent.let_go(ended_by=self._clock() - LET_GO_AFTER, but_for=[secret for secret, _ in plan.marked()])
        if not self._alone:  # another process may have sent what this one is asked to read back
            sent.note_all(plan.marked(), worthless=plan.worthless())
            for placement in plan.placements:
                sent.ends(placement.secret, placement.ends)
        return LivePlan(plan, principal=live.principal, meter=self._meter, sent=sent)

    async def _opened(
        self, proof: Granted, session: Session, credential: Credential, custody: Custody
    ) -> tuple[Credential, Material] | CustodianFailed:
        """Return a credential as it is sent out: its tokens renewed, an identity signed for the session.

        One whose vault does not hand it out leaves the others of its host alone: it is missing from the plan. That is
        only where no other process sends anything for the session: what one has sent, each has to know to scrub it.
        """
        try:
            fresh, material = await self._refresher.fresh(proof, credential, custody)
        except CustodianFailed as failure:
            _log.warning("credential %s cannot be used: %s", credential.id, failure)
            if not self._alone:
                raise
            return failure
        return fresh, await self._identities.stated(proof, session, fresh, material)

    async def _current(self, live: LiveSession) -> Session:
        """Read the session again: it may have ended before `live` began to hear of changes."""
        try:
            live.session = await self._sessions.get(live.session.workspace, live.session.id)
        except NotFound:
            live.end()
            raise NotAuthenticated(presented=True) from None
        if self._over(live.session):
            live.end()
            raise NotAuthenticated(presented=True)
        return live.session

    async def _permitting(self, live: LiveSession, destination: Destination) -> Environment:
        """Return the session's environment, which lets the destination through. Raises `NotPermitted`."""
        session, host = live.session, destination.host
        try:
            environment = await self._environments.get(session.workspace, session.environment)
        except NotFound:
            raise NotPermitted(
                _blocked(destination, "is blocked: the session's environment no longer exists")
            ) from None
        if environment.policy(mcp_hosts(session)).covers(host):
            return environment
        reason = f"is not allowed by environment {environment.id}, whose hosts are limited"
        target = Target(name=host, workspace=session.workspace)
        facts = {"session": session.id, "host": host}
        await self._gate.refuse(live.principal, Action.EGRESS_CONNECT, target, reason="environment", facts=facts)
        live.refuse(host, reason)
        raise NotPermitted(_blocked(destination, reason))

    async def _drop(self, batch: Sequence[Change]) -> None:
        for change in batch:
            for key, live in list(self._live.items()):
                if live.session.workspace != change.workspace or not concerns(change, live.session):
                    continue
                if change.subject is Subject.TOKENS:
                    live.renew(CredentialId(change.id))
                else:
                    live.forget()
                    if change.subject is Subject.SESSION:
                        await self._look_again(key, live)

    def _let_go(self) -> None:
        """Forget sessions that no connection uses, the first that came first: they are read again when they return."""
        idle = [key for key, live in self._live.items() if not live.watched]
        for key in idle[: max(1, self._most_sessions // 10)]:
            self._live.pop(key).forget()

    def _end_expired(self) -> None:
        for key, live in list(self._live.items()):
            if live.ended or self._over(live.session):
                del self._live[key]
                live.end()

    async def _look_at_all(self) -> None:
        for key, live in list(self._live.items()):
            await self._look_again(key, live)

    async def _look_again(self, key: bytes, live: LiveSession) -> None:
        found = await self._sessions.by_token(key)
        if found is None or self._over(found[0]):
            self._live.pop(key, None)
            live.end()
        else:
            live.session = found[0]

    def _over(self, session: Session) -> bool:
        return session.archived_at is not None or self._clock() >= session.expires_at


def _blocked(destination: Destination, reason: str) -> str:
    return f"{destination.host}:{destination.port} {reason}"


def _principal(session: Session) -> Principal:
    return Principal(
        id=PrincipalId(session.id),
        organization=session.organization,
        workspace=session.workspace,
        scopes=SESSION_SCOPES,
        conditions=(NotAfter(session.expires_at), OnlyVaults(frozenset(session.vaults))),
    )


def _target(credential: Credential) -> Target:
    return Target(name=credential.id, workspace=credential.workspace, vault=credential.vault)
