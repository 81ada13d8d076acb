"""One renewal of a credential's tokens, among all nodes: waits for its turn, asks, stores before anything is used.

Rules kept here (contract anthropic-vaults 6.6, DESIGN section 5 line 13):
- the credential is read again under the lease: who finds it renewed meanwhile uses that and asks for nothing;
- the decision is in the audit log before the token endpoint is asked;
- new tokens are stored before they are returned; what a user has stored meanwhile is merged, never overwritten;
- a grant that is gone is told once, and nothing is asked again before other material is stored;
- a trouble that may pass is waited out, longer each time; meanwhile the stored token is what there is.

Nobody's clock decides whether the holder of a lease has died, but how long the same name was seen there: clocks of two
nodes need not agree.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar, assert_never, final

from strongroom.core.actions import Action
from strongroom.core.credentials import Credential, Material
from strongroom.core.credentials.mcp_oauth import McpOAuth, McpOAuthDetails
from strongroom.core.failures import NotFound, NotPermitted, Unavailable, UpstreamFailure
from strongroom.core.grants import Granted
from strongroom.core.ids import CredentialId
from strongroom.core.mcp_urls import McpUrl
from strongroom.core.oauth import (
    Outcome,
    Refreshed,
    Rejected,
    TokenReply,
    TokenRequest,
    TryLater,
    due,
    merged,
    read_reply,
    refresh_request,
)
from strongroom.core.secret import Secret
from strongroom.core.sources import Clock, Entropy
from strongroom.services.contention import later
from strongroom.services.gate import Gate
from strongroom.services.oauth_ports import Refreshes, Renewal, Standing, TokenEndpoint
from strongroom.services.ports import Credentials, Custodian, Custody

T = TypeVar("T")
Held = tuple[Credential, Custody]
_log = logging.getLogger(__name__)

EXCHANGE_SECONDS = 10.0
"""How long a token endpoint may take."""
LEASE_SECONDS = 20.0
"""How long the same holder is waited for: twice what its exchange may take, so that a slow one is not overtaken."""
SOFT_SECONDS = 2.0
"""How long another node is waited for while the stored token has not expired."""
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(minutes=5)
FIRST_RETURN = timedelta(seconds=1)
"""How soon after a renewal the new token's rejection leads to another; each rejection in a row doubles it."""
QUIET = timedelta(minutes=10)
"""After a token has lived so long, its rejection is the first of a row."""
FAILED = "credential.refresh_failed"
"""What the audit log calls the end of a grant."""
_POLL, _SLOWEST_POLL = 0.02, 0.25
_STORE_SECONDS = 60.0
_ACTIONS = {
    Action.CREDENTIAL_USE: Action.CREDENTIAL_REFRESH,
    Action.CREDENTIAL_VALIDATE: Action.CREDENTIAL_REFRESH_TO_VALIDATE,
}
"""Who may do the first may do the second where the first needs it; the audit log names both."""


@final
@dataclass(slots=True)
class Trial:
    """A renewal that is made to see what comes of it: tried whatever happened before, and told to nobody.

    It notes the token endpoint's answer, if there is one.
    """

    reply: TokenReply | None = None


class _HeldUp(Exception):
    """So much time has passed under a lease that others may soon think its holder dead: nothing is asked any more."""


