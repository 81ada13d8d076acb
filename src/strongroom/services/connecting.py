"""Connecting an MCP server: a person consents in a browser, and the tokens land in a vault.

`begin` finds out whom to ask and writes down what is needed to finish, sealed; `complete` (the browser's answer came
to the person's machine), `callback` (it came to our own server) and `poll` (there is no browser) finish. Rules kept:
- an answer is redeemed once: whoever takes the authorization first, and nobody after that;
- an answer whose state is not ours takes nothing: a stranger cannot end an authorization;
- tokens are stored whole or not at all; of what servers said in their errors only the standards' names are kept.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol, final

from strongroom.core.actions import Action
from strongroom.core.authorization import Attempt, Authorization, Callback, Flow, NoConsent, Standing, judge
from strongroom.core.authorization import read_callback as read
from strongroom.core.device import MAX_INTERVAL, SLOWER
from strongroom.core.failures import Conflict, Failure, Invalid, NotAuthenticated, Refused
from strongroom.core.grants import Principal, Target
from strongroom.core.ids import AuthorizationId, PrincipalId, WorkspaceId
from strongroom.core.oauth import Refreshed
from strongroom.core.redemption import credential_of, device_redemption, redemption
from strongroom.core.secret import Secret
from strongroom.core.sources import Clock
from strongroom.crypto.tokens import digest, same
from strongroom.services.attempts import Attempts
from strongroom.services.authorization_ports import Asking, Authorizations, Waiting
from strongroom.services.gate import Gate
from strongroom.services.landing import Landing
from strongroom.services.opening import Begun, NewAuthorization, Opening
from strongroom.services.redeeming import NoTokens, NotYet, Redeeming

ASKING_TAKES = timedelta(seconds=15)
"""Longer than a token endpoint may take: until then nobody else asks it for the same device."""
NOT_STORED = "the tokens could not be stored: begin again"
NO_MORE = "the key that began this authorization is not valid any more: begin again with another"
STRANGER = "belongs to no authorization that is under way"


class Holders(Protocol):
    """Knows who began something a while ago."""

    async def holder(self, workspace: WorkspaceId, id_: PrincipalId, /) -> Principal:
        """Return who it is now. Raises `NotAuthenticated`."""


@final
class Connecting:
    """Use cases on authorizations."""

    def __init__(  # noqa: PLR0913 - one argument per port
        self,
        *,
        opening: Opening,
        authorizations: Authorizations,
        attempts: Attempts,
        redeeming: Redeeming,
        landing: Landing,
        authentication: Holders,
        gate: Gate,
        clock: Clock,
    ) -> None:
        self._opening = opening
        self._authorizations = authorizations
        self._attempts = attempts
        self._redeeming = redeeming
        self._landing = landing
        self._authentication = authentication
        self._gate = gate
        self._clock = clock

    async def begin(self, principal: Principal, new: NewAuthorization) -> Begun:
        """Find out whom to ask, and return where the person goes.

        Raises `Invalid` for what cannot be, `Conflict` where the vault has another token for the server,
        `NotPermitted` and `UpstreamFailure` with the step that failed. Nothing is left behind then.
        """
        return await self._opening.begin(principal, new)

    async def status(self, principal: Principal, authorization: AuthorizationId) -> Authorization:
        """Return what became of an authorization."""
        return (await self._admitted(principal, Action.AUTHORIZATION_READ, authorization)).authorization

    async def complete(self, principal: Principal, authorization: AuthorizationId, url: Secret) -> Authorization:
        """Finish with the URL that the person's browser was sent to.

        Raises `Invalid` for an answer that is none or belongs to another authorization, `Conflict` for one that was
        used. A person who denied, and a server that gives no tokens, are outcomes.
        """
        callback = read(url)
        waiting = await self._admitted(principal, Action.AUTHORIZATION_COMPLETE, authorization)
        if waiting.authorization.flow is not Flow.LOOPBACK:
            raise Invalid("is for authorizations whose answer comes to a port of your machine", field="callback_url")
        if waiting.state is None or not same(waiting.state, digest(callback.state)):
            raise Invalid("belongs to another authorization", field="callback_url")
        return await self._answered(principal, waiting, callback)

    async def callback(self, query: Secret) -> Authorization:
        """Finish with what a browser brought to our own server: its state says which one, and is the proof.

        Raises `Invalid` and `Conflict` as `complete` does.
        """
        callback = read(query)
        waiting = await self._authorizations.by_state(digest(callback.state))
        if waiting is None or waiting.authorization.flow is not Flow.SERVER:
            raise Invalid(STRANGER, field="state")
        found = waiting.authorization
        try:
            principal = await self._authentication.holder(found.workspace, found.opened_by)
        except NotAuthenticated:
            return await self._failed(found, NO_MORE)
        await self._gate.admit(principal, Action.AUTHORIZATION_COMPLETE, _target(found))
        return await self._answered(principal, waiting, callback)

    async def poll(self, principal: Principal, authorization: AuthorizationId) -> Authorization:
        """Ask whether the person has consented, unless it was asked a moment ago."""
        waiting = await self._admitted(principal, Action.AUTHORIZATION_COMPLETE, authorization)
        found, asking, now = waiting.authorization, waiting.asking, self._clock()
        if asking is None:
            raise Invalid("only authorizations of the device flow are asked for", field="flow")
        if found.standing is not Standing.PENDING:
            return found
        if not await self._authorizations.ask(found.id, now=now, next_at=now + ASKING_TAKES):
            return found
        attempt = await self._attempts.open(waiting)
        match await self._redeeming.again(device_redemption(attempt)):
            case Refreshed() as tokens:
                return await self._connected(principal, found, attempt, tokens, now)
            case NoTokens(problem):
                return await self._failed(found, problem)
            case NotYet(slower):
                interval = min(asking.interval + SLOWER * slower, MAX_INTERVAL)
                next_at = self._clock() + timedelta(seconds=interval)
                await self._authorizations.slow_down(found.id, Asking(at=next_at, interval=interval))
                return found

    async def _answered(self, principal: Principal, waiting: Waiting, callback: Callback) -> Authorization:
        found = waiting.authorization
        if not await self._authorizations.take(found.id, now=self._clock()):
            raise Conflict("this answer was used already, or came too late: begin again")
        attempt = await self._attempts.open(waiting)
        verdict = judge(callback, attempt)
        if isinstance(verdict, NoConsent):
            return await self._failed(found, verdict.problem)
        asked_at = self._clock()
        match await self._redeeming.once(redemption(attempt, verdict)):
            case NoTokens(problem):
                return await self._failed(found, problem)
            case Refreshed() as tokens:
                return await self._connected(principal, found, attempt, tokens, asked_at)

    async def _connected(
        self, principal: Principal, found: Authorization, attempt: Attempt, got: Refreshed, asked_at: datetime
    ) -> Authorization:
        tokens = credential_of(attempt, got, server=found.mcp_server_url, asked_at=asked_at)
        try:
            stored = await self._landing.land(principal, found.vault, tokens, display_name=attempt.display_name)
        except Refused as refused:
            return await self._failed(found, str(refused))
        except Failure:
            await self._failed(found, NOT_STORED)
            raise
        await self._authorizations.settle(found.id, credential=stored.id)
        return replace(found, standing=Standing.CONNECTED, credential=stored.id)

    async def _failed(self, found: Authorization, problem: str) -> Authorization:
        await self._authorizations.settle(found.id, problem=problem)
        return replace(found, standing=Standing.FAILED, problem=problem)

    async def _admitted(self, principal: Principal, action: Action, authorization: AuthorizationId) -> Waiting:
        waiting = await self._authorizations.get(principal.workspace, authorization)
        await self._gate.admit(principal, action, _target(waiting.authorization))
        return replace(waiting, authorization=waiting.authorization.seen(self._clock()))


def _target(authorization: Authorization) -> Target:
    return Target(name=authorization.id, workspace=authorization.workspace, vault=authorization.vault)