@final
class Renewals:
    """Renews. `counts` says how exchanges ended."""

    def __init__(  # noqa: PLR0913 - one argument per port, and two bounds
        self,
        *,
        credentials: Credentials,
        refreshes: Refreshes,
        custodian: Custodian,
        endpoint: TokenEndpoint,
        gate: Gate,
        clock: Clock,
        entropy: Entropy,
        lease: float = LEASE_SECONDS,
        exchange: float = EXCHANGE_SECONDS,
    ) -> None:
        self._credentials = credentials
        self._refreshes = refreshes
        self._custodian = custodian
        self._endpoint = endpoint
        self._gate = gate
        self._clock = clock
        self._entropy = entropy
        self._lease = lease
        self._exchange = exchange
        self._seen: dict[CredentialId, tuple[str, float]] = {}
        self.counts: Counter[str] = Counter()

    async def run(
        self, granted: Granted, known: Credential, rejected: Secret | None, trial: Trial | None = None
    ) -> Held | None:
        """Return the credential as it is after a renewal, by us or by another node; None if it is gone.

        It is renewed if it is due, or, where one is given, if its token is still the `rejected` one. If that is not
        possible now, it is returned as it is stored.
        """
        now = asyncio.get_running_loop().time
        began, pause = now(), _POLL
        while True:
            held = await self._credentials.held(known.workspace, known.vault, known.id)
            standing = await self._refreshes.standing(known.id)
            if held is None or not await self._wanted(granted, held, standing, rejected, trial):
                return held
            if standing.holder is None or self._has_died(known.id, standing.holder):
                holder = self._entropy(16).hex()
                if await self._taken(known.id, holder, standing.holder):
                    with suppress(_HeldUp):
                        return await self._leased(granted, known, holder, rejected, trial)
            expired = rejected is not None or _expired(held[0], self._clock())
            if now() - began > (self._lease * 1.25 if expired else SOFT_SECONDS):
                return held
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, _SLOWEST_POLL)

    async def _taken(self, credential: CredentialId, holder: str, before: str | None) -> bool:
        try:
            return await self._refreshes.take(credential, holder=holder, instead_of=before)
        except NotFound:  # deleted: the next look says so
            return False

    def _has_died(self, credential: CredentialId, holder: str) -> bool:
        """Tell whether the same holder has been there for as long as any exchange may take."""
        now = asyncio.get_running_loop().time()
        name, since = self._seen.get(credential, ("", 0.0))
        if name != holder:
            self._seen[credential] = (holder, now)
            return False
        return now - since > self._lease

    async def _wanted(
        self, granted: Granted, held: Held, standing: Standing, rejected: Secret | None, trial: Trial | None
    ) -> bool:
        credential, custody = held
        details, now = credential.details, self._clock()
        if not isinstance(details, McpOAuthDetails) or details.refresh is None:
            return False
        if trial is None and standing.failed == custody.revision:
            return False
        if trial is None and standing.not_before is not None and now < standing.not_before <= now + LONGEST_WAIT:
            return False
        if rejected is None:
            return due(details, now)
        stored = (await self._custodian.open(granted, credential, custody)).bearer()
        return stored == rejected and (trial is not None or not _too_soon(standing, now))

    async def _leased(
        self, granted: Granted, known: Credential, holder: str, rejected: Secret | None, trial: Trial | None
    ) -> Held | None:
        """Renew under the lease, which is given back however it ends, unless this process dies."""
        self._seen.pop(known.id, None)
        taken_at = asyncio.get_running_loop().time()
        try:
            held = await self._credentials.held(known.workspace, known.vault, known.id)
            standing = await self._refreshes.standing(known.id)
            if held is None or not await self._wanted(granted, held, standing, rejected, trial):
                return held
            return await self._renewed(granted, held, standing, holder, rejected, trial, taken_at)
        finally:
            await self._refreshes.release(known.id, holder=holder)

    async def _renewed(  # noqa: PLR0913 - what is renewed, and under which lease
        self,
        granted: Granted,
        held: Held,
        standing: Standing,
        holder: str,
        rejected: Secret | None,
        trial: Trial | None,
        taken_at: float,
    ) -> Held | None:
        credential, custody = held
        details, material = _typed(credential, await self._custodian.open(granted, credential, custody))
        request = refresh_request(details, material)
        if request is None:
            return held
        facts = {
            "vault": credential.vault,
            "host": McpUrl.parse(request.token_endpoint, insecure=True).host,
            "because": "due" if rejected is None else "rejected",
        }
        proof = await self._gate.admit(granted.principal, _ACTIONS[granted.action], granted.target, facts)
        if asyncio.get_running_loop().time() - taken_at > self._lease - self._exchange:
            raise _HeldUp
        asked_at = self._clock()
        outcome = await self._asked(request, trial)
        self.counts[_NAMES[type(outcome)]] += 1
        match outcome:
            case Refreshed():
                rejections = 0 if rejected is None else _rejections(standing, asked_at)
                return await self._kept(proof, held, outcome, asked_at, holder, rejections)
            case Rejected() | TryLater() if trial is not None:
                return held
            case Rejected():
                if await _insisting(lambda: self._refreshes.rejected(credential, custody, holder=holder, at=asked_at)):
                    said: dict[str, str | int] = {
                        "vault": credential.vault,
                        "status": outcome.status,
                        "error": outcome.error,
                    }
                    await self._gate.observe(granted.principal, FAILED, credential.id, said)
                return await self._credentials.held(credential.workspace, credential.vault, credential.id)
            case TryLater():
                until = self._clock() + _wait(FIRST_WAIT, standing.attempts)
                await self._refreshes.troubled(credential.id, holder=holder, not_before=until)
                return held
            case _:
                assert_never(outcome)

    async def _asked(self, request: TokenRequest, trial: Trial | None) -> Outcome:
        try:
            reply: TokenReply = await self._endpoint.exchange(request, within=self._exchange)
        except (UpstreamFailure, NotPermitted) as failure:
            _log.warning("a token could not be renewed for now: %s", failure)
            return TryLater()
        if trial is not None:
            trial.reply = reply
        return read_reply(reply)

    async def _kept(  # noqa: PLR0913 - what was got, for what, when and under which lease
        self, proof: Granted, sent: Held, got: Refreshed, asked_at: datetime, holder: str, rejections: int
    ) -> Held | None:
        """Store new tokens, whatever else is stored at the same time. What they took the place of is void already."""
        before = _typed(sent[0], await self._custodian.open(proof, *sent))

        async def attempt() -> tuple[bool, Held | None]:
            held = await self._credentials.held(sent[0].workspace, sent[0].vault, sent[0].id)
            if held is None:  # archived or deleted meanwhile
                return True, None
            present = held[0]
            details, material = _typed(present, await self._custodian.open(proof, *held))
            described, renewed = merged(got, asked_at=asked_at, before=before, stored=(present, details, material))
            at = later(self._clock(), than=present.updated_at)
            if (described, renewed) == (present, material):  # a user has replaced all of it
                return True, held
            after = replace(described, revision=present.revision + 1, updated_at=at)
            custody = await self._custodian.keep(proof, after, renewed)
            renewal = Renewal(
                credential=after, custody=custody, expected=present.revision, at=at, rejections=rejections
            )
            return await self._refreshes.renewed(renewal, holder=holder), (after, custody)

        while True:
            done, held = await _insisting(attempt)
            if done:
                return held


_NAMES: dict[type[Outcome], str] = {Refreshed: "refreshed", Rejected: "rejected", TryLater: "try_later"}


async def _insisting(act: Callable[[], Awaitable[T]]) -> T:
    """Repeat what has to be written while the database does not answer: what is lost now is lost for good."""
    now = asyncio.get_running_loop().time
    end = now() + _STORE_SECONDS
    while True:
        try:
            return await act()
        except Unavailable:
            if now() > end:
                raise
            await asyncio.sleep(_SLOWEST_POLL)


def _typed(credential: Credential, material: Material) -> tuple[McpOAuthDetails, McpOAuth]:
    details = credential.details
    assert isinstance(details, McpOAuthDetails)  # noqa: S101 - no other kind is renewed
    assert isinstance(material, McpOAuth)  # noqa: S101 - the seal is bound to the kind
    return details, material


def _expired(credential: Credential, now: datetime) -> bool:
    details = credential.details
    return isinstance(details, McpOAuthDetails) and details.expires_at is not None and now >= details.expires_at


def _wait(first: timedelta, times: int) -> timedelta:
    return min(first * (1 << min(times, 10)), LONGEST_WAIT)


def _too_soon(standing: Standing, now: datetime) -> bool:
    """Tell whether a rejected token is so new that another would be rejected as well."""
    if standing.renewed_at is None:
        return False
    return timedelta(0) <= now - standing.renewed_at < _wait(FIRST_RETURN, standing.rejections)


def _rejections(standing: Standing, now: datetime) -> int:
    in_a_row = standing.renewed_at is not None and now - standing.renewed_at < QUIET
    return standing.rejections + 1 if in_a_row else 1
